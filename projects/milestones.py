"""What can be done with a milestone. Each verb locks contract then milestone, judges, moves, tells."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from payment import escrow as escrows
from projects import contracts, hours, pro_bono, schedule, weeks
from projects.announce import announce, gathered
from projects.left import soon as left_soon
from projects.models import ChangeRequest, Contract, Delivery, DeliveryFile, Milestone
from projects.rules import rule
from skilllink import files as uploads
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Unprocessable
from skilllink.money import check_minor, format_money
from skilllink.prepared import prepared, prepared_update
from skilllink.transactions import inside_transaction, verb
from users.standing import require_active, require_active_soon


class NotFunded(Conflict):
    code = "milestone.not_funded"
    sentence = _("This milestone isn't funded, so nothing can start or be paid yet. Nothing was changed.")


class Disputed(Conflict):
    code = "milestone.disputed"
    sentence = _("This milestone is in dispute. Its money stays frozen until that is settled. Nothing was changed.")


class Ended(Conflict):
    code = "milestone.ended"
    sentence = _("This milestone has already ended: {state}. Nothing was moved.")


class NotNow(Conflict):
    code = "milestone.not_now"
    sentence = _("That isn't possible while the milestone is “{state}”. Nothing was changed.")


class Stale(Conflict):
    code = "milestone.stale"
    sentence = _(
        "This milestone changed while you were looking: it is now “{state}”, with {rest} held. "
        "Nothing was moved. Look again, then decide."
    )


class NotYours(Forbidden):
    code = "milestone.not_yours"
    sentence = _("Only the {role} can do that. Nothing was changed.")


class TooMuch(Unprocessable):
    code = "milestone.too_much"
    sentence = _("Only {rest} is held for this milestone. Choose that or less. Nothing was moved.")


class NoMoreRevisions(Conflict):
    code = "milestone.no_more_revisions"
    sentence = _(
        "The {number} included revisions are used. Release it, agree on a new milestone, or open a dispute. "
        "Nothing was changed."
    )


class AlreadyExtended(Conflict):
    code = "milestone.already_extended"
    sentence = _("You have already taken more time for this review. Nothing was changed.")


class Incomplete(Malformed):
    code = "milestone.incomplete"


class ContractNotActive(Conflict):
    code = "contract.not_active"
    sentence = _("This contract is {state}, so nothing new can start in it. Nothing was changed.")


def _key(thing: Any) -> Any:
    return getattr(thing, "pk", thing)


@inside_transaction
def lock(milestone: Any) -> Milestone:
    """Lock the contract, then the milestone, and read both afresh; the escrow may be of a moment before."""
    for row in _lock(pk=_key(milestone)):
        return row
    raise Milestone.DoesNotExist


@inside_transaction
def lock_all(ids: Iterable[Any]) -> dict[Any, Milestone]:
    """The same for several, whose contracts the caller has locked: in one statement, by id."""
    return {row.pk: row for row in _locking().filter(pk__in=ids).order_by("pk")}


def _locking() -> "QuerySet[Milestone]":
    rows = Milestone.objects.select_for_update(of=("contract", "self"))  # PostgreSQL locks in this order
    return rows.select_related("contract", "escrow")


@prepared
def _lock(pk: Any) -> "QuerySet[Milestone]":
    return _locking().filter(pk=pk)


@prepared
def _lock_with_escrow(pk: Any) -> "QuerySet[Milestone]":
    rows = Milestone.objects.select_for_update(of=("contract", "self", "escrow"))
    # an escrow that need not be there couldn't be locked
    return rows.select_related("contract", "escrow__account").filter(pk=pk, escrow__held__gte=0)


def _lock_as(role: str, milestone: Any, by: Any) -> Milestone:
    """Lock it for what only this party may do, who must be allowed to act; asked in one round trip."""
    return _locking_as(role, milestone, by)()


def _locking_as(role: str, milestone: Any, by: Any, lock: Any = _lock) -> Callable[[], Milestone]:
    """The same, not yet: what is returned gives the milestone, or refuses."""
    locked, active = lock.soon(pk=_key(milestone)), require_active_soon(by)

    def answer() -> Milestone:
        for row in locked():
            active()
            _require_party(row, by, role)
            return row
        raise Milestone.DoesNotExist

    return answer


def _role(milestone: Milestone, by: Any, role: str) -> None:
    require_active(by)
    _require_party(milestone, by, role)


def _require_party(milestone: Milestone, by: Any, role: str) -> None:
    if milestone.contract.party(by) != role:
        names = {"client": _("client"), "freelancer": _("freelancer")}
        raise NotYours(role=names[role])


def require_client(milestone: Milestone, by: Any) -> None:
    """Raise NotYours for anyone but the client of a locked milestone's contract."""
    _role(milestone, by, "client")


