"""A person's statement: every entry on their accounts, with the balance after it, and what leads to its reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payment import labels, verify
from payment.models import Account, Chargeback, DepositReturn, Entry, Escrow, Paper
from skilllink.errors import Malformed
from skilllink.money import EXPONENTS
from users.models import User

KINDS = {
    "deposit": _("Deposit"),
    "hold": _("Held in escrow"),
    "move": _("Moved between escrows"),
    "release": _("Released"),
    "bonus": _("Bonus"),
    "tip": _("Tip"),
    "donation": _("Donation"),
    "clear": _("Cleared"),
    "refund": pgettext_lazy("money came back", "Refunded"),
    "resolution": _("Dispute settled"),
    "claw_back": _("Frozen by a dispute"),
    "refund_released": _("Refunded after release"),
    "spend": _("Earnings to the wallet"),
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

CHUNK = 500  # lines that are read and labelled together


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a statement is shown; what is empty or None leaves nothing out. Days are the reader's, both included."""

    kind: str = ""
    since: date | None = None
    until: date | None = None
    contract: UUID | None = None
    person: UUID | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; `balance` is that of its account after it. Minor units. `papers` are (number, address)."""

    pk: int
    transfer: UUID
    at: datetime
    kind: str
    account: str
    amount: int
    balance: int
    currency: str
    label: str
    url: str
    other: str
    papers: list[tuple[str, str]] = field(default_factory=list)


def read(given: Any) -> Filters:
    """Filters as an address has them. Raises Malformed naming what can't be read."""
    faults: dict[str, Any] = {}
    kind, currency = given.get("kind", ""), given.get("currency", "")
    if kind and kind not in KINDS:
        faults["kind"] = _("Choose one of the list.")
    if currency and currency not in EXPONENTS:
        faults["currency"] = _("Choose a listed currency.")
    days = {name: _day(given.get(name, ""), name, faults) for name in ("since", "until")}
    ids = {name: _id(given.get(name, ""), name, faults) for name in ("contract", "person")}
    if faults:
        raise Malformed(fields=faults)
    return Filters(kind, days["since"], days["until"], ids["contract"], ids["person"], currency)


def _day(text: str, name: str, faults: dict[str, Any]) -> date | None:
    try:
        found = parse_date(text) if text else None
    except ValueError:
        found = None
    if text and found is None:
        faults[name] = _("Write a day as 2026-12-24.")
    return found


def _id(text: str, name: str, faults: dict[str, Any]) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        faults[name] = _("Choose one of the list.")
        return None


def entries(user: Any, filters: Filters = Filters()) -> Any:
    """The person's entries with a running balance, newest first; filters narrow what is shown, not the balance.

    Raises errors.Missing for a contract that is none of this person's business.
    """
    upto = Entry.objects.filter(account=OuterRef("account"), pk__lte=OuterRef("pk")).order_by().values("account")
    total = Subquery(upto.annotate(total=Sum("amount")).values("total"))
    return chosen(user, filters).annotate(balance=total).select_related("transfer", "account").order_by("-pk")


def chosen(user: Any, filters: Filters) -> Any:
    """The person's entries that the filters choose, in no order. Raises as `entries`."""
    rows = Entry.objects.filter(account__user=user)
    if filters.kind:
        rows = rows.filter(transfer__kind=filters.kind)
    if filters.currency:
        rows = rows.filter(account__currency=filters.currency)
    if filters.since:
        rows = rows.filter(transfer__at__date__gte=filters.since)
    if filters.until:
        rows = rows.filter(transfer__at__date__lte=filters.until)
    if filters.contract:
        rows = rows.filter(transfer__escrow__in=verify.subject("contract", user, filters.contract).escrows)
    if filters.person:
        given = Q(transfer__escrow__kind__in=Escrow.GIFTS)
        other = Q(transfer__escrow__payer=filters.person) & ~given | Q(transfer__escrow__payee=filters.person)
        rows = rows.filter(other)
    return rows


def oldest_first(user: Any, filters: Filters) -> Iterator[Line]:
    """Every chosen line in the order they were written: one pass over the entries, however many. Raises as `entries`."""
    return _passed(user, set(chosen(user, filters).values_list("pk", flat=True)))


def _passed(user: Any, chosen: set[int]) -> Iterator[Line]:
    every = Entry.objects.filter(account__user=user).order_by("pk").values_list("pk", "account", "amount")
    after = _running(every.iterator(CHUNK), chosen)
    while chunk := dict(islice(after, CHUNK)):
        rows = list(Entry.objects.filter(pk__in=chunk).select_related("transfer", "account").order_by("pk"))
        for row in rows:
            row.balance = chunk[row.pk]  # type: ignore[attr-defined]
        yield from lines(rows, user)


