"""Papers: for each payment an invoice of the freelancer and one of the platform for its fee; for what goes back, credit
notes.

They are made a moment after the transfer, by `issue`: a number without a gap is one row that everybody of a series would
wait for, and money must not wait for it. Once per transfer, in the order of an escrow's transfers, never changed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from django.db.models import Exists, Max, Min, OuterRef, Sum

from payment import accounts, labels, tax
from payment.models import Account, Entry, Escrow, Paper, PaperReach, Seal, Series, Transfer
from skilllink.transactions import verb

log = structlog.get_logger(__name__)

KINDS = ("release", "bonus", "resolution", "claw_back", "refund_released")
EARNED = (Account.Kind.PENDING, Account.Kind.AVAILABLE, Account.Kind.FEES)
PLATFORM_CODE = "SL"
BATCH = 100


class Part(NamedTuple):
    """What a transfer brought to the payee and the platform, minor units; negative what it took back."""

    gross: int
    fee: int


def part_of(transfer: Transfer) -> Part:
    """The same figures that the escrow's running total was changed by (L9, L12)."""
    sums = dict(
        transfer.entries.filter(account__kind__in=EARNED)
        .order_by()
        .values_list("account__kind")
        .annotate(total=Sum("amount"))
    )
    return Part(sum(sums.values()), sums.get(Account.Kind.FEES, 0))


def sweep() -> int:
    """Make the papers of a batch of sealed transfers; returns how many transfers got theirs.

    One that fails is logged and tried again at the next sweep; it stops no other.
    """
    reach, _made = PaperReach.objects.get_or_create(pk=1)
    sealed = Seal.objects.aggregate(last=Max("number"))["last"] or 0
    waiting = list(missing(reach.number).values_list("pk", "seal__number")[:BATCH])
    failed = [number for pk, number in waiting if not _made_for(pk)]
    reached = failed[0] - 1 if failed else waiting[-1][1] if len(waiting) == BATCH else sealed
    PaperReach.objects.filter(pk=1, number__lt=reached).update(number=reached)
    return len(waiting) - len(failed)


def missing(since: int = 0) -> Any:
    """Transfers sealed after number `since` whose papers are still to be made, in order."""
    rows = Transfer.objects.filter(kind__in=KINDS, escrow__isnull=False, seal__number__gt=since)
    rows = rows.exclude(escrow__kind__in=Escrow.GIFTS)  # what is given isn't invoiced, and nothing of it credited
    return _without_papers(rows).order_by("seal__number")


def _without_papers(rows: Any) -> Any:
    moved = Entry.objects.filter(transfer=OuterRef("pk"), account__kind__in=EARNED)
    return rows.filter(Exists(moved), ~Exists(Paper.objects.filter(transfer=OuterRef("pk"))))


def _made_for(pk: Any) -> bool:
    try:
        issue(Transfer.objects.get(pk=pk))
    except Exception:
        log.exception("paper.failed", transfer=str(pk))
        return False
    return True


@verb
def issue(transfer: Transfer) -> list[Paper]:
    """The papers of a transfer, made now if they aren't there; those of the escrow's earlier transfers come first.

    Lock order: the escrow, then the series by issuer. An empty list for a transfer that paid nobody.
    """
    if transfer.kind not in KINDS or transfer.escrow_id is None:
        return []
    escrow = Escrow.objects.select_for_update(of=("self",)).get(pk=transfer.escrow_id)
    if escrow.kind in Escrow.GIFTS:
        return []
    own = Transfer.objects.filter(escrow=escrow, kind__in=KINDS)
    upto = transfer.entries.aggregate(first=Min("pk"))["first"]
    rows = _without_papers(own).annotate(first=Min("entries__pk")).filter(first__lte=upto).order_by("first")
    for row in rows:
        _issue(row, escrow)
    return list(Paper.objects.filter(transfer=transfer).order_by("pk"))


def _issue(transfer: Transfer, escrow: Escrow) -> None:
    part = part_of(transfer)
    back = part.gross < 0
    wanted = [
        (Paper.Kind.CREDIT if back else Paper.Kind.INVOICE, escrow.payee, escrow.payer, abs(part.gross)),
        (Paper.Kind.FEE_CREDIT if back else Paper.Kind.FEE, None, escrow.payee, abs(part.fee)),
    ]
    for kind, issuer, recipient, amount in wanted:
        if amount:
            _write(kind, issuer, recipient, amount, transfer=transfer, escrow=escrow, part=part)


def _write(
    kind: Any, issuer: Any, recipient: Any, amount: int, *, transfer: Transfer, escrow: Escrow, part: Part
) -> None:
    series = _locked_series(issuer, transfer.at.astimezone(UTC).year)
    label, url = labels.of([escrow.pk]).get(escrow.pk, (escrow.get_kind_display(), ""))
    content = {
        "from": tax.of(issuer) if issuer else tax.of_platform(),
        "to": tax.of(recipient),
        "for": label,
        "url": url,
        "gross": abs(part.gross),
        "fee_bps": escrow.fee_bps,
        "supplied_at": transfer.at.astimezone(UTC).isoformat(),
        "credits": list(_credits(kind, amount, escrow)),
    }
    series.last += 1
    series.last_at = _date(transfer.at, series.last_at)
    series.save(update_fields=["last", "last_at"])
    Paper.objects.create(
        kind=kind, series=series, number=series.last, code=f"{series.code}-{series.year}-{series.last:04}",
        issuer=issuer, recipient=recipient, transfer=transfer, amount=amount, currency=escrow.currency,
        content=content, at=series.last_at,
    )  # fmt: skip
    accounts.tell_owners(*(person.pk for person in (issuer, recipient) if person))


def _date(at: datetime, before: datetime | None) -> datetime:
    """A paper bears the date of its transfer, and never one before the paper with the number before."""
    return at if before is None else max(at, before)


def _locked_series(issuer: Any, year: int) -> Series:
    code = issuer.pk.hex[-6:].upper() if issuer else PLATFORM_CODE
    row, _made = Series.objects.get_or_create(issuer=issuer, year=year, defaults={"code": code})
    return Series.objects.select_for_update().get(pk=row.pk)


def _credits(kind: str, amount: int, escrow: Escrow) -> Iterator[dict[str, Any]]:
    """Which invoices a credit note is about, and how much of each: what came last goes back first, as the fee does."""
    if kind not in Paper.CREDITS:
        return
    own = Paper.objects.filter(transfer__escrow=escrow, currency=escrow.currency)
    taken: dict[str, int] = {}
    for content in own.filter(kind=kind).values_list("content", flat=True):
        for credit in content["credits"]:
            taken[credit["number"]] = taken.get(credit["number"], 0) + credit["amount"]
    for code, whole in own.filter(kind=Paper.CREDITS[Paper.Kind(kind)]).order_by("-pk").values_list("code", "amount"):
        share = min(amount, whole - taken.get(code, 0))
        if share > 0:
            yield {"number": code, "amount": share}
            amount -= share
