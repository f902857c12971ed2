"""Every COMMIT of every way that money goes, cut before and after, then asked for again: exactly one effect."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection

from payment import audit
from skilllink.errors import Unavailable
from skilllink.transactions import Unknown
from tests.cast import make, staff
from tests.faults.flow import Flow, done_since, mark
from tests.faults.flows import FLOWS
from tests.services.children import fork
from tests.services.cuts import counted_commits, die_at, through_proxy

SIDES = ("before", "after")


@pytest.fixture
def cast(committed_db: None) -> dict[str, Any]:
    return {
        "client": make("Ines Varga", client=True),
        "freelancer": make("Tomasz Okoro", freelancer=True),
        "moderator": staff("Mira Moder", "Moderator"),
    }


def uncut(flow: Flow, cast: Any) -> tuple[int, Counter[Any]]:
    """How many COMMITs the flow has, and what it does."""
    it, start, commits = flow.prepare(cast), mark(), 0

    def count(number: int, side: str) -> None:
        nonlocal commits
        commits = number

    with counted_commits(count):
        flow.run(cast, it, "uncut")
    return commits, done_since(start)


@pytest.mark.parametrize("name", FLOWS)
def test_a_process_killed_at_any_commit_and_asked_again_has_one_effect(cast: Any, name: str) -> None:
    flow = FLOWS[name]
    commits, expected = uncut(flow, cast)
    assert commits and expected
    for number in range(1, commits + 1):
        for side in SIDES:
            it, start, key = flow.prepare(cast), mark(), f"{number} {side}"

            def act(say: Any, it: Any = it, number: int = number, side: str = side, key: str = key) -> None:
                with counted_commits(die_at(number, side)):
                    flow.run(cast, it, key)

            code, said = fork(act).wait()
            assert (code, said) == (-9, [])
            if commits == 1:
                assert done_since(start) == (expected if side == "after" else Counter())
            flow.run(cast, it, key)
            assert done_since(start) == expected
            if flow.by:
                flow.run(cast, it, key)
                assert done_since(start) == expected
    assert audit.run() == []


@pytest.mark.parametrize("name", FLOWS)
def test_a_connection_cut_at_any_commit_and_asked_again_has_one_effect(cast: Any, name: str) -> None:
    if connection.vendor == "sqlite":
        assert not connection.settings_dict["HOST"]  # a file: there is no connection to cut
        return
    flow = FLOWS[name]
    commits, expected = uncut(flow, cast)
    for number in range(1, commits + 1):
        for side in SIDES:
            it, start, key = flow.prepare(cast), mark(), f"{number} {side}"
            with through_proxy() as proxy:
                proxy.arm(number, side)
                told = first_try(flow, cast, it, key)
                assert proxy.cuts == 1
            assert told is None or told.status == 503
            if flow.by:
                assert isinstance(told, Unknown)
                assert done_since(start) == (expected if side == "after" else Counter())
            flow.run(cast, it, key)
            assert done_since(start) == expected
    assert audit.run() == []


def first_try(flow: Flow, cast: Any, it: Any, key: str) -> Unavailable | None:
    """What the person is told; a sweep tells nobody, it comes again."""
    try:
        flow.run(cast, it, key)
    except Unavailable as refusal:
        return refusal
    return None
