"""A cause that is closed while people give to it, on PostgreSQL: nothing is left that repeats."""

from typing import Any

from payment import causes, donations, donations_recurring
from payment.models import Cause, Donation, Pledge, Renewal
from skilllink import clocks
from tests.builders.payment import put_in_wallet
from tests.races.test_money import books  # noqa: F401  it audits each test's end
from tests.races.together import MANY, race
from users.models import User


def cause_of(keeper: User, moderator: User) -> Cause:
    row = causes.propose(keeper, title="Seeds", summary="Seeds.", story="Seeds.", goal=10_000, currency="USD")
    return causes.verify(row, by=moderator, reason="The register.")


def test_whoever_gives_while_it_closes_gives_once_or_not_at_all(
    client_person: User, outsider: User, moderator: User
) -> None:
    put_in_wallet(client_person, 50_000)
    for _round in range(8):
        cause = cause_of(outsider, moderator)
        gives = [lambda to=cause: donations.give(client_person, to, 100, "USD", every="month")] * (MANY - 1)
        answers = race([*gives[:3], lambda to=cause: causes.close(to, by=outsider), *gives[3:]])
        assert {type(answer) for answer in answers} <= {Cause, Donation, donations.NotVerified}
        assert not Pledge.objects.active().filter(cause=cause).exists()


def test_what_renews_while_it_closes_is_given_or_stopped(client_person: User, outsider: User, moderator: User) -> None:
    put_in_wallet(client_person, 50_000)
    for _round in range(4):
        cause = cause_of(outsider, moderator)
        for _pledge in range(3):
            donations.give(client_person, cause, 100, "USD", every="week")
        due = Renewal.objects.filter(outcome="").latest("due_at").due_at

        def renew(at: Any = due) -> int:
            with clocks.at(at):
                return donations_recurring.sweep()

        answers = race([renew, lambda to=cause: causes.close(to, by=outsider), renew])
        assert [type(answer) for answer in answers] == [int, Cause, int]
        assert not Renewal.objects.filter(pledge__cause=cause).exclude(outcome__in=("given", "stopped")).exists()
