"""What may be missing by its type and can't be by the state of its row."""

from typing import TypeVar

T = TypeVar("T")


def given(value: T | None) -> T:
    """`value`, which a status promises to be there: a funded milestone has its escrow, a settled deposit its end.

    Raises LookupError when that promise is broken: a fault of the program, never a refusal to a person.
    """
    if value is None:
        raise LookupError("A row lacks what its status promises.")
    return value
