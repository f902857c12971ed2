"""What gateways tell us: signed and of this time, stored once, any order and any number ends in the same state."""

import itertools
import json
import time
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from payment import accounts, audit, deposits, gateways, webhooks
from payment.gateways.sandbox import Sandbox, bank
from payment.gateways.sandbox.cards import GOOD, UNSURE
from payment.models import Chargeback, Deposit, GatewayEvent, Transfer
from skilllink.errors import Forbidden, Unprocessable
from tests.builders.gateway import dispute_of, events_of, settle_down, signed, silent
from tests.builders.payment import put_in_wallet
from users.models import User

AT = "/webhooks/sandbox/"


def post(client: Client, body: bytes, signature: str, address: str = AT) -> int:
    answer = client.post(address, body, content_type="application/json", headers={"Stripe-Signature": signature})
    return answer.status_code


def event(deposit: Deposit, **changed: Any) -> dict[str, Any]:
    """A well-formed event about a deposit's payment, with a field of its object changed."""
    about = {
        "object": "payment_intent", "id": deposit.gateway_id, "amount": deposit.amount,
        "currency": deposit.currency.lower(), "metadata": {"reference": deposits.reference(deposit)},
    }  # fmt: skip
    return {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": about | changed}}


def heard(client: Client, one: dict[str, Any]) -> GatewayEvent:
    """Post one event, process it, and return what is kept of it."""
    assert post(client, *signed(one)) == 200
    webhooks.sweep()
    return GatewayEvent.objects.get(event_id=one["id"])


# --- at the door ----------------------------------------------------------------------------------


def test_an_event_is_stored_once_however_often_it_comes_and_processed_later(
    client_person: User, client: Client
) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    letter = signed(event(deposit))
    assert [post(client, *letter) for _copy in range(3)] == [200] * 3
    kept = GatewayEvent.objects.get()
    assert (kept.status, kept.body.encode()) == ("received", letter[0])
    assert (webhooks.sweep(), webhooks.sweep()) == (1, 0)
    kept.refresh_from_db()
    assert kept.status == "processed" and kept.processed_at
    assert Transfer.objects.count() == 1


@pytest.mark.parametrize(
    "letter",
    [
        pytest.param(lambda body: (body, ""), id="no signature"),
        pytest.param(lambda body: (body, "t=,v1="), id="an empty one"),
        pytest.param(lambda body: (body, f"t={int(time.time())}"), id="a time alone"),
        pytest.param(lambda body: signed(body.decode(), secret="whsec_other"), id="another secret"),
        pytest.param(lambda body: signed(body.decode(), at=time.time() - 301), id="too old"),
        pytest.param(lambda body: signed(body.decode(), at=time.time() + 301), id="from the future"),
        pytest.param(lambda body: (body.replace(b"50000", b"90000"), signed(body.decode())[1]), id="another amount"),
        pytest.param(
            lambda body: (json.dumps(json.loads(body), indent=1).encode(), signed(body.decode())[1]), id="re-serialised"
        ),
        pytest.param(lambda body: (b"\xff\xfe", signed(body.decode())[1]), id="no text"),
    ],
)
def test_a_letter_that_is_not_the_gateways_or_not_of_now_stores_nothing(
    client_person: User, client: Client, letter: Any
) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    with time_machine.travel(int(time.time()), tick=False):
        assert post(client, *letter(signed(event(deposit))[0])) == 400
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize("at", [-300, 300])
def test_five_minutes_either_way_are_accepted(client_person: User, client: Client, at: int) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    with time_machine.travel(int(time.time()), tick=False):
        assert post(client, *signed(event(deposit), at=time.time() + at)) == 200


@pytest.mark.parametrize(
    "body", ["[]", "null", "{}", '{"id": 1, "type": "a", "data": {"object": {}}}', "[" * 5000, "no"]
)
def test_a_signed_body_that_is_no_event_stores_nothing(body: str, client: Client, database: None) -> None:
    assert post(client, *signed(body)) == 400
    assert not GatewayEvent.objects.exists()


def test_a_body_that_is_too_large_or_a_gateway_that_is_none_stores_nothing(client: Client, database: None) -> None:
    assert post(client, *signed("x" * (webhooks.LARGEST + 1))) == 413
    assert post(client, *signed("{}"), address="/webhooks/paypal/") == 404
    assert client.get(AT).status_code == 405
    assert not GatewayEvent.objects.exists()


def test_another_body_under_a_number_that_came_is_kept_for_finance_and_changes_nothing(
    client_person: User, client: Client
) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    assert heard(client, event(deposit)).status == "processed"
    assert [post(client, *signed(event(deposit, amount=1))) for _copy in range(2)] == [200, 200]
    other = GatewayEvent.objects.get(first=False)
    assert (other.status, webhooks.process(other.pk)) == ("quarantined", 0)
    assert "Another body" in other.why
    assert Transfer.objects.count() == 1


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"amount": 49_999}, "another amount"),
        ({"amount": "50000"}, "another amount"),
        ({"currency": "eur"}, "another currency"),
        ({"currency": None}, "another currency"),
        ({"id": "pi_nobody"}, "no such payment"),
        ({"id": 5}, "names no payment"),
        ({"object": "refund", "payment_intent": "pi_nobody"}, "no such payment"),
        ({"object": "payout", "metadata": {"reference": "payout:x"}}, "none of ours"),
        ({"object": "payout", "metadata": {"reference": 5}}, "none of ours"),
        ({"object": "checkout.session", "metadata": 5}, "page of no deposit"),
    ],
)
def test_what_does_not_fit_is_quarantined_and_moves_nothing(
    client_person: User, client: Client, changed: dict[str, Any], why: str
) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    kept = heard(client, event(deposit, **changed))
    assert kept.status == "quarantined" and why in kept.why
    deposit.refresh_from_db()
    assert (deposit.status, Transfer.objects.count()) == ("settled", 1)
    assert audit.run() == []


