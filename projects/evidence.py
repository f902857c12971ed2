"""Whose money a contract's is: what payment's evidence about a contract covers, and for whom."""

from typing import Any
from uuid import UUID

from payment.verify import Subject
from projects.models import Bonus, Contract, Dispute, Milestone, Offer


def of_contract(user: Any, pk: UUID) -> Subject | None:
    """The contract's escrows, for those who may see the contract."""
    contract = Contract.objects.visible_to(user).filter(pk=pk).first()
    if contract is None:
        return None
    escrows = {
        *Offer.objects.filter(contract=contract).values_list("escrow", flat=True),
        *Milestone.objects.filter(contract=contract).values_list("escrow", flat=True),
        *Bonus.objects.filter(contract=contract).values_list("escrow", flat=True),
        *Dispute.objects.filter(milestone__contract=contract).values_list("escrow", flat=True),
    }
    return Subject("contract", contract.pk, contract.title, contract.get_absolute_url(), sorted(escrows - {None}))
