"""Saying something without a socket, and reading what was said: the same verbs, the same template."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chat import messages, pane, pins, reading, rights, rooms, uploads
from chat.formats import as_read, serialize
from chat.models import Message, Room
from chat.views.answers import see
from skilllink import files, ids
from skilllink.clocks import now
from skilllink.errors import Malformed
from skilllink.ids import uuid7
from skilllink.markdown import plain
from skilllink.numbers import natural


@login_required
@require_POST
def post(request: HttpRequest, pk: Any) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    message = messages.post(
        room,
        request.user,
        request.POST.get("body", ""),
        client_id=request.POST.get("client_id") or uuid7().hex,
        reply_to=ids.read(request.POST["reply_to"]) if request.POST.get("reply_to") else None,
        attachments=[ids.read(pk) for pk in request.POST.getlist("attachments")],
    )
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"id": str(message.pk), "seq": message.seq, "client_id": message.client_id}, status=201)
    return redirect(room)


@login_required
@require_safe
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    """One message as it stands in the log."""
    message = get_object_or_404(reading.open_to(request.user), pk=pk)
    context = {"rows": pane.single_rows(rooms.member(message.room, request.user), [message.pk])}
    return render(request, "chat/message/_rows.html", context)


@login_required
@require_safe
def several(request: HttpRequest, pk: Any) -> HttpResponse:
    """Messages of a room, `m` their ids, as they stand in the log; what live events are drawn from."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    wanted = [ids.read(one) for one in request.GET.getlist("m")[: reading.HISTORY]]
    context = {"rows": pane.single_rows(rooms.member(room, request.user), wanted)}
    return render(request, "chat/message/_rows.html", context)


@login_required
@require_safe
def older(request: HttpRequest, pk: Any) -> HttpResponse:
    """Fifty earlier messages as rows."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    membership = rooms.member(room, request.user)
    history = reading.history(membership, before=_number(request, "before"))
    rows = pane.rows_of(as_read(history, since=membership.joined_seq, reader=request.user), request.user)
    return render(request, "chat/message/_rows.html", {"rows": rows})


@login_required
@require_POST
def upload(request: HttpRequest, pk: Any) -> HttpResponse:
    """Take one file for a message that is still being written. Judged by its content, pictures written anew."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    given = request.FILES.get("file")
    if given is None:
        raise Malformed()
    attachment = uploads.keep(room, request.user, given)
    return JsonResponse({"id": str(attachment.pk), "name": attachment.name, "size": attachment.size}, status=201)


@login_required
@require_safe
def attachment(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """A file of a room, to whoever is in it; one not sent yet to its uploader alone."""
    found = get_object_or_404(uploads.visible_to(request.user).select_related("room"), pk=pk)
    return files.serve(request, found.file, uploads.name_for(found, request.user), mime=found.mime)


@login_required
@require_safe
def preview(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """The small picture of a picture, to the same people."""
    found = get_object_or_404(uploads.visible_to(request.user).exclude(preview=""), pk=pk)
    return files.serve(request, found.preview, "preview.webp", mime="image/webp")


@login_required
@require_safe
@never_cache
def acts(request: HttpRequest, pk: Any) -> HttpResponse:
    """What one may do with a message, and what it said before it was changed."""
    message = _message(request, pk)
    membership = rooms.member(message.room, request.user)
    given = {reaction.sign for reaction in message.reactions.all() if reaction.user_id == request.user.pk}
    mine = message.author_id == request.user.pk
    until = message.at + settings.SKILLLINK["MESSAGE_EDIT_WINDOW"]
    shown = serialize(message, since=membership.joined_seq, reader=request.user)
    context = {
        "message": message,
        "room": message.room,
        "shown": shown,
        "plain": plain(shown["body"]) or ", ".join(file["name"] for file in shown["attachments"]),
        "mine": mine,
        "signs": [(sign, sign in given) for sign in messages.SIGNS],
        "may_delete": rights.may_delete(membership, message, message.room),
        "may_pin": pins.may_pin(membership, message.room),
        "editable": timezone.localtime(until) if mine and now() <= until and message.body else None,
        "versions": reading.versions(message, request.user),
    }
    return render(request, "chat/message/acts.html", context)


@login_required
@require_POST
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    return _see(messages.edit(_message(request, pk), by=request.user, body=request.POST.get("body", "")))


@login_required
@require_POST
def react(request: HttpRequest, pk: Any) -> HttpResponse:
    on = "on" in request.POST
    sign = request.POST.get("on" if on else "off", "")
    return _see(messages.react(_message(request, pk), by=request.user, sign=sign, on=on))


@login_required
@require_POST
def pin(request: HttpRequest, pk: Any) -> HttpResponse:
    return _see(pins.pin(_message(request, pk), by=request.user, on=request.POST.get("on") == "1"))


@login_required
@require_POST
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    message = get_object_or_404(Message.objects.filter(room__in=Room.objects.visible_to(request.user)), pk=pk)
    return _see(messages.delete(message, by=request.user))


def _message(request: HttpRequest, pk: Any) -> Message:
    """A message that somebody said and that the person reads."""
    rows = reading.open_to(request.user).filter(deleted_at__isnull=True, author__isnull=False)
    return get_object_or_404(rows.select_related("room"), pk=pk)


def _see(message: Message) -> HttpResponse:
    """Back to where it stands in its room."""
    return see(message.get_absolute_url())


def _number(request: HttpRequest, name: str) -> int:
    number = natural(request.GET.get(name, ""))
    if number is None:
        raise Malformed()
    return number
