"""`/messages/`: my rooms and the conversation in one of them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import messages, pane, rooms
from chat.models import Room
from skilllink.numbers import natural
from users.models import Profile


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "chat/index.html", {"rooms": pane.room_rows(request.user)})


@login_required
@require_safe
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    room = _room(request, pk)
    context = {"rooms": pane.room_rows(request.user), **pane.pane_context(room, request.user)}
    return render(request, "chat/index.html", context)


@login_required
@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The count in the header, empty for none."""
    return render(request, "chat/_unread.html", {"unread": sum(messages.unread(request.user).values())})


@login_required
@require_POST
def read(request: HttpRequest, pk: Any) -> HttpResponse:
    upto: Any = natural(request.POST.get("upto", ""))
    return JsonResponse({"upto": messages.mark_read(_room(request, pk), request.user, upto)})


@login_required
@require_POST
def with_person(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the one room of me and somebody whose profile I may see."""
    profile = get_object_or_404(Profile.objects.visible_to(request.user), slug=slug)
    return redirect(rooms.open_direct(request.user, profile.user))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_group(request: HttpRequest) -> HttpResponse:
    """A group room of one's own."""
    if request.method == "POST":
        key = request.POST.get("key", "")
        room = rooms.create_group(request.user, request.POST.get("title", ""), public=not key, key=key or None)
        return redirect(room)
    open_groups = Room.objects.filter(kind=Room.Kind.GROUP, public=True).order_by("-last_at")[:50]
    return render(request, "chat/room/new.html", {"groups": open_groups})


@login_required
@require_POST
def join(request: HttpRequest, pk: Any) -> HttpResponse:
    return redirect(rooms.join(pk, request.user, key=request.POST.get("key", "")).room)


@login_required
@require_POST
def leave(request: HttpRequest, pk: Any) -> HttpResponse:
    rooms.leave(_room(request, pk), request.user)
    return redirect("chat:index")


def _room(request: HttpRequest, pk: Any) -> Room:
    return get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