def _running(every: Iterable[tuple[int, int, int]], chosen: set[int]) -> Iterator[tuple[int, int]]:
    """(entry, balance of its account after it) of those chosen."""
    balances: dict[int, int] = {}
    for pk, account, amount in every:
        balances[account] = balances.get(account, 0) + amount
        if pk in chosen:
            yield pk, balances[account]


def edges(user: Any, filters: Filters) -> list[dict[str, Any]]:
    """Per account what was there before the first day and after the last, minor units; other filters don't matter."""
    own = Account.objects.filter(user=user).order_by("currency", "pk")
    if filters.currency:
        own = own.filter(currency=filters.currency)
    found = []
    for account in own:
        rows = Entry.objects.filter(account=account)
        before = rows.filter(transfer__at__date__lt=filters.since) if filters.since else rows.none()
        after = rows.filter(transfer__at__date__lte=filters.until) if filters.until else rows
        sums = [one.aggregate(total=Sum("amount"))["total"] or 0 for one in (before, after)]
        name = account.get_kind_display()
        found.append({"account": name, "currency": account.currency, "before": sums[0], "after": sums[1]})
    return found


def people(user: Any) -> list[User]:
    """Everyone with whom the person had money in one escrow, by name; who gave them something may wish to be nobody."""
    own = Escrow.objects.filter(Q(payer=user) | Q(payee=user) & ~Q(kind__in=Escrow.GIFTS))
    pairs = own.order_by().values_list("payer", "payee").distinct()
    ids = {pk for pair in pairs for pk in pair} - {user.pk}
    return list(User.objects.filter(pk__in=ids).order_by("name"))


def lines(rows: Any, user: Any) -> list[Line]:
    """Entries as lines that lead to their reason. A handful of further queries, however many lines."""
    rows = list(rows)
    escrows = {
        row.pk: row
        for row in Escrow.objects.filter(pk__in={row.transfer.escrow_id for row in rows}).select_related(
            "payer", "payee"
        )
    }
    names = labels.of(escrows)
    events = _events([row.transfer.key for row in rows])
    papers = _papers({row.transfer_id for row in rows}, user)
    return [_line(row, user, escrows, names, events, papers) for row in rows]


def _line(row: Any, user: Any, escrows: dict[Any, Escrow], names: labels.Labels, events: Any, papers: Any) -> Line:
    escrow = escrows.get(row.transfer.escrow_id)
    if escrow is None:
        label, url = events.get(row.transfer.key, ("", ""))
        other = ""
    else:
        label, url = names.get(escrow.pk, (escrow.get_kind_display(), ""))
        other = _other(escrow, user)
    return Line(
        pk=row.pk,
        transfer=row.transfer_id,
        at=row.transfer.at,
        kind=str(KINDS.get(row.transfer.kind, row.transfer.kind)),
        account=row.account.get_kind_display(),
        amount=row.amount,
        balance=row.balance,
        currency=row.account.currency,
        label=label,
        url=url,
        other=other,
        # what cleared was released before: its papers stand there
        papers=papers.get(row.transfer_id, []),
    )


def _other(escrow: Escrow, user: Any) -> str:
    """The other one's name; of a gift that came, nobody's: the giver chose who may know it, and it is told elsewhere."""
    if escrow.payer_id == user.pk:
        return str(escrow.payee.name)
    return "" if escrow.kind in Escrow.GIFTS else str(escrow.payer.name)


def _events(keys: list[str]) -> dict[str, tuple[str, str]]:
    """Of keys `noun:id:verb`: the words and the address of what moved money from outside or to it."""
    named = {key: key.split(":") for key in keys}
    ids: dict[str, set[str]] = {}
    for noun, *rest in named.values():
        ids.setdefault(noun, set()).update(rest[:1])
    returned = _deposits_of(DepositReturn, ids.get("return", set()))
    charged = _deposits_of(Chargeback, ids.get("chargeback", set()))
    found = {}
    for key, (noun, *rest) in named.items():
        pk = rest[0] if rest else ""
        if noun == "payout":
            found[key] = (str(_("Payout")), reverse("payment:payout", args=[pk]))
        elif deposit := {"deposit": pk, "return": returned.get(pk), "chargeback": charged.get(pk)}.get(noun):
            found[key] = (str(_("Deposit")), reverse("payment:deposit", args=[deposit]))
    return found


def _deposits_of(model: Any, ids: set[str]) -> dict[str, Any]:
    rows = model.objects.filter(pk__in=ids).values_list("pk", "deposit") if ids else []
    return {str(pk): deposit for pk, deposit in rows}


def _papers(transfers: set[Any], user: Any) -> dict[Any, list[tuple[str, str]]]:
    found: dict[Any, list[tuple[str, str]]] = {}
    for paper in Paper.objects.of(user).filter(transfer__in=transfers).order_by("pk"):
        found.setdefault(paper.transfer_id, []).append((paper.code, paper.get_absolute_url()))
    return found
