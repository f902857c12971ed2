"""Django's Redis cache with connections that are kept: each context has a cache object of its own, and the stock one
opens a connection for each."""

from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _Client(RedisCacheClient):
    """Its pools belong to the process; they are safe to use from any thread."""

    _kept: ClassVar[dict[tuple[str, ...], dict[int, Any]]] = {}

    def __init__(self, servers: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(servers, *args, **kwargs)
        self._pools = self._kept.setdefault(tuple(servers), {})


class Cache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
