"""The forecast: what it says comes, comes, at that instant and to the unit, by the sweep that it was asked about."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localtime

from payment import accounts, audit, chart, forecast
from projects import disputes, milestones, weeks
from projects.models import Clock, Contract, Milestone
from projects.rules import rule
from skilllink import clocks
from tests.builders.books import released
from tests.builders.payment import put_in_wallet
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_hours import WEEK, hourly_contract, log, week
from tests.payment.test_papers import CURRENCIES
from users.models import User


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    return signed_contract(client_person, freelancer)


def step(contract: Contract, position: int = 1) -> Milestone:
    return Milestone.objects.get(contract=contract, position=position)


def sums(user: User, currency: str = "USD") -> dict[str, int]:
    """What the person has in each place; of escrow what is held of theirs as a client."""
    line = accounts.balances(user).get(currency, {})
    return {
        "pending": line.get("pending", 0), "available": line.get("available", 0), "wallet": line.get("wallet", 0),
        "escrow": line.get("in_escrow", 0),
    }  # fmt: skip


def sweep_at(moment: Any) -> None:
    with clocks.at(moment):
        clocks.sweep()


def live_until(moment: Any) -> None:
    """Every clock before `moment` rings at its own time, as the sweep does minute by minute; reminders among them."""
    while (
        due := Clock.objects.live()
        .filter(due_at__lt=moment)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    ):
        sweep_at(due)


def live_on(user: User) -> forecast.Expected | None:
    """Until what the forecast says is next, with nobody acting: it must be what the sweep does then. None: nothing is."""
    coming = forecast.of(user)
    if not coming:
        return None
    row = coming[0]
    live_until(row.at)
    sweep_at(row.at - timedelta(seconds=1))
    assert forecast.of(user)[0].at == row.at  # nothing of it a second early
    before = sums(user)
    sweep_at(row.at)
    change = {place: figure - before[place] for place, figure in sums(user).items()}
    assert change[row.place] == row.amount, row
    return row


def follow(user: User, *, most: int = 12) -> list[forecast.Expected]:
    met = []
    for _n in range(most):
        row = live_on(user)
        if row is None:
            return met
        met.append(row)
    raise AssertionError("The forecast has no end.")


def test_a_delivery_is_paid_and_clears_as_it_was_foretold(contract: Contract, freelancer: User) -> None:
    milestones.deliver(step(contract), by=freelancer, note="Here it is")
    milestones.deliver(step(contract, 2), by=freelancer, note="And this")
    first = forecast.of(freelancer)[0]
    assert (first.place, first.amount, first.at) == ("pending", 114_000, step(contract).review_due_at)
    assert first.url == f"{contract.get_absolute_url()}#milestone-{step(contract).pk}"
    assert "is released to you" in first.sentence
    met = follow(freelancer)
    assert [row.amount for row in met if row.place == "pending"] == [114_000, 152_000]
    assert [row.amount for row in met if row.place == "available"] == [114_000, 152_000]
    foretold = {row.usable_at for row in met if row.place == "pending"}
    assert {row.at.replace(microsecond=0) for row in met if row.place == "available"} <= {
        at.replace(microsecond=0) + timedelta(seconds=s) for at in foretold if at for s in (0, 1)
    }
    assert audit.run() == []


def test_what_is_never_delivered_comes_back_to_the_client_as_foretold(contract: Contract, client_person: User) -> None:
    met = follow(client_person)
    assert sorted((row.place, row.amount) for row in met) == [("wallet", 120_000), ("wallet", 160_000)]
    assert sums(client_person) == {"pending": 0, "available": 0, "wallet": 280_000, "escrow": 0}


def test_the_client_sees_what_leaves_escrow_without_them(
    contract: Contract, client_person: User, freelancer: User
) -> None:
    milestones.deliver(step(contract), by=freelancer, note="Here it is")
    row = forecast.of(client_person)[0]
    assert (row.place, row.amount, row.at) == ("escrow", -120_000, step(contract).review_due_at)


@pytest.mark.parametrize("opener", ["client", "freelancer"])
def test_an_unanswered_dispute_ends_as_foretold(contract: Contract, opener: str) -> None:
    person = getattr(contract, opener)
    milestones.deliver(step(contract), by=contract.freelancer, note="Here it is")
    disputes.open(step(contract), by=person, reason="It isn't what we agreed on", amount=50_001)
    row = next(row for row in forecast.of(person) if "disputed" in row.sentence)
    assert (row.place, row.amount) == (("wallet", 50_001) if opener == "client" else ("pending", 47_501))
    before = sums(person)[row.place]
    live_until(row.at)
    assert sums(person)[row.place] == before
    sweep_at(row.at)
    assert sums(person)[row.place] == before + row.amount
    assert audit.run() == []


def foretold(user: User) -> list[tuple[str, int]]:
    return [(row.place, row.amount) for row in forecast.of(user)]


@pytest.mark.usefixtures("on_a_wednesday")
def test_a_week_of_hours_is_held_handed_in_and_paid_as_foretold(client_person: User, freelancer: User) -> None:
    """What is held for the next week, what comes back of this one and what is paid of it, for both."""
    contract = hourly_contract(client_person, freelancer, spare=WEEK)
    assert foretold(client_person) == [("wallet", -WEEK), ("wallet", WEEK)]  # nobody has logged: all of it comes back
    log(contract, 180)
    assert foretold(client_person) == [("wallet", -WEEK), ("wallet", 35_000), ("escrow", -15_000)]
    [paid] = forecast.of(freelancer)
    assert (paid.place, paid.amount, paid.url) == ("pending", 14_250, week(contract).get_absolute_url())
    assert paid.at == weeks.over_at(week(contract)) + rule("WEEK_REVIEW")
    met = [live_on(client_person) for _n in range(3)]
    assert [(row.place, row.amount) for row in met if row] == [
        ("wallet", -WEEK),
        ("wallet", 35_000),
        ("escrow", -15_000),
    ]
    assert sums(freelancer)["pending"] == 14_250
    assert met[2] is not None and met[2].at == paid.at
    assert audit.run() == []


@pytest.mark.usefixtures("on_a_wednesday")
def test_a_week_that_the_wallet_cannot_hold_is_not_foretold(client_person: User, freelancer: User) -> None:
    for _n in range(2):
        hourly_contract(client_person, freelancer)
    assert foretold(client_person) == [("wallet", WEEK)] * 2
    put_in_wallet(client_person, WEEK)
    assert foretold(client_person) == [
        ("wallet", -WEEK),
        *[("wallet", WEEK)] * 2,
    ]  # of two weeks that begin at once, one
    row = live_on(client_person)
    assert row is not None
    assert sums(client_person)["wallet"] == 0


@pytest.mark.usefixtures("on_a_wednesday")
def test_weeks_cost_no_further_queries(
    client_person: User, freelancer: User, django_assert_max_num_queries: Any
) -> None:
    for _n in range(3):
        log(hourly_contract(client_person, freelancer, spare=WEEK), 60)
    with django_assert_max_num_queries(7):
        assert len(forecast.of(client_person)) == 9


def test_nothing_of_a_stranger_is_foretold(contract: Contract, freelancer: User, outsider: User) -> None:
    milestones.deliver(step(contract), by=freelancer, note="Here it is")
    assert forecast.of(outsider) == [] and forecast.months(outsider, []) == {}


def test_contracts_cost_no_further_queries(
    contract: Contract, client_person: User, freelancer: User, django_assert_max_num_queries: Any
) -> None:
    for _n in range(2):
        signed_contract(client_person, freelancer)
    with django_assert_max_num_queries(6):
        assert len(forecast.of(client_person)) == 6


@pytest.mark.parametrize("currency", CURRENCIES)
def test_months_are_drawn_with_their_figures_in_every_currency(
    client_person: User, freelancer: User, currency: str
) -> None:
    released(client_person, freelancer, 1_234_567, currency=currency)
    net = 1_234_567 - 61_728
    months = forecast.months(freelancer, [])[currency]
    assert len(months) == forecast.PAST + forecast.FUTURE
    assert [month.earned for month in months if month.present] == [net] == [m.earned for m in months if m.earned]
    drawn = chart.draw(months, currency)
    for plot in drawn["plots"]:
        tallest = max(plot["columns"], key=lambda column: column["earned"]["height"])
        assert tallest["earned"] == {"y": chart.TOP, "height": chart.BASE - chart.TOP}
        assert tallest["figure"] == {"JPY": "1.2M", "KWD": "1.2K"}.get(currency, "11.7K")


def test_what_is_expected_stands_in_its_month_on_top_of_what_came(contract: Contract, freelancer: User) -> None:
    milestones.deliver(step(contract), by=freelancer, note="Here it is")
    row = forecast.of(freelancer)[0]
    months = forecast.months(freelancer, [row])["USD"]
    month = next(month for month in months if month.expected)
    assert (month.first, month.expected) == (localtime(row.at).date().replace(day=1), 114_000)
    column = next(one for one in chart.draw(months, "USD")["plots"][0]["columns"] if one["expected"]["height"])
    assert column["expected"]["y"] == chart.TOP


def test_a_month_in_which_more_went_back_than_came_is_written_not_drawn() -> None:
    first = localtime(clocks.now()).date().replace(day=1)
    months = [forecast.Month(first, -5_000, 0, True)]
    [column] = chart.draw(months, "USD")["plots"][1]["columns"]
    assert (column["figure"], column["earned"]["height"]) == ("−50", 0)
