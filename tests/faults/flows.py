"""The ways money goes, each as `prepare` (what must be there first) and `act`, which is safe to repeat."""

from typing import Any

from django.db import transaction

from payment import accounts, clearing, deposits, earnings, escrow, ledger
from payment.models import Deposit, Escrow, Transfer
from projects import disputes, milestones, offers
from projects.models import Dispute, Milestone, Offer
from skilllink import clocks
from skilllink.transactions import verb
from tests.builders.books import released
from tests.builders.payment import GOOD_CARD, put_in_wallet
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import live_bid, open_gig
from tests.faults import flows_gateway, flows_gifts, flows_weeks
from tests.faults.flow import Flow, last_entry, reread


def _step(cast: Any, *, fund: bool = True) -> Milestone:
    contract = signed_contract(
        cast["client"], cast["freelancer"], amounts=(9_000, 4_000), hold="all" if fund else "first", spare=4_000
    )
    step: Milestone = contract.milestones.order_by("position")[0 if fund else 1]
    return step


def _sent(cast: Any) -> Offer:
    put_in_wallet(cast["client"], 295_000)
    return offers.make(live_bid(open_gig(cast["client"]), cast["freelancer"]), by=cast["client"])


def _dispute(cast: Any) -> Dispute:
    return disputes.open(_step(cast), by=cast["client"], amount=4_000, reason="Half of it is missing.")


def _cleared(cast: Any) -> Escrow:
    row = released(cast["client"], cast["freelancer"], 9_000)
    with clocks.at(row.clearings.get().due_at):
        clearing.clear(row.clearings.get().pk)
    return row


def _bonus(cast: Any) -> Escrow:
    put_in_wallet(cast["client"], 700)
    with transaction.atomic():
        return escrow.open("bonus", payer=cast["client"], payee=cast["freelancer"], currency="USD", fee_bps=500)


def _frozen_target(cast: Any) -> tuple[Escrow, Escrow]:
    row = released(cast["client"], cast["freelancer"], 9_000)
    with transaction.atomic():
        into = escrow.open("dispute", payer=row.payer, payee=row.payee, currency="USD", fee_bps=row.fee_bps)
    return row, into


def _gift(cast: Any) -> Transfer:
    put_in_wallet(cast["client"], 700)
    lines = [(accounts.wallet(cast["client"], "USD"), -700), (accounts.wallet(cast["freelancer"], "USD"), 700)]
    with transaction.atomic():
        return ledger.post.within(f"test:{cast['client'].pk}:{last_entry()}", "test", lines)


@verb
def _paid_bonus(row: Escrow) -> Any:
    return escrow.bonus(reread(row), 500, key=f"test:{row.pk}:bonus").transfer


@verb
def _clawed_back(pair: tuple[Escrow, Escrow]) -> Any:
    source, target = map(reread, pair)
    return escrow.claw_back(source, target, 9_000, key=f"test:{target.pk}:freeze")


@verb
def _given_back(row: Escrow) -> Any:
    return escrow.refund_released(reread(row), 5_000, key=f"test:{row.pk}:back")


@verb
def _reversed(gift: Transfer) -> Any:
    lines = [(entry.account, -entry.amount) for entry in gift.entries.select_related("account")]
    return ledger.post.within(f"{gift.key}:back", "reversal", lines, reverses=gift)


def _sweep(cast: Any, row: Escrow) -> Any:
    with clocks.at(row.clearings.get().due_at):
        return clearing.sweep()


def _pay(cast: Any, row: Deposit) -> Any:
    """As a person does: look where it stands, and go on from there."""
    row = reread(row)
    return row if row.status == "settled" else deposits.pay(row, card=GOOD_CARD)


FLOWS = {
    "deposit": Flow(lambda cast: deposits.request(cast["client"], 700, "USD"), _pay),
    "hold for a milestone": Flow(
        lambda cast: _step(cast, fund=False),
        lambda cast, it: milestones.fund.within(it, by=cast["client"]),
        by="client",
    ),
    "offer accepted": Flow(_sent, lambda cast, it: offers.accept.within(it, by=cast["freelancer"]), by="freelancer"),
    "release": Flow(_step, lambda cast, it: milestones.release.within(it, by=cast["client"]), by="client"),
    "release of a part": Flow(
        _step, lambda cast, it: milestones.release.within(it, by=cast["client"], amount=3_001), by="client"
    ),
    "refund": Flow(_step, lambda cast, it: milestones.refund.within(it, by=cast["freelancer"]), by="freelancer"),
    "dispute opened": Flow(
        _step, lambda cast, it: disputes.open.within(it, by=cast["client"], amount=4_000, reason="x"), by="client"
    ),
    "dispute withdrawn": Flow(_dispute, lambda cast, it: disputes.withdraw.within(it, by=cast["client"]), by="client"),
    "dispute settled": Flow(
        _dispute,
        lambda cast, it: disputes.settle.within(it, by=cast["moderator"], to_freelancer=1_501, reason="Shared."),
        by="moderator",
    ),
    "dispute over clearing money": Flow(_frozen_target, lambda cast, it: _clawed_back(it)),
    "bonus": Flow(_bonus, lambda cast, it: _paid_bonus(it)),
    "released money given back": Flow(_cleared, lambda cast, it: _given_back(it)),
    "clearing": Flow(lambda cast: released(cast["client"], cast["freelancer"], 9_000), _sweep),
    "earnings spent": Flow(
        _cleared,
        lambda cast, it: earnings.spend(cast["freelancer"], 2_000, "USD", token=str(it.pk)),
    ),
    "reversal": Flow(_gift, lambda cast, it: _reversed(it)),
    **flows_gateway.FLOWS,
    **flows_gifts.FLOWS,
    **flows_weeks.FLOWS,
}
