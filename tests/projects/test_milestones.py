"""What can be done with a milestone, by whom, when, and that a refusal moves nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from payment import audit, ledger
from payment.models import Account
from projects import contracts, disputes, milestones
from projects.models import Activity, Clock, Milestone
from skilllink.errors import Refusal
from tests.builders.projects_contracts import picture, put_in_wallet, signed_contract, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_books_are_whole(db):
    yield
    assert audit.run() == []


@pytest.fixture
def contract(client_person, freelancer):
    return signed_contract(client_person, freelancer, amounts=(120000, 160000, 80000), hold="first")


@pytest.fixture
def first(contract):
    return contract.milestones.get(position=1)


@pytest.fixture
def second(contract):
    return contract.milestones.get(position=2)


def refused(kind, act, contract):
    """The act is refused with `kind` and nothing has changed anywhere."""
    before = snapshot(contract)
    with pytest.raises(kind) as caught:
        act()
    assert str(caught.value.sentence)
    assert snapshot(contract) == before
    return caught.value


@pytest.mark.parametrize("amount", [None, 1])
def test_a_refusal_of_the_ledger_is_told_as_such_of_a_whole_release_and_of_a_part(
    contract, first, client_person, amount
):
    """It is raised by whatever asks the database next; here the books are off, and are mended afterwards."""
    account = Account.objects.get(escrow=first.escrow)
    Account.objects.filter(pk=account.pk).update(balance=0)
    for seen in (None, first.version):
        act = lambda seen=seen: milestones.release(first, by=client_person, amount=amount, version=seen)  # noqa: E731
        assert refused(ledger.Overdrawn, act, contract).status == 409
    Account.objects.filter(pk=account.pk).update(balance=account.balance)


def test_the_machine_is_the_one_of_the_product():
    states = {choice for choice, _label in Milestone.Status.choices}
    assert set(Milestone.MOVES) == states
    assert set().union(*Milestone.MOVES.values()) <= states
    assert Milestone.MOVES["refunded"] == Milestone.MOVES["resolved"] == Milestone.MOVES["cancelled"] == set()
    assert Milestone.MOVES["released"] == {"disputed"}


def test_the_first_milestone_is_funded_by_accepting_and_the_others_are_not(contract, first, second):
    assert (first.status, second.status) == ("funded", "agreed")
    first.escrow.refresh_from_db()
    assert first.escrow.held == first.rest == 120000
    assert second.escrow is None


def test_work_cannot_be_delivered_before_funding(contract, second, freelancer):
    error = refused(milestones.NotFunded, lambda: milestones.deliver(second, by=freelancer, note="early"), contract)
    assert error.status == 409


def test_an_unfunded_milestone_cannot_be_released(contract, second, client_person):
    refused(milestones.NotFunded, lambda: milestones.release(second, by=client_person), contract)


def test_the_freelancer_cannot_pay_himself(contract, first, freelancer):
    milestones.deliver(first, by=freelancer, note="done")
    error = refused(milestones.NotYours, lambda: milestones.release(first, by=freelancer), contract)
    assert error.status == 403


def test_a_stranger_and_a_moderator_cannot_release(contract, first, outsider, moderator):
    for person in (outsider, moderator):
        refused(milestones.NotYours, lambda person=person: milestones.release(first, by=person), contract)


def test_deliver_change_deliver_release(contract, first, client_person, freelancer):
    delivery = milestones.deliver(first, by=freelancer, note="Here", files=[picture("screen.png")])
    assert delivery.files.get().name == "screen.png"
    asked = milestones.request_changes(first, by=client_person, reason="Zone", items=["Show the zone", " "])
    assert asked.items == ["Show the zone"]
    again = milestones.deliver(first, by=freelancer, note="Again")
    assert again.number == 2
    milestones.release(first, by=client_person)
    first.refresh_from_db()
    assert (first.status, first.released, first.rest) == ("released", 120000, 0)
    first.escrow.refresh_from_db()
    assert first.escrow.held == 0
    events = list(Activity.objects.filter(milestone=first).order_by("seq").values_list("event", flat=True))
    assert events == [
        "milestone.funded",
        "milestone.submitted",
        "milestone.changes_requested",
        "milestone.submitted",
        "milestone.released",
    ]


def test_activity_numbers_have_no_gap(contract, first, freelancer, client_person):
    milestones.deliver(first, by=freelancer, note="Here")
    with pytest.raises(Refusal):
        milestones.deliver(first, by=freelancer, note="twice")
    milestones.release(first, by=client_person)
    numbers = list(Activity.objects.filter(subject_id=contract.pk).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_second_release_is_refused(contract, first, client_person):
    milestones.release(first, by=client_person)
    refused(milestones.Ended, lambda: milestones.release(first, by=client_person), contract)


def test_a_stale_page_releases_nothing(contract, first, client_person, freelancer):
    seen = first.version
    milestones.deliver(first, by=freelancer, note="Here")
    error = refused(milestones.Stale, lambda: milestones.release(first, by=client_person, version=seen), contract)
    assert "1,200.00" in str(error.sentence)


def test_parts_sum_to_the_whole_and_no_more_can_leave(contract, first, client_person):
    milestones.release(first, by=client_person, amount=33333)
    refused(milestones.TooMuch, lambda: milestones.release(first, by=client_person, amount=86668), contract)
    milestones.release(first, by=client_person)
    first.refresh_from_db()
    assert first.released == 120000


@pytest.mark.parametrize("figure", [-1, 0, 10**30, 1.5, "100", True])
def test_an_amount_that_is_none_releases_nothing(contract, first, client_person, figure):
    refused(Refusal, lambda: milestones.release(first, by=client_person, amount=figure), contract)


def test_changes_need_a_reason_and_an_item(contract, first, client_person, freelancer):
    milestones.deliver(first, by=freelancer, note="Here")
    for reason, items in (("", ["x"]), ("why", []), ("why", [" "]), ("why", "text")):
        refused(
            milestones.Incomplete,
            lambda reason=reason, items=items: milestones.request_changes(
                first, by=client_person, reason=reason, items=items
            ),
            contract,
        )


def test_two_revisions_are_included(contract, first, client_person, freelancer):
    for _round in range(2):
        milestones.deliver(first, by=freelancer, note="Here")
        milestones.request_changes(first, by=client_person, reason="again", items=["x"])
    milestones.deliver(first, by=freelancer, note="Here")
    refused(
        milestones.NoMoreRevisions,
        lambda: milestones.request_changes(first, by=client_person, reason="again", items=["x"]),
        contract,
    )


def test_at_most_ten_files_and_only_real_ones(contract, first, freelancer):
    many = [picture(f"{n}.png") for n in range(11)]
    refused(Refusal, lambda: milestones.deliver(first, by=freelancer, note="Here", files=many), contract)
    false = SimpleUploadedFile("fake.png", b"<script>alert(1)</script>")
    error = refused(Refusal, lambda: milestones.deliver(first, by=freelancer, note="Here", files=[false]), contract)
    assert error.status == 415


def test_more_time_to_review_can_be_taken_once(contract, first, client_person, freelancer, settings):
    milestones.deliver(first, by=freelancer, note="Here")
    first.refresh_from_db()
    due = first.review_due_at
    milestones.extend_review(first, by=client_person)
    first.refresh_from_db()
    assert first.review_due_at - due == settings.SKILLLINK["REVIEW_EXTENSION"]
    refused(milestones.AlreadyExtended, lambda: milestones.extend_review(first, by=client_person), contract)


def test_the_freelancer_refunds_at_once(contract, first, freelancer, client_person):
    refused(milestones.NotYours, lambda: milestones.refund(first, by=client_person), contract)
    milestones.refund(first, by=freelancer)
    first.refresh_from_db()
    assert (first.status, first.refunded, first.released) == ("refunded", 120000, 0)
    refused(milestones.Ended, lambda: milestones.release(first, by=client_person), contract)


def test_a_refund_request_can_be_refused_and_the_review_keeps_its_time(contract, first, client_person, freelancer):
    milestones.deliver(first, by=freelancer, note="Here")
    milestones.request_refund(first, by=client_person, reason="too late")
    refused(milestones.NotNow, lambda: milestones.release(first, by=client_person), contract)
    milestones.object_to_refund(first, by=freelancer)
    first.refresh_from_db()
    assert first.status == "submitted"
    assert first.back_to == ""
    assert Clock.objects.live().filter(milestone=first, kind="milestone.release").count() == 1


def test_a_disputed_milestone_cannot_be_released_or_refunded(contract, first, client_person, freelancer):
    disputes.open(first, by=client_person, reason="It does not work")
    refused(milestones.Disputed, lambda: milestones.release(first, by=client_person), contract)
    refused(milestones.Disputed, lambda: milestones.refund(first, by=freelancer), contract)


def test_a_milestone_is_proposed_by_one_and_agreed_by_the_other(contract, client_person, freelancer):
    added = milestones.propose(contract, by=freelancer, title="Photos", amount=40000, days=5)
    refused(milestones.NotYours, lambda: milestones.agree(added, by=freelancer), contract)
    signed = contract.terms.count()
    milestones.agree(added, by=client_person)
    contract.refresh_from_db()
    assert contract.amount == 400000
    assert contract.terms.count() == signed + 1
    assert contracts.read(contract.terms.last().text)["amount"] == 400000


def test_what_both_signed_is_dropped_only_by_both_and_what_is_funded_never(
    contract, first, second, client_person, freelancer
):
    signed = contract.terms.count()
    milestones.cancel(second, by=client_person)
    second.refresh_from_db()
    assert (second.status, second.drop_asked_by) == ("agreed", client_person)
    assert contract.terms.count() == signed
    refused(milestones.NotYours, lambda: milestones.cancel(second, by=client_person), contract)
    milestones.cancel(second, by=freelancer)
    second.refresh_from_db()
    assert (second.status, second.drop_asked_by) == ("cancelled", None)
    assert contract.terms.count() == signed + 1
    refused(milestones.NotNow, lambda: milestones.cancel(first, by=client_person), contract)


def test_a_wish_to_drop_is_refused_taken_back_or_overtaken_by_the_money(contract, second, client_person, freelancer):
    for asker, keeper in ((freelancer, client_person), (client_person, client_person)):
        milestones.cancel(second, by=asker)
        milestones.keep(second, by=keeper)
        second.refresh_from_db()
        assert (second.status, second.drop_asked_by) == ("agreed", None)
    refused(milestones.NotNow, lambda: milestones.keep(second, by=freelancer), contract)
    milestones.cancel(second, by=freelancer)
    put_in_wallet(client_person, second.amount)
    milestones.fund(second, by=client_person)
    second.refresh_from_db()
    assert (second.status, second.drop_asked_by) == ("funded", None)


def test_a_proposal_is_dropped_by_either_at_once(contract, client_person, freelancer):
    for person in (client_person, freelancer):
        added = milestones.propose(contract, by=freelancer, title="Photos", amount=40000, days=5)
        milestones.cancel(added, by=person)
        added.refresh_from_db()
        assert added.status == "cancelled"


def test_every_move_stops_the_clocks_of_the_state_it_leaves(contract, first, client_person, freelancer):
    milestones.deliver(first, by=freelancer, note="Here")
    milestones.release(first, by=client_person)
    assert not Clock.objects.live().filter(milestone=first).exists()


def test_funding_from_a_short_wallet_names_what_is_missing(contract, second, client_person):
    error = refused(Refusal, lambda: milestones.fund(second, by=client_person), contract)
    assert error.status == 409
    assert error.missing == 160000
