"""Reviews: asked for when a contract closes, double-blind, revealed together."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from projects import schedule
from projects.announce import announce
from projects.models import Contract, Review
from projects.models.review import AXES
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed
from skilllink.transactions import inside_transaction, verb
from users.standing import require_active


class NotYours(Forbidden):
    code = "review.not_yours"
    sentence = _("Only the two parties can review a contract. Nothing was kept.")


class NotYet(Conflict):
    code = "review.not_yet"
    sentence = _("Reviews open when the contract is closed. Nothing was kept.")


class Closed(Conflict):
    code = "review.closed"
    sentence = _("This review can't be changed any more: the reviews are out, or the window has ended.")


class AlreadyReplied(Conflict):
    code = "review.already_replied"
    sentence = _("You have already replied to this review. One reply each.")


class Incomplete(Malformed):
    code = "review.incomplete"


@inside_transaction
def ask(contract: Contract) -> None:
    """Open the review window for both parties."""
    moment = now()
    due = moment + settings.SKILLLINK["FEEDBACK_WINDOW"]
    Review.objects.bulk_create(
        Review(
            contract=contract,
            author=author,
            subject=contract.other(author),
            about="freelancer" if author == contract.client else "client",
            due_at=due,
        )
        for author in (contract.client, contract.freelancer)
    )
    schedule.start(schedule.with_reminders("feedback.reveal", "1", moment, due, now=moment), contract=contract)


@verb
def write(contract: Any, *, by: Any, axes: dict[str, int], text: str) -> Review:
    """Write or change one's review while it is blind. `axes` gives 1 to 5 for each axis of the other's role.

    When both are in, both are revealed in the same transaction.
    """
    row = _lock(contract)
    require_active(by)
    if not row.party(by):
        raise NotYours()
    review = Review.objects.filter(contract=row, author=by).first()
    if review is None:
        raise NotYet()
    if review.status not in (Review.Status.DUE, Review.Status.WRITTEN):
        raise Closed()
    marks = _marks(review, axes)
    words = text.strip() if isinstance(text, str) else ""
    if len(words) > 5000:
        sentence = _("Up to 5,000 characters.")
        raise Incomplete(sentence, fields={"text": sentence})
    first = review.status == Review.Status.DUE
    mean = (Decimal(sum(marks.values())) / len(marks)).quantize(Decimal("0.01"))
    Review.objects.filter(pk=review.pk).update(
        status=Review.Status.WRITTEN, axes=marks, mean=mean, text=words, written_at=now()
    )
    if first:
        announce("review.written", contract=row, actor=by, notice=False)
    if not Review.objects.filter(contract=row).exclude(status=Review.Status.WRITTEN).exists():
        reveal.within(row, actor=by)
    review.refresh_from_db()
    return review


@verb
def reveal(contract: Any, *, actor: Any = None) -> None:
    """End the window: what was written becomes public, what wasn't expires."""
    row = _lock(contract)
    moment = now()
    written = Review.objects.filter(contract=row, status=Review.Status.WRITTEN)
    count = written.update(status=Review.Status.REVEALED, revealed_at=moment)
    Review.objects.filter(contract=row, status=Review.Status.DUE).update(status=Review.Status.EXPIRED)
    schedule.stand_down(subject=row, now=moment)
    everyone = (row.client, row.freelancer)
    announce("review.revealed" if count else "review.expired", contract=row, actor=None, to=everyone, count=count)


@verb
def reply(review: Any, *, by: Any, text: str) -> Review:
    """The reviewed person answers once, publicly."""
    found = Review.objects.select_related("contract").get(pk=getattr(review, "pk", review))
    row = _lock(found.contract)
    require_active(by)
    if found.subject_id != by.pk:
        raise NotYours(_("Only the person reviewed can reply. Nothing was kept."))
    words = text.strip() if isinstance(text, str) else ""
    if not words or len(words) > 2000:
        sentence = _("Write a reply of up to 2,000 characters.")
        raise Incomplete(sentence, fields={"text": sentence})
    changed = Review.objects.filter(pk=found.pk, status=Review.Status.REVEALED, replied_at__isnull=True).update(
        reply=words, replied_at=now()
    )
    if not changed:
        raise AlreadyReplied() if found.status == Review.Status.REVEALED else NotYet(_("It isn't public yet."))
    announce("review.replied", contract=row, actor=by, notice=False)
    found.refresh_from_db()
    return found


def of_person(user: Any) -> "QuerySet[Review]":
    """The revealed reviews about a person, newest first."""
    rows = Review.objects.filter(subject=user, status=Review.Status.REVEALED)
    return rows.select_related("author", "contract").order_by("-revealed_at")


def _lock(contract: Any) -> Contract:
    pk = getattr(contract, "pk", contract)
    rows = Contract.objects.select_for_update(of=("self",)).select_related("client", "freelancer", "gig")
    return rows.get(pk=pk)


def _marks(review: Review, axes: Any) -> dict[str, int]:
    given = axes if isinstance(axes, dict) else {}
    names = [name for name, _label in AXES[review.about]]
    sentence = _("Give 1 to 5 for this.")
    missing = {n: sentence for n in names if type(given.get(n)) is not int or not 1 <= given[n] <= 5}
    if missing or set(given) - set(names):
        raise Incomplete(_("Each point needs a mark of 1 to 5. Nothing was kept."), fields=missing)
    return {name: given[name] for name in names}
