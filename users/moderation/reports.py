"""Complaints from people, answered by moderators."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Conflict, Malformed
from skilllink.transactions import verb
from users import blocks
from users.models import Report, User
from users.moderation import audit
from users.moderation.sanctions import require_moderator
from users.notifications import inbox
from users.standing import require_active


class AlreadyReported(Conflict):
    code, sentence = "report.already_filed", _("You have reported this already. A moderator is going to look at it.")


class BadReason(Malformed):
    code, sentence = "report.bad_reason", _("Choose a reason from the list.")


class Answered(Conflict):
    code, sentence = "report.answered", _("This report has been answered already. Nothing was changed.")


@verb
def file(
    by: User,
    *,
    subject_kind: str,
    subject_id: Any,
    subject_url: str,
    reason: str,
    text: str = "",
    freeze: Callable[[], list[dict[str, Any]]] = list,
    block: User | None = None,
) -> Report:
    """Put a complaint into the moderators' queue, with what `freeze` gives; `block` is whom its author wants gone.

    Raises AlreadyReported while one of the same person is open.
    """
    require_active(by)
    if block is not None:
        blocks.block.within(by, block)
    if reason not in Report.Reason.values:
        raise BadReason(fields={"reason": BadReason.sentence})
    try:
        with transaction.atomic():
            return Report.objects.create(
                by=by,
                subject_kind=subject_kind,
                subject_id=subject_id,
                subject_url=subject_url,
                reason=reason,
                text=text.strip()[:2000],
                context=freeze(),
            )
    except IntegrityError as error:
        raise AlreadyReported() from error


@verb
def answer(report: Report, *, by: User, status: str, outcome: str) -> Report:
    """Close a report as `acted` or `dismissed` with an outcome that its author reads."""
    require_moderator(by)
    changed = Report.objects.filter(pk=report.pk, status="open").update(status=status, outcome=outcome[:500])
    if not changed:
        raise Answered()
    report.refresh_from_db()
    audit.record(by, f"report.{status}", subject=report, reason=outcome)
    inbox.notify(report.by, "report.answered", url=report.subject_url, outcome=outcome)
    return report
