"""The ways of money that is given: tips, donations to a person and to a cause, and their renewals."""

from typing import Any

from payment import causes, donations, donations_recurring
from payment.models import Cause, Deposit, Renewal
from skilllink import clocks
from tests.builders.books import released
from tests.builders.payment import put_in_wallet
from tests.faults.flow import Flow, reread


def cause_of(cast: Any) -> Cause:
    """One cause for all, kept by the freelancer."""
    if known := Cause.objects.first():
        return known
    words = {"title": "Bees of the old town", "summary": "Hives on every roof.", "story": "We keep bees. " * 20}
    row = causes.propose(cast["freelancer"], goal=10_000, currency="USD", **words)
    return causes.verify(row, by=cast["moderator"], reason="Papers seen.")


def _given(cast: Any, deposit: Deposit, to: Any) -> Any:
    """`deposit`, which paid for it, names the wish."""
    return donations.give.within(cast["client"], to, 500, "USD", token=str(deposit.pk))


def _to_be_tipped(cast: Any) -> Any:
    row = released(cast["client"], cast["freelancer"], 9_000)
    put_in_wallet(cast["client"], 500)
    return row


def _announced(cast: Any) -> Renewal:
    deposit = put_in_wallet(cast["client"], 1_000)
    gift = donations.give(
        cast["client"], cast["freelancer"], 500, "USD", every="week", token=str(deposit.pk)
    )  # fmt: skip
    row: Renewal = gift.pledge.renewals.get()
    return row


def _renewed(cast: Any, row: Renewal) -> None:
    with clocks.at(reread(row).due_at):
        donations_recurring.sweep()


FLOWS = {
    "tip": Flow(
        _to_be_tipped,
        lambda cast, it: donations.tip.within(cast["client"], it, 500, token=str(it.pk)),
        by="client",
    ),
    "donation to a person": Flow(
        lambda cast: put_in_wallet(cast["client"], 500),
        lambda cast, it: _given(cast, it, cast["freelancer"]),
        by="client",
    ),
    "donation to a cause": Flow(
        lambda cast: (put_in_wallet(cast["client"], 500), cause_of(cast)),
        lambda cast, it: _given(cast, *it),
        by="client",
    ),
    "renewal of a donation": Flow(_announced, _renewed),
}
