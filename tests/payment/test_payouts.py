"""Money out: reserved once, sent once, settled or voided; refused with the reason and the way out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from payment import accounts, audit, chargebacks, halt, ledger, movements, payout_holds, payout_methods, payouts
from payment.gateways.base import Rejected, Sent, Unanswered
from payment.gateways.sandbox import Sandbox, bank
from payment.gateways.sandbox.cards import CLOSED_BANK, SILENT_BANK, UnknownBank
from payment.mismatch import Mismatch
from payment.models import Deposit, Halt, Movement, Payout, PayoutHold, PayoutMethod, SandboxObject, Transfer
from payment.moves import moves
from skilllink import clocks
from skilllink.errors import Forbidden, Missing, Refusal, Unprocessable
from skilllink.money import BadAmount
from tests.builders.gateway import dispute_of, settle_down, silent
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.builders.payouts import arrive, batch, entries, state
from tests.cast import PASSWORD, staff
from users.models import Notification, User
from users.notifications import inbox, relay

LIMIT = settings.SKILLLINK["PAYOUT_ALONE"]["USD"]


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """No test begins before the hour's batch and ends after it."""
    with clocks.at(clocks.now()):
        yield


@pytest.fixture
def felix(database: None) -> User:
    return staff("Felix Ahn", "Finance")


@pytest.fixture
def account(freelancer: User) -> PayoutMethod:
    """A usable bank account of a freelancer who has 1,000.00 available."""
    earn(freelancer, 100_000)
    return bank_account(freelancer)


def ask(method: PayoutMethod, amount: int = 47_500, token: str = "one") -> Payout:  # noqa: S107
    return payouts.request(method.user, method, amount, method.currency, token=token)


def line(user: User) -> tuple[int, int]:
    """(available, in transit), minor units of USD."""
    found = accounts.balances(user)["USD"]
    return found["available"], found["in_transit"]


# --- the way out ----------------------------------------------------------------------------------


def test_a_payout_is_reserved_sent_with_its_batch_and_paid(account: PayoutMethod, freelancer: User) -> None:
    row = ask(account)
    assert line(freelancer) == (52_500, 47_500)
    assert entries(f"payout:{row.pk}:reserve") == {"available": -47_500, "in_transit": 47_500}
    assert (payouts.sweep(), state(row)) == (0, "requested")
    assert (batch(row), state(row)) == (1, "processing")
    arrive()
    assert (state(row), row.ended_at is not None) == ("paid", True)
    assert entries(f"payout:{row.pk}:end") == {"in_transit": -47_500, "gateway": 47_500}
    assert line(freelancer) == (52_500, 0)
    assert Notification.objects.filter(recipient=freelancer, event="payout.paid").count() == 1
    assert audit.run() == []


def test_one_wish_is_one_payout_and_another_one_under_its_token_is_refused(account: PayoutMethod) -> None:
    first = ask(account)
    assert ask(account).pk == first.pk
    with pytest.raises(payouts.OtherWish):
        ask(account, amount=47_501)
    assert Payout.objects.count() == Transfer.objects.filter(kind="payout").count() == 1


def test_a_failed_payout_comes_back_here_and_at_the_gateway(freelancer: User) -> None:
    earn(freelancer, 100_000)
    row = ask(bank_account(freelancer, number=CLOSED_BANK))
    batch(row)
    arrive()
    assert (state(row), line(freelancer)) == ("failed", (100_000, 0))
    assert "closed" in row.failure
    assert SandboxObject.objects.get(kind="transfer").data["amount_reversed"] == 47_500
    assert audit.run() == []


def test_a_gateway_that_times_out_leaves_it_reserved_and_sends_it_once(freelancer: User) -> None:
    earn(freelancer, 100_000)
    row = ask(bank_account(freelancer, number=SILENT_BANK))
    batch(row)
    assert (state(row), row.gateway_id, line(freelancer)) == ("processing", "", (52_500, 47_500))
    with pytest.raises(payouts.Gone):
        payouts.cancel(row, by=freelancer)
    with clocks.at(row.check_at):
        payouts.sweep()
    assert (state(row), row.gateway_id != "") == ("processing", True)
    arrive()
    assert (state(row), SandboxObject.objects.filter(kind="payout").count()) == ("paid", 1)
    assert audit.run() == []


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("part", ["/v1/transfers", "/v1/payouts"])
def test_whatever_answer_is_lost_it_is_sent_once(account: PayoutMethod, part: str, done: bool) -> None:
    row = ask(account)
    with silent(part, done=done):
        batch(row)
        assert state(row) == "processing"
        assert payouts.sweep() == 0
    with clocks.at(row.check_at + timedelta(minutes=1)):
        payouts.sweep()
    arrive()
    assert state(row) == "paid"
    assert [SandboxObject.objects.filter(kind=kind).count() for kind in ("transfer", "payout")] == [1, 1]
    assert audit.run() == []


