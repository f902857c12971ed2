"""Opening a dispute freezes exactly what is disputed; only its resolution moves it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from payment import audit
from projects import disputes, milestones, sweeps
from projects.models import Dispute
from skilllink.clocks import now
from skilllink.errors import Refusal
from tests.builders.projects_contracts import signed_contract, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_books_are_whole(db):
    yield
    assert audit.run() == []


@pytest.fixture
def contract(client_person, freelancer):
    return signed_contract(client_person, freelancer, amounts=(120000, 80000))


@pytest.fixture
def step(contract):
    return contract.milestones.get(position=1)


def held(*escrows):
    for escrow in escrows:
        escrow.refresh_from_db()
    return [escrow.held for escrow in escrows]


def refused(kind, act, contract):
    before = snapshot(contract)
    with pytest.raises(kind) as caught:
        act()
    assert snapshot(contract) == before
    return caught.value


def test_exactly_the_disputed_amount_freezes(contract, step, client_person):
    dispute = disputes.open(step, by=client_person, amount=20000, reason="A part is missing")
    assert held(step.escrow, dispute.escrow) == [100000, 20000]
    step.refresh_from_db()
    assert step.status == "disputed"
    assert step.rest == 120000


def test_withdrawing_puts_it_back(contract, step, client_person, freelancer):
    milestones.deliver(step, by=freelancer, note="Here")
    dispute = disputes.open(step, by=client_person, reason="x")
    refused(disputes.NotYours, lambda: disputes.withdraw(dispute, by=freelancer), contract)
    disputes.withdraw(dispute, by=client_person)
    step.refresh_from_db()
    assert step.status == "submitted"
    assert held(step.escrow, dispute.escrow) == [120000, 0]


def test_a_moderator_splits_it_with_a_reason(contract, step, client_person, freelancer, moderator):
    dispute = disputes.open(step, by=client_person, reason="x")
    for person in (client_person, freelancer):
        refused(
            disputes.NotYours,
            lambda person=person: disputes.settle(dispute, by=person, to_freelancer=1, reason="x"),
            contract,
        )
    refused(Refusal, lambda: disputes.settle(dispute, by=moderator, to_freelancer=70000, reason=" "), contract)
    for part in (-1, 120001, 1.5, "5"):
        refused(
            disputes.BadSplit,
            lambda part=part: disputes.settle(dispute, by=moderator, to_freelancer=part, reason="x"),
            contract,
        )
    disputes.settle(dispute, by=moderator, to_freelancer=70000, reason="Half of it works.")
    step.refresh_from_db()
    assert (step.status, step.released, step.refunded) == ("resolved", 70000, 50000)
    assert held(step.escrow, dispute.escrow) == [0, 0]
    refused(disputes.Over, lambda: disputes.settle(dispute, by=moderator, to_freelancer=0, reason="x"), contract)


def test_a_partly_disputed_milestone_goes_on_with_the_rest(contract, step, client_person, moderator):
    dispute = disputes.open(step, by=client_person, amount=20000, reason="x")
    disputes.settle(dispute, by=moderator, to_freelancer=0, reason="x")
    step.refresh_from_db()
    assert (step.status, step.rest, step.refunded) == ("funded", 100000, 20000)
    milestones.release(step, by=client_person)
    step.refresh_from_db()
    assert (step.status, step.released) == ("released", 100000)


def test_what_the_clock_released_can_be_disputed_while_it_clears(contract, step, client_person, freelancer):
    milestones.deliver(step, by=freelancer, note="Here")
    step.refresh_from_db()
    with time_machine.travel(now(), tick=False) as clock:
        for _day in range(15):
            clock.shift(timedelta(days=1))
            sweeps.sweep()
        step.refresh_from_db()
        assert step.released_by_clock
        refused(disputes.NothingToDispute, lambda: disputes.open(step, by=freelancer, reason="x"), contract)
        dispute = disputes.open(step, by=client_person, reason="I was ill")
        assert held(dispute.escrow) == [dispute.amount]
        step.refresh_from_db()
        assert (step.status, step.released) == ("disputed", 120000 - dispute.amount)


def test_what_the_client_released_cannot_be_disputed(contract, step, client_person):
    milestones.release(step, by=client_person)
    refused(disputes.NothingToDispute, lambda: disputes.open(step, by=client_person, reason="x"), contract)


def test_nothing_held_nothing_disputed_and_never_twice(contract, step, client_person, outsider):
    refused(disputes.NotYours, lambda: disputes.open(step, by=outsider, reason="x"), contract)
    refused(disputes.TooMuch, lambda: disputes.open(step, by=client_person, amount=120001, reason="x"), contract)
    refused(Refusal, lambda: disputes.open(step, by=client_person, amount=0, reason="x"), contract)
    refused(Refusal, lambda: disputes.open(step, by=client_person, reason=""), contract)
    disputes.open(step, by=client_person, reason="x")
    refused(disputes.AlreadyOpen, lambda: disputes.open(step, by=client_person, reason="x"), contract)


def test_an_answer_stops_the_default(contract, step, client_person, freelancer):
    dispute = disputes.open(step, by=client_person, reason="x")
    refused(disputes.NotYours, lambda: disputes.answer(dispute, by=client_person, text="x"), contract)
    disputes.answer(dispute, by=freelancer, text="It works, see delivery 1.")
    with time_machine.travel(now() + timedelta(days=10), tick=False):
        sweeps.sweep()
        dispute.refresh_from_db()
        assert dispute.status == "negotiating"
    with time_machine.travel(now() + timedelta(days=32), tick=False):
        sweeps.sweep()
        dispute.refresh_from_db()
        assert (dispute.status, dispute.to_freelancer) == ("executed", 60000)


def test_an_objection_in_time_stops_the_execution(contract, step, client_person, freelancer):
    dispute = disputes.open(step, by=client_person, reason="x")
    with time_machine.travel(now() + timedelta(days=5, minutes=1), tick=False):
        sweeps.sweep()
        dispute.refresh_from_db()
        assert dispute.status == "defaulted"
        disputes.answer(dispute, by=freelancer, text="I was away.")
    with time_machine.travel(now() + timedelta(days=9), tick=False):
        sweeps.sweep()
        dispute.refresh_from_db()
        assert dispute.status == "negotiating"


def test_the_other_party_may_accept_the_claim(contract, step, client_person, freelancer):
    dispute = disputes.open(step, by=freelancer, reason="I was never answered")
    disputes.accept_claim(dispute, by=client_person)
    step.refresh_from_db()
    assert (step.status, step.released) == ("resolved", 120000)


def test_the_admin_settles_through_the_verb_and_edits_nothing(contract, step, client_person, moderator, client):
    dispute = disputes.open(step, by=client_person, reason="x")
    client.force_login(moderator)
    assert client.get(reverse("admin:projects_dispute_changelist")).status_code == 200
    change = reverse("admin:projects_dispute_change", args=[dispute.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "executed", "to_freelancer": 5}).status_code == 403
    url = reverse("admin:projects_dispute_settle", args=[dispute.pk])
    assert client.post(url, {"to_freelancer": "9999.00", "reason": "x"}).status_code == 422
    assert client.post(url, {"to_freelancer": "500.00"}).status_code == 200
    assert Dispute.objects.get().status == "open"
    assert client.post(url, {"to_freelancer": "500.00", "reason": "Half works."}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.status, dispute.to_freelancer, dispute.settled_by) == ("executed", 50000, moderator)


def test_the_admin_is_closed_to_the_parties(contract, step, client_person, client):
    dispute = disputes.open(step, by=client_person, reason="x")
    client.force_login(client_person)
    url = reverse("admin:projects_dispute_settle", args=[dispute.pk])
    assert client.post(url, {"to_freelancer": "0", "reason": "x"}).status_code in (302, 403)
    dispute.refresh_from_db()
    assert dispute.status == "open"
