"""Statements of the hot path: the ORM writes each once per process, PostgreSQL plans it once per connection.

    @prepared
    def _row(pk):                               the function describes it, with names in place of values
        return Escrow.objects.filter(pk=pk)

    _row(pk=escrow.pk)                          what iterating that queryset with this value gives, as a list
    row = _row.soon(pk=escrow.pk)               the same, not yet: `row()` is the list
    ...

`@prepared_update` describes an UPDATE by its rows and its changes, and gives how many there were. `insert` is
`bulk_create` for rows of which nothing is asked back, and `new` makes such a row. What was asked `soon` waits, as an
`insert` does, until an answer is wanted, another statement follows, or the transaction commits: all that wait go together,
in their order, in one round trip. See docs/decisions/0003-prepared-statements.md.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    IntegerField,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.base import ModelState
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.models.signals import post_init, pre_init
from django.db.models.sql import UpdateQuery
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

# what a field's long way to the database leaves as it is
PLAIN: tuple[tuple[type, type], ...] = (
    (UUIDField, UUID),
    (CharField, str),
    (TextField, str),
    (IntegerField, int),
    (BooleanField, bool),
    (DateTimeField, datetime),
)
CONSTANT: tuple[type, ...] = (str, bool, int)  # what is written into a statement where it never changes
FEW = 3  # so many rows are inserted by a statement that is prepared for their number
R = TypeVar("R")
M = TypeVar("M", bound=Model)

_together: ContextVar[list[Sequence[Model]] | None] = ContextVar("together", default=None)


class _Place(Expression):
    """Where a value goes in a statement that is written before the value is known."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any, **_how: Any) -> tuple[str, Any]:
        return "%s", (self,)


class _Prepared(ABC, Generic[R]):
    """A statement that a function describes."""

    def __init__(self, describe: Callable[..., Any]) -> None:
        self.describe = describe
        self.written = functools.cache(self._write)
        functools.update_wrapper(self, describe)

    def __call__(self, **values: Any) -> R:
        return self.soon(**values)()

    def soon(self, **values: Any) -> Callable[[], R]:
        """Ask, and don't wait: what is returned is called for the answer, or never."""
        db = connections[DEFAULT_DB_ALIAS]
        if db.vendor != "postgresql":
            there = self._at_once(self.describe(**values))
            return lambda: there
        sql, places, *how = self.written(*values)
        waiting = _asked(db, sql, _filled(places, values))
        return lambda: self._read(waiting(), *how)

    @abstractmethod
    def _write(self, *names: str) -> Any:
        """The SQL, what goes into it, and whatever `_read` needs."""

    @abstractmethod
    def _at_once(self, described: Any) -> R:
        """The answer where nothing is prepared."""

    @abstractmethod
    def _read(self, answer: Any, *how: Any) -> R:
        """What the rows or their count mean."""


class _Select(_Prepared[list[Any]]):
    def _write(self, *names: str) -> Any:
        described = _described(self.describe, names)
        compiler = described.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_sql in compiler.select[: compiler.col_count]])
        return *_settled(sql, places), compiler, converters, _reader(described, compiler)

    def _at_once(self, described: Any) -> list[Any]:
        return list(described)

    def _read(self, answer: Any, *how: Any) -> list[Any]:
        compiler, converters, reader = how
        rows = answer.rows
        if converters:
            rows = map(tuple, compiler.apply_converters(rows, converters))
        return reader(rows)  # type: ignore[no-any-return]


class _Update(_Prepared[int]):
    def _write(self, *names: str) -> Any:
        rows, changes = _described(self.describe, names)
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return _settled(*query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql())

    def _at_once(self, described: Any) -> int:
        rows, changes = described
        return int(rows.update(**changes))

    def _read(self, answer: Any, *how: Any) -> int:
        return int(answer.count)


def prepared(describe: Callable[..., "QuerySet[Any]"]) -> _Prepared[list[Any]]:
    """A function that describes a SELECT. See the module's docstring."""
    return _Select(describe)


def prepared_update(describe: Callable[..., tuple["QuerySet[Any]", dict[str, Any]]]) -> _Prepared[int]:
    """A function that describes an UPDATE: its rows, and a dictionary of its changes."""
    return _Update(describe)


def ask(sql: str, values: Sequence[Any]) -> list[Any]:
    """The rows that a statement written by hand gives; its values are as the database takes them."""
    return ask_soon(sql, values)()