def test_a_refund_that_nobody_asked_for_here_waits_for_finance(client_person: User, client: Client) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    refund = gateways.of("sandbox").give_back("by hand", deposit.gateway_id, 700)
    about = {"object": "refund", "id": refund.id, "payment_intent": deposit.gateway_id, "amount": 700}
    kept = heard(client, event(deposit, **about))
    assert kept.status == "quarantined" and "not asked for" in kept.why
    assert Transfer.objects.count() == 1


def test_an_event_about_something_else_is_kept_and_done_with(client: Client, database: None) -> None:
    one = {"id": "evt_2", "object": "event", "type": "customer.created", "data": {"object": {"object": "customer"}}}
    assert heard(client, one).status == "processed"


def test_finance_settles_what_waits_with_a_reason_and_others_do_not(
    client_person: User, client: Client, finance: User, moderator: User
) -> None:
    kept = heard(client, event(put_in_wallet(client_person, 50_000), amount=1))
    for person in (moderator, client_person):
        with pytest.raises(Forbidden):
            webhooks.settle(kept, by=person, outcome="Looked at.")
    with pytest.raises(Unprocessable):
        webhooks.settle(kept, by=finance, outcome="  ")
    assert webhooks.try_again(kept, by=finance, outcome="Once more.").status == "received"
    webhooks.sweep()
    kept.refresh_from_db()
    assert kept.status == "quarantined"
    assert webhooks.settle(kept, by=finance, outcome="The gateway's test.").status == "settled"
    with pytest.raises(webhooks.NotWaiting):
        webhooks.settle(kept, by=finance, outcome="Again.")


def test_the_queue_of_the_administration_settles_through_the_verb(
    client_person: User, client: Client, finance: User
) -> None:
    kept = heard(client, event(put_in_wallet(client_person, 50_000), amount=1))
    client.force_login(finance)
    assert "another amount" in client.get("/admin/payment/gatewayevent/").content.decode()
    asked = {"action": "settle", "_selected_action": [str(kept.pk)], "apply": "1", "reason": "A test of the gateway."}
    assert client.post("/admin/payment/gatewayevent/", asked).status_code == 302
    kept.refresh_from_db()
    assert (kept.status, kept.settled_by) == ("settled", finance)


