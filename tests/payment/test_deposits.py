"""Money in: three cards, repeated clicks, and figures that are none."""

import pytest
from django.test import Client

from payment import accounts, audit, deposits
from payment.models import Deposit, Transfer
from users.models import User

DECLINED, NEEDS_CONFIRMATION, GOOD = "4000000000000002", "4000002500003155", "4242424242424242"


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
