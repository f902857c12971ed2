"""The adapter and the sandbox that speaks Stripe's shapes: what is asked twice under a key is done once."""

from typing import Any

import pytest
import stripe
from django.test import override_settings

from payment import checks, gateways
from payment.gateways.base import Rejected, Unanswered, Unknown
from payment.gateways.sandbox import KEY, Sandbox, bank
from payment.gateways.sandbox.cards import CLOSED_BANK, GOOD_BANK, SILENT_BANK
from payment.gateways.sandbox.transport import InProcess
from payment.gateways.stripe import StripeGateway, live
from payment.models import SandboxCall, SandboxObject
from skilllink import clocks
from tests.builders.gateway import silent

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway() -> Sandbox:
    return Sandbox()


@pytest.fixture
def client() -> Any:
    return stripe.StripeClient(KEY, http_client=InProcess()).v1


def charged(gateway: Sandbox, amount: int = 50_000, method: str = "pm_card_visa") -> str:
    made = gateway.open("deposit:1", amount, "USD")
    gateway.pay(made.id, method=method, key=f"pay {made.id}")
    return made.id


def test_both_implementations_are_one_adapter_and_the_environment_chooses() -> None:
    with override_settings(STRIPE_SECRET_KEY="sk_test_x", STRIPE_WEBHOOK_SECRET="whsec_x"):
        real = live()
    assert type(real) is StripeGateway and issubclass(Sandbox, StripeGateway)
    assert gateways.current().name == "sandbox"
    with override_settings(PAYMENT_GATEWAY="stripe", STRIPE_SECRET_KEY="sk_test_x", STRIPE_WEBHOOK_SECRET="whsec_x"):
        gateways.of.cache_clear()
        assert gateways.current().name == "stripe" and gateways.current().hosted
    gateways.of.cache_clear()


