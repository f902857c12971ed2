"""The audit of what comes from and goes to gateways, and of what people move by hand: L13 to L16."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from payment.audit_scope import CHUNK, Scope, Violation, about, chunks
from payment.models import Chargeback, Deposit, DepositReturn, Entry, GatewayEvent, Movement, Payout, Transfer

ENDS = {"paid": "payout_paid", "failed": "payout_failed", "cancelled": "payout_cancelled"}
CAME_BACK = ("failed", "cancelled")
BY_HAND = ("write_off", "capital_in", "fees_out")


@about("event")
def events_as_they_came(scope: Scope) -> Iterator[Violation]:
    """L13: the body of an event is the one whose digest was kept when it came."""
    rows = GatewayEvent.objects.filter(scope.later("received_at")).values_list("pk", "body", "digest")
    for pk, body, digest in rows.iterator(CHUNK):
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            yield Violation("L13", f"gateway event {pk}", "is not the body that came")


@about("payout")
def payouts_end_once(scope: Scope) -> Iterator[Violation]:
    """L14: a payout is reserved, then settled or voided, as its row says; nothing else is in its account.

    It was taken out of its source, a cause's account or a person's earnings, and what came back went there.
    """
    changed = scope.later("created_at") | scope.later("ended_at")
    facts = ("pk", "status", "amount", "account__balance", "user", "cause")
    for chunk in chunks(Payout.objects.filter(changed).values_list(*facts).iterator(CHUNK)):
        keys = [f"payout:{pk}:{part}" for pk, *_rest in chunk for part in ("reserve", "end")]
        kinds = dict(Transfer.objects.filter(key__in=keys).values_list("key", "kind"))
        sources = Entry.objects.filter(transfer__key__in=keys, account__kind__in=("available", "cause"))
        moved = set(sources.values_list("transfer__key", "amount", "account__user", "account__cause"))
        for pk, status, amount, balance, user, cause in chunk:
            found = (kinds.get(f"payout:{pk}:reserve"), kinds.get(f"payout:{pk}:end"))
            if found != ("payout", ENDS.get(status)):
                yield Violation("L14", f"payout {pk}", f"is {status}, its transfers are {found}")
            if balance != (0 if status in ENDS else amount):
                yield Violation("L14", f"payout {pk}", f"is {status} over {amount}, in transit is {balance}")
            source = (None, cause) if cause else (user, None)
            due = {(f"payout:{pk}:reserve", -amount, *source)}
            if status in CAME_BACK:
                due.add((f"payout:{pk}:end", amount, *source))
            if not due <= moved:
                yield Violation("L14", f"payout {pk}", "was not taken from, or given back to, where its row says")


@about("return", "chargeback")
def out_within_in(scope: Scope) -> Iterator[Violation]:
    """L15: what went back or was charged back is what its rows and transfers say, and never more than came in."""
    back = _sum(DepositReturn.objects.exclude(status="failed"))
    taken = _sum(Chargeback.objects.exclude(status="won"))
    rows = Deposit.objects.annotate(back=Coalesce(back, 0), taken=Coalesce(taken, 0))
    if not scope.whole:
        touched = Q(returns__in=DepositReturn.objects.filter(scope.later("created_at") | scope.later("ended_at")))
        touched |= Q(chargebacks__in=Chargeback.objects.filter(scope.later("opened_at") | scope.later("ended_at")))
        rows = rows.filter(touched).distinct()
    for row in rows.exclude(returned=F("back"), charged_back=F("taken"), amount__gte=F("back") + F("taken")):
        found = (
            f"{row.returned} and {row.charged_back} went out of {row.amount}, its rows say {row.back} and {row.taken}"
        )
        yield Violation("L15", f"deposit {row.pk}", found)
    yield from _unbooked(DepositReturn.objects.filter(scope.later("created_at")), "return", "send")
    yield from _unbooked(DepositReturn.objects.filter(scope.later("ended_at"), status="failed"), "return", "failed")
    yield from _unbooked(Chargeback.objects.filter(scope.later("opened_at")), "chargeback", "open")
    yield from _unbooked(Chargeback.objects.filter(scope.later("ended_at"), status="won"), "chargeback", "won")


@about("payout", *(f"transfer.{kind}" for kind in BY_HAND))
def two_people(scope: Scope) -> Iterator[Violation]:
    """L16: what moved by hand, and every payout above the limit that was sent, was decided by a second person."""
    for transfer in Transfer.objects.filter(scope.new(), kind__in=BY_HAND):
        if not _decided().filter(pk=transfer.key.removeprefix("movement:"), kind=transfer.kind).exists():
            yield Violation("L16", f"transfer {transfer.pk}", "was moved by hand without two people")
    large = Payout.objects.filter(scope.later("sent_at"), needs_two=True, sent_at__isnull=False)
    for row in large.exclude(Exists(_decided().filter(kind="payout", payout=OuterRef("pk")))):
        yield Violation("L16", f"payout {row.pk}", "was sent without two people")


def _decided() -> Any:
    """Movements that two people stand behind, neither of them the one whose money it is."""
    done = Movement.objects.filter(status="done", decided_by__isnull=False)
    return done.exclude(decided_by=F("proposed_by")).exclude(party=F("proposed_by")).exclude(party=F("decided_by"))


def _sum(rows: Any) -> Any:
    return rows.filter(deposit=OuterRef("pk")).order_by().values("deposit").annotate(all=Sum("amount")).values("all")


def _unbooked(rows: Any, noun: str, verb: str) -> Iterator[Violation]:
    for chunk in chunks(rows.values_list("pk", flat=True).iterator(CHUNK)):
        there = set(
            Transfer.objects.filter(key__in=[f"{noun}:{pk}:{verb}" for pk in chunk]).values_list("key", flat=True)
        )
        for pk in chunk:
            if f"{noun}:{pk}:{verb}" not in there:
                yield Violation("L15", f"{noun} {pk}", f"has no transfer for {verb}")


CHECKS = (events_as_they_came, payouts_end_once, out_within_in, two_people)
