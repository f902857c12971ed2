"""Money given away, without a fee: tips, support for a person, donations to a cause.

To a person it clears like any earning; to a cause it is in the cause's own account at once. Amounts in minor units.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from payment import accounts, donations_recurring, ledger
from payment import escrow as escrows
from payment.models import Account, Cause, Donation, Escrow, Pledge, Transfer
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Malformed, Unprocessable
from skilllink.ids import uuid7
from skilllink.moments import span
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users import standing
from users.models import User
from users.notifications import inbox

DAY = timedelta(days=1)
RELEASES = ("release", "resolution", "bonus")


class NotReceiving(Conflict):
    code = "donation.not_receiving"
    sentence = _("{name} doesn't take donations. Nothing was moved.")


class NotVerified(Conflict):
    code = "donation.not_verified"
    sentence = _("“{name}” isn't open for donations: {state}. Nothing was moved.")


class ToOneself(Conflict):
    code = "donation.to_oneself"
    sentence = _("You can't give to yourself or to a cause that you keep. Nothing was moved.")


class InDispute(Conflict):
    code = "donation.in_dispute"
    sentence = _("You and {name} are in an open dispute. Nothing can be given until it has ended. Nothing was moved.")


class OverCap(Unprocessable):
    code = "donation.over_cap"
    sentence = _("You can give {cap} within 24 hours; {left} of it is left. Nothing was moved.")


class TooLate(Conflict):
    code = "donation.too_late"
    sentence = _("A tip follows a release within {window}; there was none in that time. Nothing was moved.")


class WrongCurrency(Malformed):
    code = "donation.wrong_currency"

    def __init__(self, name: str, currency: str) -> None:
        sentence = str(_("“{name}” takes {currency}. Nothing was moved.")).format(name=name, currency=currency)
        super().__init__(sentence, fields={"currency": sentence})


class Incomplete(Malformed):
    code = "donation.incomplete"


class TokenReused(Conflict):
    code = "donation.token_reused"
    sentence = _("This was already given with other figures. Nothing was moved.")


@verb
def give(
    giver: Any,
    to: Any,
    amount: int,
    currency: str,
    *,
    visibility: str = "public",
    note: str = "",
    every: str = "",
    token: str = "",
) -> Donation:
    """wallet → pending of the person `to`, or the account of the cause `to`: one donation now.

    `every` is `week` or `month` for one that repeats: the pledge is made with it, and its renewals are announced.
    `token` names the wish: the same one twice gives once. Raises what `check` raises, escrow.InsufficientFunds.
    """
    standing.require_active(giver)
    money.exponent(currency)
    money.check_minor(amount)
    wish = _wish(visibility, note, every)
    token = _token(token)
    lock(giver, to, currency)
    if done := _given(giver, token, to, amount, currency):
        return done
    check(giver, to, amount, currency)
    pledge = donations_recurring.begin(giver, to, amount, currency, every=every, **wish) if every else None
    donation = hand_over(giver, to, amount, currency, token=token, pledge=pledge, **wish)
    if pledge is not None:
        donations_recurring.announce(pledge)
    return donation


@verb
def tip(giver: Any, after: Escrow, amount: int, *, note: str = "", token: str = "") -> Donation:
    """wallet → pending of the payee of `after`, of which something was released to them within TIP_WINDOW.

    Nobody but the two sees it. Raises TooLate, and what `check` raises.
    """
    standing.require_active(giver)
    money.check_minor(amount)
    wish = _wish(Donation.Visibility.ANONYMOUS, note, "")
    token = _token(token)
    person = after.payee
    lock(giver, person, after.currency)
    if done := _given(giver, token, person, amount, after.currency):
        return done
    if after.payer_id != giver.pk or not may_tip(after):
        raise TooLate(window=span(settings.SKILLLINK["TIP_WINDOW"]))
    check(giver, person, amount, after.currency, tip=True)
    return hand_over(giver, person, amount, after.currency, token=token, after=after, **wish)


def may_tip(after: Escrow) -> bool:
    """Whether something of this escrow was released to its payee within the time for tips."""
    since = now() - settings.SKILLLINK["TIP_WINDOW"]
    return Transfer.objects.filter(escrow=after, kind__in=RELEASES, at__gte=since, clearing__isnull=False).exists()


@inside_transaction
def check(giver: Any, to: Any, amount: int, currency: str, *, tip: bool = False) -> None:
    """Whether this may be given now. The giver's wallet is locked: two gifts at once don't pass the cap together.

    Raises ToOneself, NotReceiving, NotVerified, WrongCurrency, InDispute, OverCap.
    """
    keeper = to.keeper if isinstance(to, Cause) else to
    if keeper.pk == giver.pk:
        raise ToOneself()
    if isinstance(to, Cause):
        state = Cause.objects.get(pk=to.pk)
        if state.status != Cause.Status.VERIFIED:
            raise NotVerified(name=to.title, state=state.get_status_display())
        if currency != to.currency:
            raise WrongCurrency(to.title, to.currency)
    elif not receives(to, tip=tip):
        raise NotReceiving(name=to.name)
    if in_dispute(giver, keeper):
        raise InDispute(name=keeper.get_short_name())
    left = left_today(giver, currency)
    if amount > left:
        raise OverCap(cap=money.format_money(cap(currency), currency), left=money.format_money(left, currency))


def receives(person: Any, *, tip: bool = False) -> bool:
    """Freelancers take donations while nothing stops them; a tip also reaches who works as a freelancer no longer."""
    standing_now = User.objects.filter(pk=person.pk, is_active=True).first()
    return standing_now is not None and (tip or standing_now.is_freelancer) and standing.stop(person) is None


def in_dispute(one: Any, other: Any) -> bool:
    """Whether money between the two is frozen in a dispute."""
    between = Q(payer=one, payee=other) | Q(payer=other, payee=one)
    return Escrow.objects.filter(between, kind=Escrow.Kind.DISPUTE, held__gt=0).exists()


def cap(currency: str) -> int:
    """What one person may give within 24 hours, tips included."""
    money.exponent(currency)
    return int(settings.SKILLLINK["DONATION_DAILY_CAP"][currency])


def left_today(giver: Any, currency: str) -> int:
    given = Donation.objects.filter(giver=giver, currency=currency, at__gt=now() - DAY)
    return max(0, cap(currency) - (given.aggregate(total=Sum("amount"))["total"] or 0))


@inside_transaction
def hand_over(giver: Any, to: Any, amount: int, currency: str, *, token: str, **facts: Any) -> Donation:
    """Move the money and write the row; the caller has judged. Raises escrow.InsufficientFunds."""
    pk = uuid7()
    key = f"donation:{pk}:give"
    if isinstance(to, Cause):
        transfer = _to_cause(giver, to, amount, key)
        row = {"kind": Donation.Kind.CAUSE, "cause": to}
    else:
        after = facts.get("after")
        kind = Escrow.Kind.DONATION if after is None else Escrow.Kind.TIP
        escrow = escrows.open(kind, payer=giver, payee=to, currency=currency, fee_bps=0)
        transfer = escrows.bonus(escrow, amount, key=key).transfer
        row = {
            "kind": Donation.Kind.SUPPORT if after is None else Donation.Kind.TIP, "person": to, "escrow": escrow,
        }  # fmt: skip
    donation = Donation.objects.create(
        pk=pk, giver=giver, amount=amount, currency=currency, token=token, transfer=transfer, at=now(), **row, **facts
    )
    if donation.kind != Donation.Kind.TIP:  # a tip is told with the contract it belongs to
        _tell(donation)
    return donation


def _to_cause(giver: Any, cause: Cause, amount: int, key: str) -> Transfer:
    wallet = accounts.wallet(giver, cause.currency)
    if (wallet.balance or 0) < amount:
        raise escrows.InsufficientFunds(amount - (wallet.balance or 0), cause.currency)
    account = accounts.of_cause(cause)
    before = raised(cause)
    transfer = ledger.post.within(key, "donation", [(wallet, -amount), (account, amount)])
    accounts.tell_owners(giver.pk)
    push(f"cause:{cause.pk}", {"type": "cause.received"})
    if before < cause.goal <= before + amount:
        inbox.notify(cause.keeper, "cause.reached", url=cause.get_absolute_url(), cause=cause.title)
    return transfer


def _tell(donation: Donation) -> None:
    anonymous = donation.visibility == Donation.Visibility.ANONYMOUS
    actor = None if anonymous else donation.giver
    facts = {
        "amount": money.format_money(donation.amount, donation.currency),
        "who": "" if anonymous else donation.giver.get_short_name(),
    }
    suffix = "_anonymously" if anonymous else ""
    if donation.cause is not None:
        cause = donation.cause
        inbox.notify(
            cause.keeper, f"cause.received{suffix}", actor=actor, url=cause.get_absolute_url(), cause=cause.title, **facts
        )  # fmt: skip
    else:
        inbox.notify(donation.person, f"donation.received{suffix}", actor=actor, url="/donations/", **facts)


# --- reading --------------------------------------------------------------------------------------


def of_giver(user: Any) -> "QuerySet[Donation]":
    return Donation.objects.filter(giver=user).select_related("person__profile", "cause", "after")


def to_person(user: Any) -> "QuerySet[Donation]":
    return Donation.objects.filter(person=user).select_related("giver__profile")


def raised(cause: Cause) -> int:
    """Everything that was ever given to a cause, minor units."""
    return Donation.objects.filter(cause=cause).aggregate(total=Sum("amount"))["total"] or 0


def labels(ids: list[Any]) -> dict[Any, tuple[str, str]]:
    """(label, address) of gifts' escrows for statements; without a name, since an anonymous giver has none."""
    return {row.escrow_id: (row.get_kind_display(), "/donations/") for row in Donation.objects.filter(escrow__in=ids)}


