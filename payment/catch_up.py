"""Events that never reached us: a gateway's list is read on from where the last reading began, and what is new is stored.

The mark of a reading is in the database like everything else: after a restore it is the backup's, so that all that
happened since is listed. What is stored goes the way of a webhook's event, exactly once, whichever comes first.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Q

from payment import gateways, webhooks
from payment.gateways.base import Rejected, Unanswered
from payment.models import EventsRead, Payout
from skilllink.clocks import now
from skilllink.errors import Malformed
from skilllink.transactions import verb

log = structlog.get_logger(__name__)
KEPT = timedelta(days=30)  # a gateway lists no older events
OVERLAP = timedelta(hours=1)  # clocks differ, and an event may be listed later than it is dated
BACK = timedelta(days=7)  # a payout that arrived may still come back from the bank
OPEN = (Payout.Status.REQUESTED, Payout.Status.ON_HOLD, Payout.Status.PROCESSING)


def sweep() -> int:
    """Catch up with every gateway in use; one that is away is asked again the next time. Returns what was new."""
    new = 0
    for name in in_use():
        try:
            new += run(name)
        except (Unanswered, Rejected) as fault:
            log.warning("events.not_listed", gateway=name, error=str(fault))
    return new


def in_use() -> list[str]:
    """The gateway of everything new, and those that were."""
    return sorted({settings.PAYMENT_GATEWAY, *EventsRead.objects.values_list("gateway", flat=True)})


def run(name: str) -> int:
    """List what a gateway knows since the last reading and store what we don't. Returns how many events were new.

    Raises Unanswered or Rejected when it can't be read to the end; the next reading begins where this one did.
    """
    began, since = now(), _since(name)
    if since < began - KEPT:
        log.error("events.too_old", gateway=name, since=since.isoformat())
    new = sum(_take(name, body) for account in ("", *_accounts(name, since)) for body in _list(name, since, account))
    _mark(name, began)
    return new


def _since(name: str) -> datetime:
    mark = EventsRead.objects.filter(gateway=name).first()
    return mark.until - OVERLAP if mark else now() - KEPT


def _list(name: str, since: datetime, account: str) -> Iterator[str]:
    return gateways.of(name).events(since, account)


def _accounts(name: str, since: datetime) -> list[str]:
    """Connected accounts of which news may have come: a payout is on its way there, or was a while ago."""
    on_the_way = Q(status__in=OPEN) | Q(ended_at__gte=since - BACK)
    rows = Payout.objects.filter(on_the_way, gateway=name).exclude(method__gateway_id="")
    return sorted(set(rows.values_list("method__gateway_id", flat=True)))


def _take(name: str, body: str) -> int:
    try:
        return webhooks.listed(name, body)
    except Malformed:
        log.error("events.unreadable", gateway=name)
        return 0


@verb
def _mark(name: str, began: datetime) -> None:
    """Up to here everything is read; of two readings at once the later one counts."""
    EventsRead.objects.get_or_create(gateway=name, defaults={"until": began})
    EventsRead.objects.filter(gateway=name, until__lt=began).update(until=began)
