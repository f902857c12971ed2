"""Settings of the tutorial's site: what `startproject` gives, with PostgreSQL, Redis and sessions, and no pool."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["TUTORIAL_DATABASE_URL"])
SECRET_KEY = "of a benchmark"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "channels",
    "benchmarks.peers",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "HOST": _database.hostname,
        "PORT": _database.port,
        "USER": _database.username,
        "PASSWORD": _database.password or "",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": {
            "queue": "channels_redis.core.RedisChannelLayer",
            "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
        }[os.environ.get("TUTORIAL_LAYER", "queue")],
        # without the first its idle sockets would end after 5 s; without the second a thousand of them break at their end
        "CONFIG": {
            "hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": None, "max_connections": 10_000}],
            "prefix": "tutorial",
        },
    }
}
