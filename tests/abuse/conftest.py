import pytest

from tests.abuse.world import World, build
from users.models import User


@pytest.fixture
def world(client_person: User, freelancer: User) -> World:
    """Two people and everything they have between them."""
    return build(client_person, freelancer)
