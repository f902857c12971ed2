"""Gigs by their words: title, skills, category and brief."""

from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from projects.models import Gig
from skilllink.full_text import Index
from skilllink.transactions import inside_transaction


def fill() -> None:
    with transaction.atomic():
        for gig in Gig.objects.select_related("category").prefetch_related("skills").iterator(chunk_size=500):
            index(gig)


INDEX = Index("projects_gig_words", fill)


def install(**_: Any) -> None:
    """A receiver of `post_migrate`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS projects_gig_search")  # the index before this one
    INDEX.install()


@inside_transaction
def index(gig: Gig) -> None:
    """Write a gig's words into the index, in the transaction of the change."""
    names = [str(skill) for skill in gig.skills.all()] + [str(gig.category or "")]
    INDEX.write(gig.pk, gig.title, " ".join([*names, gig.brief]))


def matching(gigs: "QuerySet[Gig]", text: Any) -> "QuerySet[Gig]":
    """Those of `gigs` that have every word of `text`, or a word that begins with it. No words: all of them."""
    return INDEX.matching(gigs, text)
