"""A person's statement: every entry on their accounts, newest first, with the balance after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payment import labels
from payment.models import Clearing, Entry

KINDS = {
    "deposit": _("Deposit"),
    "hold": _("Held in escrow"),
    "move": _("Moved between escrows"),
    "release": _("Released"),
    "clear": _("Cleared"),
    "refund": pgettext_lazy("money came back", "Refunded"),
    "resolution": _("Dispute settled"),
    "claw_back": _("Frozen by a dispute"),
    "refund_released": _("Refunded after release"),
    "payout": pgettext_lazy("money goes out", "Paid out"),
    "payout_cancelled": _("Payout cancelled"),
    "payout_failed": _("Payout failed"),
    "deposit_return": _("Deposit sent back"),
    "deposit_return_failed": _("Deposit could not be sent back"),
    "chargeback": _("Charged back"),
    "chargeback_won": _("Chargeback reversed"),
    "repay": _("Paid what was owed"),
    "write_off": _("Written off"),
}


@dataclass(frozen=True)
class Line:
    """One entry; `balance` is that of its account after it. Minor units."""

    at: datetime
    kind: str
    account: str
    amount: int
    balance: int
    currency: str
    label: str
    url: str


def entries(user: Any, *, kind: str = "", since: Any = None, until: Any = None) -> Any:
    """The person's entries with a running balance, newest first; filters narrow what is shown, not the balance."""
    upto = Entry.objects.filter(account=OuterRef("account"), pk__lte=OuterRef("pk")).order_by().values("account")
    total = Subquery(upto.annotate(total=Sum("amount")).values("total"))
    rows = Entry.objects.filter(account__user=user).annotate(balance=total)
    rows = rows.select_related("transfer", "account").order_by("-pk")
    if kind in KINDS:
        rows = rows.filter(transfer__kind=kind)
    if since:
        rows = rows.filter(transfer__at__date__gte=since)
    if until:
        rows = rows.filter(transfer__at__date__lte=until)
    return rows


def lines(rows: Any) -> list[Line]:
    """Entries as lines that lead to their reason. Two further queries and those of the labels."""
    rows = list(rows)
    transfers = {row.transfer_id for row in rows}
    escrows = dict(
        Entry.objects.filter(transfer__in=transfers, account__escrow__isnull=False).values_list(
            "transfer_id", "account__escrow_id"
        )
    )
    clearing = _escrows_of_clearings([row.transfer.key for row in rows if row.transfer.kind == "clear"])
    names = labels.of([*escrows.values(), *clearing.values()])
    found = []
    for row in rows:
        escrow = escrows.get(row.transfer_id) or clearing.get(row.transfer.key)
        label, url = names.get(escrow, ("", ""))
        found.append(
            Line(
                at=row.transfer.at,
                kind=str(KINDS.get(row.transfer.kind, row.transfer.kind)),
                account=row.account.get_kind_display(),
                amount=row.amount,
                balance=row.balance,
                currency=row.account.currency,
                label=label,
                url=url,
            )
        )
    return found


def _escrows_of_clearings(keys: list[str]) -> dict[str, Any]:
    ids = {key.split(":")[1]: key for key in keys}
    return {ids[str(pk)]: escrow for pk, escrow in Clearing.objects.filter(pk__in=ids).values_list("pk", "escrow")}
