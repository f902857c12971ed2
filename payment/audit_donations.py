"""The audit's part about gifts: a donation and its transfer say the same (L10), and no gift pays a fee (L12)."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from payment.audit_scope import Scope, Violation, about
from payment.models import Donation, Entry, Escrow, Renewal, Transfer


@about("donation", "renewal", *(f"{row}.{kind}" for row in ("escrow", "transfer") for kind in Escrow.GIFTS))
def gifts_fit(scope: Scope) -> Iterator[Violation]:
    """Every gift's transfer has its row, and moved the row's amount from its giver to whom the row names."""
    bare = Transfer.objects.filter(scope.new(), kind__in=Escrow.GIFTS, donation__isnull=True)
    for pk in bare.values_list("pk", flat=True):
        yield Violation("L10", f"transfer {pk}", "is a gift that no donation stands behind")
    entries = Entry.objects.filter(transfer=OuterRef("transfer"))
    came = entries.filter(
        Q(account__kind="pending", account__user=OuterRef("person"))
        | Q(account__kind="cause", account__cause=OuterRef("cause"))
    )
    left = entries.filter(account__kind="wallet", account__user=OuterRef("giver"))
    rows = Donation.objects.filter(scope.new("transfer__")).annotate(
        came=Coalesce(Subquery(came.values("amount")[:1]), 0), left=Coalesce(Subquery(left.values("amount")[:1]), 0)
    )
    for row in rows.exclude(came=F("amount"), left=-F("amount"), transfer__kind__in=Escrow.GIFTS):
        found = f"is {row.amount}, its transfer {row.transfer_id} took {row.left} and brought {row.came}"
        yield Violation("L10", f"donation {row.pk}", found)
    for pk, fee in scope.escrows().filter(kind__in=Escrow.GIFTS, fee_bps__gt=0).values_list("pk", "fee_bps"):
        yield Violation("L12", f"escrow {pk}", f"is a gift at a fee of {fee} basis points")
    early = Renewal.objects.filter(scope.later("ended_at"), donation__at__lt=F("due_at"))
    for pk in early.values_list("pk", flat=True):
        yield Violation("L10", f"renewal {pk}", "was given before the day that was announced")
