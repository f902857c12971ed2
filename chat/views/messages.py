"""Saying something without a socket, and reading what was said: the same verbs, the same template."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat import messages, pane, rooms
from chat.formats import serialize
from chat.models import Attachment, Message, Room
from skilllink import files
from skilllink.errors import Malformed
from skilllink.ids import uuid7
from skilllink.transactions import verb


@login_required
@require_POST
def post(request: HttpRequest, pk: Any) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    message = messages.post(
        room,
        request.user,
        request.POST.get("body", ""),
        client_id=request.POST.get("client_id") or uuid7().hex,
        attachments=request.POST.getlist("attachments"),
    )
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"id": str(message.pk), "seq": message.seq, "client_id": message.client_id}, status=201)
    return redirect(room)


@login_required
@require_safe
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    """One message as it stands in the log; what a live event is drawn from."""
    message = get_object_or_404(messages.open_to(request.user), pk=pk)
    membership = rooms.member(message.room, request.user)
    before = messages.history(membership, before=message.seq, limit=1)
    rows = pane.rows_of([serialize(row) for row in [*before, message]], request.user)
    return render(request, "chat/message/_message.html", {"row": rows[-1]})


@login_required
@require_safe
def after(request: HttpRequest, pk: Any) -> HttpResponse:
    """What happened after a number, for a browser whose sockets are blocked."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    return JsonResponse(messages.after(room, request.user, _number(request, "n")))


@login_required
@require_safe
def older(request: HttpRequest, pk: Any) -> HttpResponse:
    """Fifty earlier messages as rows."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    history = messages.history(rooms.member(room, request.user), before=_number(request, "before"))
    rows = pane.rows_of([serialize(message) for message in history], request.user)
    return render(request, "chat/message/_rows.html", {"rows": rows})


@login_required
@require_POST
def upload(request: HttpRequest, pk: Any) -> HttpResponse:
    """Take one file for a message that is still being written. Judged by its content, pictures written anew."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    given = request.FILES.get("file")
    if given is None:
        raise Malformed()
    facts = files.check_upload(given, max_bytes=settings.SKILLLINK["FILE_BYTES"])
    kept = files.reencode_image(given) if facts.mime.startswith("image/") else given
    attachment = _keep(room, request.user, kept, facts)
    return JsonResponse({"id": str(attachment.pk), "name": attachment.name, "size": attachment.size}, status=201)


@login_required
@require_safe
def attachment(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """A file of a room, to whoever is in it; one not sent yet to its uploader alone."""
    rows = Attachment.objects.filter(room__in=Room.objects.visible_to(request.user))
    mine = Q(message__isnull=True, uploader=request.user)
    found = get_object_or_404(rows.filter(mine | Q(message__in=messages.open_to(request.user))), pk=pk)
    return files.serve(request, found.file, found.name, mime=found.mime)


@login_required
@require_POST
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    message = get_object_or_404(Message.objects.filter(room__in=Room.objects.visible_to(request.user)), pk=pk)
    messages.delete(message, by=request.user)
    return redirect(message.room)


@verb
def _keep(room: Room, uploader: Any, file: Any, facts: files.FileFacts) -> Attachment:
    return Attachment.objects.create(
        room=room, uploader=uploader, file=file, name=facts.name, mime=facts.mime, size=facts.size
    )


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed()
    return int(text)
