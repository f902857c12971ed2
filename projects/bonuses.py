"""A bonus: a release without milestone, from the client's wallet, at the contract's fee."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import escrow as escrows
from projects import contracts, milestones, pro_bono
from projects.announce import announce
from projects.models import Bonus, Contract
from skilllink.errors import Conflict
from skilllink.ids import uuid7
from skilllink.money import check_minor, format_money
from skilllink.transactions import verb
from users.standing import require_active

LONGEST_NOTE = 500


class TokenReused(Conflict):
    code = "bonus.token_reused"
    sentence = _("This bonus was already paid with another amount. Nothing was moved.")


@verb
def pay(contract: Any, *, by: Any, amount: int, note: str = "", token: str = "") -> Bonus:
    """wallet → pending of the freelancer and fees: `amount` gross, minor units, while the contract runs.

    `token` names the wish: the same one twice pays once. Raises escrow.InsufficientFunds, milestones.NotYours.
    """
    row = contracts.lock(contract)
    require_active(by)
    if row.party(by) != "client":
        raise milestones.NotYours(role=_("client"))
    pro_bono.require_money(row)
    check_minor(amount)
    words = note_of(note)
    if paid := Bonus.objects.filter(contract=row, token=token).first():
        if paid.amount != amount:
            raise TokenReused()
        return paid
    if row.status == Contract.Status.CLOSED:
        raise contracts.NotNow(state=row.get_status_display().lower())
    escrow = contracts.open_escrow(row, "bonus")
    bonus = Bonus(contract=row, escrow=escrow, amount=amount, note=words, token=token or uuid7().hex)
    result = escrows.bonus(escrow, amount, key=f"bonus:{bonus.pk}:pay")
    bonus.save(force_insert=True)
    announce(
        "contract.bonus",
        contract=row,
        actor=by,
        figure=format_money(amount, row.currency),
        received=format_money(result.net, row.currency),
        reason=words,
    )
    return bonus


def note_of(note: Any) -> str:
    """The words with a bonus or a tip. Raises milestones.Incomplete."""
    text = note.strip() if isinstance(note, str) else None
    if text is None or len(text) > LONGEST_NOTE or "\0" in text:
        sentence = _("Up to 500 characters.")
        raise milestones.Incomplete(sentence, fields={"note": sentence})
    return text
