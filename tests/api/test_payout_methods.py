"""Bank accounts over the API: the page's rules, its fresh sign-in, and one wish under one key."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from payment import payout_methods, payouts
from payment.idempotency import fingerprint
from payment.models import IdempotencyRecord, Payout, PayoutMethod
from tests.abuse.proof import nothing_changes
from tests.api.conftest import Program
from tests.builders.gateway import silent
from tests.builders.payment import bank_account, earn
from tests.cast import PASSWORD
from users.models import ApiToken, User

ADD = {"holder": "T. Okoro", "currency": "USD", "number": "000123456789", "token": "mine"}


def rows() -> list[Any]:
    return list(PayoutMethod.objects.order_by("pk").values())


def grow_old() -> None:
    """The sign-ins that tokens were made with are longer ago than a fresh one may be."""
    for token in ApiToken.objects.all():
        ApiToken.objects.filter(pk=token.pk).update(created=token.created - timedelta(minutes=11))


def test_it_is_added_confirmed_listed_and_ended_each_once_under_its_key(worker: Program) -> None:
    first = worker.post("payout-methods/", ADD, key="add")
    assert first.status_code == 201
    assert worker.post("payout-methods/", ADD, key="add").content == first.content
    assert worker.post("payout-methods/", ADD | {"number": "000111111113"}, key="add").status_code == 409
    assert worker.post("payout-methods/", ADD).json()["id"] == first.json()["id"]
    (method,) = rows()
    assert (method["last4"], method["confirmed_at"], method["gateway_id"][:5]) == ("6789", None, "acct_")

    address = f"payout-methods/{method['id']}"
    confirmed = worker.post(f"{address}/confirm/", key="confirm")
    assert confirmed.status_code == 200 and confirmed.json()["usable_at"] > confirmed.json()["confirmed_at"]
    assert worker.get("payout-methods/").json()["results"] == [confirmed.json()]
    ended = worker.post(f"{address}/end/", key="end")
    assert ended.json()["ended_at"] and worker.get("payout-methods/").json()["results"] == []
    grow_old()
    for path, body, key, answer in (
        ("payout-methods/", ADD, "add", first), (f"{address}/confirm/", {}, "confirm", confirmed), (f"{address}/end/", {}, "end", ended),
    ):  # fmt: skip
        again = worker.post(path, body, key=key)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)


def test_the_number_is_kept_nowhere_in_no_form_that_could_be_guessed(worker: Program) -> None:
    worker.made("payout-methods/", ADD)
    worker.post("payout-methods/", ADD, key="add")
    record = IdempotencyRecord.objects.get()
    assert record.fingerprint != fingerprint("POST", "/api/v1/payout-methods/", ADD)
    assert ADD["number"] not in str(rows()) + record.body


def test_a_token_made_by_an_old_sign_in_adds_and_confirms_nothing(worker: Program, freelancer: User) -> None:
    method = payout_methods.add(freelancer, holder="T.", currency="USD", number="000123456789")
    grow_old()
    before = rows()
    for path, body in (("payout-methods/", ADD), (f"payout-methods/{method.pk}/confirm/", {})):
        for key in (None, "k"):
            refused = worker.post(path, body, key=key)
            assert (refused.status_code, refused.json()["code"]) == (403, "payout_method.sign_in_again")
    assert rows() == before and not IdempotencyRecord.objects.exists()
    again = {"email": freelancer.email, "password": PASSWORD, "name": "anew", "scopes": ["write"]}
    worker.headers["HTTP_AUTHORIZATION"] = f"Token {worker.made('auth/tokens/', again)['token']}"
    assert worker.post(f"payout-methods/{method.pk}/confirm/").json()["confirmed_at"]


def test_a_token_made_by_an_old_sign_in_asks_for_no_payout_and_gets_its_kept_answer_again(
    worker: Program, freelancer: User
) -> None:
    earn(freelancer, 9_000)
    ask = {"method": str(bank_account(freelancer).pk), "amount": 4_000, "currency": "USD", "token": "one"}
    first = worker.post("payouts/", ask, key="one")
    assert first.status_code == 201
    grow_old()
    with nothing_changes():
        again = worker.post("payouts/", ask, key="one")
        assert (again.status_code, again.content) == (201, first.content)
        for key in (None, "two"):
            refused = worker.post("payouts/", ask | {"token": "two"}, key=key)
            assert (refused.status_code, refused.json()["code"]) == (403, "payout_method.sign_in_again")
    assert worker.post(f"payouts/{first.json()['id']}/cancel/").json()["status"] == "cancelled"


def test_a_browser_session_confirms_by_its_own_sign_in(client: Client, freelancer: User) -> None:
    method = payout_methods.add(freelancer, holder="T.", currency="USD", number="000123456789")
    address = f"/api/v1/payout-methods/{method.pk}/confirm/"
    client.force_login(freelancer)  # whose moment nobody knows
    assert client.post(address).status_code == 403
    client.logout()
    client.post("/accounts/login/", {"login": freelancer.email, "password": PASSWORD})
    assert client.post(address).json()["confirmed_at"]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"number": "123"}, "bank.unknown", "number"), ({"number": "０００１２３４５６７８９"}, "bank.unknown", "number"),
        ({"number": 123}, "malformed", "number"), ({"holder": " "}, "unprocessable", "holder"),
        ({"holder": "x\0"}, "malformed", "holder"), ({"holder": "x" * 101}, "unprocessable", "holder"), ({"holder": None}, "malformed", "holder"),
        ({"currency": "XXX"}, "money.malformed", "currency"), ({"currency": 5}, "malformed", "currency"),
        ({"token": ""}, "token.malformed", "token"), ({"token": "x" * 121}, "token.malformed", "token"),
        ({"cause": "none"}, "malformed", "cause"), ({"confirmed_at": "now"}, "malformed", "confirmed_at"),
    ],
)  # fmt: skip
def test_what_is_no_account_is_refused_at_its_field_and_not_kept(
    worker: Program, wrong: dict[str, Any], code: str, field: str
) -> None:
    for key in (None, "k"):
        refused = worker.post("payout-methods/", ADD | wrong, key=key)
        assert refused.status_code in (400, 422)
        assert (refused.json()["code"], list(refused.json()["fields"])) == (code, [field])
    assert rows() == [] and not IdempotencyRecord.objects.exists()


def test_somebody_elses_cause_is_none_and_another_wish_under_a_token_is_refused(
    worker: Program, hirer: Program
) -> None:
    seeds = {"title": "Seeds", "summary": "For schools.", "story": "We buy seeds.", "goal": 100_000, "currency": "USD"}
    cause = hirer.made("causes/", seeds)["id"]
    assert worker.post("payout-methods/", ADD | {"cause": cause}).status_code == 404
    unverified = hirer.post("payout-methods/", ADD | {"cause": cause})
    assert (unverified.status_code, unverified.json()["code"]) == (409, "payout_method.cause_not_verified")
    assert rows() == []
    worker.made("payout-methods/", ADD)
    before = rows()
    for other in ({"holder": "Another"}, {"currency": "EUR"}, {"number": "000111111113"}):
        refused = worker.post("payout-methods/", ADD | other)
        assert (refused.status_code, refused.json()["code"]) == (409, "payout_method.other_wish")
    assert rows() == before


def test_a_second_press_on_the_page_adds_nothing_more(client: Client, freelancer: User) -> None:
    client.post("/accounts/login/", {"login": freelancer.email, "password": PASSWORD})
    for _press in range(2):
        assert client.post("/wallet/payout/methods/", ADD).status_code == 302
    assert len(rows()) == 1
    refused = client.post("/wallet/payout/methods/", ADD | {"holder": "Another"})
    assert refused.status_code == 409 and "already asked for with other words" in refused.content.decode()
    assert len(rows()) == 1


def test_no_more_than_ten_at_a_time(worker: Program) -> None:
    for number in range(payout_methods.MOST):
        worker.made("payout-methods/", ADD | {"token": str(number)})
    before = rows()
    refused = worker.post("payout-methods/", ADD)
    assert (refused.status_code, refused.json()["code"]) == (409, "payout_method.too_many")
    assert rows() == before


@pytest.mark.parametrize("done", [False, True])
def test_a_gateway_that_gives_no_answer_leaves_nothing_and_the_same_key_goes_on(worker: Program, done: bool) -> None:
    with silent("/v1/accounts", done=done):
        unanswered = worker.post("payout-methods/", ADD, key="add")
    assert unanswered.status_code == 503 and rows() == []
    assert worker.post("payout-methods/", ADD, key="add").status_code == 201
    (method,) = rows()
    with silent(f"/v1/accounts/{method['gateway_id']}", done=False, method="GET"):
        assert worker.post(f"payout-methods/{method['id']}/confirm/", key="confirm").status_code == 503
    assert rows() == [method]
    assert worker.post(f"payout-methods/{method['id']}/confirm/", key="confirm").status_code == 200


def test_a_wish_cut_off_after_its_row_was_written_goes_on_with_that_row(worker: Program, freelancer: User) -> None:
    with mock.patch.object(payout_methods, "_known", side_effect=SystemExit), pytest.raises(SystemExit):
        payout_methods.add(freelancer, **ADD)
    (cut,) = rows()
    assert cut["gateway_id"] == ""
    added = worker.made("payout-methods/", ADD)
    assert [row["id"] for row in rows()] == [cut["id"]] and added["id"] == str(cut["id"])
    assert PayoutMethod.objects.get().gateway_id


def test_one_with_a_payout_on_its_way_is_not_ended(worker: Program, freelancer: User) -> None:
    earn(freelancer, 5_000)
    method = bank_account(freelancer)
    payouts.request(freelancer, method, 5_000, "USD", token="one")
    before = (rows(), list(Payout.objects.values()))
    refused = worker.post(f"payout-methods/{method.pk}/end/", key="end")
    assert (refused.status_code, refused.json()["code"]) == (409, "payout_method.in_use")
    assert (rows(), list(Payout.objects.values())) == before
