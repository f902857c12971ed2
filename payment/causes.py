"""Causes: proposed by their keeper, verified by a moderator, closed by either. What was given stays in their account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from payment import donations_recurring
from payment.models import Account, Cause, Donation, Entry, Pledge
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.moderation import audit
from users.notifications import inbox
from users.standing import require_active, require_may_begin


class Incomplete(Malformed):
    code = "cause.incomplete"


class NotNow(Conflict):
    code = "cause.not_now"
    sentence = _("This cause is “{state}”, so that isn't possible any more. Nothing was changed.")


class NotModerator(Forbidden):
    code = "cause.not_moderator"
    sentence = _("A moderator who doesn't keep the cause decides that. Nothing was changed.")


class NotYours(Forbidden):
    code = "cause.not_yours"
    sentence = _("Only who keeps the cause can do that. Nothing was changed.")


@verb
def propose(keeper: Any, *, title: str, summary: str, story: str, goal: int, currency: str) -> Cause:
    """Ask for a cause to be verified; until then nobody can give to it. `goal` in minor units.

    Raises Incomplete and money.BadAmount naming the field.
    """
    require_may_begin(keeper)
    words = _words(title, summary, story)
    money.exponent(currency)
    money.check_minor(goal, field="goal")
    return Cause.objects.create(keeper=keeper, slug=_slug(words["title"]), goal=goal, currency=currency, **words)


@verb
def ask_again(cause: Cause, *, by: Any, title: str, summary: str, story: str) -> Cause:
    """Change the words of a cause that was not verified, and have it looked at again."""
    row = _lock(cause)
    require_active(by)
    if row.keeper_id != by.pk:
        raise NotYours()
    words = _words(title, summary, story)
    return _move(row, "waiting", decided_by=None, decided_at=None, reason="", **words)


@verb
def verify(cause: Cause, *, by: Any, reason: str) -> Cause:
    """A moderator has checked it, and says what: it is open for donations."""
    row = _decide(cause, "verified", by, reason)
    inbox.notify(row.keeper, "cause.verified", url=row.get_absolute_url(), cause=row.title)
    return row


@verb
def refuse(cause: Cause, *, by: Any, reason: str) -> Cause:
    """A moderator says why it isn't verified; its keeper can change it and ask again."""
    row = _decide(cause, "refused", by, reason)
    inbox.notify(row.keeper, "cause.refused", url=row.get_absolute_url(), cause=row.title, reason=row.reason)
    return row


@verb
def close(cause: Cause, *, by: Any) -> Cause:
    """Take no more donations: its keeper or a moderator. What repeats stops; what was given stays to be paid out."""
    row = _lock(cause)
    require_active(by)
    if row.keeper_id != by.pk and not by.is_moderator:
        raise NotYours()
    row = _move(row, "closed", closed_at=now())
    for pk in Pledge.objects.active().filter(cause=row).order_by("pk").values_list("pk", flat=True):
        donations_recurring.end(donations_recurring.lock(pk))
    if row.keeper_id != by.pk:
        audit.record(by, "cause.closed", subject=row, reason=row.reason)
        inbox.notify(row.keeper, "cause.closed", url=row.get_absolute_url(), cause=row.title)
    return row


# --- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cause's public ledger. `who` is None for an anonymous giver, `amount` None where it is hidden."""

    at: datetime
    who: Any
    amount: int | None
    note: str
    kind: str
    repeats: bool


def listed(rows: "QuerySet[Cause]") -> "QuerySet[Cause]":
    """Causes with what was `raised`, minor units, and how many donations that were (`given`)."""
    gifts = Donation.objects.filter(cause=OuterRef("pk")).order_by().values("cause")
    total = Subquery(gifts.annotate(total=Sum("amount")).values("total"))
    return rows.annotate(raised=Coalesce(total, 0)).select_related("keeper__profile")


def entries(cause: Cause) -> "QuerySet[Entry]":
    """Everything that came to a cause or left it, newest first."""
    rows = Entry.objects.filter(account__cause=cause).order_by("-pk")
    return rows.select_related("transfer__donation__giver__profile")


def lines(rows: Any) -> list[Line]:
    """Entries as everyone may see them: anonymised as each giver chose."""
    return [_line(row) for row in rows]


def _line(row: Entry) -> Line:
    gift: Donation | None = getattr(row.transfer, "donation", None)
    if gift is None:
        return Line(row.transfer.at, None, row.amount, "", row.transfer.kind, False)
    seen = Donation.Visibility
    return Line(
        at=gift.at,
        who=None if gift.visibility == seen.ANONYMOUS else gift.giver,
        amount=None if gift.visibility == seen.HIDDEN else gift.amount,
        note=gift.note,
        kind="donation",
        repeats=gift.pledge_id is not None,
    )


def sums(cause: Cause) -> dict[str, int]:
    """What was `given`, is `leaving`, was `paid` out and is `left`, minor units, from the entries themselves."""
    rows = Entry.objects.filter(Q(account__cause=cause) | Q(account__payout__cause=cause)).order_by()
    found = rows.values_list("account__kind", "transfer__kind").annotate(total=Sum("amount"))
    given = left = leaving = 0
    for place, kind, total in found:
        given += total if kind == "donation" else 0
        left += total if place == Account.Kind.CAUSE else 0
        leaving += total if place == Account.Kind.IN_TRANSIT else 0
    return {"given": given, "leaving": leaving, "paid": given - leaving - left, "left": left}


# --- inside ---------------------------------------------------------------------------------------


@inside_transaction
def _lock(cause: Cause) -> Cause:
    return Cause.objects.select_for_update(of=("self",)).select_related("keeper").get(pk=cause.pk)


def _decide(cause: Cause, target: str, by: Any, reason: Any) -> Cause:
    row = _lock(cause)
    require_active(by)
    if not by.is_moderator or row.keeper_id == by.pk:
        raise NotModerator()
    text = _written(reason, "reason", 1000, _("Say what you checked, or why not, in up to 1,000 characters."))
    row = _move(row, target, decided_by=by, decided_at=now(), reason=text)
    audit.record(by, f"cause.{target}", subject=row, reason=text)
    return row


def _move(row: Cause, target: str, **changes: Any) -> Cause:
    """One allowed step: a conditional UPDATE that must hit one row."""
    sources = [source for source, targets in Cause.MOVES.items() if target in targets]
    if not Cause.objects.filter(pk=row.pk, status__in=sources).update(status=target, **changes):
        raise NotNow(state=row.get_status_display())
    push(f"cause:{row.pk}", {"type": f"cause.{target}"})
    row.refresh_from_db()
    return row


def _words(title: Any, summary: Any, story: Any) -> dict[str, str]:
    return {
        "title": _written(title, "title", 80, _("Give it a title of up to 80 characters.")),
        "summary": _written(summary, "summary", 160, _("Say in one sentence of up to 160 characters what it is.")),
        "story": _written(story, "story", 10_000, _("Say in up to 10,000 characters what the money is for.")),
    }


def _written(value: Any, field: str, longest: int, sentence: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > longest or "\0" in text:
        raise Incomplete(sentence, fields={field: sentence})
    return text


def _slug(title: str) -> str:
    """An address nobody has; `new` is the form's."""
    stem = slugify(title)[:80] or "cause"
    slug, number = stem, 1
    while slug == "new" or Cause.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug
