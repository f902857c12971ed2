"""Numbers without a gap: one row per thing that is numbered, locked while a number is taken."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

from skilllink import prepared
from skilllink.transactions import require_transaction


def number_soon(rows: Sequence[Any], by: str, counter: type[Model], field: str) -> Callable[[], None]:
    """Ask for a `seq` for each unwritten row, in their order: the next number of the `counter` whose key is the row's `by`.

    What is returned gives them to the rows.
    """
    wanted = Counter(getattr(row, by) for row in rows)
    taken = _take(counter, field, wanted)

    def give() -> None:
        last = taken()
        given = {key: last[key] - many for key, many in wanted.items()}
        for row in rows:
            given[getattr(row, by)] += 1
            row.seq = given[getattr(row, by)]

    return give


def _take(counter: type[Model], field: str, wanted: Mapping[Any, int]) -> Callable[[], dict[Any, int]]:
    """Count the column `field` of each row of `counter` on by what is wanted of it; returns the last number of each, by the row's key.

    One statement for all. A row that isn't there yet begins at 0; rows are locked in order of their keys.
    """
    require_transaction("number")
    key: Any = counter._meta.pk
    values = [n for pk in sorted(wanted) for n in (key.get_db_prep_value(pk, connection), wanted[pk])]
    rows = prepared.ask_soon(_statement(counter, field, len(wanted)), values)
    return lambda: {key.to_python(pk): last for pk, last in rows()}


@cache
def _statement(counter: type[Model], field: str, many: int) -> str:
    quote = connection.ops.quote_name
    table, name, number = quote(counter._meta.db_table), quote(str(counter._meta.pk.column)), quote(field)
    return (
        f"INSERT INTO {table} ({name}, {number}) VALUES {', '.join(['(%s, %s)'] * many)} "  # noqa: S608
        f"ON CONFLICT ({name}) DO UPDATE SET {number} = {table}.{number} + excluded.{number} "
        f"RETURNING {name}, {number}"
    )
