"""A crowd on two servers acts while everything breaks that can: at the end each shows what the database says.

`SKILLLINK_CROWD` people and `SKILLLINK_CROWD_ROUNDS` rounds of faults for more of it, `SKILLLINK_CROWD_SEED` for what a
failure printed.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.crowd.crowd import Crowd
from tests.services.pair import Pair

PEOPLE = int(os.environ.get("SKILLLINK_CROWD", "12"))
ROUNDS = int(os.environ.get("SKILLLINK_CROWD_ROUNDS", "1"))
SEED = os.environ.get("SKILLLINK_CROWD_SEED") or secrets.token_hex(4)
# a pulse a second, and nobody is told that they are in a hurry
RULES = {"SKILLLINK_PULSE_EVERY": "1s", "SKILLLINK_FRAMES_PER_MINUTE": "100000"}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    servers = Pair(tmp_path, **RULES)
    yield servers
    servers.stop()


async def test_whoever_is_in_a_room_shows_what_the_database_says_whatever_broke(pair: Pair) -> None:
    again = f"SKILLLINK_CROWD_SEED={SEED} SKILLLINK_CROWD={PEOPLE} SKILLLINK_CROWD_ROUNDS={ROUNDS}"
    print(again)
    crowd = Crowd(pair, PEOPLE, ROUNDS, SEED)
    found = await crowd.play()
    told = "\n".join(map(str, found[:60]))
    assert not found, f"{again}: {len(found)} differ\n{told}"