def require_freelancer(milestone: Milestone, by: Any) -> None:
    """The same for the freelancer."""
    _role(milestone, by, "freelancer")


def _party(milestone: Milestone, by: Any) -> None:
    require_active(by)
    if not milestone.contract.party(by):
        raise NotYours(_("Only the two parties can do that. Nothing was changed."))


def _seen(milestone: Milestone, version: int | None) -> None:
    """Refuse a decision that was made over an older picture. None: the caller saw none (a verb, a test)."""
    if version is not None and version != milestone.version:
        state, rest = milestone.get_status_display(), format_money(milestone.rest, milestone.currency)
        raise Stale(state=state, rest=rest)


def refusal(milestone: Milestone) -> Conflict:
    """Why the present state does not allow it."""
    if milestone.status in ("proposed", "agreed"):
        return NotFunded()
    if milestone.status == "disputed":
        return Disputed()
    if milestone.is_terminal:
        return Ended(state=milestone.get_status_display())
    return NotNow(state=milestone.get_status_display())


@inside_transaction
def move(milestone: Milestone, target: str, *, among: tuple[str, ...] | None = None, **changes: Any) -> None:
    """One allowed step of the machine: a conditional UPDATE that must hit one row, then the state's own clocks."""
    sources = Milestone.sources(target, among)
    rows = Milestone.objects.filter(pk=milestone.pk, status__in=sources)
    if not rows.update(status=target, version=F("version") + 1, **changes):
        raise refusal(milestone)
    _changed(milestone, status=target, **changes)
    replan(milestone)


@inside_transaction
def amend(milestone: Milestone, **changes: Any) -> None:
    """Change a milestone without moving it to another state; whoever saw the old version is stale."""
    _amend.soon(pk=milestone.pk, **changes)
    _changed(milestone, **changes)


@prepared_update
def _amend(pk: Any, **changes: Any) -> Any:
    return Milestone.objects.filter(pk=pk), {"version": F("version") + 1, **changes}


@inside_transaction
def replan(milestone: Milestone) -> None:
    """Stop the clocks of the state that was left and start those of the state that is."""
    moment = now()
    schedule.stand_down(subject=milestone, now=moment)
    schedule.start(schedule.plans(milestone, now=moment), contract=milestone.contract, milestone=milestone)


def _changed(milestone: Milestone, **changes: Any) -> None:
    """Bring the copy in hand to what its row is now; it was read under the lock, so nothing else differs."""
    milestone.version += 1
    for name, value in changes.items():
        if hasattr(value, "resolve_expression"):
            milestone.refresh_from_db(fields=[name])
        else:
            setattr(milestone, name, value)


def _written(value: Any, field: str, sentence: Any, *, longest: int = 5000) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > longest:
        raise Incomplete(sentence, fields={field: sentence})
    return text


# --- agreeing -------------------------------------------------------------------------------------