def test_a_payout_is_settled_or_voided_never_both(account: PayoutMethod) -> None:
    row = ask(account)
    batch(row)
    arrive()
    row.refresh_from_db()
    with pytest.raises(Mismatch):
        payouts.record(row, Sent(row.gateway_id, row.amount, "USD", "failed"))
    with pytest.raises(Mismatch):
        payouts.record(row, Sent(row.gateway_id, row.amount + 1, "USD", "paid"))
    assert payouts.record(row, Sent(row.gateway_id, row.amount, "USD", "paid")) == 0
    assert Transfer.objects.filter(key=f"payout:{row.pk}:end").count() == 1


def test_what_the_gateway_will_not_bring_back_stays_reserved_and_stops_no_other(
    freelancer: User, outsider: User
) -> None:
    earn(freelancer, 100_000)
    earn(outsider, 100_000)
    odd, fine = ask(bank_account(freelancer, number=CLOSED_BANK)), ask(bank_account(outsider))
    assert batch(fine) == 2
    transfer = SandboxObject.objects.get(kind="transfer", owner=f"payout:{odd.pk}")
    transfer.data["amount_reversed"] = odd.amount  # by somebody's hand
    transfer.save()
    with clocks.at(clocks.now() + timedelta(hours=3)):
        bank.happen()
        assert payouts.sweep() == 1
    assert (state(odd), state(fine)) == ("processing", "paid")
    assert line(freelancer) == (52_500, 47_500)


def test_it_can_be_cancelled_until_it_is_sent(account: PayoutMethod, freelancer: User, outsider: User) -> None:
    row = ask(account)
    with pytest.raises(Missing):
        payouts.cancel(row, by=outsider)
    payouts.cancel(row, by=freelancer)
    assert (state(payouts.cancel(row, by=freelancer)), line(freelancer)) == ("cancelled", (100_000, 0))
    assert batch(row) == 0
    assert audit.run() == []


def test_the_queue_says_its_place_and_its_promise_is_kept(account: PayoutMethod, outsider: User) -> None:
    earn(outsider, 50_000)
    first, second = ask(account, 10_000), ask(bank_account(outsider), 10_000)
    third = ask(account, 20_000, token="two")
    assert [payouts.place(row) for row in (first, second, third)] == [1, 2, 3]
    assert first.due_at == payouts.next_batch()
    assert first.due_at.minute == first.due_at.second == 0
    assert payouts.promise(first) == first.due_at + settings.SKILLLINK["PAYOUT_BANK_TIME"]
    payouts.cancel(first, by=first.user)
    assert [payouts.place(row) for row in (second, third)] == [1, 2]
    assert batch(second) == 2


def test_one_that_waits_for_two_people_says_so_everywhere_and_is_in_nobodys_way(
    client: Client, freelancer: User, outsider: User, finance: User, felix: User
) -> None:
    earn(freelancer, LIMIT + 1)
    earn(outsider, 10_000)
    large, behind = ask(bank_account(freelancer), LIMIT + 1), ask(bank_account(outsider), 10_000)
    assert (payouts.place(large), payouts.promise(large), payouts.waits_for(large)) == (0, None, "approval")
    assert (payouts.place(behind), payouts.waits_for(behind)) == (1, "")
    told = Notification.objects.filter(recipient=freelancer, event__startswith="payout.")
    assert [note.event for note in told] == ["payout.waits_for_two"]
    client.force_login(freelancer)
    for address in ("/wallet/", "/wallet/payout/", f"/wallet/payout/{large.pk}/"):
        page = client.get(address).content.decode()
        assert "Two people of finance look at a payout of this size before it goes." in page
        assert "It is sent" not in page
    said = client.get(f"/api/v1/payouts/{large.pk}/").json()
    assert (said["place"], said["waits_for"], said["promised_at"]) == (0, "approval", None)
    asked = movements.propose_payout(large, by=finance, reason="Known.")
    movements.decide(asked, by=felix, approve=True, reason="Known.")
    large.refresh_from_db()
    assert (payouts.place(large), payouts.place(behind), payouts.waits_for(large)) == (1, 2, "")
    assert payouts.promise(large) == large.due_at + settings.SKILLLINK["PAYOUT_BANK_TIME"]
    assert "It is sent" in client.get("/wallet/").content.decode()


