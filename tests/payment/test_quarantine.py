"""Answers that don't fit our books: nothing moves, finance finds each once, and the row goes on being asked about."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from payment import accounts, audit, deposit_returns, deposits, payouts, webhooks
from payment.gateways.base import Rejected
from payment.gateways.sandbox import Sandbox
from payment.gateways.sandbox.cards import SILENT
from payment.models import Deposit, DepositReturn, GatewayEvent, Payout, Transfer
from skilllink import clocks
from skilllink.given import given
from tests.abuse.proof import nothing_changes
from tests.builders.payment import bank_account, earn, put_in_wallet
from users.models import User

Row = Deposit | DepositReturn | Payout


def unanswered_deposit(person: User) -> Row:
    return deposits.pay(deposits.request(person, 50_000, "USD"), card=SILENT)


def asked_return(person: User) -> Row:
    return deposit_returns.request(put_in_wallet(person, 50_000), by=person, amount=20_000, token="one")


def queued_payout(person: User) -> Row:
    earn(person, 50_000)
    return payouts.request(person, bank_account(person), 50_000, "USD", token="one")


ASKED: dict[str, tuple[Callable[[User], Row], Any, str]] = {
    "deposit": (unanswered_deposit, deposits, "payment"),
    "return": (asked_return, deposit_returns, "give_back"),
    "payout": (queued_payout, payouts, "send"),
}


def ask(row: Row, module: Any) -> None:
    """Let the sweep ask about it at the next moment at which it does."""
    row.refresh_from_db()
    with clocks.at(given(row.check_at or getattr(row, "due_at", None))):
        module.sweep()
    row.refresh_from_db()


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_with_another_amount_moves_nothing_and_waits_for_finance_once(
    client_person: User, finance: User, name: str
) -> None:
    begin, module, method = ASKED[name]
    row, real = begin(client_person), getattr(Sandbox, method)
    before = (Transfer.objects.count(), accounts.balances(client_person))

    def another(self: Sandbox, *args: Any) -> Any:
        return replace(real(self, *args), amount=1)

    with mock.patch.object(Sandbox, method, another):
        ask(row, module)
        ask(row, module)
        (kept,) = GatewayEvent.objects.filter(kind="answer")
        assert (kept.event_id, kept.status) == (f"{name}:{row.pk}", "quarantined")
        assert "another amount" in kept.why and json.loads(kept.body)["answer"]["amount"] == 1
        with nothing_changes(), pytest.raises(webhooks.NotWaiting):
            webhooks.try_again(kept, by=finance, outcome="Once more.")
        webhooks.settle(kept, by=finance, outcome="The gateway puts it right.")
        ask(row, module)
    assert row.ended_at is None
    assert (Transfer.objects.count(), accounts.balances(client_person)) == before
    assert [one.status for one in GatewayEvent.objects.filter(kind="answer")] == ["settled"]
    assert audit.run() == []
    ask(row, module)
    assert row.status == {"deposit": "settled", "return": "paid", "payout": "processing"}[name]
    assert audit.run() == []


def test_a_gateway_that_refuses_to_say_how_a_deposit_stands_is_looked_at(client_person: User) -> None:
    row = unanswered_deposit(client_person)
    with mock.patch.object(Sandbox, "payment", side_effect=Rejected("No such account.")):
        ask(row, deposits)
        ask(row, deposits)
    kept = GatewayEvent.objects.get(kind="answer")
    assert (kept.why, json.loads(kept.body)["answer"], row.status) == ("No such account.", None, "requested")
