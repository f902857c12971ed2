"""Group rooms: who comes in and how, who may do what there, and that a refusal moves nothing."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from chat import groups, invitations, members, messages, mine, openings, reading, rights, roles, rooms, titles
from chat.keys import BadKey, TooManyKeys, WrongKey
from chat.models import Invitation, Membership, Message, Room, RoomEvent
from skilllink import clocks
from skilllink.errors import Missing, Refusal
from skilllink.ids import uuid7
from tests import cast
from tests.abuse.proof import nothing_changes
from users.models import Notification, User

KEY = "lapis and ochre"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    """Ines owns it, Tomasz is in it."""
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return Room.objects.get(pk=room.pk)


@contextmanager
def refused(refusal: type[Refusal]) -> Any:
    with nothing_changes(), pytest.raises(refusal):
        yield


def role(room: Room, user: User) -> str:
    return rooms.member(room, user).role


def kinds(room: Room) -> list[str]:
    return list(RoomEvent.objects.filter(room=room).values_list("kind", flat=True))


def say(room: Room, author: User, body: str = "Hello") -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex)


# --- names, keys, sizes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "  Kiln  ",
        "<b>\"Raku\" & 'salt'</b>",
        "窯",
        "کوره‌ها",
        "👩‍🚀",
        "%s {0} {{ x }}",
        "../..",
        "'; DROP TABLE chat_room; --",
    ],
)
def test_a_room_may_be_called_anything_that_shows(client_person: User, name: str) -> None:
    assert groups.create(client_person, name).title == name.strip()


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u200d", "\u3164", "a\u202eb", "a\u2066b", "\ufeffa", "x" * 121, None, 5]
)
def test_a_name_that_hides_or_turns_is_refused(client_person: User, name: Any) -> None:
    with refused(titles.BadTitle):
        groups.create(client_person, name)


@pytest.mark.parametrize("key", ["", "short", "x" * 129, None])
def test_a_private_room_needs_a_key_of_some_length(client_person: User, key: Any) -> None:
    with refused(BadKey):
        groups.create(client_person, "Closed", public=False, key=key)


@pytest.mark.parametrize("capacity", [1, 501, 0, -1, True, 2.5, "10", None])
def test_a_room_has_room_for_2_to_500(client_person: User, capacity: Any) -> None:
    with refused(groups.BadCapacity):
        groups.create(client_person, "Glaze talk", capacity=capacity)


def test_the_key_is_kept_as_a_hash_alone(client_person: User, outsider: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    assert KEY not in room.key_hash and room.key_hash.count("$") >= 2
    assert members.join(room, outsider, key=KEY).role == "member"


def test_the_same_letters_are_the_same_key_however_they_are_composed(client_person: User, outsider: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key="caf\u00e9 bleu")
    assert members.join(room, outsider, key="cafe\u0301 bleu")


# --- coming in ----------------------------------------------------------------------------------


def test_a_wrong_key_and_no_room_are_refused_in_the_same_words_and_five_are_enough(
    client_person: User, outsider: User
) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    for pk in (room.pk, uuid7(), room.pk, uuid7(), room.pk):
        with nothing_changes(), pytest.raises(WrongKey, match="no such room, or that isn't its key") as told:
            members.join(pk, outsider, key="a guess")
        assert told.value.status == 404
    for pk in (room.pk, uuid7()):
        with nothing_changes(), pytest.raises(TooManyKeys, match=r"5 times a wrong key\. Wait 15 minutes") as given:
            members.join(pk, outsider, key=KEY)
        assert (given.value.status, given.value.retry_after) == (429, 900)


def test_the_right_key_is_no_try_and_without_one_nothing_is_counted(client_person: User, outsider: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    for _ in range(7):
        with refused(WrongKey):
            members.join(room, outsider)
    for _ in range(7):
        members.join(room, outsider, key=KEY)
        members.leave(room, outsider)


def test_anothers_guesses_lock_nobody_out(client_person: User, outsider: User, freelancer: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    for _ in range(8):
        with pytest.raises(Refusal):
            members.join(room, outsider, key="a guess")
    assert members.join(room, freelancer, key=KEY)


def test_a_full_room_takes_nobody_until_somebody_leaves(client_person: User, freelancer: User, outsider: User) -> None:
    room = groups.create(client_person, "For two", capacity=2)
    members.join(room, freelancer)
    with refused(members.Full):
        members.join(room, outsider)
    members.leave(room, freelancer)
    assert members.join(room, outsider)


def test_the_list_has_public_rooms_with_somebody_in_them(group: Room, client_person: User, outsider: User) -> None:
    groups.create(client_person, "Closed", public=False, key=KEY)
    empty = groups.create(client_person, "Empty")
    members.leave(empty, client_person)
    assert [(room.title, room.people) for room in Room.objects.open_groups(outsider)] == [("Glaze talk", 2)]


def test_who_was_invited_comes_in_without_the_key_and_once(client_person: User, outsider: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    first = invitations.invite(room, outsider, by=client_person)
    assert invitations.invite(room, outsider, by=client_person) == first
    assert Notification.objects.filter(recipient=outsider, event="room.invited").count() == 1
    members.join(room, outsider)
    assert not Invitation.objects.exists()
    members.leave(room, outsider)
    with refused(WrongKey):
        members.join(room, outsider)


def test_an_invitation_is_declined_and_taken_back(group: Room, client_person: User, outsider: User) -> None:
    invitations.invite(group, outsider, by=client_person)
    invitations.decline(group, outsider)
    with refused(Missing):
        invitations.decline(group, outsider)
    invitations.invite(group, outsider, by=client_person)
    invitations.withdraw(group, outsider, by=client_person)
    assert kinds(group)[2:] == ["member.invited", "member.changed"] * 2


def test_into_a_private_room_its_owner_and_moderators_invite(
    client_person: User, freelancer: User, outsider: User
) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    members.join(room, freelancer, key=KEY)
    with refused(rights.NotModerating):
        invitations.invite(room, outsider, by=freelancer)
    roles.appoint(room, freelancer, "moderator", by=client_person)
    assert invitations.invite(room, outsider, by=freelancer)


def test_nobody_invites_who_is_in_or_was_put_out_or_without_end(
    group: Room, client_person: User, freelancer: User, outsider: User, settings: Any
) -> None:
    with refused(invitations.IsHere):
        invitations.invite(group, freelancer, by=client_person)
    members.ban(group, freelancer, by=client_person)
    with refused(invitations.WasPutOut):
        invitations.invite(group, freelancer, by=client_person)
    settings.SKILLLINK = settings.SKILLLINK | {"ROOM_INVITATIONS_OPEN": 1}
    nils = cast.make("Nils Berg")
    invitations.invite(group, outsider, by=client_person)
    with refused(invitations.TooManyOpen):
        invitations.invite(group, nils, by=client_person)


# --- roles --------------------------------------------------------------------------------------


def test_the_owner_makes_moderators_and_nobody_else_does(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    members.join(group, outsider)
    roles.appoint(group, freelancer, "moderator", by=client_person)
    assert role(group, freelancer) == "moderator"
    for by in (freelancer, outsider):
        with refused(rights.NotOwner):
            roles.appoint(group, outsider, "moderator", by=by)
    with refused(roles.UnknownRole):
        roles.appoint(group, outsider, "owner", by=client_person)
    with refused(rights.NotOwner):
        roles.appoint(group, client_person, "member", by=client_person)


def test_a_room_given_away_has_one_owner(group: Room, client_person: User, freelancer: User) -> None:
    roles.hand_over(group, freelancer, by=client_person)
    assert (role(group, freelancer), role(group, client_person)) == ("owner", "moderator")
    with refused(rights.NotOwner):
        roles.hand_over(group, client_person, by=client_person)
    assert Notification.objects.filter(recipient=freelancer, event="room.owner").count() == 1


def test_a_moderator_inherits_before_a_member_and_who_comes_back_is_a_member(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    members.join(group, outsider)
    roles.appoint(group, outsider, "moderator", by=client_person)
    members.leave(group, client_person)
    assert role(group, outsider) == "owner"
    members.join(group, client_person)
    assert role(group, client_person) == "member"


def test_who_comes_into_an_empty_room_owns_it(group: Room, client_person: User, freelancer: User) -> None:
    members.leave(group, freelancer)
    members.leave(group, client_person)
    assert members.join(group, freelancer).role == "owner"


def test_a_moderator_puts_out_members_and_neither_moderators_nor_the_owner(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    members.join(group, outsider)
    roles.appoint(group, freelancer, "moderator", by=client_person)
    for who in (client_person, freelancer):
        with refused(rights.NotModerating):
            members.ban(group, who, by=freelancer)
    with refused(rights.NotModerating):
        members.ban(group, freelancer, by=outsider)
    members.ban(group, outsider, by=freelancer)
    with refused(members.BannedHere):
        members.join(group, outsider)
    members.unban(group, outsider, by=freelancer)
    assert members.join(group, outsider).role == "member"


def test_a_silenced_person_reads_and_writes_nothing_until_then(
    group: Room, client_person: User, freelancer: User
) -> None:
    said = say(group, freelancer, "Before")
    until = clocks.now() + timedelta(hours=1)
    roles.silence(group, freelancer, by=client_person, until=until)
    acts: list[Callable[[], Any]] = [
        lambda: say(group, freelancer),
        lambda: messages.edit(said, by=freelancer, body="After"),
        lambda: messages.react(said, by=freelancer, sign=messages.SIGNS[0]),
    ]
    for act in acts:
        with refused(rooms.Silenced):
            act()
    assert reading.after(group, freelancer, 0)["events"]
    members.leave(group, freelancer)
    members.join(group, freelancer)
    with refused(rooms.Silenced):
        say(group, freelancer)
    with clocks.at(until + timedelta(seconds=1)):
        say(group, freelancer)
    roles.silence(group, freelancer, by=client_person, until=None)
    say(group, freelancer)


def test_silence_ends_within_a_year_and_not_before_now(group: Room, client_person: User, freelancer: User) -> None:
    now = clocks.now()
    for until in (now, now - timedelta(days=1), now + timedelta(days=366), now.replace(tzinfo=None), "tomorrow"):
        with refused(roles.BadSilence):
            roles.silence(group, freelancer, by=client_person, until=until)


# --- changing, muting, leaving, deleting --------------------------------------------------------


def test_a_changed_room_keeps_its_key_unless_it_gets_another(client_person: User, outsider: User) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    groups.change(room, by=client_person, name="Still closed", public=False, capacity=5)
    members.join(room, outsider, key=KEY)
    members.leave(room, outsider)
    groups.change(room, by=client_person, name="Still closed", public=False, key="another key", capacity=5)
    with refused(WrongKey):
        members.join(room, outsider, key=KEY)
    groups.change(room, by=client_person, name="Open", public=True, capacity=5)
    assert members.join(room, outsider)
    with refused(BadKey):
        groups.change(room, by=client_person, name="Closed", public=False, capacity=5)


def test_a_room_is_never_smaller_than_its_people(group: Room, client_person: User, outsider: User) -> None:
    members.join(group, outsider)
    with refused(groups.TooSmall):
        groups.change(group, by=client_person, name="Glaze talk", public=True, capacity=2)


def test_a_muted_room_counts_in_no_header_and_says_nothing_to_others(
    group: Room, client_person: User, freelancer: User
) -> None:
    seq = group.seq
    mine.mute(group, freelancer, True)
    say(group, client_person)
    assert reading.unread(freelancer) == {group.pk: 1}
    assert reading.unread(freelancer, muted=False) == {}
    group.refresh_from_db()
    assert group.seq == seq + 1  # the message alone took a number


def test_a_note_is_ones_own_and_has_an_end(group: Room, client_person: User, freelancer: User) -> None:
    mine.note(group, freelancer, "  Owes me\r\n a sample\x00 ")
    assert rooms.member(group, freelancer).note == "Owes me\n a sample"
    assert rooms.member(group, client_person).note == ""
    with refused(mine.NoteTooLong):
        mine.note(group, freelancer, "x" * 4001)


def test_a_room_is_deleted_by_its_owner_and_its_exact_name_with_all_that_is_in_it(
    group: Room, client_person: User, freelancer: User
) -> None:
    first = say(group, freelancer)
    messages.post(group, client_person, "Yes", client_id=uuid7().hex, reply_to=first.pk)
    with refused(groups.TitleDiffers):
        groups.delete(group, by=client_person, title="glaze talk")
    with refused(rights.NotOwner):
        groups.delete(group, by=freelancer, title="Glaze talk")
    groups.delete(group, by=client_person, title="Glaze talk")
    assert not any(model.objects.exists() for model in (Room, Membership, Message, RoomEvent))


def test_a_room_of_two_is_neither_left_nor_deleted_nor_moderated(
    client_person: User, freelancer: User, outsider: User
) -> None:
    room = openings.direct(client_person, freelancer)
    acts: list[Callable[[], Any]] = [
        lambda: members.leave(room, client_person),
        lambda: groups.delete(room, by=client_person, title=""),
        lambda: members.ban(room, freelancer, by=client_person),
        lambda: roles.hand_over(room, freelancer, by=client_person),
        lambda: invitations.invite(room, outsider, by=client_person),
        lambda: groups.change(room, by=client_person, name="Ours", public=True, capacity=5),
    ]
    for act in acts:
        with refused(rights.IsEvidence):
            act()


def test_for_a_stranger_nothing_of_a_room_is_there(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    acts: list[Callable[[], Any]] = [
        lambda: members.leave(group, outsider),
        lambda: members.ban(group, freelancer, by=outsider),
        lambda: members.unban(group, freelancer, by=outsider),
        lambda: groups.delete(group, by=outsider, title="Glaze talk"),
        lambda: groups.change(group, by=outsider, name="Mine", public=True, capacity=5),
        lambda: roles.appoint(group, freelancer, "moderator", by=outsider),
        lambda: roles.hand_over(group, outsider, by=outsider),
        lambda: roles.silence(group, freelancer, by=outsider, until=None),
        lambda: invitations.invite(group, outsider, by=outsider),
        lambda: mine.mute(group, outsider, True),
        lambda: mine.note(group, outsider, "Hello"),
        lambda: members.ban(group, outsider, by=client_person),
    ]
    for act in acts:
        with refused(Missing):
            act()
