"""`/messages/<room>/details/`: who is in a room, what is pinned, my note; and what its owner and moderators may do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import details, groups, invitations, members, mine, rights, roles, rooms
from chat.forms import CLOSED, OPEN, DeleteForm, GroupForm, SilenceForm
from chat.models import Membership, Room
from chat.views.answers import form_page, see
from users.models import Profile, User

FOUND = 20


@login_required
@require_safe
@never_cache
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    """Beside the conversation; on a phone in its place."""
    room = _room(request, pk)
    return render(request, "chat/index.html", details.page(room, request.user))


@login_required
@require_POST
def note(request: HttpRequest, pk: Any) -> HttpResponse:
    room = _room(request, pk)
    mine.note(room, request.user, request.POST.get("note", ""))
    flash.success(request, _("Your note is kept."))
    return see(_details(room))


@login_required
@require_POST
def mute(request: HttpRequest, pk: Any) -> HttpResponse:
    room = _room(request, pk)
    mine.mute(room, request.user, request.POST.get("on") == "1")
    return see(_details(room))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: Any) -> HttpResponse:
    """Name, size and key, for the owner."""
    room = _room(request, pk)
    rights.require_group(room)
    if _mine(request, room).role != Membership.Role.OWNER:
        raise rights.NotOwner()
    now = {"title": room.title, "entry": OPEN if room.public else CLOSED, "capacity": room.capacity}
    form = GroupForm(request.POST if request.method == "POST" else None, initial=now)

    def act() -> str:
        groups.change(room, by=request.user, **form.given())
        return _details(room)

    return form_page(request, form, act, "chat/group/form.html", room=room)


@login_required
@require_safe
@never_cache
def invite(request: HttpRequest, pk: Any) -> HttpResponse:
    """Look for people to ask into a group room, by name."""
    room = _room(request, pk)
    rights.require_group(room)
    words = request.GET.get("q", "").replace("\0", "")[:80].strip()
    found: list[Any] = []
    if words:
        rows = Profile.objects.visible_to(request.user).exclude(user=request.user.pk).select_related("user")
        for word in words.split()[:6]:
            rows = rows.filter(user__name__icontains=word)
        found = list(rows.order_by("user__name", "pk")[:FOUND])
    here = set(room.memberships.filter(left_at__isnull=True).values_list("user_id", flat=True))
    asked = set(room.invitations.values_list("person_id", flat=True))
    context = {"room": room, "words": words, "found": found, "here": here, "asked": asked}
    return render(request, "chat/room/invite.html", context)


@login_required
@require_POST
def send_invitation(request: HttpRequest, pk: Any) -> HttpResponse:
    room = _room(request, pk)
    slug = request.POST.get("person", "").rstrip("/").rsplit("/", 1)[-1]
    profile = get_object_or_404(Profile.objects.visible_to(request.user), slug=slug.replace("\0", ""))
    invitations.invite(room, profile.user, by=request.user)
    flash.success(request, _("%(name)s is invited.") % {"name": profile.user.name})
    return see(_details(room))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, pk: Any) -> HttpResponse:
    """GET says what leaving means."""
    room = _room(request, pk)
    if request.method == "POST":
        members.leave(room, request.user)
        return see(reverse("chat:index"))
    rights.require_kept(room)
    context = {"room": room, "mine": _mine(request, room)}
    return render(request, "chat/room/leave.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    """Asks for the name."""
    room = _room(request, pk)
    rights.require_group(room)
    if _mine(request, room).role != Membership.Role.OWNER:
        raise rights.NotOwner()
    form = DeleteForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        groups.delete(room, by=request.user, title=form.cleaned_data["title"])
        flash.success(request, _("The room is deleted."))
        return reverse("chat:index")

    return form_page(request, form, act, "chat/room/delete.html", room=room, facts=details.size(room))


@login_required
@require_safe
@never_cache
def person(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    """What I may do about one person of the room."""
    room = _room(request, pk)
    return render(request, "chat/room/person.html", _about(request, room, user_id))


@login_required
@require_POST
def appoint(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    room = _room(request, pk)
    roles.appoint(room, _person(room, user_id), request.POST.get("role", ""), by=request.user)
    return see(_details(room))


@login_required
@require_POST
def silence(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    """Until a time in my zone; `end` ends it now."""
    room = _room(request, pk)
    who = _person(room, user_id)
    if "end" in request.POST:
        roles.silence(room, who, by=request.user, until=None)
        return see(_details(room))
    form = SilenceForm(request.POST)

    def act() -> str:
        roles.silence(room, who, by=request.user, until=form.cleaned_data["until"])
        return _details(room)

    about = {key: value for key, value in _about(request, room, user_id).items() if key != "form"}
    return form_page(request, form, act, "chat/room/person.html", **about)


@login_required
@require_POST
def ban(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    return _act(request, pk, user_id, members.ban)


@login_required
@require_POST
def unban(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    return _act(request, pk, user_id, members.unban)


@login_required
@require_POST
def hand_over(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    return _act(request, pk, user_id, roles.hand_over)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: Any, user_id: Any) -> HttpResponse:
    """Take an invitation back."""
    room = _room(request, pk)
    invitations.withdraw(room, get_object_or_404(room.invitations, person=user_id).person, by=request.user)
    return see(_details(room))


def _act(request: HttpRequest, pk: Any, user_id: Any, verb: Callable[..., Any]) -> HttpResponse:
    room = _room(request, pk)
    verb(room, _person(room, user_id), by=request.user)
    return see(_details(room))


def _about(request: HttpRequest, room: Room, user_id: Any) -> dict[str, Any]:
    membership = get_object_or_404(room.memberships.select_related("user__profile"), user=user_id, left_at=None)
    powers = details.powers(room, _mine(request, room), membership)
    initial = {"until": membership.silenced_until} if membership.silenced_until else {}
    return {"room": room, "membership": membership, "powers": powers, "form": SilenceForm(initial=initial)}


def _person(room: Room, user_id: Any) -> User:
    """Somebody who is or was in the room."""
    return get_object_or_404(room.memberships.select_related("user"), user=user_id).user


def _mine(request: HttpRequest, room: Room) -> Membership:
    return rooms.member(room, request.user)


def _details(room: Room) -> str:
    return reverse("chat:details", args=[room.pk])


def _room(request: HttpRequest, pk: Any) -> Room:
    return get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
