"""What every API resource shares."""

from typing import Any

import structlog
from redis.exceptions import RedisError
from rest_framework import throttling
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

log = structlog.get_logger(__name__)


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
