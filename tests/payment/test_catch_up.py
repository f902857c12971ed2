"""Events that never reached us, as after a restore: what the gateway lists and we don't know is stored once and processed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from payment import accounts, audit, catch_up, deposits, payouts, webhooks
from payment.gateways.sandbox import Sandbox, bank, store
from payment.gateways.sandbox.cards import GOOD_BANK
from payment.models import Deposit, EventsRead, GatewayEvent, Payout, SandboxCall, SandboxObject, Transfer
from skilllink import clocks
from skilllink.ids import uuid7
from tests.builders.gateway import dispute_of, events_of, settle_down, signed, silent
from tests.builders.payment import bank_account, earn, put_in_wallet
from users.models import User

pytestmark = pytest.mark.django_db


def lose_letters() -> None:
    """What the gateway has written never comes."""
    SandboxObject.objects.filter(kind="event").update(due_at=None)


def caught_up() -> int:
    """Catch up and process; returns how many events were new."""
    new = catch_up.sweep()
    while webhooks.sweep():
        continue
    return new


def charged_unseen(person: User, amount: int = 50_000) -> Deposit:
    """A deposit that we opened; that its card was charged we never learned."""
    deposit = deposits.request(person, amount, "USD")
    made = Sandbox().open(deposits.reference(deposit), amount, "USD")
    Deposit.objects.filter(pk=deposit.pk).update(gateway_id=made.id)
    Sandbox().pay(made.id, method="pm_card_visa", key=f"pay {deposit.pk}")
    lose_letters()
    deposit.refresh_from_db()
    return deposit


def wallet(person: User) -> int:
    return accounts.balances(person).get("USD", {}).get("wallet", 0)


# --- what was missed ------------------------------------------------------------------------------


def test_a_payment_that_we_never_heard_of_is_credited_once(client_person: User) -> None:
    deposit = charged_unseen(client_person)
    assert (wallet(client_person), GatewayEvent.objects.count()) == (0, 0)
    assert caught_up() == len(events_of(deposit)) > 0
    assert wallet(client_person) == 50_000
    assert caught_up() == 0
    assert Transfer.objects.filter(kind="deposit").count() == 1
    assert set(GatewayEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert audit.run() == []


def test_a_chargeback_that_we_never_heard_of_is_taken(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    settle_down()
    dispute_of(deposit)
    lose_letters()
    assert wallet(client_person) == 50_000
    assert caught_up() == 2  # it was opened, and took the money
    assert wallet(client_person) == 0
    assert audit.run() == []


def test_a_payout_that_arrived_unheard_is_found_on_its_account(freelancer: User) -> None:
    row = sent_payout(freelancer)
    with clocks.at(row.due_at + timedelta(minutes=5)):
        bank.happen()
        lose_letters()
        assert caught_up() > 0
    row.refresh_from_db()
    assert row.status == "paid"
    assert audit.run() == []


def sent_payout(person: User) -> Payout:
    earn(person, 90_000)
    settle_down()
    row = payouts.request(person, bank_account(person, "USD", GOOD_BANK), 40_000, "USD", token="t")
    with clocks.at(row.due_at):
        payouts.sweep()
    return row


def test_what_was_lost_with_our_database_waits_for_finance(client_person: User) -> None:
    """The gateway knows a payment and a payout of rows that are in no backup."""
    lost = Sandbox().open(f"deposit:{uuid7()}", 700, "USD")
    Sandbox().pay(lost.id, method="pm_card_visa", key="lost")
    account = Sandbox().account("method:x", email="a@example.test", holder="A", currency="USD", number=GOOD_BANK)
    Sandbox().send(f"payout:{uuid7()}", account, 900, "USD")
    lose_letters()
    caught_up()
    waiting = GatewayEvent.objects.filter(status="quarantined")
    assert {row.kind for row in waiting} >= {"payment_intent.succeeded", "transfer.created"}
    assert (wallet(client_person), Transfer.objects.count()) == (0, 0)


def test_a_payout_that_the_backup_still_waits_to_send_is_not_sent_twice(freelancer: User, finance: User) -> None:
    """The gateway has sent it since, and has forgotten the key."""
    earn(freelancer, 90_000)
    settle_down()
    row = payouts.request(freelancer, bank_account(freelancer, "USD", GOOD_BANK), 40_000, "USD", token="t")
    Sandbox().send(f"payout:{row.pk}", row.method.gateway_id, row.amount, row.currency)
    SandboxCall.objects.all().delete()
    lose_letters()
    caught_up()
    waiting = GatewayEvent.objects.get(status="quarantined")
    assert (waiting.kind, waiting.why) == ("payout.created", "The gateway sent a payout that was not sent here.")
    with clocks.at(row.due_at):
        payouts.sweep()
    row.refresh_from_db()
    assert row.status == "processing"
    with clocks.at(row.due_at + timedelta(minutes=5)):
        settle_down()
        webhooks.try_again(waiting, by=finance, outcome="It is ours: sent before the restore.")
        settle_down()
    row.refresh_from_db()
    assert row.status == "paid"
    kinds = SandboxObject.objects.filter(kind__in=("transfer", "payout")).values_list("kind", flat=True)
    assert sorted(kinds) == ["payout", "transfer"]
    assert not GatewayEvent.objects.exclude(status="processed").exists()
    assert audit.run() == []


def test_a_page_of_the_gateways_that_was_lost_waits_for_nobody(client_person: User) -> None:
    """The deposit is there and has forgotten where its card is typed; what is charged there has events of its own."""
    deposit = deposits.request(client_person, 50_000, "USD")
    about = {"object": "checkout.session", "id": "cs_1", "metadata": {"reference": deposits.reference(deposit)}}
    webhooks.receive(
        "sandbox", *signed({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": about}})
    )
    assert webhooks.sweep() == 1
    assert GatewayEvent.objects.get().status == "processed"
    Deposit.objects.update(gateway_session="cs_other")
    webhooks.receive(
        "sandbox", *signed({"id": "evt_2", "type": "checkout.session.completed", "data": {"object": about}})
    )
    webhooks.sweep()
    assert GatewayEvent.objects.get(event_id="evt_2").status == "quarantined"


# --- exactly once ---------------------------------------------------------------------------------


def test_a_webhook_that_comes_after_the_list_is_the_same_event(client_person: User, client: Client) -> None:
    """The two write it differently: the list counts the letters that wait, and puts blanks elsewhere."""
    deposit = charged_unseen(client_person)
    told = events_of(deposit)
    caught_up()
    for event in told:
        body, signature = signed(json.dumps({**event, "pending_webhooks": 0}, indent=1))
        answer = client.post(
            "/webhooks/sandbox/", body, content_type="application/json", headers={"Stripe-Signature": signature}
        )
        assert answer.status_code == 200
    webhooks.sweep()
    assert GatewayEvent.objects.count() == len(told)
    assert wallet(client_person) == 50_000


def test_what_came_by_webhook_is_not_new_in_the_list(client_person: User) -> None:
    put_in_wallet(client_person, 50_000)
    settle_down()
    known = GatewayEvent.objects.count()
    assert caught_up() == 0
    assert GatewayEvent.objects.count() == known > 0


def test_a_listed_body_that_says_something_else_than_the_webhooks_waits_for_finance(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    [event] = [one for one in events_of(deposit) if one["type"] == "payment_intent.succeeded"]
    event["data"]["object"]["amount"] = 1
    webhooks.receive("sandbox", *signed(event))
    webhooks.sweep()
    lose_letters()
    caught_up()
    assert GatewayEvent.objects.get(event_id=event["id"], first=True).status == "quarantined"
    assert Transfer.objects.filter(kind="deposit").count() == 1


# --- from where on --------------------------------------------------------------------------------


def test_what_is_none_of_our_business_at_the_gateway_is_not_kept(client_person: User) -> None:
    with transaction.atomic():
        store.tell("customer.created", {"object": "customer", "id": "cus_1"})
    charged_unseen(client_person)
    caught_up()
    assert not GatewayEvent.objects.filter(kind="customer.created").exists()
    assert GatewayEvent.objects.exists()


def test_a_reading_begins_where_the_last_whole_one_did(client_person: User, monkeypatch: Any) -> None:
    asked = []
    events = Sandbox.events

    def noted(self: Any, since: Any, account: str) -> Any:
        asked.append(since)
        return events(self, since, account)

    monkeypatch.setattr(Sandbox, "events", noted)
    moment = clocks.now().replace(microsecond=0)
    with clocks.at(moment):
        catch_up.sweep()
    with clocks.at(moment + timedelta(days=2)):
        with silent("/v1/events", done=False, method="GET") as lost:
            assert catch_up.sweep() == 0
        assert lost
        catch_up.sweep()
    assert asked == [moment - catch_up.KEPT, *[moment - catch_up.OVERLAP] * 2]
    assert EventsRead.objects.get().until == moment + timedelta(days=2)


def test_a_list_of_several_pages_is_read_to_its_end(client_person: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("payment.gateways.stripe.MOST", 2)
    for _n in range(3):
        charged_unseen(client_person, 1_000)
    assert caught_up() == SandboxObject.objects.filter(kind="event").count() > 4
    assert wallet(client_person) == 3_000


def test_the_command_says_what_it_found_and_fails_while_a_gateway_is_away(client_person: User, capsys: Any) -> None:
    charged_unseen(client_person)
    with silent("/v1/events", done=False, method="GET"), pytest.raises(CommandError, match="before the site starts"):
        call_command("catch_up")
    assert not EventsRead.objects.exists()
    call_command("catch_up")
    assert f"{GatewayEvent.objects.count()} events were new, 0 wait for finance." in capsys.readouterr().out
    assert wallet(client_person) == 50_000