def ask_soon(sql: str, values: Sequence[Any]) -> Callable[[], list[Any]]:
    """The same, not yet."""
    waiting = _asked(connections[DEFAULT_DB_ALIAS], sql, values)
    return lambda: list(waiting().rows)


def _described(describe: Callable[..., Any], names: Sequence[str]) -> Any:
    return describe(**{name: _Place(name) for name in names})


def _reader(described: Any, compiler: Any) -> Callable[[Any], list[Any]]:
    """What makes of rows what iterating the queryset gives: Django works that out anew for each iteration."""
    kind = described._iterable_class
    if compiler.has_extra_select or described._prefetch_related_lookups:
        raise TypeError("A prepared statement has no columns to sort by alone, and nothing is fetched after it.")
    if kind is FlatValuesListIterable:
        return lambda rows: [row[0] for row in rows]
    if kind is ValuesListIterable:
        return list
    if kind is not ModelIterable or compiler.annotation_col_map or described._known_related_objects:
        raise TypeError("Only models as they are, and lists of values, are read by a prepared statement.")
    make = _maker(compiler.klass_info, compiler.select)
    return lambda rows: [make(row) for row in rows]


def _maker(info: dict[str, Any], select: Sequence[Any]) -> Callable[[Any], Any]:
    """What makes a model of a row, with those that `select_related` names: as Django does, but for calling `__init__`.

    That would set each field by its descriptor, which of a new copy comes to this and takes three times as long.
    """
    model, first, past = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_sql in select[first:past]]
    if names != [field.attname for field in model._meta.concrete_fields] or _is_special(model):
        raise TypeError(f"A prepared statement can't make a {model.__name__} of these columns.")
    key = first + names.index(model._meta.pk.attname)
    beside = [
        (_maker(other, select), other["local_setter"], other["remote_setter"])
        for other in info.get("related_klass_infos", [])
    ]

    def make(row: Any) -> Any:
        if row[key] is None:  # of an outer join
            return None
        made = model.__new__(model)
        made.__dict__.update(zip(names, row[first:past], strict=True))
        made._state = ModelState()
        made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
        for other, here, there in beside:
            here(made, found := other(row))
            if found is not None:
                there(found, made)
        return made

    return make


def _is_special(model: type[Model]) -> bool:
    """Whether more happens when one is made than setting its fields."""
    heard = pre_init.has_listeners(model) or post_init.has_listeners(model)
    return heard or model.__init__ is not Model.__init__ or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]


def new(model: type[M], /, **values: Any) -> M:
    """`model(**values)` in a fraction of its time: its fields are set at once and not each by its descriptor.

    A related row is given under its field's name; one of a one-to-one doesn't get to know the new row. Raises ValueError
    for a row of another model, TypeError for values that are no field's.
    """
    made = model.__new__(model)
    made._state = ModelState()
    fields = made.__dict__
    for name, column, default, other in _blank(model):
        if other is not None and name in values:
            related = values.pop(name)
            if related is not None and not isinstance(related, other):
                raise ValueError(f"{related!r} is no {other.__name__}.")
            made._state.fields_cache[name] = related
            fields[column] = None if related is None else related.pk
        else:
            fields[column] = values.pop(column) if column in values else default()
    if values:
        raise TypeError(f"{model.__name__} has no {', '.join(values)}, or has it already.")
    return made


@functools.cache
def _blank(model: type[Model]) -> list[tuple[str, str, Callable[[], Any], type[Model] | None]]:
    """Of each field its name, its place in a row, what gives its default, and the model of the row that it leads to."""
    if _is_special(model):
        raise TypeError(f"A {model.__name__} has to be made by its own means.")
    fields: Any = model._meta.concrete_fields
    return [(field.name, field.attname, field.get_default, field.related_model) for field in fields]


def insert(*groups: Sequence[Model]) -> None:
    """Write new rows, each group of one model, what others point to first; inside `together` at its end.

    A key that the database makes is not known afterwards.
    """
    waiting = _together.get()
    if waiting is None:
        _insert(groups)
    else:
        waiting.extend(groups)


@contextmanager
def together() -> Iterator[None]:
    """What is inserted inside is written at the end, by one statement; nothing of it when the block raises."""
    groups: list[Sequence[Model]] = []
    token = _together.set(groups)
    try:
        yield
    finally:
        _together.reset(token)
    insert(*groups)


