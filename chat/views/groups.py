"""`/messages/groups/`: rooms that anyone can join, those I am invited to, one with a key, and a new one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import groups, invitations, members
from chat.forms import CLOSED, OPEN, GroupForm, KeyForm
from chat.models import Membership, Room
from chat.views.answers import form_page, see

SHOWN = 30


@login_required
@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Public rooms by name, and my invitations."""
    words = request.GET.get("q", "").replace("\0", "")[:120].strip()
    rows = Room.objects.open_groups(request.user).order_by("-last_at", "pk")
    for word in words.split()[:6]:
        rows = rows.filter(title__icontains=word)
    mine = set(Membership.objects.filter(user=request.user.pk, left_at__isnull=True).values_list("room_id", flat=True))
    context = {
        "page": Paginator(rows, SHOWN).get_page(request.GET.get("page")),
        "words": words,
        "mine": mine,
        "invitations": invitations.of(request.user),
    }
    return render(request, "chat/group/index.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A group room of one's own."""
    given = request.POST.copy() if request.method == "POST" else None
    if given is not None:
        given.setdefault("entry", CLOSED if given.get("key") else OPEN)
        given.setdefault("capacity", "100")
    form = GroupForm(given)

    def act() -> str:
        return groups.create(request.user, **form.given()).get_absolute_url()

    return form_page(request, form, act, "chat/group/form.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """With a link, and a key where the room has one. What room the link names is told to nobody who isn't in."""
    form = KeyForm(request.POST if request.method == "POST" else None, initial={"room": request.GET.get("room", "")})

    def act() -> str:
        joined = members.join(form.room_id(), request.user, key=form.cleaned_data["key"])
        return joined.room.get_absolute_url()

    return form_page(request, form, act, "chat/group/enter.html")


@login_required
@require_POST
def join(request: HttpRequest, pk: Any) -> HttpResponse:
    return see(members.join(pk, request.user, key=request.POST.get("key", "")).room.get_absolute_url())


@login_required
@require_POST
def decline(request: HttpRequest, pk: Any) -> HttpResponse:
    """No to an invitation."""
    invitations.decline(pk, request.user)
    return see(reverse("chat:groups"))