def test_one_that_waits_for_a_debt_says_so_until_it_is_paid(client: Client, outsider: User) -> None:
    earn(outsider, 10_000)
    deposit = put_in_wallet(outsider, 2_000)
    waiting = ask(bank_account(outsider), 9_000)
    with transaction.atomic():
        lines = [(accounts.wallet(outsider, "USD"), -2_000), (accounts.available(outsider, "USD"), 2_000)]
        ledger.post.within("test:spent", "test", lines)
    dispute_of(deposit)
    settle_down()
    assert (payouts.waits_for(waiting), payouts.promise(waiting), batch(waiting)) == ("debt", None, 0)
    client.force_login(outsider)
    assert "once what you owe after a chargeback is paid" in client.get("/wallet/").content.decode()
    put_in_wallet(outsider, 2_000)
    chargebacks.repay(outsider, 2_000, "USD", token="paid")
    assert (payouts.waits_for(waiting), batch(waiting)) == ("", 1)


def test_whoever_waits_for_it_is_told_when_and_what_silence_does(
    account: PayoutMethod, freelancer: User, finance: User
) -> None:
    earn(freelancer, LIMIT * 2)
    row, large = ask(account), ask(account, LIMIT + 1, token="large")

    def told() -> dict[str, tuple[Any, str]]:
        return {move.url[-37:-1]: (move.due_at, move.consequence) for move in moves(freelancer)}

    assert told()[str(row.pk)] == (row.due_at, "If you do nothing, it goes by itself; until then you can cancel it.")
    assert told()[str(large.pk)] == (None, "If you do nothing, it stays reserved; you can cancel it.")
    until = clocks.now() + timedelta(days=2)
    hold = payout_holds.hold(freelancer, by=finance, reason="We check a card.", until=until)
    held = "It goes back into the queue by itself when the hold ends; you can cancel it."
    assert told()[str(row.pk)] == (until, held)
    payout_holds.lift(hold, by=finance, reason="It is fine.")
    batch(row)
    row.refresh_from_db()
    sent = "If it fails, it comes back by itself; nothing is sent twice."
    assert told()[str(row.pk)] == (payouts.promise(row), sent)


# --- refused with a way out -----------------------------------------------------------------------


def refused(method: PayoutMethod, amount: int, kind: type[Refusal], says: str) -> None:
    """409, a sentence with the reason and the way out, and nothing moved."""
    before = line(method.user), Payout.objects.count(), Transfer.objects.count()
    with pytest.raises(kind) as refusal:
        payouts.request(method.user, method, amount, method.currency, token="refused")
    assert refusal.value.status == 409
    assert says in str(refusal.value.sentence) and "Nothing was moved" in str(refusal.value.sentence)
    assert before == (line(method.user), Payout.objects.count(), Transfer.objects.count())


def test_more_than_is_available_is_refused_and_says_how_much_is(account: PayoutMethod) -> None:
    refused(account, 100_001, payouts.NotAvailable, "$1,000.00")
    ask(account, 60_000)
    refused(account, 40_001, payouts.NotAvailable, "$400.00")


def test_a_bank_account_that_is_not_confirmed_or_still_waits_is_refused(freelancer: User) -> None:
    earn(freelancer, 100_000)
    row = payout_methods.add(freelancer, holder="T. Okoro", currency="USD", number="000123456789")
    refused(row, 10_000, payouts.NotConfirmed, "confirm it")
    payout_methods.confirm(row, by=freelancer, signed_in_at=clocks.now())
    refused(row, 10_000, payouts.StillWaiting, "from")
    row.refresh_from_db()
    with clocks.at(row.usable_at):
        assert ask(row, 10_000).status == "requested"