def test_what_was_sent_under_a_key_that_the_gateway_has_forgotten_is_not_sent_again(gateway: Sandbox) -> None:
    """A gateway remembers keys for a day; we ask again for as long as it takes, also after a restore."""
    account = gateway.account("method:1", email="a@example.test", holder="A", currency="USD", number=GOOD_BANK)
    payment = charged(gateway)
    sent = gateway.send("payout:1", account, 900, "USD")
    back = gateway.give_back("return:1", payment, 700)
    SandboxCall.objects.all().delete()
    assert gateway.send("payout:1", account, 900, "USD").id == sent.id
    assert gateway.give_back("return:1", payment, 700).id == back.id
    assert gateway.send("payout:2", account, 900, "USD").id != sent.id
    assert gateway.give_back("return:2", payment, 700).id != back.id
    kinds = SandboxObject.objects.filter(kind__in=("transfer", "payout", "refund")).values_list("kind", flat=True)
    assert sorted(kinds) == ["payout"] * 2 + ["refund"] * 2 + ["transfer"] * 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"PAYMENT_GATEWAY": "stripe"}, ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]),
        ({"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_KEY": "sk_live_1"}, ["STRIPE_WEBHOOK_SECRET"]),
        ({"PAYMENT_GATEWAY": "sandbox", "STRIPE_WEBHOOK_SECRET": "whsec_1"}, ["STRIPE_WEBHOOK_SECRET"]),
        ({"PAYMENT_GATEWAY": "paypal"}, ["PAYMENT_GATEWAY"]),
        ({"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}, []),
        ({"PAYMENT_GATEWAY": "sandbox"}, []),
    ],
)
def test_a_start_with_missing_keys_is_refused_and_names_them(given: dict[str, str], named: list[str]) -> None:
    with override_settings(**({"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""} | given)):
        found = [str(error.msg) for error in checks.gateway_keys(None)]
    assert len(found) == len(named)
    assert all(name in sentence for name, sentence in zip(named, found, strict=True))


def test_one_reference_is_one_payment_and_other_figures_under_it_are_refused(gateway: Sandbox) -> None:
    first = gateway.open("deposit:1", 50_000, "USD")
    assert gateway.open("deposit:1", 50_000, "USD") == first
    with pytest.raises(Rejected):
        gateway.open("deposit:1", 50_001, "USD")
    assert SandboxObject.objects.filter(kind="payment_intent").count() == 1


def test_a_payment_succeeds_once_with_its_fee_whatever_is_asked_again(gateway: Sandbox) -> None:
    number = charged(gateway)
    again = gateway.pay(number, method="pm_card_visa", key="another key")
    assert (again.status, again.amount, again.currency, again.fee) == ("succeeded", 50_000, "USD", 1_450)
    assert gateway.cancel(number).status == "succeeded"
    assert SandboxObject.objects.filter(kind="charge").count() == 1


def test_a_decline_leaves_the_payment_open_until_it_is_ended(gateway: Sandbox) -> None:
    declined = gateway.payment(charged(gateway, method="pm_card_visa_chargeDeclined"))
    assert (declined.status, declined.error) == ("open", "Your card was declined.")
    assert gateway.cancel(declined.id).status == "failed"


@pytest.mark.parametrize(("approved", "status"), [(True, "succeeded"), (False, "open")])
def test_a_bank_that_asks_is_answered_by_the_person(gateway: Sandbox, approved: bool, status: str) -> None:
    number = charged(gateway, method="pm_card_authenticationRequired")
    assert gateway.payment(number).status == "needs_confirmation"
    bank.answer(number, approved=approved)
    bank.answer(number, approved=not approved)
    assert gateway.payment(number).status == status


def test_refunds_are_made_once_per_reference_and_never_beyond_what_was_charged(gateway: Sandbox) -> None:
    number = charged(gateway)
    first = gateway.give_back("return:1", number, 30_000)
    assert gateway.give_back("return:1", number, 30_000) == first
    with pytest.raises(Rejected, match="greater than unrefunded"):
        gateway.give_back("return:2", number, 20_001)
    gateway.give_back("return:3", number, 20_000)
    assert sorted(row.amount for row in gateway.payment(number).refunds) == [20_000, 30_000]


def test_a_contested_card_is_charged_back_later_and_evidence_decides(gateway: Sandbox) -> None:
    number = charged(gateway, method="pm_card_createDispute")
    assert bank.happen() == 0
    with clocks.at(SandboxObject.objects.get(kind="charge").due_at):
        assert bank.happen() == 1
    contest = gateway.payment(number).contests[0]
    assert (contest.amount, contest.status) == (50_000, "open")
    gateway.contest(contest.id, "Here is the contract. winning_evidence")
    assert gateway.payment(number).contests[0].status == "won"


def test_what_the_sandbox_does_not_know_is_unknown_and_silence_is_no_answer(gateway: Sandbox) -> None:
    with pytest.raises(Unknown):
        gateway.payment("pi_nobody")
    with silent("/v1/payment_intents", done=True), pytest.raises(Unanswered):
        gateway.open("deposit:2", 100, "USD")
    assert SandboxObject.objects.filter(kind="payment_intent").count() == 1
    assert gateway.open("deposit:2", 100, "USD").amount == 100
    assert SandboxObject.objects.filter(kind="payment_intent").count() == 1


@pytest.mark.parametrize(("number", "ends"), [(GOOD_BANK, "paid"), (CLOSED_BANK, "failed")])
def test_a_payout_is_pending_then_arrives_or_fails(gateway: Sandbox, number: str, ends: str) -> None:
    account = gateway.account("method:1", email="a@b.test", holder="A", currency="USD", number=number)
    assert gateway.takes_payouts(account)
    sent = gateway.send("payout:1", account, 9_500, "USD")
    assert sent.status == "pending"
    with clocks.at(SandboxObject.objects.get(kind="payout").due_at):
        bank.happen()
    assert gateway.sent(sent.id, account).status == ends
    assert gateway.send("payout:1", account, 9_500, "USD").id == sent.id


def test_a_payout_whose_answer_gets_lost_is_there_once(gateway: Sandbox) -> None:
    account = gateway.account("method:1", email="a@b.test", holder="A", currency="USD", number=SILENT_BANK)
    with pytest.raises(Unanswered):
        gateway.send("payout:1", account, 9_500, "USD")
    assert gateway.send("payout:1", account, 9_500, "USD").status == "pending"
    assert (
        SandboxObject.objects.filter(kind="payout").count()
        == SandboxObject.objects.filter(kind="transfer").count()
        == 1
    )


def test_money_of_a_failed_payout_comes_back_to_the_platform_once(gateway: Sandbox) -> None:
    account = gateway.account("method:1", email="a@b.test", holder="A", currency="USD", number=CLOSED_BANK)
    gateway.send("payout:1", account, 9_500, "USD")
    gateway.void("payout:1", account, 9_500, "USD")
    gateway.void("payout:1", account, 9_500, "USD")
    assert SandboxObject.objects.get(kind="transfer").data["amount_reversed"] == 9_500


def test_no_number_of_a_card_or_an_account_is_kept(gateway: Sandbox) -> None:
    gateway.account("method:1", email="a@b.test", holder="A", currency="USD", number=GOOD_BANK)
    charged(gateway)
    kept = "".join(str(row.data) for row in SandboxObject.objects.all())
    assert GOOD_BANK not in kept and "4242424242424242" not in kept


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1])
def test_a_figure_that_is_none_is_refused_by_the_sandbox_too(gateway: Sandbox, amount: int) -> None:
    with pytest.raises(Rejected):
        gateway.open("deposit:1", amount, "USD")
    assert not SandboxObject.objects.filter(kind="payment_intent").exists()


def test_a_hosted_page_leads_to_the_same_payment(gateway: Sandbox) -> None:
    page = gateway.page("deposit:1", 50_000, "USD", back="https://skilllink.test/back")
    assert gateway.page("deposit:1", 50_000, "USD", back="https://skilllink.test/back") == page
    found = gateway.payment_of_page(page.id)
    assert found is not None and (found.status, found.reference) == ("open", "deposit:1")


def test_the_sandbox_answers_in_stripes_shapes(client: Any) -> None:
    made = client.payment_intents.create({"amount": 100, "currency": "usd", "metadata": {"a": "b"}})
    assert (made.object, made.status, made.metadata["a"], made.livemode) == (
        "payment_intent", "requires_payment_method", "b", False,
    )  # fmt: skip
    with pytest.raises(stripe.CardError) as declined:
        client.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert declined.value.code == "card_declined"
    assert {row.type for row in client.events.list().data} == {
        "payment_intent.created",
        "payment_intent.payment_failed",
    }
    with pytest.raises(stripe.InvalidRequestError):
        client.customers.create({})
