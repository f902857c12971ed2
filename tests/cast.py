"""The small cast of all tests, made through the real verb."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from users import people
from users.models import User

PASSWORD = "a-long-enough-password"


def make(name: str, *, client: bool = False, freelancer: bool = False, **profile: Any) -> User:
    """A person `<first name>@skilllink.test` with PASSWORD."""
    email = f"{name.split(maxsplit=1)[0].lower()}@skilllink.test"
    return people.register(email, PASSWORD, name, client=client, freelancer=freelancer, **profile)


def staff(name: str, group: str) -> User:
    """A member of staff in one of the groups that `post_migrate` makes."""
    user = make(name)
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """The database of this test: the one in which transactions commit if the test asks for it."""
    request.getfixturevalue("committed_db" if "committed_db" in request.fixturenames else "db")


@pytest.fixture
def client_person(database: None) -> User:
    return make("Ines Varga", client=True)


@pytest.fixture
def freelancer(database: None) -> User:
    return make("Tomasz Okoro", freelancer=True)


@pytest.fixture
def outsider(database: None) -> User:
    return make("Olga Stranger", client=True, freelancer=True)


@pytest.fixture
def moderator(database: None) -> User:
    return staff("Mira Moder", "Moderator")


@pytest.fixture
def finance(database: None) -> User:
    return staff("Fin Ledger", "Finance")
