"""Many speak at once; every word has its own number, and nobody speaks after they were put out. On PostgreSQL."""

from typing import Any

import pytest

from chat import groups, members, messages, reading
from chat.models import Message, Room, RoomEvent
from skilllink.errors import Missing, Refusal
from skilllink.postgresql import libpq
from tests import cast
from tests.races.together import race
from users.models import User

THREADS, EACH, ROUNDS = 20, 5, 15
Group = tuple[User, User, Room]


@pytest.fixture
def group(committed_db: None) -> Group:
    """A group room, its owner and one other member."""
    owner, other = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(owner, "Glaze talk")
    members.join(room, other)
    return owner, other, room


def numbers(room: Room) -> list[int]:
    return list(RoomEvent.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))


def test_twenty_who_post_at_once_get_gapless_numbers_each_once(group: Group) -> None:
    owner, other, room = group
    before = len(numbers(room))

    def speaker(number: int) -> Any:
        author = (owner, other)[number % 2]
        return lambda: [
            messages.post(room, author, f"{number}.{turn}", client_id=f"speaker-{number:02}-{turn}").seq
            for turn in range(EACH)
        ]

    given = race([speaker(number) for number in range(THREADS)], at_once=THREADS)
    seqs = [seq for result in given if not isinstance(result, Refusal) for seq in result]
    assert len(seqs) == len(set(seqs)) == THREADS * EACH
    assert numbers(room) == list(range(1, before + THREADS * EACH + 1))
    assert Room.objects.get(pk=room.pk).seq == before + THREADS * EACH
    for result in given:
        assert result == sorted(result)  # what one person says stays in their order


def test_one_message_sent_by_twenty_at_once_is_kept_once(group: Group) -> None:
    owner, _other, room = group
    given = race([lambda: messages.post(room, owner, "Once", client_id="the-one-id").pk] * THREADS, at_once=THREADS)
    assert len(set(given)) == 1
    assert Message.objects.filter(room=room, body="Once").count() == 1
    assert numbers(room) == list(range(1, len(numbers(room)) + 1))


def test_who_is_put_out_while_posting_says_nothing_later(group: Group) -> None:
    owner, other, room = group
    for turn in range(ROUNDS):
        results = race(
            [
                *(
                    lambda n=n, turn=turn: messages.post(room, other, f"{turn}.{n}", client_id=f"late-{turn:02}-{n:02}")
                    for n in range(4)
                ),
                lambda: members.ban(room, other, by=owner),
            ]
        )
        out = RoomEvent.objects.filter(room=room, kind="member.left").order_by("-seq").first()
        assert out is not None
        said = Message.objects.filter(room=room, author=other, client_id__startswith=f"late-{turn:02}-")
        assert all(message.seq < out.seq for message in said)
        refused = [result for result in results if isinstance(result, Missing)]
        assert said.count() + len(refused) == 4
        with pytest.raises(Missing):
            reading.after(room, other, 0)
        members.unban(room, other, by=owner)
        members.join(room, other)
    assert numbers(room) == list(range(1, len(numbers(room)) + 1))


def test_a_message_goes_to_the_database_twice_however_many_hear_it(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _other, room = group
    members.join(room, cast.make("Olga Stranger"))
    messages.post(room.pk, owner, "Once, so that its statements are known", client_id="round-trip-1")
    trips: list[bool] = []
    run = libpq.Statements._run

    def count(statements: libpq.Statements, *, commit: bool) -> None:
        trips.append(commit)
        run(statements, commit=commit)

    monkeypatch.setattr(libpq.Statements, "_run", count)
    messages.post(room.pk, owner, "Again", client_id="round-trip-2")
    assert trips == [False, True]
