"""Whoever is put out while the log is read for them reads nothing of what came later."""

from typing import Any

import pytest

from chat import groups, members, messages, reading
from chat.models import Room
from skilllink.errors import Missing
from users.models import User


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return Room.objects.get(pk=room.pk)


def between(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Do something once, when a reader's right is known and nothing is read yet."""
    read, left = reading._after, [act]

    def reading_after(*given: Any) -> Any:
        if left:
            left.pop()()
        return read(*given)

    monkeypatch.setattr(reading, "_after", reading_after)


def test_who_is_banned_meanwhile_reads_nothing(
    group: Room, client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ban() -> None:
        members.ban(group, freelancer, by=client_person)
        messages.post(group, client_person, "Now we are alone", client_id="alone-0001")

    between(monkeypatch, ban)
    with pytest.raises(Missing):
        reading.after(group, freelancer, 0)


def test_who_came_again_meanwhile_reads_nothing_of_the_time_between(
    group: Room, client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_and_come() -> None:
        members.leave(group, freelancer)
        messages.post(group, client_person, "Now I am alone", client_id="alone-0001")
        members.join(group, freelancer)

    between(monkeypatch, go_and_come)
    assert [event["type"] for event in reading.after(group, freelancer, 0)["events"]] == ["member.joined"]
