"""Money in: three cards, repeated clicks, and figures that are none."""

from dataclasses import replace
from unittest import mock

import pytest
from django.test import Client

from payment import accounts, audit, deposit_returns, deposits, gateways, halt
from payment.gateways.base import Payment, Rejected
from payment.gateways.sandbox import Sandbox
from payment.gateways.sandbox.cards import DECLINED, GOOD, SILENT
from payment.gateways.sandbox.cards import UNSURE as NEEDS_CONFIRMATION
from payment.models import Deposit, DepositReturn, Halt, SandboxObject, Transfer
from skilllink import clocks
from skilllink.errors import Missing
from skilllink.given import given
from tests.builders.gateway import silent
from tests.builders.payment import put_in_wallet
from tests.cast import staff
from users.models import User


def wallet(user: User) -> int:
    return accounts.balances(user).get("USD", {}).get("wallet", 0)


def test_a_good_card_credits_once_however_often_it_is_sent(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    paid = deposits.pay(deposit, card=GOOD)
    assert (paid.status, wallet(client_person)) == ("settled", 50_000)
    again = deposits.pay(deposit, card=GOOD)
    assert again.status == "settled"
    with pytest.raises(deposits.Ended):
        deposits.pay(paid, card=GOOD)
    assert Transfer.objects.count() == 1
    assert audit.run() == []


def test_a_declined_card_charges_nothing(client_person: User) -> None:
    deposit = deposits.pay(deposits.request(client_person, 50_000, "USD"), card=DECLINED)
    assert (deposit.status, wallet(client_person)) == ("failed", 0)
    assert deposit.failure


@pytest.mark.parametrize(("answer", "ends", "holds"), [(True, "settled", 50_000), (False, "failed", 0)])
def test_a_card_that_needs_confirmation_waits_for_it(client_person: User, answer: bool, ends: str, holds: int) -> None:
    deposit = deposits.pay(deposits.request(client_person, 50_000, "USD"), card=NEEDS_CONFIRMATION)
    assert (deposit.status, wallet(client_person)) == ("needs_confirmation", 0)
    assert deposits.confirm(deposit, approved=answer).status == ends
    assert wallet(client_person) == holds


def test_while_money_stands_still_a_confirmation_charges_nothing_and_counts_afterwards(client_person: User) -> None:
    deposit = deposits.pay(deposits.request(client_person, 50_000, "USD"), card=NEEDS_CONFIRMATION)
    stopped = Halt.objects.create(violations=[{"invariant": "L1", "row": "transfer x", "found": "y"}])
    with pytest.raises(halt.Halted):
        deposits.confirm(deposit, approved=True)
    assert (charges(), wallet(client_person)) == (0, 0)
    for name in ("Ann Lee", "Bo Lin"):
        halt.lift(stopped, by=staff(name, "Finance"), reason="The books were looked at.")
    assert deposits.confirm(deposit, approved=True).status == "settled"
    assert (charges(), wallet(client_person)) == (1, 50_000)


def test_a_confirmation_whose_outcome_is_not_told_is_asked_about_again(client_person: User) -> None:
    deposit = deposits.pay(deposits.request(client_person, 50_000, "USD"), card=NEEDS_CONFIRMATION)
    with silent(deposit.gateway_id, done=False, method="GET"):
        assert deposits.confirm(deposit, approved=True).status == "needs_confirmation"
    deposit.refresh_from_db()
    ask_again(deposit)
    assert (deposit.status, charges(), wallet(client_person)) == ("settled", 1, 50_000)


@pytest.mark.parametrize("figure", ["-1", "0", "NaN", "1" + "0" * 30, "１００", "1,000", "0.001", ""])
def test_a_figure_that_is_none_is_refused_beside_its_field_and_stores_nothing(
    client_person: User, client: Client, figure: str
) -> None:
    client.force_login(client_person)
    answer = client.post("/wallet/deposit/", {"amount": figure, "currency": "USD"})
    assert answer.status_code == 422
    assert 'id="id_amount"' in answer.content.decode()
    assert not Deposit.objects.exists()


def test_a_strangers_deposit_does_not_exist(client_person: User, outsider: User, client: Client) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    client.force_login(outsider)
    theirs = client.get(f"/wallet/deposit/{deposit.pk}/")
    nothing = client.get("/wallet/deposit/00000000-0000-7000-8000-000000000000/")
    assert (theirs.status_code, nothing.status_code) == (404, 404)


def test_the_same_key_answers_the_same_and_another_request_under_it_is_refused(
    client_person: User, client: Client
) -> None:
    client.force_login(client_person)

    def ask(amount: int) -> tuple[int, bytes]:
        headers = {"HTTP_IDEMPOTENCY_KEY": "one"}
        body = {"amount": amount, "currency": "USD"}
        answer = client.post("/api/v1/deposits/", body, content_type="application/json", **headers)
        return answer.status_code, answer.content

    first = ask(700)
    assert first[0] == 201
    assert ask(700) == first
    assert ask(800)[0] == 409
    assert Deposit.objects.count() == 1


# --- a gateway that gives no answer ---------------------------------------------------------------


def charges() -> int:
    return SandboxObject.objects.filter(kind="charge").count()


def ask_again(deposit: Deposit) -> None:
    deposit.refresh_from_db()
    with clocks.at(given(deposit.check_at)):
        deposits.sweep()
    deposit.refresh_from_db()


def test_a_gateway_that_times_out_after_accepting_charges_once_and_the_person_reads_what_comes_next(
    client_person: User, client: Client
) -> None:
    client.force_login(client_person)
    deposit = deposits.request(client_person, 50_000, "USD")
    address = f"/wallet/deposit/{deposit.pk}/"
    assert client.post(address, {"card": SILENT}).status_code == 302
    deposit.refresh_from_db()
    assert (deposit.status, deposit.is_unanswered, wallet(client_person)) == ("requested", True, 0)
    page = client.get(address).content.decode()
    assert "never charged twice" in page and "We ask again" in page and 'name="card"' not in page
    assert deposits.sweep() == 0
    ask_again(deposit)
    assert (deposit.status, deposit.asked_at, deposit.check_at, wallet(client_person)) == (
        "settled",
        None,
        None,
        50_000,
    )
    assert (charges(), Transfer.objects.count()) == (1, 1)
    assert "The money is in your wallet." in client.get(address).content.decode()
    assert audit.run() == []


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("part", ["/v1/payment_intents", "/confirm", "/cancel"])
@pytest.mark.parametrize("card", [GOOD, DECLINED])
def test_whatever_answer_is_lost_nobody_is_charged_twice_and_nothing_is_forgotten(
    client_person: User, part: str, done: bool, card: str
) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    with silent(part, done=done):
        deposits.pay(deposit, card=card)
    deposit.refresh_from_db()
    if deposit.check_at:
        ask_again(deposit)
    if deposit.status == "requested":  # nothing was charged: the person may try again
        assert not deposit.is_unanswered and charges() == 0
        deposits.pay(deposit, card=card)
        deposit.refresh_from_db()
    ends = {GOOD: ("settled", 50_000, 1), DECLINED: ("failed", 0, 0)}
    assert (deposit.status, wallet(client_person), charges()) == ends[card]
    assert SandboxObject.objects.filter(kind="payment_intent").count() == 1
    assert audit.run() == []


def test_a_gateway_that_stays_away_is_asked_ever_less_often_and_never_given_up(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    with silent("/confirm", done=True):
        deposits.pay(deposit, card=GOOD)
    deposit.refresh_from_db()
    with silent(f"/payment_intents/{deposit.gateway_id}", done=False, method="GET"):
        waits = []
        for _time in range(12):
            at = given(deposit.check_at)
            ask_again(deposit)
            waits.append((given(deposit.check_at) - at).total_seconds())
    assert waits[:3] == [120, 240, 480] and waits[-1] == 3600
    ask_again(deposit)
    assert (deposit.status, charges()) == ("settled", 1)


def test_money_that_stands_still_charges_nobody_and_what_was_charged_is_credited_later(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    with silent("/confirm", done=True):
        deposits.pay(deposit, card=GOOD)
    stopped = Halt.objects.create(violations=[])
    for verb in (
        lambda: deposits.request(client_person, 1, "USD"),
        lambda: deposits.pay(Deposit.objects.get(pk=deposit.pk), card=GOOD),
    ):
        with pytest.raises(halt.Halted):
            verb()
    ask_again(deposit)
    assert (deposit.status, charges()) == ("requested", 1)
    for name in ("Ann Lee", "Bo Lin"):
        halt.lift(stopped, by=staff(name, "Finance"), reason="The books were looked at.")
    ask_again(deposit)
    assert (deposit.status, wallet(client_person)) == ("settled", 50_000)


def test_another_amount_from_the_gateway_credits_nothing(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    payment = Payment("pi_1", "succeeded", 49_999, "USD", deposits.reference(deposit))
    for wrong in (
        payment, replace(payment, amount=50_000, currency="EUR"), replace(payment, amount=50_000, reference="deposit:x"),
    ):  # fmt: skip
        with pytest.raises(deposits.Mismatch):
            deposits.record(deposit, wrong)
    assert wallet(client_person) == 0
    assert not Transfer.objects.exists()


# --- back to its source ---------------------------------------------------------------------------


def give_back(deposit: Deposit, amount: int, token: str = "one") -> DepositReturn:  # noqa: S107
    return deposit_returns.request(deposit, by=deposit.user, amount=amount, token=token)


def test_unspent_money_goes_back_to_its_card_once(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    row = give_back(deposit, 20_000)
    assert give_back(deposit, 20_000).pk == row.pk
    with pytest.raises(deposit_returns.OtherWish):
        give_back(deposit, 20_001)
    assert wallet(client_person) == 30_000
    assert (deposit_returns.sweep(), deposit_returns.sweep()) == (1, 0)
    row.refresh_from_db()
    deposit.refresh_from_db()
    assert (row.status, deposit.status, deposit.returned) == ("paid", "settled", 20_000)
    give_back(deposit, 30_000, token="rest")
    deposit.refresh_from_db()
    assert (deposit.status, deposit.left, wallet(client_person)) == ("returned", 0, 0)
    deposit_returns.sweep()
    assert audit.run() == []


def test_no_more_goes_back_than_came_in_and_is_still_there(client_person: User, outsider: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    put_in_wallet(client_person, 70_000)
    with pytest.raises(deposit_returns.NotLeft):
        give_back(deposit, 50_001)
    with pytest.raises(Missing):
        deposit_returns.request(deposit, by=outsider, amount=1, token="theirs")
    give_back(deposit, 45_000)
    with pytest.raises(deposit_returns.NotLeft) as refusal:
        give_back(deposit, 5_001, token="two")
    assert "$50.00" in str(refusal.value.sentence)
    failed = deposits.pay(deposits.request(client_person, 100, "USD"), card=DECLINED)
    with pytest.raises(deposit_returns.NotLeft):
        give_back(failed, 1)
    assert wallet(client_person) == 75_000


@pytest.mark.parametrize("done", [True, False])
def test_a_return_whose_answer_is_lost_is_made_once(client_person: User, done: bool) -> None:
    row = give_back(put_in_wallet(client_person, 50_000), 20_000)
    with silent("/v1/refunds", done=done):
        assert deposit_returns.sweep() == 0
    row.refresh_from_db()
    assert row.status == "requested"
    with clocks.at(given(row.check_at)):
        assert deposit_returns.sweep() == 1
    row.refresh_from_db()
    assert (row.status, SandboxObject.objects.filter(kind="refund").count()) == ("paid", 1)
    assert wallet(client_person) == 30_000
    assert audit.run() == []


def test_a_return_that_the_gateway_refuses_is_in_the_wallet_again(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    gateways.of("sandbox").give_back("elsewhere", deposit.gateway_id, 40_000)
    row = give_back(deposit, 20_000)
    assert deposit_returns.sweep() == 1
    row.refresh_from_db()
    deposit.refresh_from_db()
    assert (row.status, deposit.returned, wallet(client_person)) == ("failed", 0, 50_000)
    assert Transfer.objects.get(key=f"return:{row.pk}:failed").reverses.key == f"return:{row.pk}:send"
    assert audit.run() == []


def test_the_page_of_a_deposit_sends_it_back(client_person: User, client: Client) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    client.force_login(client_person)
    address = f"/wallet/deposit/{deposit.pk}/return/"
    assert address in client.get(f"/wallet/deposit/{deposit.pk}/").content.decode()
    assert 'value="500.00"' in client.get(address).content.decode()
    assert client.post(address, {"amount": "500.01", "token": "t"}).status_code == 409
    answers = [client.post(address, {"amount": "200.00", "token": "t"}).status_code for _press in range(2)]
    assert (answers, wallet(client_person), DepositReturn.objects.count()) == ([302, 302], 30_000, 1)
    assert "On its way back" in client.get(f"/wallet/deposit/{deposit.pk}/").content.decode()


def test_the_api_sends_it_back_under_a_key_once(client_person: User, client: Client) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    client.force_login(client_person)

    def ask() -> tuple[int, bytes]:
        body = {"amount": 20_000, "token": "t"}
        address, headers = f"/api/v1/deposits/{deposit.pk}/return/", {"Idempotency-Key": "k"}
        answer = client.post(address, body, content_type="application/json", headers=headers)
        return answer.status_code, answer.content

    first = ask()
    assert (first[0], ask()) == (201, first)
    assert wallet(client_person) == 30_000


# --- the gateway's own page -----------------------------------------------------------------------


def test_where_cards_are_typed_at_the_gateway_its_page_leads_there_and_back(
    client_person: User, client: Client
) -> None:
    client.force_login(client_person)
    deposit = deposits.request(client_person, 50_000, "USD")
    address = f"/wallet/deposit/{deposit.pk}/"
    with mock.patch.object(Sandbox, "hosted", True):
        assert 'name="card"' not in client.get(address).content.decode()
        with pytest.raises(deposits.NotHere):
            deposits.pay(deposit, card=GOOD)
        assert client.post(f"{address}page/").status_code == 302
        deposit.refresh_from_db()
        assert deposit.gateway_page in client.get(address).content.decode()
        assert deposits.checkout(deposit) == deposit.gateway_page
        ask_again(deposit)
        assert (deposit.status, deposit.check_at is not None) == ("requested", True)
        gateways.of("sandbox").pay(deposit.gateway_id, method="pm_card_visa", key="there")
        ask_again(deposit)
    assert (deposit.status, deposit.check_at, wallet(client_person)) == ("settled", None, 50_000)


def test_a_deposit_that_the_gateway_will_not_take_fails_and_says_why(client_person: User, client: Client) -> None:
    client.force_login(client_person)
    deposit = deposits.request(client_person, 1, "USD")
    address = f"/wallet/deposit/{deposit.pk}/"
    refusal = mock.patch.object(Sandbox, "page", side_effect=Rejected("The amount is too small."))
    with mock.patch.object(Sandbox, "hosted", True), refusal:
        assert client.post(f"{address}page/").status_code == 302
        assert "The amount is too small." in client.get(address).content.decode()
    deposit.refresh_from_db()
    assert (deposit.status, wallet(client_person)) == ("failed", 0)
