"""Money out of a cause: asked for by its keeper, to a bank account of the cause, by the rules of everybody's payouts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from payment import accounts, audit, causes, donations, movements, payout_holds, payout_methods, payouts
from payment.gateways.sandbox.cards import CLOSED_BANK, GOOD_BANK
from payment.models import Account, Cause, Deposit, Halt, Movement, Payout, PayoutMethod, Transfer
from skilllink import clocks, moves
from skilllink.errors import Missing, Refusal
from skilllink.money import BadAmount
from tests.abuse.proof import nothing_changes
from tests.abuse.world import signed_in
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.builders.payouts import arrive, batch, entries, state
from tests.cast import PASSWORD, staff
from users.models import Notification, User
from users.notifications import relay

pytestmark = pytest.mark.django_db
WORDS = {"title": "Seeds for school gardens", "summary": "Seeds for forty schools.", "story": "We buy **seeds**."}


@pytest.fixture
def cause(outsider: User, moderator: User, client_person: User) -> Cause:
    """Kept by Olga, verified, with 500.00 given to it."""
    row = causes.propose(outsider, goal=100_000, currency="USD", **WORDS)
    causes.verify(row, by=moderator, reason="The association’s register and its last report.")
    put_in_wallet(client_person, 50_000)
    donations.give(client_person, row, 50_000, "USD")
    row.refresh_from_db()
    return row


@pytest.fixture
def account(cause: Cause) -> PayoutMethod:
    return bank_account(cause.keeper, cause=cause)


def owe(user: User) -> None:
    """A bank takes back a deposit of theirs that isn't in their wallet any more."""
    earn(user, 1_000)
    dispute_of(Deposit.objects.get(user=user))
    settle_down()
    assert accounts.balances(user)["USD"]["owed"] == 1_000


def ask(method: PayoutMethod, amount: int = 30_000, token: str = "one") -> Payout:  # noqa: S107
    return payouts.request(method.user, method, amount, method.currency, token=token)


def there(cause: Cause) -> tuple[int, int]:
    """(in the cause's account, on its way out of it), minor units."""
    sums = causes.sums(cause)
    assert Account.objects.get(cause=cause).balance == sums["left"]
    return sums["left"], sums["leaving"]


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(recipient=user).order_by("pk").values_list("event", flat=True))


# --- the way out ----------------------------------------------------------------------------------


def test_what_was_given_is_reserved_sent_with_the_batch_and_paid(account: PayoutMethod, cause: Cause) -> None:
    earn(cause.keeper, 20_000)
    row = ask(account)
    assert entries(f"payout:{row.pk}:reserve") == {"cause": -30_000, "in_transit": 30_000}
    assert there(cause) == (20_000, 30_000)
    assert (batch(row), state(row)) == (1, "processing")
    arrive()
    assert state(row) == "paid"
    assert entries(f"payout:{row.pk}:end") == {"in_transit": -30_000, "gateway": 30_000}
    assert causes.sums(cause) == {"given": 50_000, "leaving": 0, "paid": 30_000, "left": 20_000}
    assert accounts.balances(cause.keeper)["USD"]["available"] == 20_000
    assert told(cause.keeper)[-2:] == ["cause.payout_requested", "cause.payout_paid"]
    assert audit.run() == []


def test_what_its_keeper_earned_and_what_was_given_never_mix(account: PayoutMethod, cause: Cause) -> None:
    own = bank_account(cause.keeper)
    with nothing_changes(), pytest.raises(payouts.NotAvailable) as refusal:
        ask(own, 1_000)
    assert "$0.00 of your earnings" in str(refusal.value.sentence)
    earn(cause.keeper, 90_000)
    with nothing_changes(), pytest.raises(payouts.NotInCause) as refusal:
        ask(account, 50_001)
    assert "$500.00 of what was given" in str(refusal.value.sentence)
    row = ask(account)
    assert accounts.balances(cause.keeper)["USD"] | {"wallet": 0} == dict.fromkeys(accounts.LINE, 0) | {
        "available": 90_000
    }
    assert (row.cause, ask(own, 1_000, token="own").cause) == (cause, None)
    assert audit.run() == []


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_what_failed_or_was_cancelled_is_the_causes_again(cause: Cause, how: str) -> None:
    row = ask(bank_account(cause.keeper, number=CLOSED_BANK, cause=cause))
    if how == "failed":
        batch(row)
        arrive()
        assert told(cause.keeper)[-1] == "cause.payout_failed"
    else:
        payouts.cancel(row, by=cause.keeper)
    assert (state(row), there(cause)) == (how, (50_000, 0))
    assert entries(f"payout:{row.pk}:end") == {"in_transit": -30_000, "cause": 30_000}
    assert audit.run() == []


