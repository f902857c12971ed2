"""What a client gives beyond the milestones: a bonus at the contract's fee, a tip without one, a part before the rest."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from payment import accounts, audit, donations
from payment import escrow as escrows
from projects import bonuses, contracts, milestones, tips
from projects.models import Activity, Bonus, Contract, Milestone
from skilllink import clocks
from skilllink.clocks import now
from skilllink.errors import Malformed
from tests.abuse.proof import nothing_changes
from tests.abuse.test_bad_figures import SENT, TYPED
from tests.abuse.world import signed_in
from tests.builders.projects_contracts import signed_contract
from users.models import Notification, User

pytestmark = pytest.mark.django_db
WRONG = [-1, 0, 0.001, float("1e309"), float("nan"), "１００", "1,000", True, [], 2**63, None]


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    return signed_contract(client_person, freelancer, amounts=(10_000, 20_000), spare=5_000)


@pytest.fixture
def paid(contract: Contract, client_person: User) -> Milestone:
    return milestones.release(contract.milestones.get(position=1), by=client_person)


def pending(user: User) -> int:
    return accounts.balances(user)["USD"]["pending"]


def words(person: User, address: str) -> str:
    return signed_in(person).get(address).content.decode()


def test_a_bonus_is_a_release_without_milestone_told_to_both(
    contract: Contract, client_person: User, freelancer: User
) -> None:
    bonus = bonuses.pay(contract, by=client_person, amount=1_010, note="For the rush")
    assert pending(freelancer) == 959
    assert (bonus.escrow.kind, bonus.escrow.fee_taken) == ("bonus", 51)
    page = words(freelancer, contract.get_absolute_url())
    assert "Ines paid you a bonus of $10.10" in page
    assert "$9.59 after the 5\N{NO-BREAK SPACE}% fee. “For the rush”" in page
    assert "You paid Tomasz a bonus of $10.10" in words(client_person, contract.get_absolute_url())
    assert Notification.objects.get(recipient=freelancer, event="contract.bonus").sentence.startswith("Ines paid you")
    assert audit.run() == []


def test_the_same_bonus_twice_is_paid_once(contract: Contract, client_person: User) -> None:
    first = bonuses.pay(contract, by=client_person, amount=1_000, token="one")
    assert bonuses.pay(contract, by=client_person, amount=1_000, token="one") == first
    with nothing_changes(), pytest.raises(bonuses.TokenReused):
        bonuses.pay(contract, by=client_person, amount=1_001, token="one")
    assert Activity.objects.filter(event="contract.bonus").count() == 1


def test_only_the_client_of_a_running_contract_pays_a_bonus_and_only_what_is_there(
    contract: Contract, client_person: User, freelancer: User, outsider: User
) -> None:
    for person in (freelancer, outsider):
        with nothing_changes(), pytest.raises(milestones.NotYours):
            bonuses.pay(contract, by=person, amount=100)
    with nothing_changes(), pytest.raises(escrows.InsufficientFunds):
        bonuses.pay(contract, by=client_person, amount=5_001)
    for step in contract.milestones.order_by("position"):
        milestones.release(step, by=client_person)
    with nothing_changes(), pytest.raises(contracts.NotNow):
        bonuses.pay(contract, by=client_person, amount=100)


def test_a_tip_arrives_whole_and_stands_in_the_timeline(
    contract: Contract, paid: Milestone, client_person: User, freelancer: User
) -> None:
    assert f"/milestones/{paid.pk}/tip/" in words(client_person, contract.get_absolute_url())
    assert f"/milestones/{paid.pk}/tip/" not in words(freelancer, contract.get_absolute_url())
    tips.give(paid, by=client_person, amount=700, note="Lovely")
    assert pending(freelancer) == 9_500 + 700
    page = words(freelancer, contract.get_absolute_url())
    assert "Ines tipped you $7.00 for" in page
    assert "“Lovely”" in page
    assert Notification.objects.get(recipient=freelancer, event="milestone.tipped").sentence.startswith(
        "Ines tipped you $7.00"
    )
    assert audit.run() == []


def test_a_tip_may_follow_a_part_but_not_nothing_nor_after_ninety_days(
    contract: Contract, client_person: User, freelancer: User
) -> None:
    first, second = contract.milestones.order_by("position")
    with nothing_changes(), pytest.raises(donations.TooLate):
        tips.give(second, by=client_person, amount=100)
    milestones.release(first, by=client_person, amount=1)
    tips.give(first, by=client_person, amount=100, token="once")
    tips.give(first, by=client_person, amount=100, token="once")
    assert Activity.objects.filter(event="milestone.tipped").count() == 1
    with nothing_changes(), pytest.raises(milestones.NotYours):
        tips.give(first, by=freelancer, amount=100)
    with clocks.at(now() + timedelta(days=91)), nothing_changes(), pytest.raises(donations.TooLate):
        tips.give(first, by=client_person, amount=100)


def test_parts_are_released_in_any_amount_up_to_the_rest(
    contract: Contract, client_person: User, freelancer: User
) -> None:
    step = contract.milestones.get(position=1)
    for amount in (1, 3_333, 6_666):
        step = milestones.release(step, by=client_person, amount=amount)
    assert (step.status, step.released, pending(freelancer)) == ("released", 10_000, 9_500)
    with nothing_changes(), pytest.raises(milestones.TooMuch):
        milestones.release(contract.milestones.get(position=2), by=client_person, amount=20_001)
    assert audit.run() == []


@pytest.mark.parametrize("figure", WRONG, ids=str)
def test_a_figure_that_is_none_is_no_bonus_and_no_tip(
    contract: Contract, paid: Milestone, client_person: User, figure: Any
) -> None:
    for act in (lambda: bonuses.pay(contract, by=client_person, amount=figure),
                lambda: tips.give(paid, by=client_person, amount=figure)):  # fmt: skip
        with nothing_changes(), pytest.raises(Malformed) as caught:
            act()
        assert "amount" in caught.value.fields


def test_a_typed_or_sent_figure_that_is_none_moves_nothing(
    contract: Contract, paid: Milestone, client_person: User
) -> None:
    ines: Client = signed_in(client_person)
    for address in (f"contracts/{contract.pk}/bonus/", f"milestones/{paid.pk}/tip/"):
        for figure in TYPED:
            with nothing_changes():
                answer = ines.post(f"/{address}", {"amount": figure, "token": "x", "version": paid.version})
            assert answer.status_code in (400, 422), (address, figure)
        for figure in SENT:
            with nothing_changes():
                answer = ines.post(f"/api/v1/{address}", f'{{"amount": {figure}}}', content_type="application/json")
            assert answer.status_code == 400, (address, figure)


def test_pages_and_api_give_once(contract: Contract, paid: Milestone, client_person: User) -> None:
    ines: Client = signed_in(client_person)
    page = f"/contracts/{contract.pk}/bonus/"
    assert "less the 5\N{NO-BREAK SPACE}% fee" in words(client_person, page)
    for _press in range(2):
        assert ines.post(page, {"amount": "1.00", "token": "one"}).status_code == 303
    assert Bonus.objects.count() == 1
    short = ines.post(page, {"amount": "100", "token": "two"})
    assert (short.status_code, b"/wallet/deposit/?amount=51.00" in short.content) == (409, True)
    send = lambda: ines.post(  # noqa: E731
        f"/api/v1/milestones/{paid.pk}/tip/", '{"amount": 100}', content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )  # fmt: skip
    first = send()
    assert (first.status_code, first.content) == (200, send().content)
    assert donations.of_giver(client_person).count() == 1


def test_what_one_can_give_stands_beside_the_question(contract: Contract, paid: Milestone, client_person: User) -> None:
    for page in (f"/contracts/{contract.pk}/bonus/", f"/milestones/{paid.pk}/tip/"):
        assert "In your wallet $50.00" in strip_tags(words(client_person, page))
