"""Objections to measures: filed by whom they hit, decided by somebody else than their author."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Missing, Unprocessable
from skilllink.transactions import verb
from users.models import Appeal, Sanction, User
from users.moderation import audit, sanctions
from users.notifications import inbox

SHORTEST = 20
FRIDAY = 4


class TooLate(Conflict):
    code, sentence = "appeal.too_late", _("The time to object to this measure is over. Nothing was changed.")


class Twice(Conflict):
    code, sentence = "appeal.twice", _("You have objected to this measure already. Someone is going to answer.")


class TooShort(Unprocessable):
    code, sentence = "appeal.too_short", _("Say in 20 to 5,000 characters why this measure is wrong.")


class OwnMeasure(Forbidden):
    code = "appeal.own_measure"
    sentence = _("Somebody else than the one who took the measure decides the appeal. Nothing was changed.")


class Decided(Conflict):
    code, sentence = "appeal.decided", _("This appeal has been decided already. Nothing was changed.")


@verb
def file(sanction: Sanction, *, by: User, text: str) -> Appeal:
    """Object to a measure against oneself, once, within APPEAL_WINDOW. Open to people who may not act otherwise."""
    row = Sanction.objects.filter(pk=sanction.pk, user=by).first()
    if row is None:
        raise Missing()
    moment = now()
    if moment > row.created_at + settings.SKILLLINK["APPEAL_WINDOW"]:
        raise TooLate()
    if not SHORTEST <= len(text.strip()) <= 5000:
        raise TooShort(fields={"text": TooShort.sentence})
    try:
        with transaction.atomic():
            return Appeal.objects.create(sanction=row, text=text.strip(), created_at=moment, due_at=answer_due(moment))
    except IntegrityError as error:
        raise Twice() from error


@verb
def decide(appeal: Appeal, *, by: User, grant: bool, reason: str) -> Appeal:
    """Lift the measure or let it stand, with a reason that the person reads. Raises OwnMeasure, Decided."""
    sanctions.require_moderator(by)
    if not reason.strip():
        raise sanctions.NeedsReason()
    sanction = Sanction.objects.select_related("user").get(pk=appeal.sanction_id)
    if by.pk in (sanction.by_id, sanction.user_id):
        raise OwnMeasure()
    status = Appeal.Status.GRANTED if grant else Appeal.Status.REJECTED
    changed = Appeal.objects.filter(pk=appeal.pk, status="open").update(
        status=status, decided_by=by, decided_at=now(), outcome=reason.strip()
    )
    if not changed:
        raise Decided()
    if grant and Sanction.objects.in_force().filter(pk=sanction.pk).exists():
        sanctions.lift.within(sanction, by=by, reason=reason)
    audit.record(by, f"appeal.{status}", subject=sanction.user, reason=reason)
    inbox.notify(sanction.user, f"appeal.{status}", url="/settings/", reason=reason.strip())
    appeal.refresh_from_db()
    return appeal


def answer_due(moment: datetime) -> datetime:
    """APPEAL_WORKDAYS days later, Saturdays and Sundays (UTC) not counted."""
    left = settings.SKILLLINK["APPEAL_WORKDAYS"]
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() <= FRIDAY
    return moment
