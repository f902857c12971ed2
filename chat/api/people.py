"""Who is in a room, over the API: members, roles, silence, bans, invitations, and what I keep for myself."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import invitations, members, mine, receipts, roles, rooms
from chat.models import Invitation, Membership, Room
from skilllink.api import CursorPages, Flag, Nothing, Strict, Words
from skilllink.errors import Malformed
from users.api.who import Who
from users.models import Profile, User


class OpenRoomOut(serializers.ModelSerializer[Room]):
    """A group room that I could join."""

    people = serializers.IntegerField(help_text="How many are in it")

    class Meta:
        model = Room
        fields = ("id", "title", "people", "capacity", "last_at")
        read_only_fields = fields


class MemberOut(serializers.ModelSerializer[Membership]):
    user = Who()

    class Meta:
        model = Membership
        fields = ("user", "role", "silenced_until")
        read_only_fields = fields


class RoomInvitationOut(serializers.ModelSerializer[Invitation]):
    person, by = Who(), Who()
    title = serializers.CharField(source="room.title")

    class Meta:
        model = Invitation
        fields = ("room", "title", "person", "by", "at")
        read_only_fields = fields


class RoomInviteIn(Strict):
    person = Words(help_text="The last part of the address of a profile")


class RoleIn(Strict):
    role = Words(help_text="moderator or member")


class SilenceIn(Strict):
    until = serializers.DateTimeField(allow_null=True, help_text="null ends it")


class MuteIn(Strict):
    on = Flag()


class NoteIn(Strict):
    note = Words()


class NoteOut(serializers.Serializer[Any]):
    note = serializers.CharField()


class MuteOut(serializers.Serializer[Any]):
    muted = serializers.BooleanField()


class ReadsOut(serializers.Serializer[Any]):
    reads = serializers.DictField(
        child=serializers.IntegerField(), help_text="The id of a person → a number of the log"
    )


class LatestFirst(CursorPages):
    ordering = ("-last_at", "-id")  # type: ignore[assignment]


@extend_schema(parameters=[OpenApiParameter("q", str, description="Words of the name")])
class OpenRooms(ListAPIView[Room]):
    """Group rooms that anyone can join, by name."""

    serializer_class = OpenRoomOut
    queryset = Room.objects.none()
    filter_backends: list[Any] = []
    pagination_class = LatestFirst

    def get_queryset(self) -> Any:
        rows = Room.objects.open_groups(self.request.user)
        words = self.request.query_params.get("q", "")
        if "\0" in words:
            raise Malformed(fields={"q": _("This should be text.")})
        for word in words[:120].split()[:6]:
            rows = rows.filter(title__icontains=word)
        return rows


class MyInvitations(APIView):
    @extend_schema(responses=RoomInvitationOut(many=True))
    def get(self, request: Request) -> Response:
        """Rooms that I am invited into."""
        return Response(RoomInvitationOut(invitations.of(request.user).select_related("person"), many=True).data)


class RoomDecline(APIView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, pk: Any) -> Response:
        """Say no to an invitation."""
        Nothing.read(request)
        invitations.decline(pk, request.user)
        return Response(status=204)


class RoomMembers(APIView):
    @extend_schema(responses=MemberOut(many=True))
    def get(self, request: Request, pk: Any) -> Response:
        """Who is in the room."""
        rows = room_of(request, pk).memberships.filter(left_at__isnull=True).select_related("user").order_by("pk")
        return Response(MemberOut(rows, many=True).data)


class RoomInvitations(APIView):
    @extend_schema(responses=RoomInvitationOut(many=True))
    def get(self, request: Request, pk: Any) -> Response:
        """Who is invited and has not answered."""
        rows = room_of(request, pk).invitations.select_related("room", "person", "by")
        return Response(RoomInvitationOut(rows, many=True).data)

    @extend_schema(request=RoomInviteIn, responses={201: RoomInvitationOut})
    def post(self, request: Request, pk: Any) -> Response:
        """Ask somebody whose profile I may see into a group room."""
        room, slug = room_of(request, pk), RoomInviteIn.read(request)["person"]
        profile = get_object_or_404(Profile.objects.visible_to(request.user), slug=slug)
        return Response(RoomInvitationOut(invitations.invite(room, profile.user, by=request.user)).data, status=201)


class RoomInvitation(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Take an invitation back."""
        room = room_of(request, pk)
        invitations.withdraw(room, get_object_or_404(User, pk=user_id), by=request.user)
        return Response(status=204)


class MemberRole(APIView):
    @extend_schema(request=RoleIn, responses=MemberOut)
    def post(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Make somebody a moderator, or a member again."""
        room, who = _there(request, pk, user_id)
        return Response(MemberOut(roles.appoint(room, who, **RoleIn.read(request), by=request.user)).data)


class MemberSilence(APIView):
    @extend_schema(request=SilenceIn, responses=MemberOut)
    def post(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Let somebody read without writing until a time."""
        room, who = _there(request, pk, user_id)
        return Response(MemberOut(roles.silence(room, who, **SilenceIn.read(request), by=request.user)).data)


class MemberBan(APIView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Put somebody out for good."""
        _act(request, pk, user_id, members.ban)
        return Response(status=204)


class MemberUnban(APIView):
    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Let somebody who was put out join again."""
        _act(request, pk, user_id, members.unban)
        return Response(status=204)


class MemberOwner(APIView):
    @extend_schema(request=Nothing, responses=MemberOut)
    def post(self, request: Request, pk: Any, user_id: Any) -> Response:
        """Give the room to somebody in it."""
        return Response(MemberOut(_act(request, pk, user_id, roles.hand_over)).data)


class RoomReads(APIView):
    @extend_schema(responses=ReadsOut)
    def get(self, request: Request, pk: Any) -> Response:
        """How far the others have read who show it; nobody's while I hide mine (preferences)."""
        return Response({"reads": receipts.marks(room_of(request, pk).pk, request.user)})


class RoomMute(APIView):
    @extend_schema(request=MuteIn, responses=MuteOut)
    def post(self, request: Request, pk: Any) -> Response:
        """Mute a room for me, or hear it again."""
        row = mine.mute(room_of(request, pk), request.user, MuteIn.read(request)["on"])
        return Response({"muted": row.muted})


class RoomNote(APIView):
    @extend_schema(responses=NoteOut)
    def get(self, request: Request, pk: Any) -> Response:
        """My private note about a room."""
        return Response({"note": rooms.member(room_of(request, pk), request.user).note})

    @extend_schema(request=NoteIn, responses=NoteOut)
    def put(self, request: Request, pk: Any) -> Response:
        """Keep another one; an empty one takes it away."""
        return Response({"note": mine.note(room_of(request, pk), request.user, NoteIn.read(request)["note"]).note})


def room_of(request: Request, pk: Any) -> Room:
    """A room that the person is in; any other is missing."""
    return get_object_or_404(Room.objects.visible_to(request.user), pk=pk)


def _there(request: Request, pk: Any, user_id: Any) -> tuple[Room, User]:
    """A room of mine, and somebody who is or was in it."""
    room = room_of(request, pk)
    return room, get_object_or_404(room.memberships.select_related("user"), user=user_id).user


def _act(request: Request, pk: Any, user_id: Any, verb: Callable[..., Any]) -> Any:
    """What is done to somebody without anything more to say."""
    room, who = _there(request, pk, user_id)
    Nothing.read(request)
    return verb(room, who, by=request.user)