def test_during_a_halt_it_is_refused_and_what_is_queued_waits(account: PayoutMethod) -> None:
    row = ask(account, 10_000)
    stopped = Halt.objects.create(violations=[{"invariant": "L1", "row": "transfer x", "found": "y"}])
    refused(account, 10_000, payouts.Halted, "ask again")
    assert (batch(row), state(row)) == (0, "requested")
    for name in ("Ann Lee", "Bo Lin"):
        halt.lift(stopped, by=staff(name, "Finance"), reason="The books were looked at.")
    assert (batch(row), state(row)) == (1, "processing")


def test_during_a_hold_it_is_refused_and_what_is_queued_waits_for_its_end(
    account: PayoutMethod, freelancer: User, finance: User, moderator: User
) -> None:
    row = ask(account, 10_000)
    until = clocks.now() + timedelta(days=2)
    for person in (moderator, freelancer):
        with pytest.raises(payout_holds.NotYours):
            payout_holds.hold(freelancer, by=person, reason="Looks odd.", until=until)
    for reason, end in ((" ", until), ("Looks odd.", clocks.now()), ("Looks odd.", until + timedelta(days=89))):
        with pytest.raises(Unprocessable):
            payout_holds.hold(freelancer, by=finance, reason=reason, until=end)
    payout_holds.hold(freelancer, by=finance, reason="We check a card.", until=until)
    refused(account, 10_000, payouts.OnHold, "We check a card.")
    assert (state(row), batch(row)) == ("on_hold", 0)
    assert payout_holds.sweep() == 0
    with clocks.at(until):
        assert (payout_holds.sweep(), payout_holds.sweep(), state(row)) == (1, 0, "requested")
        assert payouts.sweep() == 1


def test_a_hold_is_lifted_with_a_reason_and_once(account: PayoutMethod, freelancer: User, finance: User) -> None:
    row = ask(account, 10_000)
    held = payout_holds.hold(freelancer, by=finance, reason="Wait.", until=clocks.now() + timedelta(days=1))
    payout_holds.lift(held, by=finance, reason="The card is fine.")
    assert state(row) == "requested"
    with pytest.raises(payout_holds.Over):
        payout_holds.lift(held, by=finance, reason="Again.")


