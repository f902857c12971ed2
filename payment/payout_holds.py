"""Staff stop a person's payouts: for a reason that the person reads, and until an instant."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import finance
from payment.models import Payout, PayoutHold
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Unprocessable
from skilllink.moments import written
from skilllink.realtime.push import push
from skilllink.transactions import verb
from users.moderation import audit as staff_log
from users.notifications import inbox

LONGEST = timedelta(days=90)
REASON = 1000
BATCH = 100


class NotYours(Forbidden):
    code = "payout_hold.not_yours"
    sentence = _("Only people of finance hold payouts, and never their own. Nothing was changed.")


class Over(Conflict):
    code = "payout_hold.over"
    sentence = _("This hold is over. Nothing was changed.")


@verb
def hold(user: Any, *, by: Any, reason: str, until: datetime) -> PayoutHold:
    """Hold what is in the person's queue, and refuse what they ask for, until `until`. Raises NotYours, Unprocessable."""
    _require(user, by)
    words = _words(reason)
    if not now() < until <= now() + LONGEST:
        raise Unprocessable(fields={"until": _("A hold ends within 90 days.")})
    row = PayoutHold.objects.create(user=user, by=by, reason=words, until=until, created_at=now())
    waiting = Payout.objects.filter(user=user, status=Payout.Status.REQUESTED)
    waiting.update(status=Payout.Status.ON_HOLD)
    staff_log.record(by, "payout.held", subject=row, reason=words)
    inbox.notify(user, "payout.held", url="/wallet/payout/", reason=words, day=written(until))
    push(f"user:{user.pk}", {"type": "payout.changed"})
    return row


@verb
def lift(row: PayoutHold, *, by: Any, reason: str) -> PayoutHold:
    """End a hold before its time. Raises NotYours, Over, Unprocessable."""
    _require(row.user, by)
    words = _words(reason)
    kept = PayoutHold.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if kept.lifted_at is not None or kept.until <= now():
        raise Over()
    kept.lifted_at = now()
    kept.save(update_fields=["lifted_at"])
    staff_log.record(by, "payout.hold_lifted", subject=kept, reason=words)
    inbox.notify(kept.user, "payout.hold_lifted", url="/wallet/payout/", reason=words)
    _release(kept.user_id)
    return kept


def in_force(user: Any) -> PayoutHold | None:
    """The hold that ends last, of those against this person that stand."""
    standing = PayoutHold.objects.filter(user=user, lifted_at__isnull=True, until__gt=now())
    return standing.order_by("-until").first()


@verb
def sweep() -> int:
    """Payouts whose hold is over go back into the queue. Returns how many people's."""
    held = Payout.objects.filter(status=Payout.Status.ON_HOLD)
    standing = PayoutHold.objects.filter(lifted_at__isnull=True, until__gt=now()).values("user")
    people = held.exclude(user__in=standing).order_by("user").values_list("user", flat=True).distinct()
    found = list(people[:BATCH])
    for user in found:
        _release(user)
    return len(found)


def _release(user_id: Any) -> None:
    if not in_force(user_id):
        Payout.objects.filter(user=user_id, status=Payout.Status.ON_HOLD).update(status=Payout.Status.REQUESTED)
        push(f"user:{user_id}", {"type": "payout.changed"})


def _require(user: Any, by: Any) -> None:
    if not finance.is_one(by) or by.pk == user.pk:
        raise NotYours()


def _words(reason: str) -> str:
    words = reason.strip() if isinstance(reason, str) else ""
    if not 1 <= len(words) <= REASON:
        raise Unprocessable(fields={"reason": _("Say why, in up to 1,000 characters; the person reads it.")})
    return words