def _insert(groups: Sequence[Sequence[Model]]) -> None:
    db = connections[DEFAULT_DB_ALIAS]
    groups = tuple(rows for rows in groups if rows)
    if db.vendor != "postgresql" or not groups or max(map(len, groups)) > FEW:
        for rows in groups:
            type(rows[0])._default_manager.bulk_create(rows)  # type: ignore[attr-defined]
        return
    sql = _insertion(tuple((type(rows[0]), len(rows)) for rows in groups))
    _asked(db, sql, [value for rows in groups for row in rows for value in _values(row, db)])
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
    columns = [quote(str(field.column)) for field, *_how in _fields(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * number)}"  # noqa: S608


@functools.cache
def _fields(model: type[Model]) -> list[tuple[Any, str, tuple[type, ...]]]:
    """Each with its name in a row, and the types of value that the database takes from there as they are."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    return [(field, field.attname, _plain(getattr(field, "target_field", field))) for field in fields]


def _plain(field: Any) -> tuple[type, ...]:
    """None for a field that makes its value when it is saved."""
    is_stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if is_stamped or type(field).pre_save not in (Field.pre_save, DateTimeField.pre_save):
        return ()
    return next(((plain, type(None)) for kind, plain in PLAIN if isinstance(field, kind)), ())


def _values(row: Model, db: Any) -> list[Any]:
    """What is written of a row, column by column."""
    there = row.__dict__
    return [
        value if type(value := there[name]) in plain else field.get_db_prep_save(field.pre_save(row, True), db)
        for field, name, plain in _fields(type(row))
    ]


def _settled(sql: str, places: Sequence[Any]) -> tuple[str, list[Any]]:
    """The statement with its constants in it, and what else goes into it.

    A plan that is kept for all values could not use a partial index whose condition is one of them. A clock that was read
    while describing would stand still for the life of the process.
    """
    if any(isinstance(place, datetime) for place in places):
        raise TypeError("A moment in a prepared statement must be one of its values.")
    text, *rest = sql.replace("%%", "\0").split("%s")
    left = []
    for place, after in zip(places, rest, strict=True):
        if isinstance(place, CONSTANT):
            text += _literal(place)
        else:
            text += "%s"
            left.append(place)
        text += after
    return text.replace("\0", "%%"), left


def _literal(constant: Any) -> str:
    plain = next(kind for kind in CONSTANT if isinstance(constant, kind))(constant)  # a member of an enumeration isn't
    return Literal(plain).as_string().replace("%", "\0")


def _filled(places: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    given = [values[place.name] if isinstance(place, _Place) else place for place in places]
    return [value.pk if isinstance(value, Model) else value for value in given]


def _asked(db: Any, sql: str, values: Sequence[Any]) -> Callable[[], Any]:
    """Ask; what is returned gives the answer, with its `rows` and their `count`."""
    if db.vendor != "postgresql":
        with db.cursor() as cursor:
            cursor.execute(sql, values)
            there = SimpleNamespace(rows=cursor.fetchall(), count=cursor.rowcount)
        return lambda: there
    given = [_given(value) for value in values]
    if db.connection is None:
        db.ensure_connection()
    if db.queries_logged or db.execute_wrappers:
        return _in_the_open(db, sql, given)
    db.validate_no_broken_transaction()
    statements = db.statements()
    with db.wrap_database_errors:
        waiting = statements.add(sql, given)

    def answer() -> Any:
        if waiting.rows is None:
            db.validate_thread_sharing()
            with db.wrap_database_errors:
                statements.answer(waiting)
        return waiting

    return answer


def _given(value: Any) -> Any:
    if type(value) is int:
        return Int8(value)  # one type for all: the driver would prepare a statement for each size
    return value.hex if type(value) is UUID else value  # text is written in C


def _in_the_open(db: Any, sql: str, given: Sequence[Any]) -> Callable[[], Any]:
    """The same at once and through Django's cursor: for who logs, counts or wraps statements."""
    cursor = _Cursor(db.statements())
    db._prepare_cursor(cursor).execute(sql, given)
    return lambda: cursor.answer


class _Cursor:
    """As much of a cursor as Django's wrapper asks for."""

    def __init__(self, statements: Any) -> None:
        self.statements = statements
        self.answer: Any = None
        self._query: Any = None  # Django's log of queries reads it

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._query = SimpleNamespace(query=sql.encode())
        self.answer = self.statements.answer(self.statements.add(sql, values))
