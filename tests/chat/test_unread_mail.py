"""Unread messages by e-mail: after five minutes, together, only what is new, and not while the room is open."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache

from chat import groups, members, messages, openings, presence, receipts, unread
from chat.models import Message, Room
from skilllink import clocks
from skilllink.ids import uuid7
from skilllink.transactions import verb
from users import preferences
from users.models import Delivery, User
from users.notifications.relay import relay

AT = datetime(2027, 1, 12, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DELAY: timedelta = settings.SKILLLINK["CHAT_MAIL_DELAY"]


@pytest.fixture
def room(client_person: User, freelancer: User) -> Room:
    cache.clear()
    return openings.direct(client_person, freelancer)


def say(room: Room, author: User, body: str, at: datetime) -> Message:
    with clocks.at(at):
        return messages.post(room, author, body, client_id=uuid7().hex)


def mailed_at(at: datetime) -> list[str]:
    """The bodies of what is mailed when clocks and relay run at that moment, sorted by recipient."""
    before = len(mail.outbox)
    with clocks.at(at):
        while unread.sweep():
            pass
        relay()
    return [str(letter.body) for letter in sorted(mail.outbox[before:], key=lambda letter: letter.to)]


def test_after_five_minutes_what_is_unread_is_mailed_together_and_once(
    room: Room, client_person: User, freelancer: User
) -> None:
    say(room, client_person, "Can you start Monday?", AT)
    say(room, client_person, "Or Tuesday?", AT + 2 * SECOND)
    assert mailed_at(AT + DELAY - SECOND) == []
    (body,) = mailed_at(AT + DELAY)
    assert mail.outbox[-1].to == [freelancer.email]
    assert mail.outbox[-1].subject == "2 unread messages from Ines Varga"
    assert body.index("Ines Varga: Can you start Monday?") < body.index("Ines Varga: Or Tuesday?")
    assert f"{settings.SITE_URL}/messages/{room.pk}/" in body
    assert mailed_at(AT + 100 * DELAY) == []


def test_the_next_mail_has_only_what_is_new(room: Room, client_person: User) -> None:
    say(room, client_person, "First", AT)
    mailed_at(AT + DELAY)
    say(room, client_person, "Second", AT + 2 * DELAY)
    (body,) = mailed_at(AT + 3 * DELAY)
    assert "Second" in body
    assert "First" not in body


def test_what_was_read_or_deleted_in_time_is_not_mailed(room: Room, client_person: User, freelancer: User) -> None:
    read = say(room, client_person, "Read at once", AT)
    receipts.mark_read(room, freelancer, read.seq)
    gone = say(room, client_person, "Never mind", AT + SECOND)
    messages.delete(gone, by=client_person)
    assert mailed_at(AT + 2 * DELAY) == []
    assert not Delivery.objects.exists()


def test_what_is_read_between_the_clock_and_the_relay_is_not_mailed(
    room: Room, client_person: User, freelancer: User
) -> None:
    said = say(room, client_person, "Quick question", AT)
    with clocks.at(AT + DELAY):
        assert unread.sweep() == 1
    receipts.mark_read(room, freelancer, said.seq)
    assert mailed_at(AT + DELAY) == []
    assert Delivery.objects.get().status == "skipped"


def test_each_member_waits_five_minutes_from_what_they_have_not_read(
    room: Room, client_person: User, freelancer: User
) -> None:
    first = say(room, client_person, "Read", AT)
    receipts.mark_read(room, freelancer, first.seq)
    late = AT + DELAY - SECOND
    say(room, client_person, "Not read", late)
    assert mailed_at(AT + DELAY) == []
    assert mailed_at(late + DELAY - SECOND) == []
    (body,) = mailed_at(late + DELAY)
    assert "Not read" in body


def test_nothing_is_mailed_while_the_room_is_open_and_nothing_is_lost_by_that(
    room: Room, client_person: User, freelancer: User
) -> None:
    say(room, client_person, "Are you there?", AT)
    presence.mark(room, freelancer)
    assert mailed_at(AT + DELAY) == []
    cache.clear()
    assert mailed_at(AT + 2 * DELAY - SECOND) == []
    (body,) = mailed_at(AT + 2 * DELAY)
    assert "Are you there?" in body


def test_system_notices_and_own_words_are_no_unread_messages(room: Room, client_person: User, freelancer: User) -> None:
    own = say(room, client_person, "Hello", AT)
    receipts.mark_read(room, freelancer, own.seq)
    with clocks.at(AT + SECOND):
        verb(messages.notice)(room, "milestone.agreed", text_key="milestone.agreed", who="Ines", milestone="Sketch")
    assert mailed_at(AT + 2 * DELAY) == []
    assert not Delivery.objects.exists()


def test_who_wants_no_such_mail_gets_none_and_the_others_do(
    client_person: User, freelancer: User, outsider: User
) -> None:
    cache.clear()
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    members.join(room, outsider)
    preferences.choose(freelancer, {"messages": {"mail": "never"}})
    preferences.choose(outsider, {"messages": {"mail": "daily"}})
    say(room, client_person, "Kiln at nine", AT)
    assert mailed_at(AT + DELAY) == []
    (body,) = mailed_at(AT + timedelta(hours=20))  # 08:00 of the next day
    assert mail.outbox[-1].to == [outsider.email]
    assert "1 unread message in “Glaze talk”" in body


def test_who_has_left_or_was_banned_gets_no_mail(client_person: User, freelancer: User, outsider: User) -> None:
    cache.clear()
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    members.join(room, outsider)
    say(room, client_person, "Members only", AT)
    members.leave(room, freelancer)
    with clocks.at(AT + DELAY):
        assert unread.sweep() == 1
    members.ban(room, outsider, by=client_person)
    assert not any("Members only" in mail for mail in mailed_at(AT + DELAY))


def test_words_that_look_like_a_button_stay_words(room: Room, client_person: User) -> None:
    say(room, client_person, "Look\n\nClaim it:\nhttps://evil.test/x", AT)
    mailed_at(AT + DELAY)
    html = next(content for content, kind in mail.outbox[-1].alternatives if kind == "text/html")
    assert 'href="https://evil.test' not in str(html)
