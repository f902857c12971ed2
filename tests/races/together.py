"""Acts that start at the same instant, in threads with connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from skilllink.errors import Refusal

MANY = 8


def race(acts: list[Callable[[], Any]], *, at_once: int = MANY) -> list[Any]:
    """What each act returned, or the Refusal it met; anything else is raised. The first `at_once` start together."""
    gate = Barrier(min(at_once, len(acts)))

    def run(number: int, act: Callable[[], Any]) -> Any:
        try:
            if number < gate.parties:
                gate.wait(60)
            return act()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(run, range(len(acts)), acts))
