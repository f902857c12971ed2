"""Tips, support, donations that repeat: what moves, what is announced before, and what is refused."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.test import Client

from payment import accounts, audit, clearing, donations, donations_recurring, escrow
from payment.models import Donation, Entry, Escrow, Pledge, Renewal, Transfer
from skilllink import clocks
from skilllink.clocks import now
from skilllink.errors import Malformed, Missing, Refusal
from tests.abuse.proof import nothing_changes
from tests.builders.books import frozen, released
from tests.builders.payment import put_in_wallet
from users.models import Notification, User

pytestmark = pytest.mark.django_db
WRONG = [-1, 0, 0.001, float("1e309"), float("nan"), "１００", "1,000", True, [], 2**63, None, 10**12 + 1]


def later(days: float) -> Any:
    return clocks.at(now() + timedelta(days=days))


def told(user: User, event: str) -> int:
    return Notification.objects.filter(recipient=user, event=event).count()


def refused(refusal: type[Refusal], *args: Any, **kwargs: Any) -> None:
    with nothing_changes(), pytest.raises(refusal):
        donations.give(*args, **kwargs)


def test_support_goes_whole_from_the_wallet_and_clears(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    donation = donations.give(client_person, freelancer, 2_000, "USD", note="For the bees")
    assert accounts.balances(client_person)["USD"]["wallet"] == 3_000
    assert accounts.balances(freelancer)["USD"]["pending"] == 2_000
    assert (donation.kind, donation.transfer.kind, donation.escrow.fee_taken) == ("support", "donation", 0)
    assert told(freelancer, "donation.received") == 1
    assert audit.run() == []
    with later(6):
        clearing.sweep()
        assert accounts.balances(freelancer)["USD"]["available"] == 2_000
    assert audit.run() == []


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1), ("EUR", 333), ("KWD", 1_001)])
def test_a_gift_pays_no_fee_in_any_currency(client_person: User, freelancer: User, currency: str, amount: int) -> None:
    put_in_wallet(client_person, amount, currency)
    donations.give(client_person, freelancer, amount, currency)
    assert accounts.balances(freelancer)[currency]["pending"] == amount
    assert not Entry.objects.filter(account__kind="fees").exists()
    assert audit.run() == []


def test_an_anonymous_giver_is_nobody_to_the_one_who_gets_it(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, freelancer, 2_000, "USD", visibility="anonymous")
    row = Notification.objects.get(recipient=freelancer, event="donation.received_anonymously")
    assert row.actor is None
    assert "Ines" not in row.sentence


def test_the_same_wish_twice_gives_once_and_another_under_its_token_is_refused(
    client_person: User, freelancer: User
) -> None:
    put_in_wallet(client_person, 5_000)
    first = donations.give(client_person, freelancer, 2_000, "USD", token="one")
    assert donations.give(client_person, freelancer, 2_000, "USD", token="one") == first
    refused(donations.TokenReused, client_person, freelancer, 2_001, "USD", token="one")


@pytest.mark.parametrize("figure", WRONG, ids=str)
def test_a_figure_that_is_none_gives_nothing(client_person: User, freelancer: User, figure: Any) -> None:
    put_in_wallet(client_person, 5_000)
    with nothing_changes(), pytest.raises(Malformed) as caught:
        donations.give(client_person, freelancer, figure, "USD")
    assert "amount" in caught.value.fields
    step = released(client_person, freelancer, 1_000)
    with nothing_changes(), pytest.raises(Malformed):
        donations.tip(client_person, step, figure)


@pytest.mark.parametrize(
    "wrong",
    [
        {"visibility": "secret"}, {"visibility": None}, {"every": "day"}, {"every": []}, {"note": "x" * 501},
        {"note": None}, {"note": "a\0b"}, {"token": "x" * 121}, {"token": 5},
    ],
    ids=str,
)  # fmt: skip
def test_a_wish_that_cannot_be_read_names_its_field(client_person: User, freelancer: User, wrong: Any) -> None:
    put_in_wallet(client_person, 5_000)
    with nothing_changes(), pytest.raises(donations.Incomplete) as caught:
        donations.give(client_person, freelancer, 100, "USD", **wrong)
    assert set(caught.value.fields) == set(wrong)


def test_nobody_gives_to_oneself_to_a_client_or_out_of_an_empty_wallet(client_person: User, freelancer: User) -> None:
    put_in_wallet(freelancer, 5_000)
    refused(donations.ToOneself, freelancer, freelancer, 100, "USD")
    refused(donations.NotReceiving, freelancer, client_person, 100, "USD")
    refused(escrow.InsufficientFunds, client_person, freelancer, 100, "USD")
    refused(escrow.InsufficientFunds, client_person, freelancer, 100, "USD", every="month")
    refused(Malformed, client_person, freelancer, 100, "XXX")


def test_nothing_is_given_between_parties_in_an_open_dispute(client_person: User, freelancer: User) -> None:
    _step, dispute = frozen(client_person, freelancer, 1_000)
    put_in_wallet(client_person, 5_000)
    refused(donations.InDispute, client_person, freelancer, 100, "USD")
    with transaction.atomic():
        escrow.split(dispute, 500, key="test:end")
    donations.give(client_person, freelancer, 100, "USD")
    assert audit.run() == []


def test_the_cap_counts_the_last_24_hours_per_currency(client_person: User, freelancer: User, settings: Any) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"DONATION_DAILY_CAP": {"USD": 1_000, "JPY": 500}}
    put_in_wallet(client_person, 5_000)
    put_in_wallet(client_person, 5_000, "JPY")
    donations.give(client_person, freelancer, 900, "USD")
    refused(donations.OverCap, client_person, freelancer, 101, "USD")
    donations.give(client_person, freelancer, 100, "USD")
    donations.give(client_person, freelancer, 500, "JPY")
    with later(1.01):
        donations.give(client_person, freelancer, 1_000, "USD")


# --- tips -----------------------------------------------------------------------------------------


def test_a_tip_follows_a_release_whole_and_only_for_ninety_days(client_person: User, freelancer: User) -> None:
    step = released(client_person, freelancer, 10_000)
    put_in_wallet(client_person, 5_000)
    donations.tip(client_person, step, 700)
    assert accounts.balances(freelancer)["USD"]["pending"] == 9_500 + 700
    assert Transfer.objects.filter(kind="tip").count() == 1
    with later(89.9):
        donations.tip(client_person, step, 1)
    with later(90.1), nothing_changes(), pytest.raises(donations.TooLate):
        donations.tip(client_person, step, 1)
    assert audit.run() == []


def test_no_tip_before_a_release_by_another_or_the_other_way(
    client_person: User, freelancer: User, outsider: User
) -> None:
    step, _dispute = frozen(client_person, freelancer, 1_000)
    paid = released(client_person, freelancer, 1_000)
    for person, after in ((client_person, step), (outsider, paid), (freelancer, paid)):
        with nothing_changes(), pytest.raises(donations.TooLate):
            donations.tip(person, after, 1)


def test_gifts_do_not_shorten_clearing(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    for _n in range(4):
        donations.give(client_person, freelancer, 100, "USD")
    with later(6):
        clearing.sweep()
        assert escrow.clearing_time(freelancer) == timedelta(days=5)


# --- what repeats ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("every", "days"), [("week", [14, 21, 28]), ("month", [30, 60, 90])])
def test_each_renewal_is_announced_fourteen_days_before_and_then_given(
    client_person: User, freelancer: User, every: str, days: list[int]
) -> None:
    put_in_wallet(client_person, 5_000)
    began = now()
    donations.give(client_person, freelancer, 100, "USD", every=every)
    for day in range(1, days[-1] + 2):
        with clocks.at(began + timedelta(days=day, minutes=5)):
            while donations_recurring.sweep():
                pass
    given = Renewal.objects.filter(outcome="given").order_by("number")
    assert [(row.due_at - began).days for row in given] == days
    assert all(row.due_at - row.noticed_at >= timedelta(days=14) for row in Renewal.objects.all())
    assert all(row.donation.at >= row.due_at for row in given)
    assert Donation.objects.count() == 1 + len(days)
    assert told(client_person, "donation.renewed") == len(days)
    assert told(client_person, "donation.announced") == Renewal.objects.count()
    assert audit.run() == []


def test_a_late_notice_puts_the_renewal_off(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, freelancer, 100, "USD", every="month")
    with later(40):
        donations_recurring.sweep()
        row = Renewal.objects.get()
        assert (row.outcome, row.due_at - row.noticed_at) == ("", timedelta(days=14))
        assert Donation.objects.count() == 1


def test_stopping_ends_what_was_announced_and_nothing_is_given_after(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    pledge = donations.give(client_person, freelancer, 100, "USD", every="week").pledge
    assert Renewal.objects.get().outcome == ""
    with nothing_changes(), pytest.raises(Missing):
        donations_recurring.stop(pledge, by=freelancer)
    donations_recurring.stop(pledge, by=client_person)
    assert Renewal.objects.get().outcome == "stopped"
    with nothing_changes(), pytest.raises(donations_recurring.Stopped):
        donations_recurring.stop(pledge, by=client_person)
    with later(100):
        assert donations_recurring.sweep() == 0
    assert Donation.objects.count() == 1


def test_a_renewal_that_cannot_be_given_is_told_and_moves_nothing(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 150)
    donations.give(client_person, freelancer, 100, "USD", every="week")
    escrows = Escrow.objects.count()
    with later(14.1):
        while donations_recurring.sweep():
            pass
    row = Renewal.objects.get(number=1)
    assert (row.outcome, row.donation) == ("missed", None)
    assert "$0.50" in row.reason
    assert told(client_person, "donation.missed") == 1
    assert (Donation.objects.count(), Escrow.objects.count()) == (1, escrows)
    assert Pledge.objects.get().status == "active"
    assert audit.run() == []


def test_a_renewal_that_breaks_again_and_again_is_told_shown_and_not_tried_for_ever(
    client_person: User, freelancer: User, client: Client
) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, freelancer, 100, "USD", every="week")
    row = Renewal.objects.get()
    with clocks.at(row.due_at), mock.patch.object(donations, "hand_over", side_effect=RuntimeError("broken")) as broken:
        for attempt in range(1, donations_recurring.ATTEMPTS):
            donations_recurring.sweep()
            row.refresh_from_db()
            assert (row.attempts, row.outcome, told(client_person, "donation.missed")) == (attempt, "", 0)
        for _more in range(3):
            donations_recurring.sweep()
    row.refresh_from_db()
    assert broken.call_count == donations_recurring.ATTEMPTS
    assert (row.outcome, row.donation) == ("missed", None)
    assert told(client_person, "donation.missed") == 1
    assert Donation.objects.count() == 1
    client.force_login(client_person)
    page = client.get("/donations/").content.decode()
    assert "Not given on" in page and "Something on our side broke. Nothing was moved" in page and "Given again" in page
    following = Renewal.objects.get(number=2)
    with clocks.at(following.due_at):
        donations_recurring.sweep()
    following.refresh_from_db()
    assert following.outcome == "given"
    assert "Not given on" not in client.get("/donations/").content.decode()
    assert audit.run() == []


def test_one_that_was_left_behind_by_a_crash_before_it_was_told_is_told_by_the_next_sweep(
    client_person: User, freelancer: User
) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, freelancer, 100, "USD", every="week")
    row = Renewal.objects.get()
    with clocks.at(row.due_at):
        with (
            mock.patch.object(donations, "hand_over", side_effect=RuntimeError("broken")),
            mock.patch.object(donations_recurring, "give_up", side_effect=RuntimeError("cut")),
        ):
            for _try in range(donations_recurring.ATTEMPTS + 2):
                donations_recurring.sweep()
        row.refresh_from_db()
        assert (row.attempts, row.outcome) == (donations_recurring.ATTEMPTS, "")
        donations_recurring.sweep()
    row.refresh_from_db()
    assert (row.outcome, told(client_person, "donation.missed"), Donation.objects.count()) == ("missed", 1, 1)
    with nothing_changes():
        assert donations_recurring.give_up(row.pk) is False


def test_the_audit_names_a_gift_without_its_row_and_one_of_another_amount(
    client_person: User, freelancer: User
) -> None:
    put_in_wallet(client_person, 5_000)
    donation = donations.give(client_person, freelancer, 100, "USD")
    Donation.objects.filter(pk=donation.pk).update(amount=101)
    assert [row.row for row in audit.run()] == [f"donation {donation.pk}"]
    Donation.objects.all().delete()
    assert [row.row for row in audit.run()] == [f"transfer {donation.transfer_id}"]
