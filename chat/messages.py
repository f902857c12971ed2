"""What is said in a room. Each verb locks the room, judges the membership again, takes one number, tells the room."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from chat import blocked, mentions, message_index, posting, reading, rights, rooms, uploads, words
from chat.formats import event_of
from chat.models import Attachment, Membership, Message, MessageVersion, Reaction, Room, RoomEvent
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Missing, TooLarge
from skilllink.moments import span
from skilllink.prepared import insert, new
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active

SIGNS = ("👍", "❤️", "🎉", "👀", "🙏", "✅")


class Empty(Malformed):
    code, sentence = "message.empty", _("Write something, or attach a file.")


class TooLong(TooLarge):
    code, sentence = "message.too_long", _("A message has up to {most} characters. It wasn't sent; nothing was lost.")


class BadClientId(Malformed):
    code, sentence = "message.bad_client_id", _("A message needs its own id of 8 to 64 letters, digits and dashes.")


class Differs(Conflict):
    code = "message.differs"
    sentence = _("Another message was already sent under this id. Nothing was sent.")


class NotYours(Forbidden):
    code, sentence = "message.not_yours", _("Only its author can change a message. Nothing was changed.")


class NotDeletable(Forbidden):
    code = "message.not_deletable"
    sentence = _("Only its author can delete a message, or a moderator of the room. Nothing was changed.")


class TooLate(Conflict):
    code, sentence = "message.too_late", _("A message can be edited for {window}. Nothing was changed.")


class Gone(Conflict):
    code, sentence = "message.deleted", _("This message was deleted.")


class UnknownSign(Malformed):
    code, sentence = "message.unknown_sign", _("Choose one of the offered signs.")


@verb
def post(
    room: Any,
    author: Any,
    body: str,
    *,
    client_id: str,
    reply_to: Any = None,
    attachments: Iterable[Any] = (),
) -> Message:
    """Say something. The same `client_id` with the same words returns the stored row; with others, or somebody else's,
    raises Differs.

    `attachments` are ids of the author's uploads in this room. Raises Missing for everyone who isn't a member.
    """
    text, files = clean_body(body), [str(pk) for pk in attachments]
    if not text and not files:
        raise Empty(fields={"body": Empty.sentence})
    if not isinstance(client_id, str) or not 8 <= len(client_id) <= 64 or not client_id.replace("-", "").isalnum():
        raise BadClientId()
    digest = hashlib.sha256("\0".join([text, str(reply_to or ""), *sorted(files)]).encode()).hexdigest()
    asked = posting.ask(getattr(room, "pk", room), author, client_id)
    room, membership = asked.judged()
    for there in asked.said():
        if there.author_id != author.pk or there.body_hash != digest:
            raise Differs()
        return there
    quoted = _quoted(membership, reply_to) if reply_to else None
    message = new(
        Message,
        room=room,
        author=membership.user,
        client_id=client_id,
        body_hash=digest,
        body=text,
        reply_to=quoted,
    )
    event = posting.write(message, membership)
    if files or "@" in text:
        _attach(message, files)
        mentions.keep(room, message)
        message = reading.shown().get(pk=message.pk)
    else:
        posting.bare(message)
    message_index.add(message)
    posting.tell(event, message, membership, asked.here())
    message._prefetched_objects_cache = {}  # type: ignore[attr-defined]  # what comes from now on is there to be found
    return message


@verb
def edit(message: Any, *, by: Any, body: str) -> Message:
    """Change one's own words within the edit window; the earlier wording is kept and shown. The same words change nothing."""
    message, room = locked(message, by)
    if message.author_id != by.pk:
        raise NotYours()
    rooms.speaker(room, by)
    blocked.require_open(room, by)
    window = settings.SKILLLINK["MESSAGE_EDIT_WINDOW"]
    if now() - message.at > window:
        raise TooLate(window=span(window))
    text = clean_body(body)
    if not text:
        raise Empty(fields={"body": Empty.sentence})
    if text == message.body:
        return message
    MessageVersion.objects.create(message=message, body=message.body)
    Message.objects.filter(pk=message.pk).update(body=text, edited_at=now())
    message.refresh_from_db()
    mentions.keep(room, message)
    message_index.write(message)
    tell(room, RoomEvent.Kind.EDITED, message, by)
    return message


@verb
def delete(message: Any, *, by: Any) -> Message:
    """Leave a tombstone that says by whom: the words, their earlier wordings, signs and files go for good.

    Its author may, and in rooms with an owner who stands above the author there. Raises NotDeletable, Missing, Gone.
    """
    message, room = locked(message, by)
    if not rights.may_delete(rooms.member(room, by), message, room):
        raise NotDeletable()
    uploads.drop(message.attachments.all())
    message.versions.all().delete()
    message.mentions.all().delete()
    message.reactions.all().delete()
    message_index.INDEX.forget(message.pk)
    Message.objects.filter(pk=message.pk).update(
        body="", deleted_at=now(), deleted_by=by, pinned_at=None, pinned_by=None
    )
    message.refresh_from_db()
    tell(room, RoomEvent.Kind.DELETED, message, by)
    if message.author_id != by.pk:
        url = message.get_absolute_url()
        inbox.notify(message.author, "message.removed", actor=by, url=url, who=by, room=room.title)
    return message