def test_a_closed_cause_is_paid_out_what_is_left(account: PayoutMethod, cause: Cause) -> None:
    causes.close(cause, by=cause.keeper)
    assert ask(account, 50_000).status == "requested"


def test_one_wish_is_one_payout_and_never_one_of_another_purse(account: PayoutMethod, cause: Cause) -> None:
    earn(cause.keeper, 90_000)
    own = bank_account(cause.keeper)
    assert ask(account) == ask(account)
    with nothing_changes(), pytest.raises(payouts.OtherWish):
        ask(own)


# --- refused, and nothing moved -------------------------------------------------------------------


def test_nobody_but_its_keeper_gets_at_it(
    account: PayoutMethod, cause: Cause, freelancer: User, moderator: User, finance: User
) -> None:
    row = ask(account, 1_000)
    for person in (freelancer, moderator, finance):
        with nothing_changes():
            with pytest.raises(Missing):
                payouts.request(person, account, 1_000, "USD", token="x")
            with pytest.raises(Missing):
                payout_methods.add(person, holder="Me", currency="USD", number=GOOD_BANK, cause=cause)
            with pytest.raises(Missing):
                payouts.cancel(row, by=person)
            browser = signed_in(person)
            page = f"/causes/{cause.slug}/payouts/"
            for address in (page, f"{page}methods/", f"/wallet/payout/{row.pk}/"):
                assert browser.get(address).status_code == 404, address


def test_a_cause_that_is_not_verified_has_no_bank_account_and_pays_nothing_out(outsider: User, moderator: User) -> None:
    row = causes.propose(outsider, goal=10_000, currency="USD", **WORDS)
    for _state in ("waiting", "refused"):
        with nothing_changes():
            with pytest.raises(payout_methods.NotVerified):
                payout_methods.add(outsider, holder="Us", currency="USD", number=GOOD_BANK, cause=row)
            answer = signed_in(outsider).get(f"/causes/{row.slug}/payouts/")
            assert (answer.status_code, "once it is verified" in answer.content.decode()) == (409, True)
        if row.status == "waiting":
            row = causes.refuse(row, by=moderator, reason="Who decides?")


def test_its_bank_account_is_in_its_currency(cause: Cause) -> None:
    with nothing_changes(), pytest.raises(BadAmount) as refusal:
        payout_methods.add(cause.keeper, holder="Us", currency="EUR", number=GOOD_BANK, cause=cause)
    assert "currency" in refusal.value.fields


def test_a_new_bank_account_waits_and_every_address_of_the_keeper_is_told(cause: Cause) -> None:
    keeper = cause.keeper
    keeper.emailaddress_set.create(email="old@skilllink.test", verified=True)
    row = payout_methods.add(keeper, holder="Gardens e.V.", currency="USD", number=GOOD_BANK, cause=cause)
    with nothing_changes():
        with pytest.raises(payouts.NotConfirmed):
            ask(row)
        with pytest.raises(payout_methods.NotFresh):
            payout_methods.confirm(row, by=keeper, signed_in_at=clocks.now() - timedelta(hours=1))
    payout_methods.confirm(row, by=keeper, signed_in_at=clocks.now())
    relay.relay()
    assert [letter.to for letter in mail.outbox] == [["old@skilllink.test"]]
    assert cause.title in mail.outbox[0].body and f"/causes/{cause.slug}/payouts/" in mail.outbox[0].body
    assert told(keeper)[-1] == "cause.payout_method_confirmed"
    with nothing_changes(), pytest.raises(payouts.StillWaiting):
        ask(row)
    row.refresh_from_db()
    with clocks.at(row.usable_at):
        assert ask(row).status == "requested"


