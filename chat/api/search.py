"""Messages found by words, sender, files and days, over the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from chat import cards, search
from chat.api.people import room_of
from chat.api.views import MessageOut
from chat.formats import serialize
from chat.models import Message
from skilllink import ids
from skilllink.errors import Malformed

CRITERIA = [
    OpenApiParameter("q", str, description="Words, or how they begin"),
    OpenApiParameter("room", str, description="The id of a room of mine"),
    OpenApiParameter("sender", str, description="The id of a person"),
    OpenApiParameter("files", bool, description="true: only messages with files"),
    OpenApiParameter("since", str, description="An instant as 2026-12-24T18:00:00Z; that one is included"),
    OpenApiParameter("until", str, description="An instant; that one isn't included"),
]


class FoundList(serializers.ListSerializer[Any]):
    def to_representation(self, data: Any) -> Any:
        reader = self.context["request"].user
        return cards.put([serialize(found, since=found.since, reader=reader) for found in data], reader)


class FoundOut(MessageOut):
    """A found message as its reader sees it."""

    class Meta:
        list_serializer_class = FoundList


class Messages(ListAPIView[Message]):
    serializer_class = FoundOut
    queryset = Message.objects.none()
    filter_backends: list[Any] = []

    @extend_schema(parameters=CRITERIA)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Messages in my rooms that fit all that is asked; none while nothing is."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        given = self.request.query_params
        text = given.get("q", "")
        if "\0" in text:
            raise Malformed(fields={"q": _("This should be text.")})
        return search.find(
            self.request.user,
            text=text[:200],
            room=room_of(self.request, ids.read(given["room"])) if given.get("room") else None,
            sender=ids.read(given["sender"]) if given.get("sender") else None,
            files=given.get("files") == "true",
            since=self._instant("since"),
            until=self._instant("until"),
        )

    def _instant(self, name: str) -> Any:
        text = self.request.query_params.get(name)
        if not text:
            return None
        try:
            return serializers.DateTimeField().run_validation(text)
        except serializers.ValidationError as error:
            raise Malformed(fields={name: _("An instant as 2026-12-24T18:00:00Z.")}) from error