@verb
def react(message: Any, *, by: Any, sign: str, on: bool = True) -> Message:
    """Put one of the offered signs under a message, or take it away."""
    if sign not in SIGNS:
        raise UnknownSign()
    message, room = locked(message, by)
    rooms.speaker(room, by)
    blocked.require_open(room, by)
    if on:
        _row, changed = Reaction.objects.get_or_create(message=message, user=by, sign=sign)
    else:
        changed = bool(Reaction.objects.filter(message=message, user=by, sign=sign).delete()[0])
    if changed:
        tell(room, RoomEvent.Kind.REACTED, message, by)
    return message


@inside_transaction
def notice(
    room: Any,
    event: str,
    *,
    actor: Any = None,
    text_key: str,
    amount: int | None = None,
    currency: str = "",
    url: str = "",
    **params: Any,
) -> Message:
    """A system notice among the messages. `text_key` names the sentence of users.notifications.sentences."""
    facts = {"text_key": text_key, "amount": amount, "currency": currency, "url": url, "params": params}
    (written,) = writing_notices([(draft_notice(getattr(room, "pk", room), event, **facts), actor)])()
    return written


def draft_notice(room_id: Any, event: str, **facts: Any) -> Message:
    """What `writing_notices` writes, without its number; `facts` are those of `notice`, `params` in one."""
    return new(Message, room_id=room_id, author=None, notice=event, facts=facts)


def writing_notices(notices: Sequence[tuple[Message, Any]]) -> Callable[[], list[Message]]:
    """Ask for the numbers of (notice, who acted), in their order; what is returned writes them and tells their rooms.

    Few statements however many.
    """
    wanted = Counter(message.room_id for message, _actor in notices)
    taken = rooms.take(wanted)
    return lambda: _write_notices(notices, wanted, taken())


def _write_notices(
    notices: Sequence[tuple[Message, Any]], wanted: Mapping[Any, int], taken: Mapping[Any, tuple[int, int]]
) -> list[Message]:
    if len(taken) < len(wanted):
        raise Missing()
    given = {room: last - wanted[room] for room, (last, _version) in taken.items()}
    events = []
    for message, actor in notices:
        given[message.room_id] += 1
        message.seq = given[message.room_id]
        posting.bare(message)
        facts = {"room_id": message.room_id, "seq": message.seq, "message": message, "user": actor}
        events.append(new(RoomEvent, kind=RoomEvent.Kind.POSTED, **facts))
    insert([message for message, _actor in notices], events)
    for event in events:
        # everybody who is in came before it
        push(f"room:{event.room_id}", event_of(event, event.message), version=taken[event.room_id][1])
    return [message for message, _actor in notices]


def clean_body(body: Any) -> str:
    """NFC, Unix line ends, no control characters but newline and tab. Raises Malformed or TooLong."""
    if not isinstance(body, str):
        raise Malformed(fields={"body": _("This should be text.")})
    most = settings.SKILLLINK["MESSAGE_CHARACTERS"]
    if len(body) > most:
        raise TooLong(most=most)
    return words.clean(body)


@inside_transaction
def locked(message: Any, by: Any) -> tuple[Message, Room]:
    """A message that the person reads, and its locked room. Raises Missing, Gone."""
    require_active(by)
    found = Message.objects.filter(pk=getattr(message, "pk", message)).first()
    if found is None:
        raise Missing()
    room = rooms.lock(found.room_id)
    membership = rooms.member(room, by)
    if found.seq <= membership.joined_seq and found.author_id != by.pk:
        raise Missing()
    found.refresh_from_db()
    if found.deleted_at:
        raise Gone()
    return found, room


def _quoted(membership: Membership, pk: Any) -> Message:
    quoted = Message.objects.filter(room=membership.room_id, seq__gt=membership.joined_seq, pk=pk).first()
    if quoted is None:
        raise Missing()
    return quoted


def _attach(message: Message, files: list[str]) -> None:
    if not files:
        return
    limit = settings.SKILLLINK["FILES_PER_GIG"]
    if len(files) > limit:
        raise TooLarge(_("Up to {limit} files a message."), limit=limit)
    mine = Attachment.objects.filter(room=message.room, uploader=message.author, message__isnull=True)
    changed = mine.filter(pk__in=files).update(message=message)
    if changed != len(set(files)):
        raise Missing()


@inside_transaction
def tell(room: Room, kind: str, message: Message, user: Any) -> None:
    """Number what happened to a message and tell it to the room."""
    row = rooms.log(room, kind, message=message, user=user)
    # who came later than the message hears that something happened to it, and finds nothing when asking what
    newest = room.memberships.filter(left_at__isnull=True).aggregate(last=Max("joined_seq"))["last"] or 0
    push(f"room:{room.pk}", event_of(row, reading.shown().get(pk=message.pk), since=newest), version=room.version)
