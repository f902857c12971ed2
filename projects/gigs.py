"""Gigs: written as drafts, posted, changed, paused, ended. The rules of their fields are in `gig_fields`."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects import activity, attachments, board, gig_fields, offers, pro_bono, search
from projects.models import Bid, Gig, GigFile, Invitation
from projects.rules import rule
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Unprocessable
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users import blocks
from users.models import Profile
from users.moderation import audit
from users.moderation.sanctions import require_moderator
from users.notifications import inbox
from users.standing import require_active, require_may_begin


class NotYours(Forbidden):
    code, sentence = "gig.not_yours", _("Only the client of this gig can do that. Nothing was changed.")


class NotNow(Conflict):
    code = "gig.not_now"
    sentence = _("This gig is {state}, so that isn't possible now. Nothing was changed.")


class BoardFixed(Conflict):
    code = "gig.board_fixed"
    sentence = _("Someone has bid, so the bid board stays as it was when they did. Nothing was changed.")


class KindFixed(Conflict):
    code = "gig.kind_fixed"
    sentence = _("Someone has bid, so it is paid as it was when they did. Nothing was changed.")


class NotAClient(Forbidden):
    code = "gig.not_a_client"
    sentence = _("Gigs are posted by clients. Switch the client role on in your settings.")


class TooManyInvitations(Unprocessable):
    code, sentence = "gig.too_many_invitations", _("You can invite up to 30 people to one gig.")


class CannotInvite(Unprocessable):
    code, sentence = "gig.cannot_invite", _("Only freelancers other than yourself can be invited.")


class NobodyThere(Malformed):
    code = "gig.nobody_there"
    sentence = _("There is no freelancer at that address. Paste the address of a profile.")


INVITATIONS = 30


@verb
def save_draft(client: Any, gig: Any = None, *, files: Sequence[Any] = (), **fields: Any) -> Gig:
    """Keep what was typed so far. A new draft without `gig`. Only figures that are none are refused."""
    require_active(client)
    draft = _draft(client, gig)
    _write(draft, fields, files)
    return draft


@verb
def post(client: Any, *, draft: Any = None, files: Sequence[Any] = (), **fields: Any) -> Gig:
    """Open a gig for bids. Amounts in minor units; `draft` is completed with the given fields.

    Raises gig_fields.Incomplete naming every field that isn't ready.
    """
    require_may_begin(client)
    gig = _draft(client, draft)
    _write(gig, fields, files)
    pro_bono.require_cause(gig)
    gig_fields.complete(gig, gig.skills.count())
    moment = now()
    gig.status, gig.posted_at = Gig.Status.OPEN, moment
    gig.bids_close_at = moment + gig_fields.bidding_window(gig)
    gig.expires_at = moment + rule("GIG_IDLE_EXPIRY")
    gig.version += 1
    gig.save()
    search.index(gig)
    activity.record("gig.posted", actor=client, gig=gig)
    _tell_board(gig, "gig.posted")
    return gig


@verb
def edit(gig: Any, *, by: Any, version: int | None = None, files: Sequence[Any] = (), **fields: Any) -> Gig:
    """Change a posted gig. The bid board and how it is paid can't change after the first bid. Bidders are told that it changed.

    Raises BoardFixed, KindFixed, gig_fields.Incomplete, or board.Stale when `version` isn't the current one.
    """
    gig = _own(gig, by, version)
    _require(gig, "open", "paused")
    for name, refusal in (("board_mode", BoardFixed), ("kind", KindFixed)):
        was = getattr(gig, name)
        if fields.get(name, was) != was and Bid.objects.filter(gig=gig).exists():
            raise refusal(fields={name: refusal.sentence})
    if fields.get("positions", gig.positions) is not None and fields.get("positions", gig.positions) < gig.hires:
        raise gig_fields.Incomplete(fields={"positions": _("You have already hired more people than that.")})
    fields.pop("currency", None) if Bid.objects.filter(gig=gig).exists() else None
    was_for = gig.cause_id
    _write(gig, fields, files)
    if gig.cause_id != was_for:
        raise pro_bono.Fixed(fields={"cause": pro_bono.Fixed.sentence})
    gig_fields.complete(gig, gig.skills.count())
    board.save(gig, scope_edits=gig.scope_edits + 1, bids_close_at=gig.posted_at + gig_fields.bidding_window(gig))
    board.touch(gig)
    search.index(gig)
    activity.record("gig.edited", actor=by, gig=gig)
    for bid in Bid.objects.live().filter(gig=gig).select_related("freelancer").order_by("freelancer_id"):
        inbox.notify(bid.freelancer, "gig.edited", actor=by, url=gig.get_absolute_url(), gig=gig.title)
    _tell_board(gig, "gig.edited")
    return gig


@verb
def remove_file(file: Any, *, by: Any) -> None:
    """Take a file away from a draft or a posted gig."""
    row = GigFile.objects.get(pk=getattr(file, "pk", file))
    gig = _own(row.gig_id, by)
    _require(gig, "draft", "open", "paused")
    row.delete()
    activity.record("gig.edited", actor=by, gig=gig) if gig.status != "draft" else None


@verb
def discard(gig: Any, *, by: Any) -> None:
    """Delete a draft with its files."""
    gig = _own(gig, by)
    _require(gig, "draft")
    gig.files.all().delete()
    gig.delete()


@verb
def pause(gig: Any, *, by: Any) -> Gig:
    """Take no bids for a while; those that are there stay."""
    return _move(gig, by, "paused", "gig.paused", "open")


@verb
def resume(gig: Any, *, by: Any) -> Gig:
    """Take bids again."""
    return _move(gig, by, "open", "gig.resumed", "paused")


@verb
def renew(gig: Any, *, by: Any) -> Gig:
    """Begin the bidding window and the idle clock anew, also after the gig expired."""
    gig = _own(gig, by)
    _require(gig, "open", "paused", "expired")
    moment = now()
    board.save(
        gig,
        status=Gig.Status.OPEN,
        ended_at=None,
        bids_close_at=moment + gig_fields.bidding_window(gig),
        expires_at=moment + rule("GIG_IDLE_EXPIRY"),
        warnings_sent=0,
    )
    board.recount(gig)
    activity.record("gig.renewed", actor=by, gig=gig)
    _tell_board(gig, "gig.renewed")
    return gig


@verb
def close(gig: Any, by: Any) -> Gig:
    """End a gig: offers that wait are taken back with their money, live bids end and their slots return."""
    gig = _own(gig, by)
    _require(gig, "open", "paused")
    _end(gig, Gig.Status.CLOSED, "gig.closed", by)
    return gig


@verb
def expire(gig: Any) -> Gig:
    """End a gig on which nothing happened for too long. Called by the sweep, which has judged it due."""
    gig = board.lock(gig)
    _end(gig, Gig.Status.EXPIRED, "gig.expired", None)
    inbox.notify(gig.client, "gig.expired", url=gig.get_absolute_url(), gig=gig.title)
    return gig


@verb
def hide(gig: Any, *, by: Any, reason: str) -> Gig:
    """A moderator hides a gig; the client and the bidders still see it, with the reason."""
    require_moderator(by)
    gig = board.lock(gig)
    if "removed" not in Gig.MOVES[gig.status]:
        raise NotNow(state=gig.get_status_display())
    reason = _reason(reason)
    board.save(gig, removed_from=gig.status, status=Gig.Status.REMOVED, removed_reason=reason)
    audit.record(by, "gig.hidden", subject=gig, reason=reason)
    activity.record("gig.hidden", actor=by, gig=gig, reason=reason)
    inbox.notify(gig.client, "gig.hidden", url=gig.get_absolute_url(), gig=gig.title, reason=reason)
    _tell_board(gig, "gig.hidden")
    return gig


@verb
def unhide(gig: Any, *, by: Any, reason: str) -> Gig:
    """A moderator puts a hidden gig back to where it was; its clocks start again."""
    require_moderator(by)
    gig = board.lock(gig)
    _require(gig, "removed")
    reason = _reason(reason)
    board.save(gig, status=gig.removed_from, removed_from="", removed_reason="")
    board.touch(gig)
    audit.record(by, "gig.unhidden", subject=gig, reason=reason)
    activity.record("gig.unhidden", actor=by, gig=gig)
    inbox.notify(gig.client, "gig.unhidden", url=gig.get_absolute_url(), gig=gig.title, reason=reason)
    _tell_board(gig, "gig.unhidden")
    return gig


def invitee(address: str, *, by: Any) -> Any:
    """The person whose profile is at this address (or has it as its last part) and may be seen. Raises NobodyThere."""
    slug = address.strip().rstrip("/").rpartition("/")[2].replace("\0", "")[:80]
    rows = Profile.objects.visible_to(by).filter(user__is_active=True).select_related("user")
    profile = rows.filter(slug=slug).first() if slug else None
    if profile is None:
        raise NobodyThere(fields={"person": NobodyThere.sentence})
    return profile.user


@verb
def invite(gig: Any, freelancer: Any, *, by: Any) -> Invitation:
    """Ask a freelancer to bid; opens an invite-only gig to them. Inviting twice is inviting once."""
    gig = _own(gig, by)
    _require(gig, "open", "paused")
    if freelancer.pk == gig.client_id or not freelancer.is_freelancer or not freelancer.is_active:
        raise CannotInvite()
    known = Invitation.objects.filter(gig=gig, freelancer=freelancer).first()
    if known is not None:
        return known
    blocks.require_open(by, [freelancer.pk])
    if Invitation.objects.filter(gig=gig).count() >= INVITATIONS:
        raise TooManyInvitations()
    row = Invitation.objects.create(gig=gig, freelancer=freelancer)
    inbox.notify(
        freelancer, "gig.invited", actor=by, url=gig.get_absolute_url(), gig=gig.title, who=by.get_short_name()
    )
    return row


def _draft(client: Any, draft: Any) -> Gig:
    if not client.is_client:
        raise NotAClient()
    if draft is None:
        return Gig.objects.create(client=client)
    gig = _own(draft, client)
    _require(gig, "draft")
    return gig


def _write(gig: Gig, fields: dict[str, Any], files: Sequence[Any]) -> None:
    values, skills = gig_fields.read(fields)
    for name, value in values.items():
        setattr(gig, name, value)
    pro_bono.level(gig, values)
    if gig.budget_min and gig.budget_max and gig.budget_max < gig.budget_min:
        raise gig_fields.Incomplete(
            fields={"budget_max": _("The upper figure is below the lower one. Swap them or change one.")}
        )
    gig.save()
    if skills is not None:
        gig.skills.set(skills)
        gig.skill_names = sorted(str(skill) for skill in skills)
        gig.save(update_fields=["skill_names"])
    attachments.attach(gig, GigFile, "gig", files, limit=rule("FILES_PER_GIG"))


def _own(gig: Any, by: Any, version: int | None = None) -> Gig:
    require_active(by)
    gig = board.lock(gig)
    if gig.client_id != by.pk:
        raise NotYours()
    if version is not None and version != gig.version:
        raise board.Stale()
    return gig


def _require(gig: Gig, *states: str) -> None:
    if gig.status not in states:
        raise NotNow(state=gig.get_status_display().lower())


def _move(gig: Any, by: Any, status: str, event: str, source: str) -> Gig:
    gig = _own(gig, by)
    _require(gig, source)
    board.save(gig, status=status)
    board.touch(gig)
    board.recount(gig)
    activity.record(event, actor=by, gig=gig)
    _tell_board(gig, event)
    return gig


@inside_transaction
def _end(gig: Gig, status: str, event: str, by: Any) -> None:
    offers.take_back_all(gig)
    board.save(gig, status=status, ended_at=now())
    board.end_bids(gig, Bid.Status.GIG_CLOSED, "bid.gig_closed")
    activity.record(event, actor=by, gig=gig)
    _tell_board(gig, event)


def _tell_board(gig: Gig, event: str) -> None:
    if gig.visibility == Gig.Visibility.PUBLIC:
        push("gigs:board", {"type": event, "id": str(gig.pk)})


def _reason(reason: Any) -> str:
    text = reason.strip() if isinstance(reason, str) else ""
    if not 5 <= len(text) <= 1000:
        sentence = _("Give a reason of 5 to 1,000 characters; the client reads it.")
        raise Unprocessable(sentence, fields={"reason": sentence})
    return text
