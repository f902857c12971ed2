"""The list and the webhook bring the same events at once: each is stored once, and its money moves once."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from payment import accounts, catch_up, deposits, webhooks
from payment.gateways.sandbox import Sandbox
from payment.models import Deposit, GatewayEvent, SandboxObject, Transfer
from tests.builders.gateway import events_of, signed
from tests.races.test_money import books  # noqa: F401  it audits each test's end
from tests.races.together import MANY, race
from users.models import User


def test_the_list_and_copies_of_the_letters_at_once_store_each_event_once(client_person: User) -> None:
    deposit = deposits.request(client_person, 50_000, "USD")
    made = Sandbox().open(deposits.reference(deposit), 50_000, "USD")
    Deposit.objects.filter(pk=deposit.pk).update(gateway_id=made.id)
    Sandbox().pay(made.id, method="pm_card_visa", key="unseen")
    SandboxObject.objects.filter(kind="event").update(due_at=None)
    deposit.refresh_from_db()
    events = events_of(deposit)
    letters = [signed(json.dumps(event | {"pending_webhooks": n})) for n in range(3) for event in events]
    copies: list[Callable[[], Any]] = [partial(webhooks.receive, "sandbox", *letter) for letter in letters]
    race([*[catch_up.sweep] * (MANY // 2), *copies])
    race([webhooks.sweep] * MANY)
    while webhooks.sweep():
        continue
    kept = GatewayEvent.objects.values_list("event_id", "first", "status")
    assert sorted(kept) == sorted((event["id"], True, "processed") for event in events)
    assert Transfer.objects.filter(kind="deposit").count() == 1
    assert accounts.balances(client_person)["USD"]["wallet"] == 50_000
