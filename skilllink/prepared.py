"""Statements of the hot path: the ORM writes each once per process, PostgreSQL plans it once per connection.

    @prepared
    def _row(pk):                               the function describes it, with names in place of values
        return Escrow.objects.filter(pk=pk)

    _row(pk=escrow.pk)                          what iterating that queryset with this value gives, as a list

`@prepared_update` describes an UPDATE by its rows and its changes, and gives how many there were. `insert` is
`bulk_create` for rows of which nothing is asked back. See docs/decisions/0003-prepared-statements.md.
"""

import copy
import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, Expression, Model, QuerySet
from django.db.models.sql import UpdateQuery
from psycopg.types.numeric import Int8

from skilllink.libpq import Cursor

FEW = 3  # so many rows are inserted by a statement that is prepared for their number


class _Place(Expression):
    """Where a value goes in a statement that is written before the value is known."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any, **_how: Any) -> tuple[str, Any]:
        return "%s", (self,)


def prepared(describe: Callable[..., "QuerySet[Any]"]) -> Callable[..., list[Any]]:
    """A function that describes a SELECT. See the module's docstring."""

    @functools.cache
    def written(*names: str) -> Any:
        described = _described(describe, names)
        compiler = described.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_sql in compiler.select[: compiler.col_count]])
        return sql, _no_moments(places), compiler, converters, described

    @functools.wraps(describe)
    def asked(**values: Any) -> list[Any]:
        db = connections[DEFAULT_DB_ALIAS]
        if db.vendor != "postgresql":
            return list(describe(**values))
        sql, places, compiler, converters, described = written(*values)
        with _executed(db, sql, _filled(places, values)) as cursor:
            rows = cursor.fetchall()
        if converters:
            rows = map(tuple, compiler.apply_converters(rows, converters))
        return _as_described(described, compiler, rows)

    return asked


def prepared_update(describe: Callable[..., tuple["QuerySet[Any]", dict[str, Any]]]) -> Callable[..., int]:
    """A function that describes an UPDATE: its rows, and a dictionary of its changes."""

    @functools.cache
    def written(*names: str) -> Any:
        rows, changes = _described(describe, names)
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(changes)
        sql, places = query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
        return sql, _no_moments(places)

    @functools.wraps(describe)
    def updated(**values: Any) -> int:
        db = connections[DEFAULT_DB_ALIAS]
        if db.vendor != "postgresql":
            rows, changes = describe(**values)
            return int(rows.update(**changes))
        sql, places = written(*values)
        with _executed(db, sql, _filled(places, values)) as cursor:
            return int(cursor.rowcount)

    return updated


def _described(describe: Callable[..., Any], names: Sequence[str]) -> Any:
    return describe(**{name: _Place(name) for name in names})


def _as_described(described: Any, compiler: Any, rows: Any) -> list[Any]:
    """The rows as Django's own iteration of the queryset gives them, over a compiler that has its answer."""
    asked = SimpleNamespace(
        select=compiler.select, klass_info=compiler.klass_info, annotation_col_map=compiler.annotation_col_map,
        execute_sql=lambda **_how: rows, results_iter=lambda *_rows, **_how: iter(rows),
    )  # fmt: skip
    query: Any = copy.copy(described.query)
    query.get_compiler = lambda *_args, **_kwargs: asked
    stand_in = SimpleNamespace(
        db=DEFAULT_DB_ALIAS, model=described.model, query=query, _fields=described._fields,
        _known_related_objects={}, _hints={},
    )  # fmt: skip
    return list(described._iterable_class(stand_in))


def ask(sql: str, values: Sequence[Any]) -> list[Any]:
    """The rows that a statement written by hand gives; its values are as the database takes them."""
    with _executed(connections[DEFAULT_DB_ALIAS], sql, values) as cursor:
        return list(cursor.fetchall())


def insert(*groups: Sequence[Model]) -> None:
    """Write new rows, each group of one model, what others point to first. A key that the database makes is not known afterwards."""
    db = connections[DEFAULT_DB_ALIAS]
    groups = tuple(rows for rows in groups if rows)
    if db.vendor != "postgresql" or not groups or max(map(len, groups)) > FEW:
        for rows in groups:
            type(rows[0])._default_manager.bulk_create(rows)  # type: ignore[attr-defined]
        return
    sql = _insertion(tuple((type(rows[0]), len(rows)) for rows in groups))
    values = [
        field.get_db_prep_save(field.pre_save(row, True), db)
        for rows in groups
        for row in rows
        for field in _fields(type(row))
    ]
    _executed(db, sql, values).close()
    for rows in groups:
        for row in rows:
            row._state.adding, row._state.db = False, db.alias


@functools.cache
def _insertion(groups: tuple[tuple[type[Model], int], ...]) -> str:
    """One statement for all; foreign keys are proved at COMMIT."""
    *before, last = [_rows_of(model, number) for model, number in groups]
    first = ", ".join(f"g{place} AS ({sql})" for place, sql in enumerate(before))
    return f"WITH {first} {last}" if first else last


def _rows_of(model: type[Model], number: int) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    columns = [quote(str(field.column)) for field in _fields(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * number)}"  # noqa: S608


@functools.cache
def _fields(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]


def _no_moments(places: Sequence[Any]) -> Sequence[Any]:
    """A clock that was read while describing would stand still for the life of the process."""
    if any(isinstance(place, datetime) for place in places):
        raise TypeError("A moment in a prepared statement must be one of its values.")
    return places


def _filled(places: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    given = [values[place.name] if isinstance(place, _Place) else place for place in places]
    return [value.pk if isinstance(value, Model) else value for value in given]


def _executed(db: Any, sql: str, values: Sequence[Any]) -> Any:
    """A cursor that has run it: on PostgreSQL one that prepares, inside Django's, which logs."""
    if db.vendor != "postgresql":
        cursor = db.cursor()
    else:
        db.ensure_connection()
        cursor = db._prepare_cursor(Cursor(db.connection))
        # one type for all whole numbers: the driver would prepare a statement for each size of them
        values = [Int8(value) if type(value) is int else value for value in values]
    cursor.execute(sql, values)
    return cursor
