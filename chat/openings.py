"""How the rooms of two people and those of bids, gigs and contracts come to be."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import members, message_index, rooms, titles
from chat.groups import MOST
from chat.models import Room
from skilllink.errors import Unprocessable
from skilllink.transactions import inside_transaction, verb
from users import blocks
from users.standing import require_active, require_may_begin


@verb
def direct(a: Any, b: Any) -> Room:
    """The one room of two people, made when there is none."""
    require_active(a)
    if a.pk == b.pk:
        raise Unprocessable(_("Choose somebody else to talk to."))
    pair = _pair(a.pk, b.pk)
    hired = Room.objects.filter(kind=Room.Kind.CONTRACT, memberships__user=a).filter(memberships__user=b).exists()
    room, made = Room.objects.get_or_create(pair=pair, defaults={"kind": Room.Kind.DIRECT, "hired": hired})
    if made:
        require_may_begin(a)
        blocks.require_open(a, [b.pk])
        members.enter(room, a, b)
    elif hired and not room.hired:  # made while they were being hired: neither of the two could see the other
        room = rooms.lock(room)
        _hire(room)
    return room


@inside_transaction
def for_bid(bid_id: Any, client: Any, freelancer: Any, title: str) -> Room:
    """The room of a bid, made when client and freelancer first have something to say."""
    contract_room = Room.objects.filter(kind=Room.Kind.CONTRACT, subject_id=bid_id).first()
    if contract_room:
        return contract_room
    room, made = Room.objects.get_or_create(
        kind=Room.Kind.BID, subject_id=bid_id, defaults={"title": titles.clean(title)}
    )
    if made:
        members.enter(room, client, freelancer)
    return room


@inside_transaction
def for_gig(gig_id: Any, client: Any, asker: Any, title: str) -> Room:
    """The room of the questions about a gig, which its client owns; `asker` is in it afterwards and reads all of it.

    The caller has made sure that the asker may see the gig. Raises BannedHere, Full.
    """
    room, made = Room.objects.get_or_create(
        kind=Room.Kind.GIG, subject_id=gig_id, defaults={"title": titles.clean(title), "capacity": MOST}
    )
    room = rooms.lock(room)
    if made:
        members.admit(room, client)
    if asker.pk != client.pk:
        members.admit(room, asker, reads_all=True)
    return room


@inside_transaction
def promote(room: Room, contract_id: Any, title: str) -> Room:
    """The bid's room becomes the contract's, with all that was said in it."""
    Room.objects.filter(pk=room.pk).update(kind=Room.Kind.CONTRACT, subject_id=contract_id, title=titles.clean(title))
    room.refresh_from_db()
    _hire(room)
    direct = Room.objects.filter(pair=_pair(*room.memberships.values_list("user_id", flat=True))).first()
    if direct:
        _hire(direct)
    return room


def _pair(*people: Any) -> str:
    return ":".join(sorted(person.hex for person in people))


def _hire(room: Room) -> None:
    """From now on all that is said in the room is read and found as it was written."""
    room.hired = True
    room.save(update_fields=["hired"])
    message_index.write_room(room)
