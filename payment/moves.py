"""What waits in money for a person: a deposit that the bank wants confirmed."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from payment.models import Deposit
from skilllink.money import format_money
from skilllink.moves import Move


def moves(user: Any) -> list[Move]:
    waiting = Deposit.objects.filter(user=user, status=Deposit.Status.NEEDS_CONFIRMATION)
    return [
        Move(
            due_at=None,
            sentence=_("Confirm your deposit of {amount}.").format(amount=format_money(row.amount, row.currency)),
            consequence=_("If you do nothing, nothing is charged."),
            url=reverse("payment:deposit", args=[row.pk]),
            act_label=_("Confirm"),
            mine=True,
        )
        for row in waiting
    ]