def test_no_constraint_lets_a_hold_be_endless_or_without_reason(freelancer: User, finance: User) -> None:
    facts: dict[str, Any] = {"user": freelancer, "by": finance, "created_at": clocks.now()}
    for wrong in (
        {"reason": "", "until": clocks.now() + timedelta(days=1)},
        {"reason": "x", "until": facts["created_at"]},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayoutHold.objects.create(**facts, **wrong)


def test_less_than_the_least_is_refused_in_every_currency(freelancer: User) -> None:
    for currency, least in (("USD", 1_000), ("JPY", 1_500), ("KWD", 3_000)):
        earn(freelancer, 10_000, currency)
        method = bank_account(freelancer, currency)
        with pytest.raises(payouts.TooSmall) as refusal:
            ask(method, least - 1, token=currency)
        assert "amount" in refusal.value.fields
        assert ask(method, least, token=currency).amount == least
    assert audit.run() == []


def test_a_currency_that_is_not_the_accounts_names_the_field(account: PayoutMethod, freelancer: User) -> None:
    with pytest.raises(BadAmount) as refusal:
        payouts.request(freelancer, account, 10_000, "EUR", token="one")
    assert "currency" in refusal.value.fields


def test_who_comes_to_owe_is_paid_out_in_no_currency_until_it_is_paid(
    account: PayoutMethod, freelancer: User, outsider: User
) -> None:
    earn(outsider, 50_000, "EUR")
    earn(outsider, 1_000)
    first, queued = ask(account), ask(bank_account(outsider, "EUR"), 10_000)
    real = Sandbox.send

    def send(*args: Any) -> Sent:
        """While the batch is being sent, a bank takes a deposit back that is in nobody's wallet any more."""
        dispute_of(Deposit.objects.get(user=outsider, currency="USD"))
        settle_down()
        return real(*args)

    with mock.patch.object(Sandbox, "send", send):
        assert batch(first) == 1
    assert (state(first), state(queued)) == ("processing", "requested")
    refused(queued.method, 10_000, payouts.Owing, "$10.00")
    put_in_wallet(outsider, 1_000)
    chargebacks.repay(outsider, 1_000, "USD", token="paid")
    assert (batch(queued), state(queued)) == (1, "processing")
    assert audit.run() == []


# --- bank accounts --------------------------------------------------------------------------------


def test_only_a_fresh_sign_in_confirms_and_every_address_is_told(freelancer: User, outsider: User) -> None:
    freelancer.emailaddress_set.create(email="old@skilllink.test", verified=True)
    freelancer.emailaddress_set.create(email="unproved@skilllink.test", verified=False)
    row = payout_methods.add(freelancer, holder="T. Okoro", currency="USD", number="000123456789")
    assert (row.last4, row.gateway_id[:5]) == ("6789", "acct_")
    for moment in (None, clocks.now() - timedelta(minutes=10, seconds=1)):
        with pytest.raises(payout_methods.NotFresh):
            payout_methods.confirm(row, by=freelancer, signed_in_at=moment)
    with pytest.raises(Missing):
        payout_methods.confirm(row, by=outsider, signed_in_at=clocks.now())
    assert payout_methods.confirm(row, by=freelancer, signed_in_at=clocks.now()).usable_at - clocks.now() > timedelta(
        days=2, hours=23
    )
    assert Notification.objects.filter(recipient=freelancer, event="payout_method.confirmed").count() == 1


def test_the_old_address_is_told_from_the_outbox_whatever_breaks_and_whatever_was_read(freelancer: User) -> None:
    freelancer.emailaddress_set.create(email="old@skilllink.test", verified=True)
    freelancer.emailaddress_set.create(email="older@skilllink.test", verified=True)
    row = payout_methods.add(freelancer, holder="T. Okoro", currency="USD", number="000123456789")
    payout_methods.confirm(row, by=freelancer, signed_in_at=clocks.now())
    assert mail.outbox == []  # whoever is killed here has lost nothing
    inbox.mark_read(freelancer)
    with mock.patch.object(mail.EmailMultiAlternatives, "send", side_effect=OSError("away")):
        assert relay.relay()["failed"] == 2
    with clocks.at(clocks.now() + timedelta(minutes=5)):
        assert relay.relay()["sent"] == 2
        assert relay.relay()["sent"] == 0
    assert sorted(sent.to for sent in mail.outbox) == [["old@skilllink.test"], ["older@skilllink.test"]]
    for sent in mail.outbox:
        assert "6789" in sent.body and "/wallet/payout/" in sent.body and "change your password" in sent.body


def test_nobody_hears_of_an_account_that_was_not_confirmed(freelancer: User) -> None:
    freelancer.emailaddress_set.create(email="old@skilllink.test", verified=True)
    row = payout_methods.add(freelancer, holder="T. Okoro", currency="USD", number="000123456789")
    with pytest.raises(payout_methods.NotFresh):
        payout_methods.confirm(row, by=freelancer, signed_in_at=None)
    with clocks.at(clocks.now() + timedelta(minutes=10)):
        relay.relay()
    assert mail.outbox == []


def test_an_account_in_use_is_not_removed_and_a_removed_one_takes_nothing(
    account: PayoutMethod, freelancer: User
) -> None:
    row = ask(account)
    with pytest.raises(payout_methods.InUse):
        payout_methods.end(account, by=freelancer)
    payouts.cancel(row, by=freelancer)
    payout_methods.end(account, by=freelancer)
    with pytest.raises(Missing):
        ask(account, token="two")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"number": "123"}, UnknownBank), ({"holder": " "}, Unprocessable), ({"holder": "x" * 101}, Unprocessable),
        ({"currency": "XXX"}, BadAmount),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_is_not_kept(freelancer: User, given: dict[str, str], kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        payout_methods.add(freelancer, **({"holder": "T.", "currency": "USD", "number": "000123456789"} | given))
    assert not PayoutMethod.objects.exists()


def test_an_account_that_the_gateway_does_not_answer_for_or_refuses_is_not_kept(
    freelancer: User, client: Client
) -> None:
    sign_in(client, freelancer)
    facts = {"holder": "T. Okoro", "currency": "USD", "number": "000123456789"}
    refusal = Rejected("No payouts to that country.")
    for fault, kind, status in (
        (lambda: silent("/v1/accounts", done=False), Unanswered, 503),
        (lambda: mock.patch.object(Sandbox, "account", side_effect=refusal), payout_methods.NotTaken, 409),
    ):
        with fault():
            with pytest.raises(kind):
                payout_methods.add(freelancer, **facts)
            answer = client.post("/wallet/payout/methods/", facts)
        assert (answer.status_code, PayoutMethod.objects.exists()) == (status, False)
    assert "No payouts to that country." in answer.content.decode()


def test_an_account_named_at_the_gateway_is_confirmed_once_it_takes_payouts_and_until_then_leads_there(
    freelancer: User, client: Client
) -> None:
    sign_in(client, freelancer)
    with mock.patch.object(Sandbox, "hosted", True):
        client.post("/wallet/payout/methods/", {"holder": "T. Okoro", "currency": "USD"})
        method = PayoutMethod.objects.get()
        there = SandboxObject.objects.get(pk=method.gateway_id)
        there.data["payouts_enabled"] = False
        there.save()
        address = f"/wallet/payout/methods/{method.pk}/confirm/"
        with mock.patch.object(Sandbox, "onboarding", return_value="https://gateway.test/go-on"):
            assert client.post(address)["Location"] == "https://gateway.test/go-on"
        with pytest.raises(payout_methods.NotReady):
            payout_methods.confirm(method, by=freelancer, signed_in_at=clocks.now())
        with silent(f"/v1/accounts/{method.gateway_id}", done=False, method="GET"):
            assert client.post(address).status_code == 503
        method.refresh_from_db()
        assert method.confirmed_at is None
        there.data["payouts_enabled"] = True
        there.save()
        assert client.post(address)["Location"] == "/wallet/payout/"
    method.refresh_from_db()
    assert method.confirmed_at is not None


# --- four eyes ------------------------------------------------------------------------------------


def test_a_large_payout_goes_only_when_two_people_of_finance_who_are_no_party_agree(
    freelancer: User, finance: User, felix: User, moderator: User
) -> None:
    earn(freelancer, LIMIT * 2 + 1)
    method = bank_account(freelancer)
    small, large = ask(method, LIMIT, token="small"), ask(method, LIMIT + 1, token="large")
    assert (small.needs_two, large.needs_two) == (False, True)
    assert (batch(large), state(small), state(large)) == (1, "processing", "requested")
    superuser = User.objects.create_superuser("root@skilllink.test", "x", name="Root")
    for person in (moderator, superuser, freelancer):
        with pytest.raises(movements.NotYours):
            movements.propose_payout(large, by=person, reason="Known.")
    asked = movements.propose_payout(large, by=finance, reason="Known for years.")
    with pytest.raises(movements.AlreadyAsked):
        movements.propose_payout(large, by=felix, reason="Known.")
    for person, kind in (
        (finance, movements.SamePerson),
        (superuser, movements.NotYours),
        (moderator, movements.NotYours),
    ):
        with pytest.raises(kind):
            movements.decide(asked, by=person, approve=True, reason="Yes.")
    assert batch(large) == 0
    movements.decide(asked, by=felix, approve=True, reason="Checked.")
    assert (batch(large), state(large)) == (1, "processing")
    arrive()
    assert audit.run() == []


def test_many_small_ones_within_a_day_are_as_good_as_a_large_one(freelancer: User) -> None:
    earn(freelancer, LIMIT * 2)
    method = bank_account(freelancer)
    rows = [ask(method, LIMIT // 2, token=str(number)) for number in range(3)]
    assert [row.needs_two for row in rows] == [False, False, True]
    with clocks.at(clocks.now() + timedelta(days=1, minutes=1)):
        assert not ask(method, LIMIT // 2, token="tomorrow").needs_two


def test_a_person_of_finance_decides_nothing_about_their_own_payout(finance: User, felix: User) -> None:
    earn(finance, LIMIT + 1)
    large = ask(bank_account(finance), LIMIT + 1)
    with pytest.raises(movements.NotYours):
        movements.propose_payout(large, by=finance, reason="Mine.")
    asked = movements.propose_payout(large, by=felix, reason="Colleague.")
    with pytest.raises(movements.NotYours):
        movements.decide(asked, by=finance, approve=True, reason="Mine.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.filter(pk=asked.pk).update(status="done", decided_by=finance, decided_at=clocks.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=large.pk).update(status="processing", sent_at=clocks.now())


def test_a_refused_one_stays_in_the_queue_and_can_be_cancelled(finance: User, felix: User, freelancer: User) -> None:
    earn(freelancer, LIMIT + 1)
    large = ask(bank_account(freelancer), LIMIT + 1)
    asked = movements.propose_payout(large, by=finance, reason="Look.")
    movements.decide(asked, by=felix, approve=False, reason="No.")
    assert (batch(large), state(large)) == (0, "requested")
    payouts.cancel(large, by=freelancer)
    assert line(freelancer) == (LIMIT + 1, 0)


def test_capital_and_fees_move_by_two_people_and_no_more_fees_than_there_are(finance: User, felix: User) -> None:
    asked = movements.propose("capital_in", 70_000, "USD", by=finance, reason="To cover fees.")
    movements.decide(asked, by=felix, approve=True, reason="Agreed.")
    assert entries(f"movement:{asked.pk}") == {"gateway": -70_000, "capital": 70_000}
    asked = movements.propose("fees_out", 1, "USD", by=finance, reason="Ours.")
    with pytest.raises(ledger.Overdrawn):
        movements.decide(asked, by=felix, approve=True, reason="Agreed.")
    asked.refresh_from_db()
    assert asked.status == "proposed"
    assert audit.run() == []


@pytest.mark.parametrize("kind", ["payout", "write_off", "release", ""])
def test_nothing_else_moves_by_hand(finance: User, kind: str) -> None:
    with pytest.raises(Refusal):
        movements.propose(kind, 1, "USD", by=finance, reason="x")
    assert not Movement.objects.exists()


def test_the_administration_asks_and_decides_through_the_verbs(
    client: Client, finance: User, felix: User, moderator: User, freelancer: User
) -> None:
    earn(freelancer, LIMIT + 1)
    large = ask(bank_account(freelancer), LIMIT + 1)

    def act(person: User, page: str, action: str, row: Any, **data: Any) -> int:
        client.force_login(person)
        body = {"action": action, "_selected_action": [str(row.pk)], "apply": "1", "reason": "Looked at."} | data
        return client.post(f"/admin/payment/{page}/", body).status_code

    assert act(moderator, "payout", "let_out", large) == 403
    assert act(finance, "payout", "let_out", large) == 302
    asked = Movement.objects.get()
    act(finance, "movement", "approve", asked)
    asked.refresh_from_db()
    assert asked.status == "proposed"
    act(felix, "movement", "approve", asked)
    asked.refresh_from_db()
    large.refresh_from_db()
    assert (asked.status, asked.decided_by, large.approved_at is not None) == ("done", felix, True)
    act(finance, "payout", "hold", large, days=3)
    assert state(large) == "on_hold"
    client.force_login(finance)
    body = {"kind": "capital_in", "amount": "1e3", "currency": "USD", "reason": "x"}
    assert client.post("/admin/payment/movement/ask/", body).status_code == 422
    assert client.post("/admin/payment/movement/ask/", body | {"amount": "1000.00"}).status_code == 302
    assert Movement.objects.get(kind="capital_in").amount == 100_000
    client.force_login(moderator)
    assert client.post("/admin/payment/movement/ask/", body | {"amount": "1000.00"}).status_code == 403


def test_every_queue_of_finance_opens(client: Client, finance: User, account: PayoutMethod) -> None:
    ask(account)
    client.force_login(finance)
    for name in (
        "deposit",
        "depositreturn",
        "gatewayevent",
        "payout",
        "payouthold",
        "payoutmethod",
        "chargeback",
        "movement",
    ):
        assert client.get(f"/admin/payment/{name}/").status_code == 200
        assert client.get(f"/admin/payment/{name}/add/").status_code == 403


# --- pages and API --------------------------------------------------------------------------------


def sign_in(client: Client, user: User) -> None:
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302


def test_the_whole_way_on_the_pages(client: Client, freelancer: User) -> None:
    earn(freelancer, 100_000)
    sign_in(client, freelancer)
    assert "No bank account yet" in client.get("/wallet/payout/").content.decode()
    added = {"holder": "T. Okoro", "currency": "USD", "number": "000123456789"}
    assert client.post("/wallet/payout/methods/", added).status_code == 302
    method = PayoutMethod.objects.get()
    assert "Not confirmed yet" in client.get("/wallet/payout/").content.decode()
    assert client.post(f"/wallet/payout/methods/{method.pk}/confirm/").status_code == 302
    assert "Can be used from" in client.get("/wallet/payout/").content.decode()
    body = {"method": method.pk, "amount": "475.00", "token": "one"}
    early = client.post("/wallet/payout/", body)
    assert early.status_code == 409 and "can be used from" in early.content.decode()
    PayoutMethod.objects.update(usable_at=clocks.now())
    answers = [client.post("/wallet/payout/", body) for _press in range(2)]
    row = Payout.objects.get()
    assert {answer["Location"] for answer in answers} == {f"/wallet/payout/{row.pk}/"}
    shown = client.get(f"/wallet/payout/{row.pk}/").content.decode()
    assert "It is the next in the queue." in shown and "If you do nothing, it goes by itself" in shown
    assert "On its way to your bank" in client.get("/wallet/").content.decode()
    assert client.post(f"/wallet/payout/{row.pk}/cancel/").status_code == 302
    assert state(row) == "cancelled"
    assert client.post(f"/wallet/payout/methods/{method.pk}/end/").status_code == 302


def test_a_sign_in_that_is_not_fresh_is_asked_for_again_and_nothing_moves(
    client: Client, account: PayoutMethod
) -> None:
    sign_in(client, account.user)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 601
    session.save()
    body = {"method": account.pk, "amount": "475.00", "token": "one"}
    for address, sent in (
        ("/wallet/payout/", body), ("/wallet/payout/methods/", {"holder": "X", "currency": "USD", "number": "000123456789"}),
        (f"/wallet/payout/methods/{account.pk}/confirm/", {}),
    ):  # fmt: skip
        assert client.post(address, sent)["Location"].startswith("/accounts/reauthenticate/")
    assert not Payout.objects.exists()
    assert PayoutMethod.objects.count() == 1


def test_strangers_payouts_and_accounts_do_not_exist(client: Client, account: PayoutMethod, outsider: User) -> None:
    row = ask(account)
    sign_in(client, outsider)
    for method, address in (
        ("get", f"/wallet/payout/{row.pk}/"), ("post", f"/wallet/payout/{row.pk}/cancel/"),
        ("post", f"/wallet/payout/methods/{account.pk}/confirm/"), ("post", f"/wallet/payout/methods/{account.pk}/end/"),
        ("get", f"/api/v1/payouts/{row.pk}/"), ("post", f"/api/v1/payouts/{row.pk}/cancel/"),
    ):  # fmt: skip
        assert getattr(client, method)(address).status_code == 404
    assert state(row) == "requested"
    with pytest.raises(Missing):
        payouts.request(outsider, account, 10_000, "USD", token="theirs")
    assert issubclass(payout_holds.NotYours, Forbidden)


def test_the_api_pays_out_under_a_key_once_byte_for_byte(client: Client, account: PayoutMethod) -> None:
    sign_in(client, account.user)

    def post(amount: Any, key: str = "k") -> tuple[int, bytes]:
        body = {"method": str(account.pk), "amount": amount, "currency": "USD", "token": "t"}
        answer = client.post(
            "/api/v1/payouts/", body, content_type="application/json", headers={"Idempotency-Key": key}
        )
        return answer.status_code, answer.content

    first = post(47_500)
    assert (first[0], post(47_500)) == (201, first)
    assert post(47_600)[0] == 409
    assert Payout.objects.count() == 1
    assert client.get("/api/v1/payouts/").json()["results"][0]["place"] == 1
    assert client.get("/api/v1/payout-methods/").json()["results"][0]["last4"] == "6789"
    row = Payout.objects.get()
    assert client.post(f"/api/v1/payouts/{row.pk}/cancel/").json()["status"] == "cancelled"
    refused = client.post(
        "/api/v1/payouts/", {"method": str(account.pk), "amount": 100_001, "currency": "USD", "token": "u"},
        content_type="application/json",
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (409, "payout.not_available")
