"""The audit's part that payment can't do: an escrow holds exactly what its object's state says (L9, C5)."""

from collections.abc import Iterator

from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from payment.audit import Scope, Violation, about
from projects.models import Dispute, Milestone, Offer


@about("escrow")
def escrows_fit(scope: Scope) -> Iterator[Violation]:
    """Nothing is held for what has ended; a milestone holds its rest, less what is frozen; a dispute its amount."""
    within = Q() if scope.whole else Q(escrow__in=scope.escrows())
    live = Dispute.objects.live()
    frozen = live.filter(milestone=OuterRef("pk")).values("milestone").annotate(total=Sum("amount")).values("total")
    rest = F("amount") - F("released") - F("refunded") - Coalesce(Subquery(frozen), 0)
    held = Case(When(status__in=Milestone.TERMINAL, then=Value(0)), default=rest)
    for step in (
        Milestone.objects.filter(within, escrow__isnull=False).annotate(due=held).exclude(escrow__held=F("due"))
    ):
        yield _violation(step.escrow_id, f"milestone {step.pk} is {step.status}, {step.due} is due there")
    due = Case(When(status__in=Dispute.LIVE, then=F("amount")), default=Value(0))
    for dispute in Dispute.objects.filter(within).annotate(due=due).exclude(escrow__held=F("due")):
        yield _violation(dispute.escrow_id, f"dispute {dispute.pk} is {dispute.status}, {dispute.due} is due there")
    yield from _pro_bono(scope)
    sent = Offer.objects.filter(status=Offer.Status.SENT, escrow__isnull=False).values("escrow")
    ended = Offer.objects.filter(within, ~Q(escrow__in=sent), escrow__held__gt=0).order_by("escrow", "-pk")
    for offer in {row.escrow_id: row for row in ended}.values():
        yield _violation(offer.escrow_id, f"offer {offer.pk} is {offer.status}, nothing is due there")


def _pro_bono(scope: Scope) -> Iterator[Violation]:
    """Work over nothing is donated to a cause, and what is donated is over nothing: so it never has an escrow."""
    if not scope.whole:
        return
    free = Milestone.objects.filter(amount=0, contract__cause__isnull=True)
    priced = Milestone.objects.filter(amount__gt=0, contract__cause__isnull=False)
    for found, rows in (("is over nothing and for no cause", free), ("is pro bono and has a price", priced)):
        for pk in rows.values_list("pk", flat=True):
            yield Violation("L9", f"milestone {pk}", found)


def _violation(escrow_id: object, found: str) -> Violation:
    return Violation("L9", f"escrow {escrow_id}", found)