def refused(method: PayoutMethod, amount: int, kind: type[Refusal], status: int = 409) -> None:
    with nothing_changes(), pytest.raises(kind) as refusal:
        ask(method, amount, token="refused")
    assert refusal.value.status == status
    assert "Nothing was moved" in str(refusal.value.sentence)


def test_a_hold_on_its_keeper_and_a_halt_hold_it_too_and_what_the_keeper_owes_does_not(
    account: PayoutMethod, cause: Cause, finance: User
) -> None:
    refused(account, 999, payouts.TooSmall, 422)
    owe(cause.keeper)
    row = ask(account, 1_000)
    until = clocks.now() + timedelta(days=2)
    held = payout_holds.hold(cause.keeper, by=finance, reason="We ask the association.", until=until)
    assert (state(row), batch(row)) == ("on_hold", 0)
    refused(account, 1_000, payouts.OnHold)
    payout_holds.lift(held, by=finance, reason="They answered.")
    Halt.objects.create(violations=[{"invariant": "L1", "row": "transfer x", "found": "y"}])
    refused(account, 1_000, payouts.Halted)
    assert (batch(row), state(row)) == (0, "requested")


def test_what_its_keeper_owes_does_not_stop_what_is_queued(account: PayoutMethod, cause: Cause) -> None:
    row = ask(account)
    owe(cause.keeper)
    assert (batch(row), state(row)) == (1, "processing")


def test_above_the_limit_of_its_own_two_people_of_finance_who_do_not_keep_it_decide(
    account: PayoutMethod, cause: Cause, finance: User, settings: Any
) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"PAYOUT_ALONE": {"USD": 30_000}}
    earn(cause.keeper, 30_000)
    assert not ask(bank_account(cause.keeper), 30_000, token="own").needs_two
    small, large = ask(account, 30_000, token="small"), ask(account, 1_000, token="large")
    assert (small.needs_two, large.needs_two) == (False, True)
    felix, keeper = staff("Felix Ahn", "Finance"), cause.keeper
    keeper.groups.add(*finance.groups.all())
    keeper.is_staff = True
    keeper.save()
    with nothing_changes(), pytest.raises(movements.NotYours):
        movements.propose_payout(large, by=User.objects.get(pk=keeper.pk), reason="Ours.")
    asked = movements.propose_payout(large, by=finance, reason="Known.")
    assert Movement.objects.get().party == keeper
    batch(small)
    assert (state(small), state(large)) == ("processing", "requested")
    movements.decide(asked, by=felix, approve=True, reason="Checked.")
    assert (batch(large), state(large)) == (1, "processing")
    arrive()
    assert audit.run() == []


def test_the_audit_names_a_payout_that_was_taken_from_elsewhere(account: PayoutMethod, cause: Cause) -> None:
    row = ask(account)
    Payout.objects.filter(pk=row.pk).update(cause=None)
    found = [one for one in audit.run() if one.invariant == "L14"]
    assert [one.row for one in found] == [f"payout {row.pk}"]


# --- pages and the API ----------------------------------------------------------------------------


def test_its_keeper_pays_it_out_on_its_page_after_a_sign_in(cause: Cause) -> None:
    browser, page = Client(), f"/causes/{cause.slug}/payouts/"
    assert browser.post("/accounts/login/", {"login": cause.keeper.email, "password": PASSWORD}).status_code == 302
    assert page in browser.get(cause.get_absolute_url()).content.decode()
    bank = {"holder": "Gardens e.V.", "currency": "USD", "number": GOOD_BANK}
    assert browser.post(f"{page}methods/", bank | {"currency": "EUR"}).status_code == 422
    assert browser.post(f"{page}methods/", bank)["Location"] == page
    method = PayoutMethod.objects.get()
    confirm = browser.post(f"/wallet/payout/methods/{method.pk}/confirm/")
    assert (confirm["Location"], method.cause) == (page, cause)
    PayoutMethod.objects.update(usable_at=clocks.now())
    text = browser.get(page).content.decode()
    token = re.search(r'name="token" value="([\w-]+)"', text)
    assert token and "$500" in text
    wish = {"method": str(method.pk), "amount": "300", "token": token[1]}
    wrong = browser.post(page, wish | {"amount": "600"})
    assert (wrong.status_code, "$500.00 of what was given" in wrong.content.decode()) == (409, True)
    for _press in range(2):
        asked = browser.post(page, wish)
    row = Payout.objects.get()
    assert asked["Location"] == f"/wallet/payout/{row.pk}/"
    assert cause.title in browser.get(asked["Location"]).content.decode()
    assert any(cause.title in move.sentence for move in moves.of(cause.keeper)[1])
    mine = browser.get("/wallet/payout/").content.decode()
    assert str(row.pk) not in mine and "Gardens" not in mine
    assert str(row.pk) not in browser.get("/wallet/").content.decode()
    assert browser.post(f"/wallet/payout/{row.pk}/cancel/").status_code == 302
    assert there(cause) == (50_000, 0)


