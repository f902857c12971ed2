"""What a person earned, once it has cleared."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import accounts, ledger, wishes
from payment.models import Transfer
from skilllink import money
from skilllink.errors import Conflict
from skilllink.transactions import verb
from users.standing import require_active


class NotAvailable(Conflict):
    code = "earnings.not_available"
    sentence = _("Only {available} of your earnings is available. Nothing was moved.")


@verb
def spend(user: Any, amount: int, currency: str, *, token: str) -> Transfer:
    """available → wallet, to be spent here: `amount` minor units.

    `token` names the wish: the same one twice moves the money once. Raises NotAvailable, money.BadAmount.
    """
    require_active(user)
    money.exponent(currency)
    money.check_minor(amount)
    wishes.require_token(token)
    available = accounts.available(user, currency)
    cleared = available.balance or 0
    lines = [(available, -amount), (accounts.wallet(user, currency), amount)]
    key = f"earnings:{user.pk}:{token}:spend"
    if cleared < amount and not Transfer.objects.filter(key=key).exists():
        raise NotAvailable(available=money.format_money(cleared, currency))
    transfer = ledger.post.within(key, "spend", lines)
    accounts.tell_owners(user.pk)
    return transfer
