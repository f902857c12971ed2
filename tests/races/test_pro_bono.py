"""Donated work judged from many sides at once, on PostgreSQL: one end, and still no money."""

from collections import Counter

from payment.models import Escrow, Transfer
from projects import contracts, milestones
from projects.models import Activity, Contract, Milestone
from tests.builders.pro_bono import cause_of, donated_contract
from tests.races.test_money import books  # noqa: F401  it audits each test's end
from tests.races.together import race
from users.models import User


def test_it_is_accepted_once_or_sent_back_by_the_client_the_clock_and_who_ends_it(
    outsider: User, moderator: User, freelancer: User
) -> None:
    cause = cause_of(outsider, moderator)
    for _round in range(5):
        contract = donated_contract(cause, freelancer)
        step = contract.milestones.get()
        milestones.deliver(step, by=freelancer, note="Here.")
        race(
            [lambda pk=step.pk: milestones.release(pk, by=outsider)] * 3
            + [lambda pk=step.pk: milestones.release_by_clock(pk)] * 2
            + [lambda pk=step.pk: milestones.request_changes(pk, by=outsider, reason="More.", items=["More"])] * 2
            + [lambda pk=contract.pk: contracts.end(pk, by=freelancer, reason="I move.")]
        )
        step = Milestone.objects.get(pk=step.pk)
        contract = Contract.objects.get(pk=contract.pk)
        events = Counter(Activity.objects.filter(subject_id=contract.pk).values_list("event", flat=True))
        assert (events["milestone.accepted"], events["contract.closed"]) == (int(step.status == "released"), 1)
        assert (step.status, contract.status) in (("released", "closed"), ("cancelled", "closed"))
    assert (Transfer.objects.count(), Escrow.objects.count()) == (0, 0)
