"""One parser reads every figure: what is none is refused by each form and each field with a sentence that names it."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from payment import accounts, ledger, payouts
from payment.models import Chargeback, Deposit, DepositReturn, Movement, Payout, PayoutMethod, Transfer
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.cast import PASSWORD
from users.models import User

TYPED = [
    "-1", "0", "0.00", "0.001", "1e309", "NaN", "Infinity", "１００", "1,000", "true", "[]", str(2**63), "1" + "0" * 30,
    "", " ", "+5", "5 5", "0x10", "١٠", "5.", ".5", "1_000", "$5", "5\u00a0",
]  # fmt: skip
SENT = [
    "-1", "0", "0.001", "1.0", "1e309", "-1e309", "NaN", "Infinity", '"100"', '"１００"', '"1,000"', "true", "false", "[]",
    "[100]", "{}", "null", '""', str(2**63), str(10**12 + 1), "1e3",
]  # fmt: skip


class Money:
    """A person with something behind every form: a deposit, earnings, a bank account, a debt."""

    def __init__(self, user: User) -> None:
        self.user = user
        contested = put_in_wallet(user, 50_000)
        with transaction.atomic():
            lines = [(accounts.wallet(user, "USD"), -40_000), (accounts.available(user, "USD"), 40_000)]
            ledger.post.within("test:earned", "test", lines)
        dispute_of(contested)
        settle_down()
        self.deposit = put_in_wallet(user, 90_000)
        self.method = bank_account(user)
        self.yen = bank_account(user, "JPY")
        earn(user, 9_000, "JPY")

    def state(self) -> Any:
        rows = (Deposit, DepositReturn, Payout, Movement, Transfer, PayoutMethod)
        return [model.objects.count() for model in rows]


@pytest.fixture
def money(freelancer: User, client: Client) -> Money:
    found = Money(freelancer)
    client.post("/accounts/login/", {"login": freelancer.email, "password": PASSWORD})
    return found


def forms(money: Money) -> dict[str, dict[str, Any]]:
    return {
        "/wallet/deposit/": {"currency": "USD"},
        f"/wallet/deposit/{money.deposit.pk}/return/": {"token": "t"},
        "/wallet/payout/": {"method": money.method.pk, "token": "t"},
        "/wallet/owed/": {"currency": "USD", "token": "t"},
    }


def fields(money: Money) -> dict[str, dict[str, Any]]:
    return {
        "/api/v1/deposits/": {"currency": "USD"},
        f"/api/v1/deposits/{money.deposit.pk}/return/": {"token": "t"},
        "/api/v1/payouts/": {"method": str(money.method.pk), "currency": "USD", "token": "t"},
        "/api/v1/wallet/repay/": {"currency": "USD", "token": "t"},
    }


def test_no_form_takes_a_figure_that_is_none(money: Money, client: Client) -> None:
    before = money.state()
    for address, rest in forms(money).items():
        for figure in TYPED:
            answer = client.post(address, {**rest, "amount": figure})
            page = answer.content.decode()
            assert answer.status_code == 422, (address, figure)
            assert 'href="#id_amount"' in page and 'id="id_amount"' in page, (address, figure)
    assert money.state() == before


def test_no_field_of_the_api_takes_a_figure_that_is_none(money: Money, client: Client) -> None:
    before = money.state()
    for address, rest in fields(money).items():
        for figure in SENT:
            words = ", ".join(f'"{name}": "{value}"' for name, value in rest.items())
            answer = client.post(address, f'{{{words}, "amount": {figure}}}', content_type="application/json")
            assert answer.status_code == 400, (address, figure, answer.content)
            said = answer.json()
            # NaN and Infinity are no JSON: the body is refused as a whole
            assert "amount" in said.get("fields", {}) or figure in {"NaN", "Infinity"}, (address, figure, said)
            assert said["sentence"]
        missing = client.post(address, rest, content_type="application/json")
        assert "amount" in missing.json()["fields"], address
    assert money.state() == before


def test_yen_have_no_decimals_in_any_form(money: Money, client: Client) -> None:
    before = money.state()
    for address, rest in (
        ("/wallet/deposit/", {"currency": "JPY"}), ("/wallet/payout/", {"method": money.yen.pk, "token": "t"}),
    ):  # fmt: skip
        for figure in ("1600.5", "1600.00", "1600.0"):
            answer = client.post(address, {**rest, "amount": figure})
            assert answer.status_code == 422 and "JPY has 0 decimals" in answer.content.decode(), address
    assert money.state() == before


CURRENCIES = ["EUR", "GBP", "usd", "XXX", "", "USD ", 5, None, True, []]


def test_a_currency_that_is_not_the_accounts_or_none_names_its_field(money: Money, client: Client) -> None:
    before = money.state()
    for currency in CURRENCIES:
        _refused_for_its_currency(money, client, currency)
    assert money.state()[1:] == before[1:]


def _refused_for_its_currency(money: Money, client: Client, currency: Any) -> None:
    bodies = {
        "/api/v1/payouts/": {"method": str(money.method.pk), "amount": 5_000, "token": "t", "currency": currency},
        "/api/v1/deposits/": {"amount": 5_000, "currency": currency},
    }
    for address, body in bodies.items():
        if (address, currency) == ("/api/v1/deposits/", "EUR"):
            continue  # a wallet of its own
        answer = client.post(address, body, content_type="application/json")
        assert answer.status_code == 400 and "currency" in answer.json()["fields"], (address, answer.content)
    if currency != "EUR":
        assert client.post("/wallet/deposit/", {"amount": "5.00", "currency": str(currency)}).status_code == 422


TOKENS = ["", " \n", "x" * 121, "a\0b", 5, None, [], True]


def test_a_token_that_is_none_moves_nothing(money: Money, client: Client) -> None:
    before = money.state()
    for token in TOKENS:
        for address, rest in [pair for pair in fields(money).items() if "token" in pair[1]]:
            answer = client.post(address, {**rest, "amount": 1_000, "token": token}, content_type="application/json")
            assert answer.status_code == 400, (address, answer.content)
    assert money.state() == before


METHODS = ["", "x", "00000000-0000-7000-8000-000000000000", 5, None, []]


def test_a_bank_account_that_is_none_is_refused(money: Money, client: Client) -> None:
    before = money.state()
    for method in METHODS:
        body = {"method": method, "amount": 5_000, "currency": "USD", "token": "t"}
        assert client.post("/api/v1/payouts/", body, content_type="application/json").status_code in (400, 404)
        typed = {"method": str(method), "amount": "50.00", "token": "t"}
        assert client.post("/wallet/payout/", typed).status_code == 422
    assert money.state() == before


def test_no_figure_of_finance_is_taken_that_is_none(money: Money, client: Client, finance: User) -> None:
    Chargeback.objects.update(status="lost", ended_at=money.deposit.created_at)
    client.force_login(finance)
    row = Chargeback.objects.get()
    before = money.state()
    for figure in TYPED:
        body = {"kind": "capital_in", "currency": "USD", "reason": "x", "amount": figure}
        assert client.post("/admin/payment/movement/ask/", body).status_code == 422, figure
        act = {"action": "write_off", "_selected_action": [str(row.pk)], "apply": "1", "reason": "x", "amount": figure}
        assert client.post("/admin/payment/chargeback/", act).status_code in (302, 422), figure
    assert money.state() == before
    assert payouts.least("USD") == 1_000
