"""Measures against a person: each with a rule, a reason, an author and, but for a ban, an end."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Unprocessable
from skilllink.moments import written
from skilllink.realtime import sessions
from skilllink.transactions import inside_transaction, verb
from users.models import Sanction, User
from users.moderation import audit
from users.notifications import inbox
from users.standing import require_active


class NotModerator(Forbidden):
    code, sentence = "sanction.not_moderator", _("Only moderators can do that. Nothing was changed.")


class NeedsReason(Unprocessable):
    code, sentence = "sanction.needs_reason", _("Give the rule and a reason; the person reads both.")


class NeedsEnd(Unprocessable):
    code, sentence = "sanction.needs_end", _("A suspension needs an end that lies ahead.")


class OnOneself(Forbidden):
    code, sentence = "sanction.on_oneself", _("Nobody sanctions themselves or other staff. Nothing was changed.")


class AlreadyLifted(Conflict):
    code, sentence = "sanction.already_lifted", _("This measure is no longer in force. Nothing was changed.")


@verb
def warn(user: User, *, by: User, reason: str, rule: str) -> Sanction:
    """Tell a person which rule they broke; nothing else changes for them."""
    return _impose(Sanction.Kind.WARN, user, by=by, reason=reason, rule=rule, until=None)


@verb
def suspend(user: User, *, by: User, reason: str, rule: str, until: datetime) -> Sanction:
    """Stop a person from acting until an instant. Their open pages close within two seconds; escrow clocks go on."""
    if until is None or until <= now():
        raise NeedsEnd(fields={"until": NeedsEnd.sentence})
    return _impose(Sanction.Kind.SUSPEND, user, by=by, reason=reason, rule=rule, until=until)


@verb
def ban(user: User, *, by: User, reason: str, rule: str) -> Sanction:
    """Close an account for good."""
    return _impose(Sanction.Kind.BAN, user, by=by, reason=reason, rule=rule, until=None)


@verb
def lift(sanction: Sanction, *, by: User, reason: str) -> Sanction:
    """End a measure before its time. Raises AlreadyLifted."""
    _require_moderator(by)
    if not reason.strip():
        raise NeedsReason()
    changed = Sanction.objects.in_force().filter(pk=sanction.pk).update(lifted_at=now())
    if not changed:
        raise AlreadyLifted()
    sanction.refresh_from_db()
    audit.record(by, "sanction.lifted", subject=sanction.user, reason=reason)
    inbox.notify(sanction.user, "sanction.lifted", reason=reason)
    return sanction


@inside_transaction
def _impose(kind: str, user: User, *, by: User, reason: str, rule: str, until: datetime | None) -> Sanction:
    _require_moderator(by)
    if user.pk == by.pk or user.is_staff:
        raise OnOneself()
    if not reason.strip() or not rule.strip():
        raise NeedsReason()
    sanction = Sanction.objects.create(user=user, kind=kind, rule=rule, reason=reason.strip(), by=by, until=until)
    audit.record(by, f"sanction.{kind}", subject=user, reason=reason)
    inbox.notify(user, f"sanction.{kind}", url="/settings/", reason=reason, until=written(until) if until else "")
    if kind in Sanction.STOPPING:
        sessions.close_sockets(user.pk, code=4403)
    return sanction


def _require_moderator(by: User) -> None:
    require_active(by)
    if not by.is_moderator:
        raise NotModerator()