@verb
def propose(contract: Any, *, by: Any, title: str, amount: int, days: int, description: str = "") -> Milestone:
    """Offer a further milestone to the other party. `amount` in minor units of the contract's currency."""
    agreed_with = contracts.lock(contract)
    require_active(by)
    if not agreed_with.party(by):
        raise NotYours(_("Only the two parties can do that. Nothing was changed."))
    if agreed_with.status != Contract.Status.ACTIVE:
        raise ContractNotActive(state=agreed_with.get_status_display().lower())
    title = _written(title, "title", _("Name the milestone in up to 120 characters."), longest=120)
    if type(days) is not int or not 1 <= days <= 365:
        raise Incomplete(fields={"days": _("Give 1 to 365 days.")})
    if agreed_with.is_pro_bono:
        pro_bono.nothing(amount)
    else:
        check_minor(amount)
        check_minor(agreed_with.amount + amount)
    last = agreed_with.milestones.order_by("-position").values_list("position", flat=True).first() or 0
    milestone = Milestone.objects.create(
        contract=agreed_with,
        position=last + 1,
        title=title,
        description=description.strip()[:5000],
        amount=amount,
        days=days,
        status=Milestone.Status.PROPOSED,
        proposed_by=by,
    )
    announce(
        "milestone.proposed",
        contract=agreed_with,
        milestone=milestone,
        actor=by,
        figure=format_money(amount, agreed_with.currency),
    )
    return milestone


