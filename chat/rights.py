"""What a person may do in a locked room, by its kind and their role."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import rooms
from chat.models import Membership, Message, Room
from skilllink.errors import Conflict, Forbidden
from users.standing import require_active


class NotModerating(Forbidden):
    code, sentence = "room.not_moderating", _("Only the room's owner or a moderator can do that. Nothing was changed.")


class NotOwner(NotModerating):
    code, sentence = "room.not_owner", _("Only the room's owner can do that. Nothing was changed.")


class IsEvidence(Conflict):
    code = "room.is_evidence"
    sentence = _("This room belongs to a bid or contract, so nobody is added, removed or deleted. Nothing was changed.")


def require_group(room: Room) -> None:
    """Raise IsEvidence for all but group rooms."""
    if room.kind != Room.Kind.GROUP:
        raise IsEvidence()


def require_kept(room: Room) -> None:
    """Raise IsEvidence for rooms whose people are settled by what they belong to."""
    if room.kind not in Room.KEPT:
        raise IsEvidence()


def require_moderating(room: Room, by: Any) -> Membership:
    """Their membership, if they own or moderate the locked room. Raises NotModerating, IsEvidence, Missing."""
    require_active(by)
    membership = rooms.member(room, by)
    require_kept(room)
    if membership.role == Membership.Role.MEMBER:
        raise NotModerating()
    return membership


def require_owner(room: Room, by: Any) -> Membership:
    """The same for its owner alone. Raises NotOwner, IsEvidence, Missing."""
    require_active(by)
    membership = rooms.member(room, by)
    require_kept(room)
    if membership.role != Membership.Role.OWNER:
        raise NotOwner()
    return membership


def subordinate(room: Room, user: Any, by: Any) -> Membership:
    """The membership of somebody whom `by` may put out or silence: a member, for the owner a moderator too."""
    judge, membership = require_moderating(room, by), rooms.member(room, user)
    if not is_above(judge, membership):
        raise NotModerating() if membership.role == Membership.Role.OWNER else NotOwner()
    return membership


def is_above(judge: Membership, other: Membership | None) -> bool:
    """Whether a role gives power over another person's; who is no longer in the room is below its moderators."""
    if judge.role == Membership.Role.MEMBER:
        return False
    role = other.role if other and other.left_at is None else Membership.Role.MEMBER
    return role == Membership.Role.MEMBER or (judge.role == Membership.Role.OWNER and role == Membership.Role.MODERATOR)


def may_delete(membership: Membership, message: Message, room: Room) -> bool:
    """Whether this member may delete what was said: its author, and in a room with an owner who stands above them."""
    if message.author_id is None or message.author_id == membership.user_id:
        return message.author_id is not None
    if room.kind not in Room.KEPT:
        return False
    return is_above(membership, Membership.objects.filter(room=room, user=message.author_id).first())
