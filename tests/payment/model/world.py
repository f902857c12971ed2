"""What every example begins with, made once for a run: people with some money, bank accounts, causes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connections, transaction

from payment import accounts, audit, causes, ledger, payout_methods
from payment.gateways.sandbox.cards import CLOSED_BANK, GOOD_BANK, SILENT_BANK
from payment.models import Account, PayoutMethod, SandboxObject
from skilllink import clocks
from skilllink.money import LARGEST
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.builders.projects_gigs import hourly_bid, hourly_gig
from tests.cast import make, staff
from tests.conftest import committed
from tests.payment.model.base import BEGIN, CURRENCIES, World
from tests.payment.reference_gateway import FEE_BPS
from tests.payment.reference_gifts import Cause
from tests.payment.reference_weeks import Offered, WeekReference

PEOPLE = ("Ana One", "Ben Two", "Cleo Three")
BANKS = {"good": GOOD_BANK, "closed": CLOSED_BANK, "silent": SILENT_BANK}
# a person has ten bank accounts at most; `new` isn't confirmed
ACCOUNTS = {
    "USD": ("good", "closed", "new"), "EUR": ("good", "silent", "new"), "JPY": ("good", "closed"),
    "KWD": ("good", "silent"),
}  # fmt: skip
PUT_IN, EARNED = 400_000, 2_000_000  # of each person in each currency; to pay out most of the latter needs two yeses
BANKS_OF_CAUSES = ("good", "closed")
PAIRS = ((0, 1), (1, 2), (2, 0))  # who bids on whose hourly gigs
KEEPER = 2  # of the causes; the one in KWD waits for its verification


@contextmanager
def world(template: str) -> Iterator[World]:
    """A database to copy, as everyone finds it a day before BEGIN; nobody is connected to it."""
    with committed(template), clocks.at(BEGIN - timedelta(days=1)):
        people = [make(name, client=True, freelancer=True) for name in PEOPLE]
        finance = [staff("Fay Finance", "Finance"), staff("Felix Finance", "Finance")]
        moderator = staff("Mo Moderator", "Moderator")
        banks, of_causes, made = {}, {}, {}
        for currency in CURRENCIES:
            _add_capital(currency)
            for number, person in enumerate(people):
                put_in_wallet(person, PUT_IN, currency)
                earn(person, EARNED, currency)
                for name in ACCOUNTS[currency]:
                    banks[number, currency, name] = _bank_account(person, currency, name)
        for currency in CURRENCIES:
            words = {"title": f"Bees {currency}", "summary": "Hives on every roof.", "story": "We keep bees. " * 20}
            made[currency] = causes.propose(people[KEEPER], goal=10_000, currency=currency, **words)
            if currency != "KWD":
                made[currency] = causes.verify(made[currency], by=moderator, reason="Papers seen.")
                for name in BANKS_OF_CAUSES:
                    of_causes[currency, name] = bank_account(
                        people[KEEPER], currency, BANKS[name], cause=made[currency]
                    )
        bids = {
            (pair, currency): hourly_bid(hourly_gig(people[pair[0]], currency=currency), people[pair[1]])
            for pair in PAIRS
            for currency in CURRENCIES
        }
        SandboxObject.objects.filter(kind="event").update(due_at=None)  # the letters about all that were read
        assert audit.examine().violations == []

        def begin(reference: WeekReference) -> None:
            reference.offers = {bid.pk: Offered(*pair, currency) for (pair, currency), bid in bids.items()}
            for currency in CURRENCIES:
                reference.add_capital(currency, LARGEST)
                reference.causes[made[currency].pk] = Cause(KEEPER, currency, verified=currency != "KWD")
                for number in range(len(people)):
                    _begin(reference, number, currency)

        yield World(
            str(connections["default"].settings_dict["NAME"]),
            people,
            finance,
            banks,
            made,
            of_causes,
            moderator,
            bids,
            begin,
        )


def _begin(reference: WeekReference, number: int, currency: str) -> None:
    for kind, amount in (("wallet", PUT_IN), ("available", EARNED)):
        fee = (amount * FEE_BPS + 5000) // 10_000
        for account, change in (
            (("gateway", None), fee - amount),
            (("gateway_fees", None), -fee),
            ((kind, number), amount),
        ):
            reference.balances[(*account, currency)] += change


def _bank_account(person: Any, currency: str, name: str) -> PayoutMethod:
    if name == "new":
        return payout_methods.add(person, holder=person.name, currency=currency, number=GOOD_BANK)
    return bank_account(person, currency, BANKS[name])


def _add_capital(currency: str) -> None:
    """What the gateway keeps for itself, so that what is held outside covers what is owed."""
    with transaction.atomic():
        capital = Account.objects.create(kind="capital", currency=currency)
        ledger.post.within(f"test:{currency}", "capital", [(accounts.gateway(currency), -LARGEST), (capital, LARGEST)])
