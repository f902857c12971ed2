"""What an escrow is for, in words: payment knows escrows, the app above knows their contracts and offers."""

from collections.abc import Callable, Iterable
from typing import Any

Labels = dict[Any, tuple[str, str]]
_sources: list[Callable[[list[Any]], Labels]] = []
_contracts: list[Callable[[Any], list[tuple[Any, str]]]] = []


def register(source: Callable[[list[Any]], Labels]) -> None:
    """`source(escrow ids)` gives (label, address) per id that it knows. Called from an app's `ready()`."""
    _sources.append(source)


def of(escrow_ids: Iterable[Any]) -> Labels:
    ids = list(escrow_ids)
    return {pk: label for source in _sources for pk, label in source(ids).items()}


def register_contracts(source: Callable[[Any], list[tuple[Any, str]]]) -> None:
    """`source(user)` gives (id, title) of the contracts a statement can be narrowed to. Called from an app's `ready()`."""
    _contracts.append(source)


def contracts(user: Any) -> list[tuple[Any, str]]:
    return [row for source in _contracts for row in source(user)]
