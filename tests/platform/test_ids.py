"""Ids in addresses: of their time, in their order, and not to be guessed."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from threading import Thread

import time_machine

from skilllink.ids import uuid7

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # each test has one of a day of its own: ids go on where they were
DAY = timedelta(days=1)


def milliseconds(one: uuid.UUID) -> int:
    return one.int >> 80


def test_ids_of_one_moment_are_in_the_order_in_which_they_were_made() -> None:
    with time_machine.travel(NOON, tick=False):
        made = [uuid7() for _n in range(10_000)]
    assert made == sorted(set(made)) and [str(one) for one in made] == sorted(str(one) for one in made)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert milliseconds(made[0]) == int(NOON.timestamp() * 1000)
    assert milliseconds(made[-1]) - milliseconds(made[0]) == 10_000 // 4096


def test_threads_never_make_one_twice_and_each_makes_its_own_in_order() -> None:
    found: list[list[uuid.UUID]] = [[] for _n in range(4)]
    threads = [Thread(target=lambda own=own: own.extend(uuid7() for _n in range(2_000))) for own in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(own == sorted(own) for own in found)
    stamps = [one.int >> 64 for own in found for one in own]
    assert len(set(stamps)) == len(stamps) == 8_000


def test_a_clock_that_was_set_back_is_followed_and_one_that_stumbles_is_not() -> None:
    with time_machine.travel(NOON + DAY, tick=False) as clock:
        first = uuid7()
        clock.shift(timedelta(seconds=-5))
        assert uuid7() > first
        clock.shift(timedelta(hours=-1))
        assert milliseconds(uuid7()) == time.time_ns() // 1_000_000


def test_what_comes_after_the_moment_is_random() -> None:
    with time_machine.travel(NOON + 2 * DAY, tick=False):
        tails = {uuid7().int & (2**62 - 1) for _n in range(1_000)}
    assert len(tails) == 1_000
