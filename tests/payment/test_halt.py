"""A violation stops money and nothing else; two people of finance let it run again, neither of them alone (L20)."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from chat import messages
from chat.models import Room
from payment import audit, clearing, deposits, escrow, halt, ledger
from payment.models import Account, Clearing, Entry, Escrow, Halt, Lift, Transfer
from projects import milestones, sweeps
from projects.models import Clock, Contract
from skilllink import clocks
from tests.builders.books import released, unguarded
from tests.builders.payment import GOOD_CARD, put_in_wallet
from tests.builders.projects_contracts import picture, signed_contract, snapshot
from tests.cast import PASSWORD, staff
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")
REASON = "The row was edited by hand; it is as it was."


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Any) -> None:
    settings.ANCHOR_DIR = tmp_path / "anchors"


@pytest.fixture
def finance2(database: None) -> User:
    return staff("Fanny Books", "Finance")


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    return signed_contract(client_person, freelancer, amounts=(9_000, 4_000), spare=5_000)


def tamper(by: int = 1) -> Account:
    """A wallet whose balance says other than its entries."""
    account = Account.objects.filter(kind="wallet").earliest("pk")
    with unguarded() as cursor:
        cursor.execute("UPDATE payment_account SET balance = balance + %s WHERE id = %s", [by, account.pk])
    return account


def halted(by: int = 1) -> Halt:
    tamper(by)
    assert audit.examine(whole=True).violations
    return Halt.objects.in_force().get()


def books() -> tuple[Any, ...]:
    return (
        Transfer.objects.count(),
        Entry.objects.count(),
        list(Account.objects.order_by("pk").values_list("pk", "balance")),
        list(Escrow.objects.order_by("pk").values_list("pk", "held", "released")),
    )


def test_a_violation_halts_money_says_what_was_found_and_tells_finance(
    contract: Contract, finance: User, outsider: User
) -> None:
    account = tamper()
    run = audit.examine(whole=True)
    [row] = Halt.objects.all()
    assert row.violations == run.violations
    assert row.violations[0]["row"] == f"account {account.pk}"
    assert finance.notifications.get().event == "money.halted"
    assert not outsider.notifications.exists()
    assert audit.examine(whole=True).violations and Halt.objects.count() == 1  # the same fault halts once


def test_a_shortfall_is_an_alert_and_money_goes_on(contract: Contract) -> None:
    run = audit.examine(whole=True)
    assert [row["invariant"] for row in run.alerts] == ["L8"]
    assert run.violations == [] and not Halt.objects.exists()
    halt.require_running()


def test_each_money_verb_is_refused_with_503_and_moves_nothing(
    contract: Contract, client_person: User, freelancer: User
) -> None:
    step = contract.milestones.first()
    wallet = Account.objects.get(kind="wallet", user=client_person)
    halted()
    before, kept = books(), snapshot(contract)
    acts = [
        lambda: milestones.release(step, by=client_person),
        lambda: milestones.refund(step, by=freelancer),
        lambda: put_in_wallet(client_person, 700),
        lambda: posted(wallet),
    ]
    for act in acts:
        with pytest.raises(halt.Halted) as refusal:
            act()
        assert (refusal.value.status, refusal.value.code) == (503, "money.halted")
    assert (books(), snapshot(contract)) == (before, kept)


def posted(wallet: Account) -> None:
    with transaction.atomic():
        ledger.post.within("test:any", "test", [(wallet, -1), (Account.objects.get(kind="gateway"), 1)])


def test_what_was_done_before_the_halt_is_answered_as_before(contract: Contract, client_person: User) -> None:
    row = contract.milestones.first().escrow
    with transaction.atomic():
        done = escrow.refund(row, 100, key="test:refund")
    halted()
    with transaction.atomic():
        assert escrow.refund(row, 100, key="test:refund") == done
        lines = [(entry.account, entry.amount) for entry in done.entries.select_related("account")]
        assert ledger.post.within("test:refund", "refund", lines, escrow=row) == done


def test_reading_delivering_and_chat_go_on(contract: Contract, freelancer: User, client: Client) -> None:
    halted()
    step = contract.milestones.first()
    milestones.deliver(step, by=freelancer, note="Here it is.", files=[picture("a.png")])
    step.refresh_from_db()
    assert step.status == "submitted"
    messages.post(Room.objects.get(pk=contract.room_id), freelancer, "Money stands still?", client_id="c" * 12)
    client.force_login(freelancer)
    for path in ("/wallet/", "/contracts/", contract.get_absolute_url(), "/transparency/", "/"):
        page = client.get(path)
        assert page.status_code == 200
        assert "Money stands still while we check the books." in page.content.decode()


def test_a_page_and_the_api_say_503_clearly_and_when_to_come_back(
    contract: Contract, client_person: User, client: Client
) -> None:
    step, waiting = contract.milestones.first(), deposits.request(client_person, 500, "USD")
    halted()
    client.force_login(client_person)
    page = client.post(reverse("projects:milestone_act", args=[step.pk, "release"]), {"version": step.version})
    assert page.status_code == 503 and page["Retry-After"]
    words = page.content.decode()
    assert str(halt.Halted.sentence) in words and reverse("payment:transparency") in words
    page = client.post(reverse("payment:deposit", args=[waiting.pk]), {"card": GOOD_CARD})
    assert (page.status_code, page["Retry-After"]) == (503, "600")
    assert "Reading, messages and deliveries go on." in page.content.decode()
    answer = client.post(f"/api/v1/milestones/{step.pk}/release/", {}, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "600")
    assert answer.json()["code"] == "money.halted"
    assert client.get("/").content.decode().count("halt-bar") == 1


def test_no_banner_while_money_runs_and_the_figures_for_operators_say_which(client: Client, contract: Contract) -> None:
    assert "halt-bar" not in client.get("/").content.decode()
    assert "skilllink_money_halted 0.0" in client.get("/metrics").content.decode()
    halted()
    assert "skilllink_money_halted 1.0" in client.get("/metrics").content.decode()


def test_clocks_of_money_wait_and_ring_once_it_runs_again(
    contract: Contract, freelancer: User, finance: User, finance2: User, settings: Any
) -> None:
    step = contract.milestones.first()
    milestones.deliver(step, by=freelancer, note="Here it is.", files=[picture("a.png")])
    later = Clock.objects.filter(kind="milestone.release").get().due_at
    row = halted()
    with clocks.at(later - settings.SKILLLINK["RELEASE_NOTICE"]):
        sweeps.sweep()  # reminders aren't money
    with clocks.at(later):
        sweeps.sweep()
        clock = Clock.objects.get(kind="milestone.release")
        assert (clock.rung_at, clock.attempts) == (None, 0)
        for person in (finance, finance2):
            halt.lift(row, by=person, reason=REASON)
        sweeps.sweep()
    step.refresh_from_db()
    assert step.status == "released"


def test_clearing_waits_without_counting_as_failed(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 9_000)
    row = Clearing.objects.get()
    halted()
    with clocks.at(row.due_at):
        assert clearing.sweep() == 0
    row.refresh_from_db()
    assert (row.cleared_at, row.attempts) == (None, 0)


def test_two_different_people_of_finance_lift_it_and_both_reasons_are_kept(
    contract: Contract, client_person: User, finance: User, finance2: User
) -> None:
    row = halted()
    assert halt.lift(row, by=finance, reason=REASON) is False
    with pytest.raises(halt.AlreadyAgreed):
        halt.lift(row, by=finance, reason=REASON)
    with pytest.raises(halt.Halted):
        milestones.release(contract.milestones.first(), by=client_person)
    assert halt.lift(row, by=finance2, reason=REASON + " Seen by me too.") is True
    assert list(Lift.objects.values_list("by", "reason")) == [
        (finance.pk, REASON),
        (finance2.pk, REASON + " Seen by me too."),
    ]
    assert finance.notifications.filter(event="money.runs").exists()
    milestones.release(contract.milestones.first(), by=client_person)


@pytest.mark.parametrize("who", ["client_person", "moderator", "superuser", "gone"])
def test_nobody_else_lifts_a_halt(contract: Contract, who: str, request: Any, finance: User) -> None:
    row = halted()
    if who == "superuser":
        person = User.objects.create_superuser("root@skilllink.test", PASSWORD, name="Ruth Root")
    elif who == "gone":
        person = finance
        User.objects.filter(pk=finance.pk).update(is_active=False)
    else:
        person = request.getfixturevalue(who)
    with pytest.raises(halt.NotFinance):
        halt.lift(row, by=person, reason=REASON)
    assert not Lift.objects.exists() and halt.in_force() == row


@pytest.mark.parametrize("reason", ["", "   ", "fixed", None])
def test_a_lift_without_a_reason_is_refused(contract: Contract, finance: User, reason: Any) -> None:
    row = halted()
    with pytest.raises(halt.NoReason):
        halt.lift(row, by=finance, reason=reason)
    assert not Lift.objects.exists()


def test_a_fault_that_two_people_have_accepted_does_not_halt_again_but_a_new_one_does(
    contract: Contract, finance: User, finance2: User
) -> None:
    row = halted()
    for person in (finance, finance2):
        halt.lift(row, by=person, reason=REASON)
    assert audit.examine(whole=True).violations and halt.in_force() is None
    tamper(by=4)
    audit.examine(whole=True)
    again = halt.in_force()
    assert again is not None and again != row


def test_in_the_admin_a_halt_is_lifted_by_two_and_edited_by_nobody(
    contract: Contract, finance: User, finance2: User, moderator: User, client: Client
) -> None:
    row = halted()
    page = reverse("admin:payment_halt_lift", args=[row.pk])
    client.force_login(finance)
    assert "account" in client.get(reverse("admin:payment_halt_changelist")).content.decode()
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "short"}).status_code == 400
    assert client.post(page, {"reason": REASON}, follow=True).status_code == 200
    assert client.post(page, {"reason": REASON}).status_code == 403
    change = reverse("admin:payment_halt_change", args=[row.pk])
    assert REASON in client.get(change).content.decode()
    assert client.post(change, {"violations": "[]"}).status_code == 403
    assert client.post(reverse("admin:payment_halt_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    client.force_login(moderator)
    assert client.post(page, {"reason": REASON}).status_code == 403
    assert halt.in_force() == row
    client.force_login(finance2)
    assert "Money moves again." in client.post(page, {"reason": REASON}, follow=True).content.decode()
    assert halt.in_force() is None


def test_the_question_whether_money_runs_costs_one_query_or_none(
    client_person: User, outsider: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        halt.require_running()
    assert connection.vendor in ("sqlite", "postgresql")
