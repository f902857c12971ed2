"""What every API resource shares: input that is taken exactly, pages, throttles."""

import io
from typing import Any

import structlog
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from redis.exceptions import RedisError
from rest_framework import serializers, throttling
from rest_framework.exceptions import ParseError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.utils import html

from skilllink.errors import Malformed, TooLarge

log = structlog.get_logger(__name__)

BODY_BYTES = 1_000_000  # a JSON body; files come as multipart


class StrictJSON(JSONParser):
    """JSON of a sane size and depth; anything else is refused instead of failing."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise TooLarge()
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError() from error


class Whole(serializers.IntegerField):
    """A JSON integer; not a string, a boolean or a fraction that looks like one."""

    def to_internal_value(self, data: Any) -> Any:
        typed = html.is_html_input(getattr(self.root, "initial_data", None))  # multipart knows only text
        if type(data) is not int and not (typed and isinstance(data, str) and data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.INT64)
class Amount(serializers.Field[Any, Any, Any, Any]):
    """Whole minor units. The verb judges the figure, so that pages and API refuse it in the same words."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class Words(serializers.CharField):
    """A JSON string, as it was typed. How long it may be is the verb's to say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False} | options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DATE)
class Day(Words):
    """A day as 2026-12-24; the verb reads it."""


class Flag(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> Any:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class Strict(serializers.Serializer[Any]):
    """The arguments of a verb: a field nobody asked for is refused, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict) and self.parent is None:
            raise Malformed(_("The body must be a JSON object. Nothing was changed."))
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        unknown = sorted(set(map(str, data)) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, str(_("There is no such field here."))))
        return super().to_internal_value(data)

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The request's body as keyword arguments. Raises DRF's ValidationError, answered as 400."""
        given = cls(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


class Nothing(Strict):
    """A verb without arguments."""


class Version(Strict):
    """What the caller saw: another version by now is refused with 409."""

    version = Whole(required=False)


class FilesIn(Strict):
    """Multipart: one or more parts named `files`."""

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), min_length=1)


class CursorPages(CursorPagination):
    """Newest first, at most 100 a page; `id` is time-ordered, so it is the cursor."""

    ordering = "-id"
    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100


class _LapsesWithoutRedis(throttling.SimpleRateThrottle):
    """Counting needs the cache; while it is away people's work goes on uncounted. Sign-in's limit doesn't lapse."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError as error:
            log.warning("throttle.lapsed", error=str(error))
            return True


class AnonThrottle(_LapsesWithoutRedis, throttling.AnonRateThrottle):
    pass


class UserThrottle(_LapsesWithoutRedis, throttling.UserRateThrottle):
    pass
