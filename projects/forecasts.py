"""What contracts will bring and take by themselves, for the wallet: the steps of `schedule`, which the sweep performs.

A week is held only when the wallet has its most by then: what comes and goes before is counted, in order.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.html import strip_tags

from payment import accounts
from payment import escrow as escrows
from payment.forecast import Expected, released
from projects import schedule, timeline
from projects.models import Clock, Contract

MOST = 100  # contracts: more than anybody has open at once


def of_contracts(user: Any, now: datetime) -> list[Expected]:
    """Four queries, one for the clearing time and one for the wallet, however many contracts."""
    running = Clock.objects.live().values("contract")
    mine = Contract.objects.filter(Q(client=user) | Q(freelancer=user), pk__in=running, cause=None)
    contracts = list(mine.select_related("client", "freelancer").order_by("-pk")[:MOST])
    clocks: dict[Any, list[Clock]] = {}
    for clock in schedule.of_all(contracts).prefetch_related("milestone__entries"):
        clocks.setdefault(clock.contract_id, []).append(clock)
    rows = [
        row
        for contract in contracts
        for step in schedule.upcoming(contract, now=now, clocks=clocks.get(contract.pk, []))
        if step.moves_money
        for row in _expected(step, contract, user)
    ]
    return _affordable(rows, user) if any(_is_hold(row) for row in rows) else rows


def _affordable(rows: list[Expected], user: Any) -> list[Expected]:
    """Without the weeks that will be skipped."""
    there = {currency: line["wallet"] for currency, line in accounts.balances(user).items()}
    kept = []
    for row in sorted(rows, key=lambda row: row.at):
        after = there.get(row.currency, 0) + (row.amount if row.place == "wallet" else 0)
        if _is_hold(row) and after < 0:
            continue
        there[row.currency] = after
        kept.append(row)
    return kept


def _is_hold(row: Expected) -> bool:
    return row.place == "wallet" and row.amount < 0


def _expected(step: schedule.Step, contract: Contract, user: Any) -> Iterator[Expected]:
    words = timeline.announced(step, contract, user)
    anchor = f"#milestone-{step.milestone.pk}" if step.milestone else ""
    facts: dict[str, Any] = {
        "at": step.at,
        "currency": contract.currency,
        "sentence": strip_tags(str(words.sentence)),
        "detail": words.detail,
        "url": f"{contract.get_absolute_url()}{anchor}",
    }
    if step.act == "begin":
        if contract.client_id == user.pk:
            yield Expected(place="wallet", amount=-step.amount, usable_at=step.at, **facts)
        return
    to_freelancer, to_client = _shares(step)
    if contract.freelancer_id == user.pk and to_freelancer:
        net = to_freelancer - _fee(step, to_freelancer)
        yield Expected(place="pending", amount=net, usable_at=released(step.at, user), **facts)
    elif contract.client_id == user.pk:
        if to_client:
            yield Expected(place="wallet", amount=to_client, usable_at=step.at, **facts)
        if to_freelancer:
            yield Expected(place="escrow", amount=-to_freelancer, **facts)


def _shares(step: schedule.Step) -> tuple[int, int]:
    """(to the freelancer, to the client) of what leaves escrow, gross."""
    if step.act == "midpoint" and step.dispute is not None:
        half = schedule.midpoint(step.dispute)
        return half, step.amount - half
    return (step.amount, 0) if step.to == "freelancer" else (0, step.amount)


def _fee(step: schedule.Step, gross: int) -> int:
    place = step.dispute.escrow if step.dispute else step.milestone.escrow if step.milestone else None
    return escrows.fee_of(place, gross) if place else 0
