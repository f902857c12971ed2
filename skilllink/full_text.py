"""Full-text search: one interface, PostgreSQL's tsvector and SQLite's FTS5 behind it.

An index is a table beside the models, made by `post_migrate` and filled there when it is new. Words are folded here, so
that both databases answer alike, and whatever is typed becomes plain word beginnings, so that no input is syntax.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from skilllink.prepared import ask_soon
from skilllink.transactions import inside_transaction

WORDS = 8  # a search looks at its first words; each has its first letters
LETTERS = 40
ROW_BITS = 62  # SQLite's row numbers have 63; of a UUID of version 7 so many are random
Rows = TypeVar("Rows", bound="QuerySet[Any]")


def words(text: str) -> list[str]:
    """The words of a text: lower case, without accents, letters and digits only."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return [word[:LETTERS] for word in re.findall(r"[^\W_]+", plain)]


@dataclass(frozen=True)
class Index:
    """The words of rows that have UUIDs: two texts each, of which the first weighs more.

    `fill` writes everything there is, when the table is new. In a `keyed` index the first text is one word that tells
    what a row belongs to: nobody finds it by typing.
    """

    table: str
    fill: Callable[[], Any]
    keyed: bool = False

    def install(self, **_: Any) -> None:
        """Make the table. A receiver of `post_migrate`."""
        with connection.cursor() as cursor:
            if self.table in connection.introspection.table_names(cursor):
                return
            if connection.vendor == "postgresql":
                cursor.execute(f"CREATE TABLE {self.table} (id uuid PRIMARY KEY, document tsvector NOT NULL)")
                cursor.execute(f"CREATE INDEX {self.table}_gin ON {self.table} USING gin (document)")
            else:
                cursor.execute(f"CREATE VIRTUAL TABLE {self.table} USING fts5(id UNINDEXED, first, second)")
        self.fill()

    @inside_transaction
    def write(self, pk: UUID, first: str, second: str) -> None:
        """Keep the words of a row, in the transaction of the change."""
        self.forget(pk)
        self.add(pk, first, second)

    @inside_transaction
    def add(self, pk: UUID, first: str, second: str) -> None:
        """The same for a row that is new."""
        texts = [" ".join(words(first)), " ".join(words(second))]
        if connection.vendor == "postgresql":
            sql = "setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B')"
            ask_soon(f"INSERT INTO {self.table} VALUES (%s, {sql})", [pk, *texts])  # noqa: S608  names are ours
        else:
            sql = f"INSERT INTO {self.table} (rowid, id, first, second) VALUES (%s, %s, %s, %s)"  # noqa: S608
            ask_soon(sql, [_row(pk), pk.hex, *texts])

    @inside_transaction
    def forget(self, pk: UUID) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"DELETE FROM {self.table} WHERE id = %s", [pk])  # noqa: S608
            else:
                cursor.execute(f"DELETE FROM {self.table} WHERE rowid = %s", [_row(pk)])  # noqa: S608

    @inside_transaction
    def forget_all(self, key: str) -> None:
        """All rows under a key of a keyed index, in one statement."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                sql = f"DELETE FROM {self.table} WHERE document @@ to_tsquery('simple', %s)"  # noqa: S608
            else:
                found = f"SELECT rowid FROM {self.table} WHERE {self.table} MATCH %s"  # noqa: S608
                sql = f"DELETE FROM {self.table} WHERE rowid IN ({found})"  # noqa: S608
            cursor.execute(sql, [_of_key(key)])

    def matching(self, rows: Rows, text: Any, *, key: str = "") -> Rows:
        """Those of `rows` that have every word of `text`, or a word that begins with it, in a keyed index under `key`.

        Without words: all of them.
        """
        terms = words(str(text or ""))[:WORDS]
        if not terms:
            return rows
        of_key = [_of_key(key)] if key else []
        if connection.vendor == "postgresql":
            query = " & ".join([*of_key, *(f"{term}:*B" if self.keyed else f"{term}:*" for term in terms)])
            sql = f"SELECT id FROM {self.table} WHERE document @@ to_tsquery('simple', %s)"  # noqa: S608
        else:
            query = " AND ".join([*of_key, *(f'second : "{term}"*' if self.keyed else f'"{term}"*' for term in terms)])
            sql = f"SELECT id FROM {self.table} WHERE {self.table} MATCH %s"  # noqa: S608
        return rows.filter(pk__in=RawSQL(sql, [query]))


def _of_key(key: str) -> str:
    return f"{key}:A" if connection.vendor == "postgresql" else f'first : "{key}"'


def _row(pk: UUID) -> int:
    """SQLite finds a row of an FTS5 table by its number alone."""
    return pk.int & ((1 << ROW_BITS) - 1)
