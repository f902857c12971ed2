"""Rows that a benchmark needs, made through the verbs."""

import copy
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.builders.projects_contracts import signed_contract
from tests.cast import make

PLENTY = 10**9
AMOUNT, PAIRS, AT_ONCE = 100_000, 50, 200
_numbers = count(1)  # addresses of people are unique in a run


def person(**roles: Any) -> Any:
    return make(f"Bench{next(_numbers)} Person", **roles)


def wallets(number: int) -> list[int]:
    """The ids of as many wallets, each of another person, with plenty in them."""
    from payment import accounts
    from tests.builders.payment import put_in_wallet

    found = []
    for _number in range(number):
        user = person(client=True)
        put_in_wallet(user, PLENTY)
        found.append(accounts.wallet(user, "USD").pk)
    return found


def contracts_with_funded_steps(number: int) -> list[tuple[Any, Any]]:
    """(milestone with plenty in it, its client) of as many contracts between other people."""
    found = []
    for _number in range(number):
        client = person(client=True)
        contract = signed_contract(client, person(freelancer=True), amounts=(PLENTY,))
        found.append((contract.milestones.get(), client))
    return found


def due_milestones(number: int) -> None:
    """As many delivered milestones whose review has ended in silence, each in a contract and a room of its own.

    One of each pair of people is made by the verbs; the others are copies of its rows, their money held by the ledger.
    """
    from projects import milestones
    from projects.models import Milestone

    each = -(-number // PAIRS)
    for pair in range(PAIRS):
        wanted = min(each, number - pair * each)
        if wanted < 1:
            return
        client, freelancer = person(client=True), person(freelancer=True)
        contract = signed_contract(client, freelancer, amounts=(AMOUNT,), spare=AMOUNT * wanted)
        milestones.deliver(contract.milestones.get(), by=freelancer, note="Here it is.")
        first = Milestone.objects.select_related("contract", "escrow").get(contract=contract)
        for start in range(1, wanted, AT_ONCE):
            _copies(first, min(AT_ONCE, wanted - start))
        _let_review_end(contract.client_id)


def _copies(first: Any, number: int) -> None:
    from django.db import transaction

    from chat.models import Membership, Room
    from payment import escrow
    from projects.models import Clock, Contract, Milestone

    room = Room.objects.get(pk=first.contract.room_id)
    members, clocks = list(Membership.objects.filter(room=room)), list(Clock.objects.filter(milestone=first))
    rooms = [_copy(room, subject_id=None) for _n in range(number)]
    contracts = [_copy(first.contract, room_id=one.pk, offer_id=None, bid_id=None) for one in rooms]
    with transaction.atomic():
        Room.objects.bulk_create(rooms)
        Membership.objects.bulk_create(_copy(member, room_id=one.pk) for one in rooms for member in members)
        Contract.objects.bulk_create(contracts)
        steps = []
        for contract in contracts:
            money = escrow.open(
                "milestone", payer=contract.client, payee=contract.freelancer, currency="USD", fee_bps=contract.fee_bps
            )
            step = _copy(first, contract_id=contract.pk, escrow_id=money.pk)
            escrow.hold(money, AMOUNT, key=f"milestone:{step.pk}:fund")
            steps.append(step)
        Milestone.objects.bulk_create(steps)
        Clock.objects.bulk_create(
            _copy(clock, contract_id=step.contract_id, milestone_id=step.pk, subject_id=step.pk)
            for step in steps
            for clock in clocks
        )


def _copy(row: Any, **changes: Any) -> Any:
    """The same row as another one."""
    from skilllink.ids import uuid7

    other = copy.copy(row)
    other._state = type(row._state)()
    other._state.fields_cache = {
        name: one for name, one in row._state.fields_cache.items() if f"{name}_id" not in changes
    }
    other.pk = uuid7() if isinstance(row.pk, type(uuid7())) else None
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def _let_review_end(client_id: int) -> None:
    """As if the window had passed: the notices were given in time, and the release is due since a moment ago."""
    from django.utils import timezone

    from projects.models import Clock, Milestone

    now: datetime = timezone.now()
    mine = Clock.objects.filter(contract__client=client_id)
    noticed = now - timedelta(hours=25)
    mine.filter(kind="milestone.release.remind").update(due_at=noticed, rung_at=noticed, outcome="done")
    mine.filter(kind="milestone.release").update(due_at=now - timedelta(seconds=1))
    Milestone.objects.filter(contract__client=client_id).update(review_due_at=now - timedelta(seconds=1))


def future_clocks(number: int) -> None:
    """As many clocks that ring in some days, of one milestone in name."""
    from django.utils import timezone

    from projects.models import Clock
    from skilllink.ids import uuid7

    pattern = Clock.objects.filter(kind="milestone.release").first()
    later = timezone.now() + timedelta(days=3)
    for start in range(0, number, 2000):
        Clock.objects.bulk_create(
            _copy(pattern, subject_id=uuid7(), rung_at=None, outcome="", due_at=later + timedelta(seconds=n))
            for n in range(start, min(start + 2000, number))
        )
