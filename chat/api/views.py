"""Rooms and messages over the API: the same verbs, the same refusals; other people's rooms do not exist."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import messages
from chat.formats import serialize
from chat.models import Room
from skilllink.errors import Malformed, Missing


class RoomSerializer(serializers.ModelSerializer[Room]):
    class Meta:
        model = Room
        fields = ("id", "kind", "title", "subject_id", "seq", "created_at", "last_at")
        read_only_fields = fields


class NewMessageSerializer(serializers.Serializer[Any]):
    body = serializers.CharField(allow_blank=True, trim_whitespace=False)
    client_id = serializers.CharField(max_length=64)
    reply_to = serializers.UUIDField(required=False, allow_null=True)
    attachments = serializers.ListField(child=serializers.UUIDField(), required=False)


class Rooms(APIView):
    """My rooms, the latest first."""

    @extend_schema(responses=RoomSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = Room.objects.visible_to(request.user).order_by("-last_at")[:100]
        return Response(RoomSerializer(rows, many=True).data)


class RoomMessages(APIView):
    """What was said in a room; `after` is a number of its log."""

    @extend_schema(parameters=[OpenApiParameter("after", int)], responses=dict)
    def get(self, request: Request, pk: Any) -> Response:
        text = request.query_params.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise Malformed()
        return Response(messages.after(_room(request, pk), request.user, int(text)))

    @extend_schema(request=NewMessageSerializer, responses={201: dict})
    def post(self, request: Request, pk: Any) -> Response:
        room = _room(request, pk)
        if set(request.data) - set(NewMessageSerializer().fields):
            raise Malformed()
        given = NewMessageSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        message = messages.post(room, request.user, **given.validated_data)
        return Response(serialize(messages.shown().get(pk=message.pk)), status=201)


def _room(request: Request, pk: Any) -> Room:
    room = Room.objects.visible_to(request.user).filter(pk=pk).first()
    if room is None:
        raise Missing()
    return room
