"""Rooms and messages over the API: the same verbs, the same refusals; other people's rooms do not exist."""

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import groups, members, messages, openings, pins, reading, receipts, rooms, uploads
from chat.api.people import LatestFirst, room_of
from chat.formats import as_read
from chat.models import Attachment, Membership, Message, MessageVersion, Room
from skilllink import files
from skilllink.api import Flag, Nothing, Strict, Whole, Words
from skilllink.errors import Malformed
from skilllink.numbers import natural
from users.api.who import Who
from users.models import Profile


class RoomOut(serializers.ModelSerializer[Room]):
    unread = serializers.SerializerMethodField(
        help_text="Messages of others after my read mark; of people I blocked only in a contract's room"
    )
    role = serializers.SerializerMethodField(help_text="What I am in it: owner, moderator or member")
    muted = serializers.SerializerMethodField(help_text="Whether I muted it")

    class Meta:
        model = Room
        fields = (
            "id", "kind", "title", "subject_id", "public", "capacity", "seq", "created_at", "last_at",
            "unread", "role", "muted",
        )  # fmt: skip
        read_only_fields = fields

    def get_unread(self, room: Room) -> int:
        context: Any = self.context  # one query for a whole list
        if "unread" not in context:
            context["unread"] = reading.unread(context["request"].user)
        return int(context["unread"].get(room.pk, 0))

    def get_role(self, room: Room) -> str:
        return str(self._mine(room).role)

    def get_muted(self, room: Room) -> bool:
        return bool(self._mine(room).muted)

    def _mine(self, room: Room) -> Any:
        context: Any = self.context
        if "mine" not in context:
            rows = Membership.objects.filter(user=context["request"].user, left_at__isnull=True)
            context["mine"] = {row.room_id: row for row in rows}
        return context["mine"][room.pk]


class QuotedOut(serializers.Serializer[Any]):
    """A quoted message; the id alone when it was said before the reader came."""

    id = serializers.UUIDField()
    author = serializers.UUIDField(required=False, help_text="The id of a person")
    name = serializers.CharField(required=False)
    body = serializers.CharField(required=False)


class PreviewOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="For a browser; with a token it is at room-files/<id>/preview/")
    width, height = serializers.IntegerField(), serializers.IntegerField()


class UploadOut(serializers.ModelSerializer[Attachment]):
    class Meta:
        model = Attachment
        fields = ("id", "name", "size", "mime")
        read_only_fields = fields


class AttachmentOut(serializers.ModelSerializer[Attachment]):
    url = serializers.CharField(help_text="For a browser; with a token it is at room-files/<id>/")
    preview = PreviewOut(allow_null=True, help_text="Of a picture")

    class Meta:
        model = Attachment
        fields = (*UploadOut.Meta.fields, "url", "preview")
        read_only_fields = fields


class NoticeOut(serializers.Serializer[Any]):
    event = serializers.CharField()
    text = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    url = serializers.CharField()


class LinkOut(serializers.Serializer[Any]):
    kind, id = serializers.CharField(help_text="gig, contract or milestone"), serializers.UUIDField()


class CardOut(LinkOut):
    """What a link leads to, if I may open it."""

    what, title, url = serializers.CharField(), serializers.CharField(), serializers.CharField()
    facts = serializers.ListField(child=serializers.CharField())


class MessageOut(serializers.Serializer[Any]):
    """A message as every transport shows it (docs/realtime.md). A deleted one carries no words."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    room = serializers.UUIDField()
    author = Who(allow_null=True)
    client_id = serializers.CharField()
    body = serializers.CharField()
    html = serializers.CharField()
    links = LinkOut(many=True)
    cards = CardOut(
        many=True, required=False, help_text="Of the links; not in events and the log, which all read alike"
    )
    masked = serializers.BooleanField(help_text="Contact data in it is hidden from everyone but its author until hire")
    at = serializers.DateTimeField()
    edited = serializers.BooleanField()
    deleted = serializers.BooleanField()
    deleted_by = Who(allow_null=True, help_text="Its author, or who moderated it away")
    reply_to = QuotedOut(allow_null=True)
    attachments = AttachmentOut(many=True)
    reactions = serializers.DictField(child=serializers.ListField(child=serializers.UUIDField()))
    mentions = Who(many=True)
    pinned = serializers.BooleanField()
    notice = NoticeOut(allow_null=True)


class EventOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    seq = serializers.IntegerField()
    room = serializers.UUIDField()
    message = MessageOut(required=False)
    user = Who(required=False)
    role = serializers.CharField(required=False, allow_null=True, help_text="Of the user; null when not in the room")
    silenced_until = serializers.DateTimeField(required=False, allow_null=True)
    title = serializers.CharField(required=False, help_text="With public and capacity, after room.changed")
    public = serializers.BooleanField(required=False)
    capacity = serializers.IntegerField(required=False)


class LogOut(serializers.Serializer[Any]):
    """A part of a room's log; `more` means that something follows `upto`."""

    events = EventOut(many=True)
    upto = serializers.IntegerField()
    more = serializers.BooleanField()


