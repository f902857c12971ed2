"""The audit of papers: each says what its transfer moved, the numbers have no gap, and none is missing for long."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from payment import papers
from payment.audit_scope import CHUNK, Scope, Violation, about
from payment.models import Entry, Paper, PaperReach, Series
from skilllink.clocks import now

PATIENCE = timedelta(hours=1)  # a sweep comes every minute: what waits longer needs a person


@about("paper")
def papers_fit(scope: Scope) -> Iterator[Violation]:
    """P1: a paper has the currency, the direction and the amount of its transfer; its parties are the escrow's."""
    gross, fee = _moved(*papers.EARNED), _moved("fees")
    rows = Paper.objects.filter(scope.later("made_at")).select_related("transfer__escrow")
    for paper in rows.annotate(gross=gross, fee=fee).order_by("pk").iterator(CHUNK):
        whole = paper.gross if paper.issuer_id else paper.fee
        escrow: Any = paper.transfer.escrow
        if (paper.amount, paper.currency) != (abs(whole), escrow.currency) or paper.is_credit != (whole < 0):
            found = f"{paper.code} says {paper.amount} {paper.currency}, {whole} {escrow.currency} moved"
            yield Violation("P1", f"paper {paper.pk}", found)
        parties = (escrow.payee_id, escrow.payer_id) if paper.issuer_id else (None, escrow.payee_id)
        if (paper.issuer_id, paper.recipient_id) != parties:
            yield Violation("P1", f"paper {paper.pk}", f"{paper.code} is between other people than its escrow")


@about("paper")
def numbers_without_gap(scope: Scope) -> Iterator[Violation]:
    """P2: the numbers of a series are 1 to its last; of what is new, those that follow each other up to the last."""
    new = Q() if scope.whole or scope.at is None else Q(papers__made_at__gte=scope.at)
    rows = Series.objects.annotate(
        many=Count("papers", filter=new),
        lowest=Min("papers__number", filter=new),
        highest=Max("papers__number", filter=new),
    )
    if not scope.whole:
        rows = rows.filter(pk__in=Paper.objects.filter(scope.later("made_at")).values("series"))
    for series in rows.order_by("pk"):
        lowest = series.lowest or 1
        expected = series.last if scope.whole else series.last - lowest + 1
        if series.many != expected or (series.highest or 0) != series.last or (scope.whole and lowest != 1):
            found = f"{series.many} papers up to {series.highest}, its last number is {series.last}"
            yield Violation("P2", f"series {series}", found)


def papers_late(scope: Scope) -> Iterator[Violation]:
    """P3, an alert: a transfer is without its papers for too long."""
    reach = PaperReach.objects.values_list("number", flat=True).first() or 0
    rows = papers.missing(0 if scope.whole else reach).filter(at__lt=now() - PATIENCE)
    for pk in rows.values_list("pk", flat=True)[:CHUNK]:
        yield Violation("P3", f"transfer {pk}", "has no papers yet")


def _moved(*kinds: str) -> Any:
    entries = Entry.objects.filter(transfer=OuterRef("transfer"), account__kind__in=kinds).order_by()
    return Coalesce(Subquery(entries.values("transfer").annotate(total=Sum("amount")).values("total")), 0)