# --- what was asked -------------------------------------------------------------------------------


def _wish(visibility: Any, note: Any, every: Any) -> dict[str, str]:
    """The words of a gift, judged. Raises Incomplete naming the field."""
    if visibility not in Donation.Visibility.values:
        raise Incomplete(fields={"visibility": _("Choose public, amount hidden or anonymous.")})
    if every not in ("", *Pledge.Every.values):
        raise Incomplete(fields={"every": _("Choose once, weekly or monthly.")})
    if not isinstance(note, str) or len(note.strip()) > 500 or "\0" in note:
        raise Incomplete(fields={"note": _("Up to 500 characters.")})
    return {"visibility": visibility, "note": note.strip()}


def _token(token: Any) -> str:
    if not isinstance(token, str) or len(token) > 120 or not token.isprintable():
        raise Incomplete(fields={"token": _("A token has up to 120 printable characters.")})
    return token or uuid7().hex


def _given(giver: Any, token: str, to: Any, amount: int, currency: str) -> Donation | None:
    """The donation of this token if there is one. Raises TokenReused when it was another."""
    row = Donation.objects.filter(giver=giver, token=token).first()
    if row is not None and (row.target, row.amount, row.currency) != (to, amount, currency):
        raise TokenReused()
    return row


@inside_transaction
def lock(giver: Any, to: Any, currency: str) -> None:
    """The cause, which closes before or after; then both accounts, in the order in which every transfer takes them."""
    if isinstance(to, Cause):
        Cause.objects.select_for_update(of=("self",)).get(pk=to.pk)
    other = accounts.of_cause(to) if isinstance(to, Cause) else accounts.pending(to, currency)
    ids = [accounts.wallet(giver, currency).pk, other.pk]
    list(Account.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