class MessageIn(Strict):
    body = Words()
    client_id = Words(help_text="An id of the sender's: the same message sent again is one message")
    reply_to = serializers.UUIDField(required=False, allow_null=True)
    attachments = serializers.ListField(child=serializers.UUIDField(), required=False)


class EditIn(Strict):
    body = Words()


class ReactIn(Strict):
    sign = Words(help_text="One of " + " ".join(messages.SIGNS))
    on = Flag(default=True)


class PinIn(Strict):
    on = Flag(default=True)


class WordingOut(serializers.ModelSerializer[MessageVersion]):
    until = serializers.DateTimeField(source="at")

    class Meta:
        model = MessageVersion
        fields = ("body", "until")
        read_only_fields = fields


class MarkIn(Strict):
    upto = Whole()


class MarkOut(serializers.Serializer[Any]):
    upto = serializers.IntegerField()


class GroupIn(Strict):
    title = Words()
    key = Words(required=False, help_text="Makes the room private")
    capacity = Whole(required=False)


class GroupChangeIn(Strict):
    title = Words(required=False)
    public = Flag(required=False)
    key = Words(required=False, help_text="Another key for a private room")
    capacity = Whole(required=False)


class TitleIn(Strict):
    title = Words(help_text="The room's exact name")


class KeyIn(Strict):
    key = Words(required=False)


class PersonIn(Strict):
    person = Words(help_text="The last part of the address of a profile")


class UploadIn(Strict):
    file = serializers.FileField(allow_empty_file=True)


class Rooms(ListAPIView[Room]):
    """My rooms, the latest first."""

    serializer_class = RoomOut
    queryset = Room.objects.none()
    filter_backends: list[Any] = []
    pagination_class = LatestFirst

    def get_queryset(self) -> Any:
        return Room.objects.visible_to(self.request.user)

    @extend_schema(request=GroupIn, responses={201: RoomOut})
    def post(self, request: Request) -> Response:
        """Open a group room."""
        given = GroupIn.read(request)
        key = given.pop("key", "")
        room = groups.create(request.user, given.pop("title"), public=not key, key=key, **given)
        return Response(_room_out(room, request), status=201)


class RoomWith(APIView):
    @extend_schema(request=PersonIn, responses=RoomOut)
    def post(self, request: Request) -> Response:
        """The one room of me and somebody whose profile I may see, opened when there is none."""
        slug = PersonIn.read(request)["person"]
        profile = get_object_or_404(Profile.objects.visible_to(request.user), slug=slug)
        return Response(_room_out(openings.direct(request.user, profile.user), request))


class RoomShow(RetrieveAPIView[Room]):
    """One of my rooms."""

    serializer_class = RoomOut
    queryset = Room.objects.none()

    def get_queryset(self) -> Any:
        return Room.objects.visible_to(self.request.user)

    @extend_schema(request=GroupChangeIn, responses=RoomOut)
    def patch(self, request: Request, pk: Any) -> Response:
        """Give my group room another name, size or key."""
        room, given = room_of(request, pk), GroupChangeIn.read(request)
        now = {"public": room.public, "capacity": room.capacity}
        name = given.pop("title", room.title)
        return Response(_room_out(groups.change(room, by=request.user, name=name, **(now | given)), request))

    @extend_schema(request=TitleIn, responses={204: None})
    def delete(self, request: Request, pk: Any) -> Response:
        """Delete my group room with everything in it."""
        room = room_of(request, pk)
        groups.delete(room, by=request.user, title=TitleIn.read(request)["title"])
        return Response(status=204)


class RoomJoin(APIView):
    @extend_schema(request=KeyIn, responses=RoomOut)
    def post(self, request: Request, pk: Any) -> Response:
        """Enter a group room; a private one asks for its key."""
        joined = members.join(pk, request.user, **KeyIn.read(request))
        return Response(_room_out(joined.room, request))


class RoomLeave(APIView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, pk: Any) -> Response:
        """Go out of a group room."""
        room = room_of(request, pk)
        Nothing.read(request)
        members.leave(room, request.user)
        return Response(status=204)


