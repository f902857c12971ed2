"""Full-text search over gigs: one interface, PostgreSQL's tsvector and SQLite's FTS5 behind it.

The index is a table beside the models, made by `post_migrate` (see `install`): words are folded here, so that both
databases answer alike, and whatever is typed becomes plain word beginnings, so that no input is syntax.
"""

import re
import unicodedata
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from projects.models import Gig
from skilllink.transactions import inside_transaction

WORDS = 8  # a search looks at its first words; each has its first letters
LETTERS = 40

_INSTALL = {
    "sqlite": ["CREATE VIRTUAL TABLE IF NOT EXISTS projects_gig_search USING fts5(gig_id UNINDEXED, title, body)"],
    "postgresql": [
        "CREATE TABLE IF NOT EXISTS projects_gig_search (gig_id uuid PRIMARY KEY, document tsvector NOT NULL)",
        "CREATE INDEX IF NOT EXISTS projects_gig_search_gin ON projects_gig_search USING gin (document)",
    ],
}


def install(**_: Any) -> None:
    """Make the index's table. A receiver of `post_migrate`."""
    with connection.cursor() as cursor:
        for statement in _INSTALL[connection.vendor]:
            cursor.execute(statement)


def words(text: str) -> list[str]:
    """The words of a text: lower case, without accents, letters and digits only."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return [word[:LETTERS] for word in re.findall(r"[^\W_]+", plain)]


@inside_transaction
def index(gig: Gig) -> None:
    """Write a gig's words into the index, in the transaction of the change."""
    title = " ".join(words(gig.title))
    names = [str(skill) for skill in gig.skills.all()] + [str(gig.category or "")]
    body = " ".join(words(" ".join([*names, gig.brief])))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM projects_gig_search WHERE gig_id = %s", [_key(gig)])
        if connection.vendor == "postgresql":
            cursor.execute(
                "INSERT INTO projects_gig_search VALUES (%s, setweight(to_tsvector('simple', %s), 'A') "
                "|| setweight(to_tsvector('simple', %s), 'B'))",
                [_key(gig), title, body],
            )
        else:
            cursor.execute("INSERT INTO projects_gig_search VALUES (%s, %s, %s)", [_key(gig), title, body])


def matching(gigs: "QuerySet[Gig]", text: Any) -> "QuerySet[Gig]":
    """Those of `gigs` that have every word of `text`, or a word that begins with it. No words: all of them."""
    terms = words(str(text or ""))[:WORDS]
    if not terms:
        return gigs
    if connection.vendor == "postgresql":
        query = " & ".join(f"{term}:*" for term in terms)
        sql = "SELECT gig_id FROM projects_gig_search WHERE document @@ to_tsquery('simple', %s)"
    else:
        query = " ".join(f'"{term}"*' for term in terms)
        sql = "SELECT gig_id FROM projects_gig_search WHERE projects_gig_search MATCH %s"
    return gigs.filter(pk__in=RawSQL(sql, [query]))


def _key(gig: Gig) -> str:
    return gig.pk.hex if connection.vendor == "sqlite" else str(gig.pk)
