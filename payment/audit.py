"""The books examine themselves: every invariant of docs/ledger.md, whole or what is new since the last time.

What an escrow is for is known to the app above: it registers a check of its own (`register`).
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.db import connection
from django.db.models import Max, Sum

from payment import audit_books, audit_news, audit_seal, halt, seal
from payment.audit_scope import Check, Scope, Violation, about
from payment.models import Account, AuditRun, Checkpoint, Entry, Seal, Snapshot
from skilllink.clocks import now
from skilllink.realtime.push import push
from skilllink.transactions import snapshot, verb

__all__ = ["Scope", "Violation", "about", "examine", "register", "run", "shortfalls"]

log = structlog.get_logger(__name__)
_further: list[Check] = []
_watches: list[Check] = []
KEPT = 1000  # violations that a run writes down


def register(check: Check) -> None:
    """Add a check of an app that payment doesn't know. Called from its `ready()`."""
    _further.append(check)


def watch(check: Check) -> None:
    """Add a check whose findings are told to staff and stop nothing. Called from an app's `ready()`."""
    _watches.append(check)


def run(scope: Scope | None = None) -> list[Violation]:
    """Every violation within `scope`, by default in the whole books; an empty list when they are right. Only reads."""
    with snapshot():
        return _violations(scope or Scope())


def examine(*, whole: bool = False) -> AuditRun:
    """Examine the books, write down what was found, and halt money over a violation that is new (L20).

    Whole, or what came since the last run found everything right: then what it costs grows with that alone.
    """
    began = time.monotonic()
    if not whole:
        seal.run()
    with snapshot():
        scope = _scope(whole)
        moment = now()
        violations, alerts = (
            _violations(scope),
            [*shortfalls(), *(found for check in _watches for found in check(scope))],
        )
    for row in violations:
        log.error("ledger.violation", **row.as_dict())
    for row in alerts:
        log.warning("ledger.alert", **row.as_dict())
    stopped = halt.stop([row.as_dict() for row in violations[:KEPT]]) if violations else False
    seconds = round(time.monotonic() - began, 3)
    return _conclude(scope, violations, alerts, at=moment, seconds=seconds, clean=not stopped)


def shortfalls() -> Iterator[Violation]:
    """L8: what is held outside covers what people are owed. An alert, shown to everyone; money goes on."""
    for currency, sums in standing().items():
        if sums["held"] < sums["owed"]:
            found = f"{sums['owed']} is owed, {sums['held']} is held outside"
            yield Violation("L8", f"currency {currency}", found)


def standing() -> dict[str, dict[str, int]]:
    """Per currency in minor units: `held` outside, `owed` to people, and each kind of account; platform ones summed."""
    found: dict[str, dict[str, int]] = {}
    cached = Account.objects.filter(balance__isnull=False).values_list("currency", "kind").order_by("currency", "kind")
    for currency, kind, total in cached.annotate(total=Sum("balance")):
        found.setdefault(currency, {})[kind] = total
    for currency, kind, total in _platform():
        found.setdefault(currency, {})[kind] = found[currency].get(kind, 0) + total
    for sums in found.values():
        sums["owed"] = sum(sums.get(kind, 0) for kind in Account.OWED)
        sums["held"] = -sums.get(Account.Kind.GATEWAY, 0)
    return found


def _platform() -> Iterator[tuple[str, str, int]]:
    """(currency, kind, balance) of the accounts that keep no balance row: their snapshot and what came since."""
    bare = Account.objects.filter(balance__isnull=True)
    reached = Checkpoint.objects.values_list("number", flat=True).first() or 0
    before = dict(Snapshot.objects.filter(account__in=bare).values_list("pk", "balance"))
    entries = Entry.objects.filter(account__balance__isnull=True).order_by()
    sealed = entries.filter(transfer__seal__number__gt=reached)
    late = entries.filter(transfer__in=seal.waiting())
    came = [dict(rows.values_list("account").annotate(total=Sum("amount"))) for rows in (sealed, late)]
    for pk, currency, kind in bare.values_list("pk", "currency", "kind"):
        yield currency, kind, before.get(pk, 0) + sum(sums.get(pk, 0) for sums in came)


def _violations(scope: Scope) -> list[Violation]:
    checks: tuple[Check, ...] = (*audit_books.CHECKS, *audit_seal.CHECKS, *_further)
    return [violation for check in checks for violation in check(scope)]


def _scope(whole: bool) -> Scope:
    reached = Checkpoint.objects.first() or Checkpoint()
    last = Seal.objects.aggregate(last=Max("number"))["last"] or 0
    if whole or not reached.number:
        return Scope(whole, 0, last)
    return Scope(whole, reached.number, last, reached.at, audit_news.since(reached.number, last, reached.at))


@verb
def _conclude(
    scope: Scope, violations: list[Violation], alerts: list[Violation], *, at: datetime, seconds: float, clean: bool
) -> AuditRun:
    if clean:
        _advance(scope, at)
    row = AuditRun.objects.create(
        at=at, whole=scope.whole, since=scope.since, upto=scope.upto, seconds=seconds,
        violations=[one.as_dict() for one in violations[:KEPT]], alerts=[one.as_dict() for one in alerts],
    )  # fmt: skip
    push(seal.TOPIC, {"type": "books.audited"})
    return row


def _advance(scope: Scope, at: datetime) -> None:
    """The next run begins after this one; a run that was overtaken by another changes nothing."""
    Checkpoint.objects.get_or_create(pk=1)
    reached = Checkpoint.objects.select_for_update().get(pk=1)
    if scope.whole:
        Snapshot.objects.all().delete()
    elif reached.number != scope.since:
        return
    with connection.cursor() as cursor:
        cursor.execute(ADD_SUMS, [scope.since, scope.upto])
    Checkpoint.objects.update(number=scope.upto, at=at)


ADD_SUMS = """
INSERT INTO payment_snapshot (account_id, balance)
SELECT e.account_id, SUM(e.amount) FROM payment_seal s JOIN payment_entry e ON e.transfer_id = s.transfer_id
WHERE s.number > %s AND s.number <= %s GROUP BY e.account_id
ON CONFLICT (account_id) DO UPDATE SET balance = payment_snapshot.balance + excluded.balance
"""


def last_run() -> AuditRun | None:
    return AuditRun.objects.order_by("-id").first()


def outlook() -> dict[str, Any]:
    """What everyone may know of the audits: the last one, and the last that examined everything."""
    return {"last": last_run(), "whole": AuditRun.objects.filter(whole=True).order_by("-id").first()}
