"""Where a person's or a cause's money goes: added, confirmed by a fresh sign-in, used after a wait that gives time to object."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from payment import gateways, wishes
from payment.gateways.base import Rejected, Unanswered
from payment.gateways.sandbox.cards import bank
from payment.models import Cause, Payout, PayoutMethod
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Missing, Unprocessable
from skilllink.ids import uuid7
from skilllink.moments import written
from skilllink.realtime.push import push
from skilllink.transactions import verb
from users.notifications import inbox, sources
from users.standing import require_active

HOLDER = 100
MOST = 10
NOTICE = "payout_method"  # what is mailed to every further address


class NotFresh(Forbidden):
    code = "payout_method.sign_in_again"
    sentence = _("Sign in again to confirm where your money goes. Nothing was changed.")


class NotReady(Conflict):
    code = "payout_method.not_ready"
    sentence = _(
        "The payment provider doesn’t know this account well enough. Nothing was changed; remove it and add it again."
    )


class NotTaken(Conflict):
    code = "payout_method.not_taken"
    sentence = _("The payment provider doesn’t take this account: “{why}”. Nothing was added.")


class OtherWish(Conflict):
    code = "payout_method.other_wish"
    sentence = _("This was already asked for with other words. Nothing was added.")


class InUse(Conflict):
    code = "payout_method.in_use"
    sentence = _("A payout is on its way there. Nothing was changed; remove it when the payout has arrived.")


class TooMany(Conflict):
    code = "payout_method.too_many"
    sentence = _("You have {most} payout methods, the most at a time. Remove one that you don’t use.")


class TypedThere(Unprocessable):
    code = "payout_method.typed_there"
    sentence = _("The account’s number is typed on the payment provider’s page. Nothing was added; leave it out.")


class NotVerified(Conflict):
    code = "payout_method.cause_not_verified"
    sentence = _(
        "Money leaves a cause once it is verified. Nothing was moved or changed; a moderator looks at it first."
    )


def add(
    user: Any, *, holder: str, currency: str, number: str = "", cause: Cause | None = None, token: str | None = None
) -> PayoutMethod:  # fmt: skip
    """A new method, not confirmed yet. `number` of the bank account only where it is typed here; it is never kept.

    Of the person, or of a `cause` that the person keeps. `token` names the wish: the same one twice is one method;
    without one it is a wish of its own. Raises wishes.BadToken, cards.UnknownBank, money.BadAmount for a currency, Unprocessable without a name, TypedThere for a number that
    isn't typed here, Missing for somebody else's cause, NotVerified, TooMany, OtherWish, and NotTaken or the gateway's
    Unanswered, after which nothing is there.
    """
    token = str(uuid7()) if token is None else token
    wishes.require_token(token)
    if cause is not None:
        _require_keeper(cause, user, currency)
    gateway = gateways.current()
    if gateway.hosted and number:
        raise TypedThere(fields={"number": TypedThere.sentence})
    digits = "" if gateway.hosted else bank(number)
    facts = {"holder": holder, "currency": currency, "gateway": gateway.name, "last4": digits[-4:]}
    row = _write(user, cause, token, **facts)
    if row.gateway_id:
        return row
    try:
        account = gateway.account(
            f"method:{row.pk}", email=user.email, holder=row.holder, currency=currency, number=digits
        )
        return _known(row, account)
    except (Unanswered, Rejected) as fault:
        _forget(row)
        if isinstance(fault, Rejected):
            raise NotTaken(why=str(fault)) from fault
        raise


def confirm(method: PayoutMethod, *, by: Any, signed_in_at: datetime | None) -> PayoutMethod:
    """Make it usable after the wait; every address of the person hears of it.

    `signed_in_at` is when the person last proved who they are. Raises NotFresh, Missing, NotReady while the gateway
    wants more of the person (`onboarding`), and its Unanswered.
    """
    if not method.gateway_id or not gateways.of(method.gateway).takes_payouts(method.gateway_id):
        raise NotReady()
    return _confirm(method, by, signed_in_at)


@verb
def _confirm(method: PayoutMethod, by: Any, signed_in_at: datetime | None) -> PayoutMethod:
    require_active(by)
    row = _own(method, by)
    require_fresh(signed_in_at)
    if row.confirmed_at is not None:
        return row
    row.confirmed_at, row.usable_at = now(), now() + settings.SKILLLINK["PAYOUT_METHOD_WAIT"]
    row.save(update_fields=["confirmed_at", "usable_at"])
    _notify(row)
    inbox.mail_to(by, _other_addresses(by), NOTICE, row.pk)
    push(f"user:{by.pk}", {"type": "payout.changed"})
    return row


@verb
def end(method: PayoutMethod, *, by: Any) -> PayoutMethod:
    """Use it no more. Raises InUse while a payout is on its way there, Missing."""
    row = _own(method, by)
    if Payout.objects.filter(method=row, status__in=Payout.RESERVED).exists():
        raise InUse()
    row.ended_at = now()
    row.save(update_fields=["ended_at"])
    push(f"user:{by.pk}", {"type": "payout.changed"})
    return row


def of(user: Any, cause: Cause | None = None) -> Any:
    """The methods in use of the person, or of a cause that the person keeps, newest first."""
    return PayoutMethod.objects.of(user, cause).filter(ended_at__isnull=True)


def page(cause: Cause | None) -> str:
    """The address of the bank accounts and payouts of a cause, or of one's own."""
    return reverse("payment:cause_payouts", args=[cause.slug]) if cause else reverse("payment:payouts")


