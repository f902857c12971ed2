"""What other apps add to a profile: facts beside the name, sections below (reviews)."""

from collections.abc import Callable
from typing import Any

Section = Callable[[Any, Any], str]  # (request, person) -> HTML
Facts = Callable[[Any], dict[str, int]]

sections: list[tuple[Any, Section]] = []
_closing: list[tuple[Any, Section]] = []
_facts: list[Facts] = []


def register(title: Any, section: Section, *, facts: Facts | None = None, last: bool = False) -> None:
    """Add a section under `title`; called from an app's `ready()`. `last` ones stand beneath those of other apps."""
    (_closing if last else sections).append((title, section))
    if facts is not None:
        _facts.append(facts)


def in_order() -> list[tuple[Any, Section]]:
    """Every section as a profile shows them."""
    return [*sections, *_closing]


def facts_of(user: Any) -> dict[str, int]:
    """Every public figure about a person, by name."""
    return {name: value for facts in _facts for name, value in facts(user).items()}
