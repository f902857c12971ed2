"""`/healthz`: the process lives. `/readyz`: it can work. `/metrics`: figures for Prometheus."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from skilllink.clocks import now

BEAT_KEY = "skilllink:heartbeat"
STALE_SECONDS = 30


def beat() -> None:
    """Beat asked, a worker answered: called by the heartbeat task every three seconds."""
    cache.set(BEAT_KEY, now().timestamp(), 3600)


def worker_age() -> float | None:
    """Seconds since a task that beat sent was done by a worker; None when there was none in the last hour."""
    at = cache.get(BEAT_KEY)
    return None if at is None else max(0.0, now().timestamp() - at)


def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 when the database, the channel layer or the background work doesn't answer."""
    age = worker_age()
    facts: dict[str, Any] = {
        "database": _database(),
        "channel_layer": _channel_layer(),
        "worker_and_beat": age is not None and age < STALE_SECONDS,
    }
    ready = all(facts.values())
    facts["worker_and_beat_age_seconds"] = None if age is None else round(age, 1)
    return JsonResponse({"status": "ready" if ready else "not ready", **facts}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures read at this moment; the registry is made anew, so that processes don't disagree."""
    registry = CollectorRegistry()
    age = worker_age()
    Gauge("skilllink_heartbeat_age_seconds", "Since beat and worker were last seen", registry=registry).set(
        -1 if age is None else age
    )
    for name, (text, value) in _figures().items():
        Gauge(name, text, registry=registry).set(value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _figures() -> dict[str, tuple[str, float]]:
    from payment import halt
    from payment.models import Batch, Transfer
    from users.models import Delivery

    waiting = Delivery.objects.filter(status="waiting").order_by("due_at").values_list("due_at", flat=True).first()
    newest = Batch.objects.order_by("-number").first()
    overdue = max(0.0, (now() - waiting).total_seconds()) if waiting else 0.0
    return {
        "skilllink_outbox_oldest_seconds": ("How long the oldest due e-mail waits", overdue),
        "skilllink_outbox_dead": ("E-mails given up", Delivery.objects.filter(status="dead").count()),
        "skilllink_ledger_transfers": ("Transfers in the ledger", Transfer.objects.count()),
        "skilllink_ledger_sealed": ("The last transfer that is sealed", newest.last if newest else 0),
        "skilllink_money_halted": ("1 while money stands still", float(halt.in_force() is not None)),
    }


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def _channel_layer() -> bool:
    try:
        async_to_sync(get_channel_layer().group_send)("readyz", {"type": "readyz"})
    except Exception:  # whatever the layer raises, the answer is that it doesn't work
        return False
    return bool(settings.CHANNEL_LAYERS)
