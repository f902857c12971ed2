"""Money stands still over a violation (L20), until two people of finance have said why it may go on.

Reading and chat go on. Every movement asks `require_running` inside its own transaction: `ledger.post` does.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import finance
from payment.models import Checkpoint, Halt, Lift
from skilllink.errors import Forbidden, Malformed, Unavailable
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox

TOPIC = "books:all"
REASON = 10  # letters at least


class Halted(Unavailable):
    code = "money.halted"
    sentence = _(
        "Money stands still while we check the books. Nothing was moved, and nothing is lost: what is yours stays yours."
    )
    retry_after = 600


class NotFinance(Forbidden):
    code = "halt.not_finance"
    sentence = _("Only people of finance lift a halt. Money still stands.")


class AlreadyAgreed(Forbidden):
    code = "halt.already_agreed"
    sentence = _("You have agreed already. A second person of finance has to; money still stands.")


class NoReason(Malformed):
    code = "halt.no_reason"
    sentence = _("Say in a sentence why money may move again. It still stands.")


def in_force() -> Halt | None:
    """The oldest halt that stands, if any. One cheap read: there are as many rows as there were halts."""
    return Halt.objects.in_force().order_by("at").first()


def require_running() -> None:
    """Raise Halted while money stands still."""
    if Halt.objects.in_force().exists():
        raise Halted()


@verb
def stop(violations: list[dict[str, str]]) -> bool:
    """Halt money over the violations that no halt has named before; tells finance. Whether there were any."""
    _queue()
    known = {_identity(one) for halt in Halt.objects.all() for one in halt.violations}
    fresh = [one for one in violations if _identity(one) not in known]
    if not fresh:
        return Halt.objects.in_force().exists()
    Halt.objects.create(violations=fresh)
    for person in finance.people():
        inbox.notify(person, "money.halted", url="/admin/payment/halt/", count=len(fresh), first=fresh[0]["row"])
    push(TOPIC, {"type": "books.halted"})
    return True


@verb
def lift(halt: Halt, *, by: Any, reason: str) -> bool:
    """One person's agreement; with the second person's, money moves again. Returns whether it does.

    Raises NotFinance, AlreadyAgreed, NoReason.
    """
    _queue()
    if not finance.is_one(by):
        raise NotFinance()
    reason = " ".join(reason.split()) if isinstance(reason, str) else ""
    if len(reason) < REASON:
        raise NoReason(fields={"reason": NoReason.sentence})
    if halt.lifts.filter(by=by).exists():
        raise AlreadyAgreed()
    Lift.objects.create(halt=halt, by=by, reason=reason[:1000])
    runs = not Halt.objects.in_force().exists()
    if runs:
        for person in finance.people():
            inbox.notify(person, "money.runs", url="/transparency/", actor=by, who=by.name, reason=reason[:200])
        push(TOPIC, {"type": "books.runs"})
    return runs


@inside_transaction
def _queue() -> None:
    """One at a time: two audits that find the same halt once, two agreements are counted one after the other."""
    Checkpoint.objects.get_or_create(pk=1)
    Checkpoint.objects.select_for_update().get(pk=1)


def _identity(violation: dict[str, str]) -> tuple[str, str, str]:
    return violation["invariant"], violation["row"], violation["found"]
