"""What gateways tell us: a signed body is stored once, and processed later.

An event is only a hint. What happened is asked of the gateway, and its whole picture of the object is recorded: so any
order of events, and any number of copies, ends in the same state (L13). What doesn't fit our books waits for finance.
"""

import hashlib
from typing import Any

import structlog
from django.utils.translation import gettext_lazy as _

from payment import deposits, finance, gateways, payouts
from payment.gateways.base import BadSignature, Event, Gateway, Payment, Rejected, Unanswered, Unknown
from payment.gateways.patience import next_time
from payment.mismatch import Mismatch
from payment.models import Deposit, GatewayEvent
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Missing, TooLarge, Unavailable, Unprocessable
from skilllink.transactions import after_commit, verb
from users.moderation import audit as staff_log

log = structlog.get_logger(__name__)
BATCH = 100
ATTEMPTS = 8  # of an event that fails; while a gateway is away it is asked for ever
LARGEST = 256 * 1024  # bytes of a body
REASON = 1000
Status = GatewayEvent.Status

OF_PAYMENTS = ("payment_intent", "charge", "refund", "dispute")
# what the webhook is set up for (docs/gateways.md); a list has everything that happens at the gateway
LISTENED = ("payment_intent.", "charge.", "refund.", "checkout.session.", "payout.", "transfer.")
ESSENTIAL = ("object", "id", "payment_intent", "amount", "currency", "status")  # what processing looks at


class NotSigned(Malformed):
    code = "webhook.not_signed"
    sentence = _("The signature isn’t right, or not of this time. Nothing was stored.")


class NoEvent(Malformed):
    code = "webhook.no_event"
    sentence = _("That is no event. Nothing was stored.")


class NotWaiting(Conflict):
    code = "webhook.not_waiting"
    sentence = _("This event doesn’t wait for finance. Nothing was changed.")


def receive(name: str, body: bytes, signature: str) -> GatewayEvent:
    """Check and store one event of the gateway `name`; a copy stores nothing. Processing follows after the commit.

    Raises Missing for no gateway of ours, TooLarge, NotSigned, NoEvent: nothing is stored then.
    """
    if name not in gateways.NAMES:
        raise Missing()
    if len(body) > LARGEST:
        raise TooLarge()
    gateway = gateways.of(name)
    try:
        gateway.verify(body, signature)
        text = body.decode()
        event = gateway.read(text)
    except BadSignature as error:
        log.warning("webhook.refused", gateway=name, error=str(error))
        raise NotSigned() from error
    except ValueError as error:
        raise NoEvent() from error
    return _store(name, event, text)


def listed(name: str, text: str) -> int:
    """Store an event that the gateway `name` has listed when asked; 1 when it concerns us and we had not heard of it. Raises NoEvent."""
    try:
        event = gateways.of(name).read(text)
    except ValueError as error:
        raise NoEvent() from error
    known = GatewayEvent.objects.filter(gateway=name, event_id=event.id)
    if not event.kind.startswith(LISTENED) or known.exists():
        return 0
    row = _store(name, event, text, hurry=False)  # it waited until now, and after a restore no worker runs
    log.warning("webhook.missed", gateway=name, number=row.event_id, kind=row.kind)
    return 1


