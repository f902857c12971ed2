"""`/messages/`: my rooms and the conversation in one of them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat import openings, pane, reading, receipts
from chat.formats import serialize
from chat.models import Room
from skilllink import ids
from skilllink.numbers import natural
from users.models import Profile


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list; `?in=` is the room beside which it stands, whose own page may be gone by now."""
    context = {"rooms": pane.room_rows(request.user), "listed_in": ids.read(request.GET.get("in", ""))}
    return render(request, "chat/index.html", context)


@login_required
@require_safe
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    """The latest of a room, or with `?at=` what was said around a number; `?reply=` begins an answer to a message."""
    room = _room(request, pk)
    at = natural(request.GET.get("at", ""))
    context = {"rooms": pane.room_rows(request.user), **pane.pane_context(room, request.user, at=at)}
    if request.GET.get("reply"):
        rows = reading.open_to(request.user).filter(room=room, deleted_at__isnull=True, author__isnull=False)
        found = rows.filter(pk=ids.read(request.GET["reply"])).first()
        context["reply"] = serialize(found, since=0, reader=request.user) if found else None
    return render(request, "chat/index.html", context)


@login_required
@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The count in the header, empty for none; a muted room doesn't count."""
    return render(request, "chat/_unread.html", {"unread": sum(reading.unread(request.user, muted=False).values())})


@login_required
@require_POST
def read(request: HttpRequest, pk: Any) -> HttpResponse:
    upto: Any = natural(request.POST.get("upto", ""))
    return JsonResponse({"upto": receipts.mark_read(_room(request, pk), request.user, upto)})


@login_required
@require_POST
def with_person(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the one room of me and somebody whose profile I may see."""
    profile = get_object_or_404(Profile.objects.visible_to(request.user), slug=slug)
    return redirect(openings.direct(request.user, profile.user))


def _room(request: HttpRequest, pk: Any) -> Room:
    return get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
