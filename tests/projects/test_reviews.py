"""Reviews: blind until both are in or the window ends, one each, one reply."""

from datetime import timedelta

import pytest
import time_machine

from projects import feedback, milestones, sweeps
from projects.models import Review
from skilllink.clocks import now
from tests.builders.projects_contracts import signed_contract

pytestmark = pytest.mark.django_db
OF_FREELANCER = {"quality": 5, "communication": 4, "deadlines": 5, "scope": 4}
OF_CLIENT = {"payment": 5, "clarity": 3, "communication": 5, "stability": 5}


@pytest.fixture
def contract(client_person, freelancer):
    made = signed_contract(client_person, freelancer, amounts=(120000,))
    milestones.release(made.milestones.get(), by=client_person)
    made.refresh_from_db()
    return made


def test_closing_asks_both(contract):
    assert (contract.status, contract.result) == ("closed", "completed")
    assert Review.objects.filter(contract=contract, status="due").count() == 2


def test_nobody_reads_the_other_before_both_are_in(contract, client_person, freelancer, client):
    feedback.write(contract, by=client_person, axes=OF_FREELANCER, text="Secret words")
    assert not Review.objects.visible_to(freelancer).exclude(author=freelancer).exists()
    client.force_login(freelancer)
    for url in (contract.get_absolute_url(), f"{contract.get_absolute_url()}review/", "/api/v1/reviews/"):
        assert b"Secret words" not in client.get(url).content
    feedback.write(contract, by=client_person, axes={**OF_FREELANCER, "quality": 4}, text="Changed words")
    feedback.write(contract, by=freelancer, axes=OF_CLIENT, text="Kind")
    revealed = feedback.of_person(freelancer).get()
    assert (revealed.text, str(revealed.mean)) == ("Changed words", "4.25")
    with pytest.raises(feedback.Closed):
        feedback.write(contract, by=client_person, axes=OF_FREELANCER, text="Too late")


def test_the_window_ends_and_the_missing_one_expires(contract, client_person):
    feedback.write(contract, by=client_person, axes=OF_FREELANCER, text="Alone")
    with time_machine.travel(now() + timedelta(days=14, minutes=1), tick=False):
        sweeps.sweep()
    assert sorted(Review.objects.values_list("status", flat=True)) == ["expired", "revealed"]


def test_only_the_parties_and_only_after_the_end(client_person, freelancer, outsider, contract):
    with pytest.raises(feedback.NotYours):
        feedback.write(contract, by=outsider, axes=OF_FREELANCER, text="x")
    running = signed_contract(client_person, freelancer, amounts=(120000,))
    with pytest.raises(feedback.NotYet):
        feedback.write(running, by=client_person, axes=OF_FREELANCER, text="x")


@pytest.mark.parametrize(
    "axes", [{}, {**OF_FREELANCER, "quality": 6}, {**OF_FREELANCER, "quality": True}, OF_CLIENT, None, [5, 5, 5, 5]]
)
def test_marks_are_one_to_five_for_each_axis_of_the_role(contract, client_person, axes):
    with pytest.raises(feedback.Incomplete):
        feedback.write(contract, by=client_person, axes=axes, text="x")
    assert not Review.objects.exclude(status="due").exists()


def test_one_reply_by_the_reviewed(contract, client_person, freelancer):
    feedback.write(contract, by=client_person, axes=OF_FREELANCER, text="x")
    feedback.write(contract, by=freelancer, axes=OF_CLIENT, text="y")
    review = feedback.of_person(freelancer).get()
    with pytest.raises(feedback.NotYours):
        feedback.reply(review, by=client_person, text="no")
    feedback.reply(review, by=freelancer, text="Thank you")
    with pytest.raises(feedback.AlreadyReplied):
        feedback.reply(review, by=freelancer, text="and more")
