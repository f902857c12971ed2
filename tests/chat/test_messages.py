"""What is done to messages: names after @, pins, signs, earlier wordings; by every door, and refused without a trace."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat import (
    details,
    groups,
    invitations,
    members,
    messages,
    mine,
    openings,
    pane,
    pins,
    posting,
    reading,
    rights,
    roles,
)
from chat.formats import serialize
from chat.models import Membership, Mention, Message, Room, RoomEvent
from skilllink.errors import Missing
from skilllink.ids import uuid7
from skilllink.transactions import verb
from tests import cast
from tests.abuse.proof import nothing_changes
from users import blocks
from users.models import Notification, User


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    """Ines Varga owns it, Tomasz Okoro is in it."""
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return Room.objects.get(pk=room.pk)


def say(room: Room, author: User, body: str = "Hello", **more: Any) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex, **more)


def html(message: Message) -> str:
    return str(serialize(reading.shown().get(pk=message.pk), since=0)["html"])


def told(user: User) -> int:
    return Notification.objects.filter(recipient=user, event="message.mentioned").count()


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


# --- mentions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["@Tomasz Okoro, look", "look, @tomasz okoro", "(@Tomasz)", "@Tomasz: yes", "**@Tomasz** and @Tomasz"]
)
def test_who_is_named_is_told_once_and_the_name_leads_to_them(
    group: Room, client_person: User, freelancer: User, body: str
) -> None:
    message = say(group, client_person, body)
    assert told(freelancer) == 1
    assert f'href="{freelancer.profile.get_absolute_url()}"' in html(message)
    assert Notification.objects.get(event="message.mentioned").url.endswith(f"?at={message.seq}#m-{message.pk}")


@pytest.mark.parametrize(
    "body", ["Tomasz Okoro", "me@Tomasz", "`@Tomasz`", "```\n@Tomasz\n```", "@Tomaszek", "@ Tomasz", "@Olga", "@"]
)
def test_what_only_looks_like_a_name_names_nobody(
    group: Room, client_person: User, freelancer: User, body: str
) -> None:
    cast.make("Olga Stranger")
    say(group, client_person, body)
    assert not Mention.objects.exists()
    assert told(freelancer) == 0


def test_a_first_name_that_two_have_names_nobody_and_the_longest_name_wins(
    group: Room, client_person: User, freelancer: User
) -> None:
    other = User.objects.create_user("t2@skilllink.test", "x", name="Tomasz Okoro Mensah")
    members.join(group, other)
    say(group, client_person, "@Tomasz")
    assert not Mention.objects.exists()
    say(group, client_person, "@Tomasz Okoro Mensah and not the other")
    assert [mention.user_id for mention in Mention.objects.all()] == [other.pk]


def test_an_edit_tells_whom_it_names_anew_and_nobody_twice(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    members.join(group, outsider)
    message = say(group, client_person, "@Tomasz")
    messages.edit(message, by=client_person, body="@Tomasz and @Olga")
    assert (told(freelancer), told(outsider)) == (1, 1)
    messages.edit(message, by=client_person, body="@Olga")
    assert [mention.words for mention in message.mentions.all()] == ["Olga"]
    messages.delete(message, by=client_person)
    assert not Mention.objects.exists()


def test_neither_oneself_nor_who_muted_the_room_is_told(group: Room, client_person: User, freelancer: User) -> None:
    mine.mute(group, freelancer, True)
    say(group, client_person, "@Ines @Tomasz")
    assert Mention.objects.count() == 2
    assert told(freelancer) == told(client_person) == 0


def test_a_name_with_markup_in_it_stays_text(group: Room, client_person: User) -> None:
    odd = User.objects.create_user("odd@skilllink.test", "x", name='<img src=x> "[a](javascript:b)"')
    members.join(group, odd)
    message = say(group, client_person, f"@{odd.name}")
    assert Mention.objects.filter(user=odd).exists()
    assert "<img" not in html(message)
    assert all(address.startswith("/people/") for address in re.findall(r'href="([^"]*)"', html(message)))


def test_a_thousand_at_signs_cost_little_and_name_at_most_twenty(group: Room, client_person: User) -> None:
    for number in range(25):
        members.join(group, cast.make(f"Person{number:02} Surname"))
    say(group, client_person, " ".join(f"@Person{number:02}" for number in range(25)) + " @" * 3000)
    assert Mention.objects.count() == 20


# --- pins ---------------------------------------------------------------------------------------


def test_owner_and_moderators_pin_in_a_group_and_members_do_not(
    group: Room, client_person: User, freelancer: User
) -> None:
    message = say(group, freelancer)
    with nothing_changes(), pytest.raises(rights.NotModerating):
        pins.pin(message, by=freelancer)
    roles.appoint(group, freelancer, "moderator", by=client_person)
    assert pins.pin(message, by=freelancer).pinned_by == freelancer
    group.refresh_from_db()
    with nothing_changes():
        pins.pin(message, by=client_person)  # it is there already
    pins.pin(message, by=client_person, on=False)
    kinds = list(group.events.values_list("kind", flat=True))
    assert kinds[-2:] == ["message.pinned", "message.unpinned"]


def test_in_a_room_of_two_both_pin(client_person: User, freelancer: User) -> None:
    room = openings.direct(client_person, freelancer)
    assert pins.pin(say(room, client_person), by=freelancer).pinned_at


def test_pins_have_a_number_and_a_deleted_message_loses_its_own(
    group: Room, client_person: User, settings: Any
) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"PINS_PER_ROOM": 1}
    first, second = say(group, client_person), say(group, client_person)
    pins.pin(first, by=client_person)
    with nothing_changes(), pytest.raises(pins.TooManyPins):
        pins.pin(second, by=client_person)
    messages.delete(first, by=client_person)
    assert pins.pin(second, by=client_person)
    with nothing_changes(), pytest.raises(messages.Gone):
        pins.pin(first, by=client_person)


def test_who_came_later_sees_no_pin_from_before(group: Room, client_person: User, outsider: User) -> None:
    message = say(group, client_person, "Before you came")
    pins.pin(message, by=client_person)
    members.join(group, outsider)
    membership = Membership.objects.get(room=group, user=outsider)
    assert list(pins.of(membership)) == []
    with nothing_changes(), pytest.raises(Missing):
        pins.pin(message, by=outsider)
    assert "Before you came" not in browser_of(outsider).get(f"/messages/{group.pk}/details/").content.decode()


# --- pages and API ------------------------------------------------------------------------------


def test_a_message_is_changed_signed_pinned_and_deleted_on_pages(
    group: Room, client_person: User, freelancer: User
) -> None:
    message = say(group, client_person, "Ash glazs")
    owner, member = browser_of(client_person), browser_of(freelancer)
    at = f"/messages/message/{message.pk}/"
    assert "Change it" in owner.get(f"{at}acts/").content.decode()
    assert "Change it" not in member.get(f"{at}acts/").content.decode()
    changed = owner.post(f"{at}edit/", {"body": "Ash glaze"})
    assert (changed.status_code, changed["Location"].endswith(f"#m-{message.pk}")) == (303, True)
    page = member.get(f"{at}acts/").content.decode()
    assert "Ash glazs" in page and "What it said before" in page
    assert member.post(f"{at}react/", {"on": "👍"}).status_code == 303
    assert 'data-react="👍" aria-pressed="true"' in member.get(at).content.decode()
    assert 'data-react="👍" aria-pressed="false"' in owner.get(at).content.decode()
    assert owner.post(f"{at}pin/", {"on": "1"}).status_code == 303
    assert "Ash glaze" in member.get(f"/messages/{group.pk}/details/").content.decode()
    with nothing_changes():
        assert member.post(f"{at}edit/", {"body": "Salt glaze"}).status_code == 403
        assert member.post(f"{at}delete/").status_code == 403
        assert member.post(f"{at}pin/", {"on": "0"}).status_code == 403
        assert member.post(f"{at}react/", {"on": "<b>"}).status_code == 400
    assert owner.post(f"{at}delete/").status_code == 303
    assert owner.get(f"{at}acts/").status_code == 404


def test_an_answer_is_begun_by_an_address_and_sent_without_script(
    group: Room, client_person: User, freelancer: User
) -> None:
    asked = say(group, client_person, "Which kiln?")
    browser = browser_of(freelancer)
    page = browser.get(f"{group.get_absolute_url()}?reply={asked.pk}").content.decode()
    assert f'name="reply_to" value="{asked.pk}"' in page
    browser.post(f"/messages/{group.pk}/post/", {"body": "The large one", "reply_to": str(asked.pk)})
    assert Message.objects.get(body="The large one").reply_to_id == asked.pk
    with nothing_changes():
        refused = browser.post(f"/messages/{group.pk}/post/", {"body": "Hm", "reply_to": "x' OR 1=1"})
    assert refused.status_code == 404


def test_a_page_shows_what_was_said_around_a_number(group: Room, client_person: User) -> None:
    said = [say(group, client_person, f"Number {number:03}") for number in range(120)]
    page = browser_of(client_person).get(f"{group.get_absolute_url()}?at={said[40].seq}").content.decode()
    assert "Number 040" in page and "Number 065" in page and "Number 119" not in page
    assert "To the newest" in page
    near = browser_of(client_person).get(f"{group.get_absolute_url()}?at={said[110].seq}").content.decode()
    assert "Number 119" in near and "To the newest" not in near
    for strange in ("x", "-1", "9" * 30, "0"):
        assert browser_of(client_person).get(f"{group.get_absolute_url()}?at={strange}").status_code == 200


def test_the_api_pins_and_tells_earlier_wordings(group: Room, client_person: User, freelancer: User) -> None:
    message = say(group, client_person, "Ash glazs, @Tomasz")
    messages.edit(message, by=client_person, body="Ash glaze, @Tomasz")
    owner, member = browser_of(client_person), browser_of(freelancer)
    at = f"/api/v1/messages/{message.pk}/"
    answer = owner.post(f"{at}pin/", {"on": True}, content_type="application/json").json()
    assert (answer["pinned"], answer["mentions"]) == (True, [{"id": str(freelancer.pk), "name": "Tomasz Okoro"}])
    assert [row["id"] for row in member.get(f"/api/v1/rooms/{group.pk}/pins/").json()] == [str(message.pk)]
    assert [row["body"] for row in member.get(f"{at}versions/").json()] == ["Ash glazs, @Tomasz"]
    with nothing_changes():
        refused = member.post(f"{at}pin/", {"on": False}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "room.not_moderating")


def test_several_rows_at_once_are_those_of_each_and_only_what_one_reads(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    before = say(group, client_person, "Before you came")
    members.join(group, outsider)
    said = [say(group, author, f"Number {n}") for n, author in enumerate((client_person, client_person, freelancer))]
    elsewhere = say(groups.create(client_person, "Elsewhere"), client_person, "Not here")
    blocks.block(outsider, freelancer)
    browser = browser_of(outsider)
    wanted = [said[2], before, elsewhere, *said[:2]]
    page = browser.get(f"/messages/{group.pk}/rows/", {"m": [*(str(one.pk) for one in wanted), "x' OR 1=1"]})
    each = "".join(browser.get(f"/messages/message/{one.pk}/").content.decode() for one in said)
    together = page.content.decode()
    assert together.replace("\n", "") == each.replace("\n", "")
    assert re.findall('class="entry" id="m-([^"]+)"', together) == [str(one.pk) for one in said]
    members.ban(group, outsider, by=client_person)
    assert browser.get(f"/messages/{group.pk}/rows/", {"m": str(said[0].pk)}).status_code == 404


def test_fifty_rows_cost_no_more_statements_than_two(group: Room, client_person: User, freelancer: User) -> None:
    said = [say(group, (client_person, freelancer)[n % 2], f"Number {n}") for n in range(55)]
    asked = []
    for number in (2, 55):
        with CaptureQueriesContext(connection) as queries:
            page = browser_of(freelancer).get(f"/messages/{group.pk}/rows/", {"m": [one.pk for one in said[:number]]})
        asked.append(len(queries))
        assert page.content.count(b'class="entry"') == min(number, reading.HISTORY)
    assert asked[0] == asked[1]


def test_who_blocked_the_author_is_neither_told_nor_invited(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    for who in (freelancer, outsider):
        blocks.block(who, client_person)
    say(group, client_person, "@Tomasz")
    assert told(freelancer) == 0
    with nothing_changes(), pytest.raises(blocks.BlockedYou):
        invitations.invite(group, outsider, by=client_person)


def test_who_came_later_is_not_told_of_a_message_that_they_do_not_read(
    group: Room, client_person: User, outsider: User
) -> None:
    message = say(group, client_person, "Which kiln?")
    members.join(group, outsider)
    messages.edit(message, by=client_person, body="Which kiln, @Olga?")
    assert told(outsider) == 0
    assert not message.mentions.exists()


def test_the_same_words_again_are_no_change(group: Room, client_person: User) -> None:
    message = say(group, client_person, "Which kiln?")
    with nothing_changes():
        messages.edit(message, by=client_person, body=" Which kiln? ")


def test_what_a_blocked_person_says_counts_nowhere_but_where_work_goes_on(
    group: Room, client_person: User, freelancer: User
) -> None:
    contract = verb(openings.promote)(
        verb(openings.for_bid)(uuid7(), client_person, freelancer, "Kiln"), uuid7(), "Kiln"
    )
    blocks.block(freelancer, client_person)
    for room in (group, contract):
        say(room, client_person)
    assert reading.unread(freelancer) == {contract.pk: 1}
    assert [pane.pane_context(room, freelancer)["unread"] for room in (group, contract)] == [0, 1]
    assert '<span class="count">1</span>' in browser_of(freelancer).get("/messages/unread/").content.decode()
    blocks.unblock(freelancer, client_person)
    assert reading.unread(freelancer) == {group.pk: 1, contract.pk: 1}


def test_what_a_blocked_person_said_is_folded_also_where_it_is_quoted_or_pinned(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    members.join(group, outsider)
    said = say(group, client_person, "Ash is best")
    pins.pin(said, by=client_person)
    answer = say(group, freelancer, "Is it?", reply_to=said.pk)
    blocks.block(outsider, client_person)
    for address in (f"/messages/message/{answer.pk}/", f"/messages/{group.pk}/details/"):
        page = browser_of(outsider).get(address).content.decode()
        assert "From somebody you blocked" in page
        assert page.count("Ash is best") == page.count(
            '<summary>From somebody you blocked</summary><p dir="auto">Ash is'
        )
        assert "Ash is best" in browser_of(freelancer).get(address).content.decode()


def test_somebody_who_was_put_out_meanwhile_finds_no_room(group: Room, client_person: User, freelancer: User) -> None:
    members.ban(group, freelancer, by=client_person)
    for page in (pane.pane_context, details.page):
        with pytest.raises(Missing):
            page(group, freelancer)


def test_open_details_are_fetched_anew_with_whatever_changes_a_pinned_message(group: Room, client_person: User) -> None:
    page = browser_of(client_person).get(f"/messages/{group.pk}/details/").content.decode()
    heard = re.findall('id="details" data-live="[^"]+" data-live-types="([^"]+)"', page)[0].split()
    kind = RoomEvent.Kind
    for event in (kind.PINNED, kind.UNPINNED, kind.EDITED, kind.DELETED):
        assert any(event.startswith(start) for start in heard), event


def test_a_message_is_found_by_its_client_id_without_reading_the_room(group: Room, client_person: User) -> None:
    said = say(group, client_person)
    asked = posting._said.describe(room=group.pk, client_id=said.client_id)
    assert list(asked) == posting._said(room=group.pk, client_id=said.client_id) == [said]
    if connection.vendor == "sqlite":  # PostgreSQL reads a table of one page without any index
        assert "message_client_id_of_one" in asked.explain()
