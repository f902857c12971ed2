"""Blocking: no messages between the two and no invitations, until it is taken back; a contract's room stays open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import frames, groups, members, messages, openings, unread, uploads
from chat.models import Attachment, Message, Room, RoomEvent
from projects import gigs
from projects.models import Invitation
from skilllink import clocks
from skilllink.ids import uuid7
from skilllink.transactions import verb
from tests.builders.projects_gigs import open_gig
from tests.cast import make
from users import blocks
from users.models import Block, User
from users.notifications.relay import relay


def say(room: Room, author: User, body: str = "Hello") -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex)


@pytest.fixture
def direct(client_person: User, freelancer: User) -> Room:
    cache.clear()
    return openings.direct(client_person, freelancer)


def test_neither_writes_changes_or_marks_anything_in_their_rooms_and_each_reads_why(
    direct: Room, client_person: User, freelancer: User
) -> None:
    of_bid = verb(openings.for_bid)(uuid7(), client_person, freelancer, "Wayfinding")
    theirs = {room: say(room, freelancer) for room in (direct, of_bid)}
    mine = {room: say(room, client_person) for room in (direct, of_bid)}
    blocks.block(client_person, freelancer)
    events = RoomEvent.objects.count()
    for room in (direct, of_bid):
        acts: list[Callable[[], Any]] = [
            lambda room=room: say(room, freelancer),
            lambda room=room: messages.edit(theirs[room], by=freelancer, body="Hi"),
            lambda room=room: messages.react(mine[room], by=freelancer, sign=messages.SIGNS[0]),
            lambda room=room: uploads.keep(room, freelancer, SimpleUploadedFile("kiln.txt", b"nine")),
            lambda room=room: frames.typing(freelancer, {"room": str(room.pk)}),
        ]
        for act in acts:
            with pytest.raises(blocks.BlockedYou, match="Ines takes no messages"):
                act()
        with pytest.raises(blocks.YouBlocked, match="You have blocked Tomasz"):
            say(room, client_person)
    assert RoomEvent.objects.count() == events
    assert not Attachment.objects.exists()
    assert not freelancer.notifications.exists()
    messages.delete(theirs[direct], by=freelancer)  # one's own words stay one's own


def test_what_was_said_stays_readable_and_the_page_says_that_nobody_writes(
    direct: Room, client_person: User, freelancer: User, client: Client
) -> None:
    say(direct, freelancer, "From before")
    blocks.block(client_person, freelancer)
    for person, sentence in ((client_person, "You have blocked Tomasz"), (freelancer, "Ines takes no messages")):
        client.force_login(person)
        page = client.get(f"/messages/{direct.pk}/").content.decode()
        assert "From before" in page
        assert sentence in page


def test_no_room_is_opened_and_nobody_is_invited_either_way(client_person: User, freelancer: User) -> None:
    gig = open_gig(client_person)
    blocks.block(freelancer, client_person)
    with pytest.raises(blocks.BlockedYou):
        openings.direct(client_person, freelancer)
    with pytest.raises(blocks.YouBlocked):
        openings.direct(freelancer, client_person)
    with pytest.raises(blocks.BlockedYou):
        gigs.invite(gig, freelancer, by=client_person)
    assert not Room.objects.exists()
    assert not Invitation.objects.exists()


def test_the_room_of_a_contract_stays_open_because_deadlines_run_in_it(client_person: User, freelancer: User) -> None:
    room = verb(openings.for_bid)(uuid7(), client_person, freelancer, "Wayfinding")
    room = verb(openings.promote)(room, uuid7(), "Wayfinding")
    blocks.block(client_person, freelancer)
    say(room, freelancer, "The delivery is in.")
    say(room, client_person, "Seen.")
    assert room.messages.count() == 2


def test_a_group_goes_on_and_the_words_are_behind_a_press_and_in_no_mail(
    client_person: User, freelancer: User, outsider: User, client: Client
) -> None:
    cache.clear()
    group = groups.create(client_person, "Glaze talk")
    members.join(group, freelancer)
    members.join(group, outsider)
    blocks.block(client_person, freelancer)
    said = say(group, freelancer, "Kiln at nine")
    for person, folded in ((client_person, True), (outsider, False)):
        client.force_login(person)
        for address in (f"/messages/{group.pk}/", f"/messages/message/{said.pk}/"):
            page = client.get(address).content.decode()
            assert "Kiln at nine" in page
            assert ("From somebody you blocked" in page) is folded, address
    with clocks.at(clocks.now() + settings.SKILLLINK["CHAT_MAIL_DELAY"] + timedelta(seconds=1)):
        unread.sweep()
        relay()
    assert [letter.to for letter in mail.outbox] == [[outsider.email]]


def test_unblocking_opens_everything_again(direct: Room, client_person: User, freelancer: User) -> None:
    blocks.block(client_person, freelancer)
    blocks.block(freelancer, client_person)
    blocks.unblock(client_person, freelancer)
    with pytest.raises(blocks.BlockedYou):
        say(direct, client_person)
    blocks.unblock(freelancer, client_person)
    say(direct, client_person)
    say(direct, freelancer)


def test_a_person_is_blocked_and_unblocked_from_their_page_the_list_and_the_api(
    client_person: User, freelancer: User, client: Client
) -> None:
    client.force_login(client_person)
    slug = freelancer.profile.slug
    assert f"/people/{slug}/block/" in client.get(f"/people/{slug}/").content.decode()
    for _ in range(2):
        assert client.post(f"/people/{slug}/block/")["Location"] == "/settings/blocked/"
    assert Block.objects.count() == 1
    assert f"/people/{slug}/unblock/" in client.get(f"/people/{slug}/").content.decode()
    assert freelancer.name in client.get("/settings/blocked/").content.decode()
    client.post(f"/people/{slug}/unblock/")
    assert not Block.objects.exists()
    made = client.post("/api/v1/blocks/", {"person": slug}, content_type="application/json")
    assert made.status_code == 201
    assert client.get("/api/v1/blocks/").json()["results"][0]["slug"] == slug
    client.force_login(freelancer)
    assert client.get("/api/v1/blocks/").json()["results"] == []
    assert client.post(f"/people/{slug}/unblock/").status_code == 404  # nobody takes back another's block
    assert client.delete(f"/api/v1/blocks/{freelancer.pk}/").status_code == 404
    assert Block.objects.count() == 1
    client.force_login(client_person)
    assert client.delete(f"/api/v1/blocks/{freelancer.pk}/").status_code == 204
    assert not Block.objects.exists()


def test_a_long_list_comes_in_pages_newest_first(client_person: User, client: Client) -> None:
    people = [make(f"Nr{number} Noise") for number in range(41)]
    for person in people:
        blocks.block(client_person, person)
    client.force_login(client_person)
    first = client.get("/settings/blocked/").content.decode()
    assert first.count('/unblock/"') == 40
    assert "Nr0 Noise" not in first
    assert "Nr0 Noise" in client.get("/settings/blocked/?page=2").content.decode()
    page = client.get("/api/v1/blocks/?limit=2").json()
    assert [row["person"]["name"] for row in page["results"]] == ["Nr40 Noise", "Nr39 Noise"]
    assert page["next"]


def test_nobody_blocks_themselves_or_somebody_they_cannot_see(
    client_person: User, freelancer: User, client: Client
) -> None:
    freelancer.profile.visibility = "private"
    freelancer.profile.save()
    client.force_login(client_person)
    assert client.post(f"/people/{freelancer.profile.slug}/block/").status_code == 404
    assert client.post(f"/people/{client_person.profile.slug}/block/").status_code == 422
    assert not Block.objects.exists()