class RoomRead(APIView):
    @extend_schema(request=MarkIn, responses=MarkOut)
    def post(self, request: Request, pk: Any) -> Response:
        """Move my read mark forward; answers where it is."""
        room = room_of(request, pk)
        return Response({"upto": receipts.mark_read(room, request.user, MarkIn.read(request)["upto"])})


class RoomMessages(APIView):
    """What was said in a room; `after` is a number of its log."""

    @extend_schema(parameters=[OpenApiParameter("after", int)], responses=LogOut)
    def get(self, request: Request, pk: Any) -> Response:
        room = room_of(request, pk)
        after = natural(request.query_params.get("after", "0"))
        if after is None:
            raise Malformed(fields={"after": _("A number of the room's log.")})
        return Response(reading.after(room, request.user, after))

    @extend_schema(request=MessageIn, responses={201: MessageOut})
    def post(self, request: Request, pk: Any) -> Response:
        """Say something. Sent again with the same `client_id` it is still said once."""
        room, given = room_of(request, pk), MessageIn.read(request)
        message = messages.post(room, request.user, given.pop("body"), **given)
        return Response(_message_out(message, request), status=201)


class RoomFiles(APIView):
    @extend_schema(request={"multipart/form-data": UploadIn}, responses={201: UploadOut})
    def post(self, request: Request, pk: Any) -> Response:
        """Upload one file for a message that is sent afterwards with its id in `attachments`."""
        room = room_of(request, pk)
        row = uploads.keep(room, request.user, UploadIn.read(request)["file"])
        return Response(UploadOut(row).data, status=201)


class RoomFileShow(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: Request, pk: Any) -> HttpResponseBase:
        """The file itself, always as a download."""
        row = get_object_or_404(uploads.visible_to(request.user).select_related("room"), pk=pk)
        return files.serve(request._request, row.file, uploads.name_for(row, request.user), mime=row.mime)


class RoomFilePreview(APIView):
    @extend_schema(responses={(200, "image/webp"): bytes})
    def get(self, request: Request, pk: Any) -> HttpResponseBase:
        """The small picture of a picture."""
        row = get_object_or_404(uploads.visible_to(request.user).exclude(preview=""), pk=pk)
        return files.serve(request._request, row.preview, "preview.webp", mime="image/webp")


class MessageShow(APIView):
    @extend_schema(responses=MessageOut)
    def get(self, request: Request, pk: Any) -> Response:
        """One message as it stands now."""
        return Response(_message_out(_message(request, pk), request))

    @extend_schema(request=EditIn, responses=MessageOut)
    def patch(self, request: Request, pk: Any) -> Response:
        """Change one's own words for a while (MESSAGE_EDIT_WINDOW); the earlier ones are kept and shown."""
        message = _message(request, pk)
        edited = messages.edit(message, by=request.user, body=EditIn.read(request)["body"])
        return Response(_message_out(edited, request))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: Any) -> Response:
        """Leave a tombstone: of my own message, or in a room that I moderate."""
        messages.delete(_message(request, pk), by=request.user)
        return Response(status=204)


class MessageReaction(APIView):
    @extend_schema(request=ReactIn, responses=MessageOut)
    def post(self, request: Request, pk: Any) -> Response:
        """Put a sign under a message, or take it away."""
        message = _message(request, pk)
        return Response(_message_out(messages.react(message, by=request.user, **ReactIn.read(request)), request))


class MessagePin(APIView):
    @extend_schema(request=PinIn, responses=MessageOut)
    def post(self, request: Request, pk: Any) -> Response:
        """Keep a message in sight in its room, or not any more."""
        message = _message(request, pk)
        return Response(_message_out(pins.pin(message, by=request.user, **PinIn.read(request)), request))


class MessageVersions(APIView):
    @extend_schema(responses=WordingOut(many=True))
    def get(self, request: Request, pk: Any) -> Response:
        """What a message said before it was changed, the latest first."""
        return Response(WordingOut(reading.versions(_message(request, pk), request.user), many=True).data)


class RoomPins(APIView):
    @extend_schema(responses=MessageOut(many=True))
    def get(self, request: Request, pk: Any) -> Response:
        """The pinned messages, the latest pin first."""
        membership = rooms.member(room_of(request, pk), request.user)
        return Response(as_read(pins.of(membership), since=membership.joined_seq, reader=request.user))


def _message(request: Request, pk: Any) -> Message:
    return get_object_or_404(reading.open_to(request.user), pk=pk)


def _room_out(room: Room, request: Request) -> Any:
    return RoomOut(room, context={"request": request}).data


def _message_out(message: Message, request: Request) -> Any:
    since = rooms.member(message.room, request.user).joined_seq
    return as_read(reading.shown().filter(pk=message.pk), since=since, reader=request.user)[0]