def test_an_event_that_fails_is_tried_again_then_waits_for_finance_and_stops_no_other(
    client_person: User, client: Client
) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    odd, other = event(deposit), event(deposit, object="charge", payment_intent=deposit.gateway_id) | {"id": "evt_2"}
    real = Sandbox.payment

    def fail_once(self: Any, number: str) -> Any:
        if not failed:
            failed.append(number)
            raise KeyError("a state that nobody knew")
        return real(self, number)

    failed: list[str] = []
    assert [post(client, *signed(one)) for one in (odd, other)] == [200, 200]
    with mock.patch.object(Sandbox, "payment", fail_once):
        assert webhooks.sweep() == 1
    kept, done = (GatewayEvent.objects.get(event_id=one["id"]) for one in (odd, other))
    assert (kept.status, kept.attempts, done.status) == ("received", 1, "processed")
    GatewayEvent.objects.filter(pk=kept.pk).update(attempts=webhooks.ATTEMPTS)
    with mock.patch.object(Sandbox, "payment", side_effect=KeyError):
        assert webhooks.process(kept.pk) == 1
    kept.refresh_from_db()
    assert (kept.status, kept.why) == ("quarantined", "It can’t be processed.")
    assert Transfer.objects.count() == 1


# --- any order ------------------------------------------------------------------------------------


def lived(client_person: User) -> tuple[Deposit, list[dict[str, Any]]]:
    """A payment with a whole life at the gateway, of which we have heard nothing: its events."""
    deposit = deposits.request(client_person, 50_000, "USD")
    gateway = gateways.of("sandbox")
    made = gateway.open(deposits.reference(deposit), 50_000, "USD")
    gateway.pay(made.id, method="pm_card_authenticationRequired", key="one")
    bank.answer(made.id, approved=True)
    deposit.gateway_id = made.id
    bank.decide(dispute_of(deposit), won=True)
    kinds = (
        "payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded", "charge.dispute.created",
        "charge.dispute.closed",
    )  # fmt: skip
    found = {one["type"]: one for one in events_of(deposit)}
    return deposit, [found[kind] for kind in kinds]


def test_every_order_of_a_payments_events_ends_in_the_same_state(client_person: User) -> None:
    deposit, events = lived(client_person)
    ends = set()
    for order in itertools.permutations(events):
        point = transaction.savepoint()
        for one in order:
            webhooks.process(webhooks.receive("sandbox", *signed(one)).pk)
        ends.add(_state(deposit))
        transaction.savepoint_rollback(point)
    assert ends == {("settled", 0, 0, 50_000, (("won", 50_000),), ("chargeback", "chargeback_won", "deposit"), 5)}


def _state(deposit: Deposit) -> Any:
    row = Deposit.objects.get(pk=deposit.pk)
    contests = tuple(Chargeback.objects.values_list("status", "amount"))
    kinds = tuple(sorted(Transfer.objects.values_list("kind", flat=True)))
    done = GatewayEvent.objects.filter(status="processed").count()
    wallet = accounts.balances(row.user)["USD"]["wallet"]
    return row.status, row.returned, row.charged_back, wallet, contests, kinds, done


def test_what_the_sandbox_tells_by_itself_arrives_and_changes_nothing_twice(client_person: User) -> None:
    put_in_wallet(client_person, 50_000)
    deposit = deposits.pay(deposits.request(client_person, 700, "USD"), card=UNSURE)
    deposits.confirm(deposit, approved=True)
    settle_down()
    assert set(GatewayEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert GatewayEvent.objects.count() == 3 + 4
    assert Transfer.objects.count() == 2
    assert audit.run() == []


def test_a_deposit_of_which_only_the_events_arrive_is_settled_by_them(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    with silent("/confirm", done=True):
        deposits.pay(deposit, card=GOOD)
    deposit.refresh_from_db()
    assert deposit.status == "requested"
    settle_down()
    deposit.refresh_from_db()
    assert (deposit.status, deposit.asked_at, Transfer.objects.count()) == ("settled", None, 1)


def test_a_gateway_that_is_away_delays_an_event_and_loses_none(client_person: User, client: Client) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    with silent(f"/payment_intents/{deposit.gateway_id}", done=False, method="GET"):
        kept = heard(client, event(deposit))
        assert (kept.status, kept.attempts) == ("received", 1)
        assert webhooks.sweep() == 0
    assert webhooks.process(kept.pk) == 1
    assert Transfer.objects.count() == 1
