"""Pro bono: work donated to a verified cause. The same contract without money: nothing is held, paid or invoiced.

Its figures are 0 on the gig, the bids, the offers and the milestones, and none of them ever has an escrow.
"""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from payment.models import Cause
from projects import contracts
from projects.announce import announce
from projects.models import Contract, Gig, Milestone
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Unprocessable
from skilllink.transactions import inside_transaction


class NotKeeper(Forbidden):
    code = "gig.not_keeper"
    sentence = _("Only who keeps a cause asks for pro-bono work for it. Nothing was changed.")


class NotVerified(Conflict):
    code = "gig.cause_not_verified"
    sentence = _("This cause is “{state}”: pro-bono work is for verified causes. Nothing was changed.")


class Fixed(Conflict):
    code = "gig.pro_bono_fixed"
    sentence = _("Whether a gig is pro bono, and for what, stays as it was posted. Nothing was changed.")


class WithAmount(Unprocessable):
    code = "gig.pro_bono_amount"
    sentence = _("Pro-bono work has no price: leave the amounts out. Nothing was moved.")


class NoMoney(Conflict):
    code = "contract.pro_bono"
    sentence = _(
        "This contract is pro bono: there is no money in it to hold, pay back or dispute. Nothing was changed; "
        "to stop, end the contract."
    )


@inside_transaction
def require_cause(gig: Gig) -> None:
    """Raises NotKeeper or NotVerified unless the gig's client keeps its cause and it is verified at this moment."""
    if gig.cause_id is None:
        return
    cause = Cause.objects.select_for_update(of=("self",)).get(pk=gig.cause_id)
    if cause.keeper_id != gig.client_id:
        raise NotKeeper(fields={"cause": NotKeeper.sentence})
    if cause.status != Cause.Status.VERIFIED:
        raise NotVerified(state=cause.get_status_display())


def level(gig: Gig, given: dict[str, Any]) -> None:
    """Make the figures of a gig those of its kind. Raises WithAmount when a pro-bono one was `given` a budget.

    A cause that nobody knows yet is nobody else's to name.
    """
    if gig.cause is None:
        gig.budget_min, gig.budget_max = gig.budget_min or None, gig.budget_max or None
        return
    if gig.cause.keeper_id != gig.client_id and not gig.cause.has_money:
        raise Unprocessable(fields={"cause": _("There is no such cause.")})
    fields: dict[str, Any] = {name: WithAmount.sentence for name in ("budget_min", "budget_max") if given.get(name)}
    if fields:
        raise WithAmount(fields=fields)
    if gig.kind != Gig.Kind.FIXED:
        raise WithAmount(fields={"kind": _("Pro-bono work isn’t paid by the hour.")})
    gig.budget_min = gig.budget_max = 0


def nothing(amount: Any, field: str = "amount") -> int:
    """The amount of a pro-bono bid, offer or milestone: 0, given or left out. Raises WithAmount."""
    if amount is None or (type(amount) is int and amount == 0):
        return 0
    raise WithAmount(fields={field: WithAmount.sentence})


def require_money(contract: Contract) -> None:
    """Raises NoMoney in a pro-bono contract."""
    if contract.is_pro_bono:
        raise NoMoney()


@inside_transaction
def begin(milestone: Milestone) -> None:
    """An agreed milestone can start at once: there is nothing to fund."""
    from projects import milestones  # milestones needs this module

    moment = now()
    due = moment + timedelta(days=milestone.days)
    milestones.move(milestone, "funded", drop_asked_by=None, funded_at=moment, due_at=due)


@inside_transaction
def accept(milestone: Milestone, *, actor: Any) -> None:
    """The work is taken, by the client or by the clock; nothing is paid."""
    from projects import milestones  # milestones needs this module

    working = Milestone.WORKING
    milestones.move(milestone, "released", among=working, ended_at=now(), released_by_clock=actor is None)
    announce(
        "milestone.accepted", contract=milestone.contract, milestone=milestone, actor=actor, by_clock=actor is None
    )
    contracts.close_when_done(milestone.contract, actor=actor)


@inside_transaction
def drop(milestone: Milestone) -> None:
    """Work that nobody handed in is over, by the clock."""
    from projects import milestones  # milestones needs this module

    milestones.move(milestone, "cancelled", ended_at=now())
    announce("milestone.cancelled", contract=milestone.contract, milestone=milestone, actor=None, by_clock=True)
    contracts.close_when_done(milestone.contract, actor=None)


@inside_transaction
def drop_unfinished(contract: Contract) -> list[Milestone]:
    """End what isn't handed in when a pro-bono contract is ended; what is handed in waits for its review."""
    from projects import milestones  # milestones needs this module

    rows = list(contract.milestones.filter(status__in=["funded", "changes_requested"]))
    for row in rows:
        row.contract = contract
        milestones.move(row, "cancelled", ended_at=now())
    return rows