def test_an_old_sign_in_asks_for_nothing(account: PayoutMethod, cause: Cause) -> None:
    page = f"/causes/{cause.slug}/payouts/"
    with nothing_changes():
        wish = {"method": str(account.pk), "amount": "300", "token": "one"}
        answer = signed_in(cause.keeper).post(page, wish)
    assert (answer.status_code, "reauthenticate" in answer["Location"]) == (302, True)


def test_everyone_reads_in_its_ledger_what_went_out_and_what_came_back(account: PayoutMethod, cause: Cause) -> None:
    row = ask(account)
    text = Client().get(cause.get_absolute_url()).content.decode()
    ledger = text[text.index('id="ledger"') :]
    assert ("Paid out to the cause" in ledger, "On its way to the cause" in ledger) == (True, True)
    assert "··" not in ledger  # whose bank account it is stays with the keeper
    payouts.cancel(row, by=cause.keeper)
    text = Client().get(cause.get_absolute_url()).content.decode()
    assert "Came back: a payout was cancelled" in text
    lines = signed_in(cause.keeper).get(f"/api/v1/causes/{cause.pk}/entries/").json()["results"]
    assert [(line["kind"], line["amount"]) for line in lines] == [
        ("payout_cancelled", 30_000), ("payout", -30_000), ("donation", 50_000),
    ]  # fmt: skip


def test_over_the_api_the_bank_account_says_whose_money_it_is_and_a_key_asks_once(
    account: PayoutMethod, cause: Cause, freelancer: User
) -> None:
    olga, body = Client(), {"method": str(account.pk), "amount": 1_000, "currency": "USD", "token": "one"}
    assert olga.post("/accounts/login/", {"login": cause.keeper.email, "password": PASSWORD}).status_code == 302
    assert [row["cause"] for row in olga.get("/api/v1/payout-methods/").json()["results"]] == [str(cause.pk)]
    send = lambda person, body, key: person.post(  # noqa: E731
        "/api/v1/payouts/", body, content_type="application/json", headers={"Idempotency-Key": key}
    )
    first, again = send(olga, body, "a"), send(olga, body, "a")
    assert (first.status_code, first.content, first.json()["cause"]) == (201, again.content, str(cause.pk))
    assert Transfer.objects.filter(kind="payout").count() == 1
    with nothing_changes():
        assert send(olga, body | {"amount": 1_001}, "a").status_code == 409
        assert send(olga, body | {"amount": 60_000, "token": "two"}, "b").status_code == 409
        assert send(signed_in(freelancer), body, "c").status_code == 404
        assert signed_in(freelancer).post(f"/api/v1/payouts/{first.json()['id']}/cancel/").status_code == 404


def test_finance_sees_whose_money_leaves(account: PayoutMethod, cause: Cause, finance: User, moderator: User) -> None:
    ask(account)
    fin = signed_in(finance)
    for address in ("payout", "payoutmethod"):
        assert cause.title in fin.get(f"/admin/payment/{address}/").content.decode(), address
    page = fin.get(f"/admin/payment/cause/{cause.pk}/change/").content.decode()
    assert "$500.00 given, $300.00 on its way out, $0.00 paid out, $200.00 left" in page
    assert fin.get(f"/admin/payment/payout/?cause__id__exact={cause.pk}").status_code == 200
    assert signed_in(moderator).get(f"/admin/payment/cause/{cause.pk}/change/").status_code == 200
