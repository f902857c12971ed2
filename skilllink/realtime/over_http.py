"""The socket's protocol without a socket, for clients behind a proxy that blocks it: ask every few seconds, post frames."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skilllink.errors import Forbidden, Malformed, Missing
from skilllink.numbers import natural
from skilllink.realtime import frames, sessions, topics

MOST = 50  # topics a question


class TopicOut(serializers.Serializer[Any]):
    """Where a topic stands, or why it isn't told."""

    head = serializers.IntegerField(required=False, help_text="The last number there is")
    events = serializers.ListField(child=serializers.DictField(), required=False, help_text="What came after yours")
    upto = serializers.IntegerField(required=False, help_text="The last number that these events cover")
    more = serializers.BooleanField(required=False, help_text="Whether something follows upto")
    here = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Who looks at the room")
    code = serializers.CharField(required=False, help_text="Where it isn't told: missing, topic.ahead")
    sentence = serializers.CharField(required=False)


class EventsOut(serializers.Serializer[Any]):
    topics = serializers.DictField(child=TopicOut())


class AckOut(serializers.Serializer[Any]):
    """What the frame's ack carries."""

    type = serializers.CharField()
    id = serializers.UUIDField(required=False)
    client_id = serializers.CharField(required=False)
    seq = serializers.IntegerField(required=False)
    upto = serializers.IntegerField(required=False)
    found = serializers.ListField(child=serializers.DictField(), required=False)
    why = serializers.CharField(required=False)


class Events(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("topic", str, many=True, description="At most 50"),
            OpenApiParameter("after", str, many=True, description="The last number you have of each, or nothing"),
        ],
        responses=EventsOut,
    )
    def get(self, request: Request) -> Response:
        """Everything after n, for many topics: what the ack of `subscribe` says of each (docs/realtime.md)."""
        _require_connectable(request.user)
        names, numbers = request.query_params.getlist("topic"), request.query_params.getlist("after")
        if len(names) != len(numbers) or len(names) > MOST:
            raise Malformed(fields={"after": _("One number for each topic, at most 50 topics.")})
        asked = zip(names, numbers, strict=True)
        return Response({"topics": {name: _told(request.user, name, after) for name, after in asked}})


class Frames(APIView):
    @extend_schema(request=OpenApiTypes.OBJECT, responses=AckOut)
    def post(self, request: Request) -> Response:
        """One frame as it would go over the socket; answers what its ack carries (docs/realtime.md)."""
        _require_connectable(request.user)
        frame = request.data
        if not isinstance(frame, dict):
            raise Malformed(_("A frame is a JSON object, at most 16 levels deep."))
        frames.count(request.user.pk)
        return Response({"type": "ack", **(frames.handler_of(frame.get("type"))(request.user, frame) or {})})


def _told(user: Any, topic: str, number: str) -> dict[str, Any]:
    """The answer for one topic; one that isn't open to the person is refused without the others."""
    after = natural(number)
    if after is None and number:
        raise Malformed(fields={"after": _("`after` is the last number you have.")})
    try:
        kind, identifier = topics.authorise(user, topic)
        return topics.told(user, kind, identifier, after)
    except (Missing, topics.Ahead) as refusal:
        return refusal.as_dict()


def _require_connectable(user: Any) -> None:
    if sessions.verdict(user) is not None:
        raise Forbidden()