def news(person: Any, pk: Any) -> sources.News:
    """What is mailed to the person's further addresses."""
    row = PayoutMethod.objects.select_related("cause").get(pk=pk)
    whose = now_("your payouts") if row.cause is None else now_("payouts of “{cause}”").format(cause=row.cause.title)
    sentence = now_(
        "A new bank account was confirmed for {whose}: {method}. It is used from {day} on. "
        "If that wasn’t you, sign in, remove it and change your password."
    ).format(whose=whose, method=row, day=written(row.usable_at))  # type: ignore[arg-type]
    return sources.News(sentence, page(row.cause))


def require_fresh(signed_in_at: datetime | None) -> None:
    """Raises NotFresh. `signed_in_at` is when the person last proved who they are."""
    if signed_in_at is None or now() - signed_in_at > settings.SKILLLINK["SIGN_IN_FRESH"]:
        raise NotFresh()


def require_verified(cause: Cause) -> None:
    """Raises NotVerified."""
    if not cause.has_money:
        raise NotVerified()


def onboarding(method: PayoutMethod, back: str) -> str:
    """The gateway's page where the bank account is named. Raises NotReady for one that it never heard of, Unanswered."""
    if not method.gateway_id:
        raise NotReady()
    return gateways.of(method.gateway).onboarding(method.gateway_id, back=back)


@verb
def _write(user: Any, cause: Cause | None, token: str, *, holder: str, currency: str, **facts: str) -> PayoutMethod:
    require_active(user)
    money.exponent(currency)
    name = holder.strip() if isinstance(holder, str) else ""
    if not (1 <= len(name) <= HOLDER and name.isprintable()):
        raise Unprocessable(fields={"holder": _("Write the name on the account, in up to 100 characters.")})
    wish = {"cause": cause, "holder": name, "currency": currency} | facts
    there = PayoutMethod.objects.filter(user=user, token=token).first()
    if there is None:
        if of(user, cause).count() >= MOST:
            raise TooMany(most=MOST)
        there, _made = PayoutMethod.objects.get_or_create(user=user, token=token, defaults=wish)
    if any(getattr(there, field) != value for field, value in wish.items()):
        raise OtherWish()
    return there


def _require_keeper(cause: Cause, user: Any, currency: str) -> None:
    if cause.keeper_id != user.pk:
        raise Missing()
    require_verified(cause)
    if currency != cause.currency:
        text = _("This cause collects {currency}.").format(currency=cause.currency)
        raise money.BadAmount(text, fields={"currency": text})


@verb
def _known(row: PayoutMethod, account: str) -> PayoutMethod:
    if not PayoutMethod.objects.filter(pk=row.pk).update(gateway_id=account):
        raise Unanswered("The same wish was asked for twice at once, and the other one got no answer.")
    row.gateway_id = account
    return row


@verb
def _forget(row: PayoutMethod) -> None:
    """The gateway has no account for it: nobody is told of one. The same wish at the same time may have got one."""
    PayoutMethod.objects.filter(pk=row.pk, gateway_id="").delete()


def _own(method: PayoutMethod, by: Any) -> PayoutMethod:
    mine = PayoutMethod.objects.visible_to(by).filter(pk=method.pk, ended_at=None)
    row = mine.select_related("user", "cause").select_for_update(of=("self",)).first()
    if row is None:
        raise Missing()
    return row


def _other_addresses(user: Any) -> list[str]:
    """Every further address that the person has proved to be theirs: a thief may have put another one in front."""
    mine = EmailAddress.objects.filter(user=user, verified=True).exclude(email__iexact=user.email)
    return list(mine.values_list("email", flat=True))


def _notify(row: PayoutMethod) -> None:
    facts: dict[str, Any] = {"url": page(row.cause), "method": row, "day": written(row.usable_at)}  # type: ignore[arg-type]
    if row.cause is None:
        inbox.notify(row.user, "payout_method.confirmed", **facts)
    else:
        inbox.notify(row.user, "cause.payout_method_confirmed", cause=row.cause.title, **facts)