def sweep() -> int:
    """Process a batch of what has come. Returns how many events were finished."""
    due = GatewayEvent.objects.filter(check_at__lte=now()).order_by("check_at", "pk")
    return sum(process(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def process(pk: Any) -> int:
    """Find out what an event is about and record it; 1 when it is finished, 0 when it waits or was finished already.

    One that fails is tried again a few times and then waits for finance; it stops no other.
    """
    row = GatewayEvent.objects.get(pk=pk)
    if row.status != Status.RECEIVED:
        return 0
    try:
        return _process(row)
    except (Unanswered, Unavailable) as silence:
        log.warning("webhook.later", number=row.event_id, error=str(silence))
        return _later(row)
    except (Mismatch, Rejected) as fault:
        return _quarantine(row, str(fault))
    except Exception:
        log.exception("webhook.failed", number=row.event_id)
        return _later(row) if row.attempts < ATTEMPTS else _quarantine(row, str(_("It can’t be processed.")))


@verb
def settle(row: GatewayEvent, *, by: Any, outcome: str) -> GatewayEvent:
    """Finance has looked at what did not fit and says what was found. Raises Forbidden, NotWaiting, Unprocessable."""
    kept = _waiting(row, by)
    kept.status, kept.settled_by, kept.outcome = Status.SETTLED, by, _words(outcome)
    kept.save()
    staff_log.record(by, "webhook.settled", subject=kept, reason=kept.outcome)
    return kept


@verb
def try_again(row: GatewayEvent, *, by: Any, outcome: str) -> GatewayEvent:
    """Finance has put right what did not fit: the event is processed again. Raises as `settle` does."""
    kept = _waiting(row, by)
    if not kept.first:
        raise NotWaiting(
            _("This is never processed: another body came first, or we ask again by ourselves. Settle it.")
        )
    kept.status, kept.why, kept.check_at = Status.RECEIVED, "", now()
    kept.save()
    staff_log.record(by, "webhook.tried_again", subject=kept, reason=_words(outcome))
    return kept


# --- storing --------------------------------------------------------------------------------------


@verb
def _store(name: str, event: Event, text: str, *, hurry: bool = True) -> GatewayEvent:
    digest = hashlib.sha256(text.encode()).hexdigest()
    facts = {"kind": event.kind, "body": text, "digest": digest}
    row, made = GatewayEvent.objects.get_or_create(
        gateway=name, event_id=event.id, first=True, defaults={**facts, "check_at": now()}
    )
    if made and hurry:
        after_commit(_hurry)
    if row.digest == digest or _is_said_again(row, event):
        return row
    log.error("webhook.other_body", gateway=name, number=event.id)
    why = str(_("Another body came under the same number."))
    other, _made = GatewayEvent.objects.get_or_create(
        gateway=name, event_id=event.id, digest=digest, first=False,
        defaults={**facts, "status": Status.QUARANTINED, "why": why},
    )  # fmt: skip
    return other


def _is_said_again(row: GatewayEvent, event: Event) -> bool:
    """Whether an event differs from the one that came under its number in nothing but how it is written.

    A list and a webhook write it differently, and a webhook that is repeated says how many still wait.
    """
    return _essence(gateways.of(row.gateway).read(row.body)) == _essence(event)


def _essence(event: Event) -> tuple[Any, ...]:
    return event.kind, event.account, event.reference, *(event.object.get(name) for name in ESSENTIAL)


def _hurry() -> None:
    """Don't wait for the sweep."""
    from payment.tasks import process_events

    process_events.delay()


# --- processing -----------------------------------------------------------------------------------


def _process(row: GatewayEvent) -> int:
    gateway = gateways.of(row.gateway)
    event = gateway.read(row.body)
    kind = event.object.get("object")
    if kind in OF_PAYMENTS:
        return _of_payment(row, gateway, event)
    if kind == "checkout.session":
        return _of_page(row, event)
    if kind == "payout":
        payouts.heard(row.gateway, event)
    if kind == "transfer":
        payouts.require_known(row.gateway, event)
    return _finish(row)  # or nothing of ours hangs on it


def _of_payment(row: GatewayEvent, gateway: Gateway, event: Event) -> int:
    about = event.object
    number = about.get("id") if about["object"] == "payment_intent" else about.get("payment_intent")
    payment = _known(gateway, number)
    deposit = deposits.of_reference(row.gateway, payment.reference)
    if deposit is None:
        raise Mismatch(_("The gateway names a payment of no deposit of ours."))
    _require_fits(about, deposit, payment)
    return _record(row, deposit, payment)


def _known(gateway: Gateway, number: Any) -> Payment:
    if not isinstance(number, str) or not number:
        raise Mismatch(_("The event names no payment."))
    try:
        return gateway.payment(number)
    except Unknown as error:
        raise Mismatch(_("The gateway knows no such payment.")) from error


def _of_page(row: GatewayEvent, event: Event) -> int:
    """The gateway's page was left or has expired."""
    deposit = deposits.of_reference(row.gateway, event.reference)
    if deposit is None or deposit.gateway_session not in ("", event.object.get("id")):
        raise Mismatch(_("The gateway names a page of no deposit of ours."))
    if deposit.gateway_session:
        deposits.look_up(deposit)  # else a restore has lost the page, and its payment tells of itself
    return _finish(row)


def _require_fits(about: dict[str, Any], deposit: Deposit, payment: Payment) -> None:
    """The event's own figures against ours and the gateway's: an event that contradicts them is looked at."""
    if str(about.get("currency", "")).upper() != deposit.currency:
        raise Mismatch(_("The event is in another currency than the deposit."))
    amount, kind = about.get("amount"), about["object"]
    if kind in ("payment_intent", "charge") and amount != deposit.amount:
        raise Mismatch(_("The event is about another amount than the deposit."))
    refunds = {refund.id: refund.amount for refund in payment.refunds}
    if kind == "refund" and refunds.get(str(about.get("id"))) != amount:
        raise Mismatch(_("The event is about a refund that the gateway doesn’t know so."))
    contests = {contest.id: contest.amount for contest in payment.contests}
    if kind == "dispute" and contests.get(str(about.get("id")), amount) != amount:
        raise Mismatch(_("The event is about a chargeback that the gateway doesn’t know so."))


@verb
def _record(row: GatewayEvent, deposit: Deposit, payment: Payment) -> int:
    """What it says and that it was processed are kept together."""
    done = _finish.within(row)
    if done:
        deposits.record.within(deposit, payment, asking=deposit.asked_at is not None and payment.status == "open")
    return done


@verb
def _finish(row: GatewayEvent) -> int:
    waiting = GatewayEvent.objects.filter(pk=row.pk, status=Status.RECEIVED)
    return waiting.update(status=Status.PROCESSED, processed_at=now(), check_at=None)


@verb
def _later(row: GatewayEvent) -> int:
    waiting = GatewayEvent.objects.filter(pk=row.pk, status=Status.RECEIVED)
    waiting.update(attempts=row.attempts + 1, check_at=next_time(row.attempts))
    return 0


@verb
def _quarantine(row: GatewayEvent, why: str) -> int:
    log.error("webhook.quarantined", gateway=row.gateway, number=row.event_id, why=why)
    waiting = GatewayEvent.objects.filter(pk=row.pk, status=Status.RECEIVED)
    return waiting.update(status=Status.QUARANTINED, why=why[:300], check_at=None)


# --- finance --------------------------------------------------------------------------------------


def _waiting(row: GatewayEvent, by: Any) -> GatewayEvent:
    if not finance.is_one(by):
        raise Forbidden()
    kept = GatewayEvent.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if kept.status != Status.QUARANTINED:
        raise NotWaiting()
    return kept


def _words(reason: str) -> str:
    words = reason.strip()
    if not 1 <= len(words) <= REASON:
        raise Unprocessable(fields={"reason": _("Say what you found, in up to 1,000 characters.")})
    return words