@verb
def agree(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """Accept the other party's proposed milestone; it joins the signed terms as their next version."""
    row = lock(milestone)
    _party(row, by)
    _seen(row, version)
    if row.status == Milestone.Status.PROPOSED and row.proposed_by_id == by.pk:
        raise NotYours(_("You proposed it; the other party agrees. Nothing was changed."))
    if row.status != Milestone.Status.PROPOSED:
        raise NotNow(state=row.get_status_display())
    if row.contract.status != Contract.Status.ACTIVE:
        raise ContractNotActive(state=row.contract.get_status_display().lower())
    move(row, "agreed", **(hours.first_week(row) if row.rate else {}))
    contracts.sign_again(row.contract)
    announce("milestone.agreed", contract=row.contract, milestone=row, actor=by)
    if row.contract.is_pro_bono:
        pro_bono.begin(row)
    return row


@verb
def cancel(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """Drop a milestone that holds no money.

    A proposal goes at once, by either party. An agreed one is in terms that both signed: the first call asks, the
    other party's call agrees, and the terms get their next version.
    """
    row = lock(milestone)
    _party(row, by)
    _seen(row, version)
    if row.status not in ("proposed", "agreed"):
        raise Ended(state=row.get_status_display()) if row.is_terminal else NotNow(state=row.get_status_display())
    was_agreed = row.status == "agreed"
    if was_agreed and row.drop_asked_by_id is None:
        amend(row, drop_asked_by=by)
        announce("milestone.drop_asked", contract=row.contract, milestone=row, actor=by)
        return row
    if was_agreed and row.drop_asked_by_id == by.pk:
        raise NotYours(_("You asked to drop it; the other party agrees. Nothing was changed."))
    move(row, "cancelled", drop_asked_by=None, ended_at=now())
    announce("milestone.cancelled", contract=row.contract, milestone=row, actor=by)
    if was_agreed:
        contracts.sign_again(row.contract)
    contracts.close_when_done(row.contract, actor=by)
    return row


@verb
def keep(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """Say no to dropping an agreed milestone, or take one's own wish back: it stays as it was signed."""
    row = lock(milestone)
    _party(row, by)
    _seen(row, version)
    if row.drop_asked_by_id is None:
        raise Ended(state=row.get_status_display()) if row.is_terminal else NotNow(state=row.get_status_display())
    event = "milestone.drop_withdrawn" if row.drop_asked_by_id == by.pk else "milestone.drop_refused"
    amend(row, drop_asked_by=None)
    announce(event, contract=row.contract, milestone=row, actor=by)
    return row


# --- money in -------------------------------------------------------------------------------------


@verb
def fund(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """Hold the milestone's amount from the client's wallet. Raises payment's InsufficientFunds with the missing sum."""
    row = _lock_as("client", milestone, by)
    pro_bono.require_money(row.contract)
    _seen(row, version)
    if row.status != Milestone.Status.AGREED:
        raise Ended(state=row.get_status_display()) if row.is_terminal else NotNow(state=row.get_status_display())
    if row.contract.status not in (Contract.Status.ACTIVE, Contract.Status.PAUSED):
        raise ContractNotActive(state=row.contract.get_status_display().lower())
    escrow = contracts.open_escrow(row.contract)
    escrows.hold(escrow, row.amount, key=f"milestone:{row.pk}:fund")
    funded(row, escrow, actor=by)
    return row


@inside_transaction
def funded(milestone: Milestone, escrow: Any, *, actor: Any) -> None:
    """The money is in `escrow`: the milestone can start, its due date counts from now."""
    moment = now()
    milestone.escrow = escrow
    move(
        milestone,
        "funded",
        escrow=escrow,
        drop_asked_by=None,  # who funds it wants it
        funded_at=moment,
        due_at=weeks.over_at(milestone) if milestone.rate else moment + timedelta(days=milestone.days),
    )
    announce("milestone.funded", contract=milestone.contract, milestone=milestone, actor=actor, moved=milestone.amount)
    if milestone.rate:
        hours.follow(milestone)


# --- work -----------------------------------------------------------------------------------------


@verb
def deliver(milestone: Any, *, by: Any, note: str, files: Any = (), version: int | None = None) -> Delivery:
    """Hand in work: a note and up to 10 files. Starts the client's review clock."""
    row = _lock_as("freelancer", milestone, by)
    _seen(row, version)
    if row.rate:
        raise hours.ByTheHour()
    if row.status not in ("funded", "changes_requested"):
        raise refusal(row)
    if row.contract.status == Contract.Status.PAUSED:
        raise ContractNotActive(state=row.contract.get_status_display().lower())
    text = _written(note, "note", _("Say in a few words what you deliver (up to 10,000 characters)."), longest=10_000)
    files = list(files)
    most = rule("FILES_PER_DELIVERY")
    if len(files) > most:
        raise Unprocessable(fields={"files": _("Up to %(most)s files; put more into one ZIP.") % {"most": most}})
    facts = [uploads.check_upload(file, max_bytes=rule("FILE_BYTES")) for file in files]
    number = row.deliveries.count() + 1
    moment = now()
    delivery = Delivery.objects.create(milestone=row, number=number, note=text, at=moment)
    for file, fact in zip(files, facts, strict=True):
        DeliveryFile.objects.create(delivery=delivery, file=file, name=fact.name, mime=fact.mime, size=fact.size)
    move(
        row,
        "submitted",
        submitted_at=moment,
        review_due_at=moment + row.contract.review_window,
        review_extended=False,
    )
    announce("milestone.submitted", contract=row.contract, milestone=row, actor=by, number=number, files=len(files))
    return delivery


@verb
def request_changes(
    milestone: Any, *, by: Any, reason: str, items: list[str], version: int | None = None
) -> ChangeRequest:
    """Send the delivery back with a reason and a checklist of at least one item. Two are included."""
    row = _lock_as("client", milestone, by)
    _seen(row, version)
    if row.status != Milestone.Status.SUBMITTED:
        raise refusal(row)
    if row.rate:
        raise hours.ByTheHour(_("What is wrong with a week of hours is disputed or asked back. Nothing was changed."))
    if row.contract.is_pro_bono and row.contract.status != Contract.Status.ACTIVE:  # it would wait for ever
        raise ContractNotActive(state=row.contract.get_status_display().lower())
    if row.revisions_used >= row.contract.revisions:
        raise NoMoreRevisions(number=row.contract.revisions)
    text = _written(reason, "reason", _("Say what should be different (up to 2,000 characters)."), longest=2000)
    listed = items if isinstance(items, list | tuple) else []
    checklist = [item.strip()[:300] for item in listed if isinstance(item, str) and item.strip()]
    if not 1 <= len(checklist) <= 20:
        sentence = _("List at least one thing to change, and at most 20.")
        raise Incomplete(sentence, fields={"items": sentence})
    delivery = row.deliveries.order_by("-number").first()
    asked = ChangeRequest.objects.create(delivery=delivery, reason=text, items=checklist)
    move(row, "changes_requested", revisions_used=F("revisions_used") + 1)
    announce(
        "milestone.changes_requested",
        contract=row.contract,
        milestone=row,
        actor=by,
        reason=text[:200],
        used=row.revisions_used,
        of=row.contract.revisions,
    )
    return asked


@verb
def extend_review(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """Take more time to review, once per delivery."""
    row = _lock_as("client", milestone, by)
    _seen(row, version)
    if row.status != Milestone.Status.SUBMITTED or row.review_due_at is None:
        raise refusal(row)
    if row.review_extended:
        raise AlreadyExtended()
    amend(row, review_extended=True, review_due_at=row.review_due_at + rule("REVIEW_EXTENSION"))
    replan(row)
    announce("milestone.review_extended", contract=row.contract, milestone=row, actor=by)
    return row


# --- money out ------------------------------------------------------------------------------------


@verb
def release(milestone: Any, *, by: Any, amount: int | None = None, version: int | None = None) -> Milestone:
    """Pay the freelancer the whole rest, or `amount` minor units of it. Cannot be undone.

    Raises NotYours for anyone but the client, Stale when `version` isn't the present one, Ended, Disputed, NotFunded.
    """
    row, ahead = _lock_to_pay(milestone, by, version)
    if row.status not in Milestone.sources("released", Milestone.WORKING):
        raise refusal(row)
    if row.rate and row.status == Milestone.Status.FUNDED:
        raise hours.ByTheHour()
    _seen(row, version)
    pay(row, actor=by, amount=amount, ahead=ahead)
    return row


def _lock_to_pay(milestone: Any, by: Any, version: int | None) -> tuple[Milestone, escrows.Ahead | None]:
    """Lock it as its client, in one round trip; with its escrow, for who comes with what they saw of it."""
    escrow_id = getattr(milestone, "escrow_id", None)
    if escrow_id is None or version is None:
        return _lock_as("client", milestone, by), None
    locking = _locking_as("client", milestone, by, _lock_with_escrow)
    ahead = escrows.ask_ahead(escrow_id, _release_key(milestone, version), locked=lambda: [row.escrow])
    row = locking()
    return row, ahead


def _release_key(milestone: Milestone, version: int) -> str:
    return f"milestone:{milestone.pk}:release:v{version}"


@verb
def release_by_clock(milestone: Any) -> Milestone:
    """Pay the whole rest because the review window ended in silence."""
    row = lock(milestone)
    release_silently(row)
    return row


@inside_transaction
def release_silently(row: Milestone) -> None:
    """The same with a milestone that is locked."""
    if row.status != Milestone.Status.SUBMITTED:
        raise refusal(row)
    pay(row, actor=None)


@inside_transaction
def pay(row: Milestone, *, actor: Any, amount: int | None = None, ahead: escrows.Ahead | None = None) -> None:
    """Move money from escrow to the freelancer's pending account and tell both; ends the milestone when all is paid.

    Of pro-bono work the whole is accepted, and no money moves. `ahead` is what was asked for with the lock, if it was.
    """
    if row.contract.is_pro_bono:
        pro_bono.nothing(amount)
        return pro_bono.accept(row, actor=actor)
    gross = row.rest if amount is None else check_minor(amount)
    if gross > row.rest:
        raise TooMuch(rest=format_money(row.rest, row.currency))
    key = _release_key(row, row.version)
    whole = gross == row.rest
    paid = row.released + gross
    if whole:
        move(row, "released", among=Milestone.WORKING, released=paid, ended_at=now(), released_by_clock=actor is None)
    else:
        amend(row, released=paid)
    left = left_soon(row.contract)
    result = escrows.releasing(row.escrow, gross, key=key, ahead=ahead)
    with gathered(None if whole else result.finish):
        announce(
            "milestone.released" if whole else "milestone.part_released",
            contract=row.contract,
            milestone=row,
            actor=actor,
            moved=-gross,
            left=left,
            net=result.net,
            fee=result.fee,
            received=format_money(result.net, row.currency),
            clears_at=result.clears_at.isoformat(),
            by_clock=actor is None,
        )
        if whole:
            result.finish()  # a statement of the closing would send the posting, and raise its refusal without its name
            contracts.close_when_done(row.contract, actor=actor, left=left())


@verb
def refund(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """The freelancer gives the held rest back to the client, at once."""
    row = _lock_as("freelancer", milestone, by)
    pro_bono.require_money(row.contract)
    _seen(row, version)
    give_back(row, actor=by)
    return row


@inside_transaction
def give_back(row: Milestone, *, actor: Any) -> None:
    """Return the whole rest to the client's wallet and end the milestone."""
    if row.status not in Milestone.sources("refunded"):
        raise refusal(row)
    rest = row.rest
    key = f"milestone:{row.pk}:refund:v{row.version}"
    move(row, "refunded", refunded=row.refunded + rest, ended_at=now(), back_to="", refund_requested_at=None)
    escrows.refund(row.escrow, rest, key=key)
    announce(
        "milestone.refunded", contract=row.contract, milestone=row, actor=actor, moved=-rest, by_clock=actor is None
    )
    contracts.close_when_done(row.contract, actor=actor)


@verb
def request_refund(milestone: Any, *, by: Any, reason: str, version: int | None = None) -> Milestone:
    """The client asks for the held rest back; the freelancer has REFUND_REQUEST_WINDOW to agree or object."""
    row = _lock_as("client", milestone, by)
    pro_bono.require_money(row.contract)
    _seen(row, version)
    if row.status not in Milestone.WORKING:
        raise refusal(row)
    text = _written(reason, "reason", _("Say why you want it back (up to 2,000 characters)."), longest=2000)
    move(row, "refund_requested", refund_requested_at=now(), refund_reason=text, back_to=row.status)
    announce("milestone.refund_requested", contract=row.contract, milestone=row, actor=by, reason=text[:200])
    return row


@verb
def object_to_refund(milestone: Any, *, by: Any, version: int | None = None) -> Milestone:
    """The freelancer says no to a requested refund, or the client takes the request back: the work goes on."""
    row = lock(milestone)
    _party(row, by)
    _seen(row, version)
    if row.status != Milestone.Status.REFUND_REQUESTED or row.refund_requested_at is None:
        raise refusal(row)
    event = "milestone.refund_withdrawn" if row.contract.party(by) == "client" else "milestone.refund_refused"
    resume(row)
    announce(event, contract=row.contract, milestone=row, actor=by)
    return row


@inside_transaction
def resume(row: Milestone, *, since: Any = None) -> None:
    """Go back to the state before a refund request or a dispute; a stopped review keeps the time it had left.

    A client never gets less than the last notice and as much again.
    """
    target, changes = row.back_to, {"back_to": "", "refund_requested_at": None}
    stopped = since or row.refund_requested_at or now()
    if target == "submitted" and row.review_due_at is not None:
        window = row.contract.review_window
        left = max(row.review_due_at - stopped, min(window, 2 * rule("RELEASE_NOTICE")))
        changes["review_due_at"] = now() + left
    move(row, target, **changes)
