"""What waits in money for a person, and what they wait for: deposits, bank accounts, payouts, debts."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from payment import payout_holds, payout_methods, payouts
from payment.models import Account, Deposit, Payout, PayoutMethod
from skilllink.money import format_money
from skilllink.moves import Move


def moves(user: Any) -> list[Move]:
    return [*_deposits(user), *_debts(user), *_methods(user), *_payouts(user)]


def _deposits(user: Any) -> Iterator[Move]:
    """What the bank wants confirmed is the person's move; an answer that got lost is waited for."""
    open_ones = Q(status=Deposit.Status.NEEDS_CONFIRMATION) | Q(asked_at__isnull=False)
    for row in Deposit.objects.filter(open_ones, user=user):
        mine = row.status == Deposit.Status.NEEDS_CONFIRMATION
        sentence = (
            _("Confirm your deposit of {amount}.") if mine else _("Your deposit of {amount} waits for an answer.")
        )
        silence = (
            _("If you do nothing, nothing is charged.")
            if mine
            else _("We ask the payment provider again; you are never charged twice.")
        )
        yield Move(
            due_at=None if mine else row.check_at,
            sentence=sentence.format(amount=format_money(row.amount, row.currency)),
            consequence=silence,
            url=reverse("payment:deposit", args=[row.pk]),
            act_label=_("Confirm") if mine else _("Look"),
            mine=mine,
        )


def _debts(user: Any) -> Iterator[Move]:
    for row in Account.objects.filter(user=user, kind=Account.Kind.RECEIVABLE, balance__lt=0):
        yield Move(
            due_at=None,
            sentence=_("You owe {amount} after a chargeback.").format(
                amount=format_money(-(row.balance or 0), row.currency)
            ),
            consequence=_("If you do nothing, your payouts wait."),
            url=f"{reverse('payment:repay')}?currency={row.currency}",
            act_label=_("Pay it"),
            mine=True,
        )


def _methods(user: Any) -> Iterator[Move]:
    mine = PayoutMethod.objects.visible_to(user).filter(ended_at__isnull=True, confirmed_at__isnull=True)
    for row in mine.select_related("cause"):
        of_cause = _("Confirm the bank account {method} of “{cause}”.")
        sentence = of_cause if row.cause else _("Confirm your bank account {method}.")
        yield Move(
            due_at=None,
            sentence=sentence.format(method=row, cause=row.cause),
            consequence=_("If you do nothing, nothing is paid out to it."),
            url=payout_methods.page(row.cause),
            act_label=_("Confirm"),
            mine=True,
        )


def _payouts(user: Any) -> Iterator[Move]:
    hold = payout_holds.in_force(user)
    mine = Payout.objects.visible_to(user).filter(status__in=Payout.RESERVED)
    for row in mine.select_related("cause"):
        if row.status == Payout.Status.PROCESSING:
            due_at, silence = payouts.promise(row), _("If it fails, it comes back by itself; nothing is sent twice.")
        elif row.status == Payout.Status.ON_HOLD:
            due_at = hold.until if hold else row.due_at
            silence = _("It goes back into the queue by itself when the hold ends; you can cancel it.")
        elif payouts.waits_for(row):
            due_at, silence = None, _("If you do nothing, it stays reserved; you can cancel it.")
        else:
            due_at, silence = row.due_at, _("If you do nothing, it goes by itself; until then you can cancel it.")
        of_cause = _("Payout of {amount} for “{cause}”: {state}.")
        sentence = of_cause if row.cause else _("Your payout of {amount}: {state}.")
        facts = {"amount": format_money(row.amount, row.currency), "state": row.get_status_display()}
        yield Move(
            due_at=due_at,
            sentence=sentence.format(cause=row.cause, **facts),
            consequence=silence,
            url=reverse("payment:payout", args=[row.pk]),
            act_label=_("Look"),
            mine=False,
        )
