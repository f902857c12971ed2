"""A stranger gets one and the same answer for what exists and for what doesn't, by every door."""

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from skilllink.ids import uuid7
from tests import cast
from tests.abuse.proof import everything, nothing_changes
from tests.abuse.routes import all_routes
from tests.abuse.world import World, build, signed_in
from tests.sockets import Open, tell
from users.models import User

ROUTES = [route for route in all_routes() if route.has_id]
# what differs between any two answers, to whoever they go
PASSING = re.compile(rb'(csrfmiddlewaretoken" value="|csrf-token" content="|nonce[-=]"?|"X-CSRFToken": ")[\w+/=-]+')


def answer(browser: Client, method: str, address: str, pk: Any, **options: Any) -> tuple[int, bytes, str]:
    """Status, body and where it leads, without the id that was asked for."""
    given = getattr(browser, method)(address, **options)
    body = b"".join(given.streaming_content) if given.streaming else given.content
    shown = PASSING.sub(b"", body.replace(str(pk).encode(), b"(id)"))
    return given.status_code, shown, given.get("Location", "").replace(str(pk), "(id)")


@pytest.mark.parametrize("door", ["/api/", "/"])
def test_every_address_answers_a_stranger_alike_whether_it_exists_or_not(
    world: World, outsider: User, door: str
) -> None:
    """Each address with the ids of what it is about, asked for and posted to, beside an id of nothing."""
    nowhere, browser = uuid7(), signed_in(outsider)
    body: dict[str, Any] = {"content_type": "application/json", "data": "{}"} if door == "/api/" else {}
    with nothing_changes():
        for route in ROUTES:
            if route.text.startswith("/api/") != (door == "/api/"):
                continue
            for number, address in enumerate(route.addresses(nowhere)):
                for method, options in (("get", {}), ("post", body)):
                    expected = answer(browser, method, address, nowhere, **options)
                    assert expected[0] not in (200, 500), address
                    for what in route.kinds(world.ids):
                        pk = world.ids[what]
                        given = answer(browser, method, route.addresses(pk)[number], pk, **options)
                        assert given == expected, f"{what} by {method} {address}"


def test_every_address_answers_the_anonymous_alike_whether_it_exists_or_not(world: World) -> None:
    nowhere, browser = uuid7(), Client()
    for route in ROUTES:
        address = route.addresses(nowhere)[0]
        expected = answer(browser, "get", address, nowhere)
        for what in route.kinds(world.ids):
            pk = world.ids[what]
            assert answer(browser, "get", route.addresses(pk)[0], pk) == expected, f"{what} by {address}"


def test_a_stranger_who_has_signed_in_is_told_404_and_an_anonymous_one_to_sign_in(world: World, outsider: User) -> None:
    for name, address in {
        "contract": "/contracts/{}/",
        "invited gig": "/gigs/{}/",
        "hidden gig": "/gigs/{}/",
        "bid": "/bids/{}/",
        "offer": "/offers/{}/",
        "room": "/messages/{}/",
        "attachment": "/messages/files/{}/",
        "deposit": "/wallet/deposit/{}/",
        "paper": "/wallet/papers/{}/",
    }.items():
        at = address.format(world.ids[name])
        assert signed_in(outsider).get(at).status_code == 404, name
        assert Client().get(at).status_code in (302, 404), name
        as_json = signed_in(outsider).get(at, headers={"accept": "application/json"})
        assert (as_json.status_code, as_json.json()["code"]) == (404, "missing"), name


@pytest.mark.parametrize("address", ["/people/ines-varga/", "/people/ines-varga/picture/1/"])
def test_a_private_profile_is_as_missing_as_none(world: World, outsider: User, address: str) -> None:
    browser = signed_in(outsider)
    theirs = answer(browser, "get", address, "ines-varga")
    nobodys = answer(browser, "get", address.replace("ines-varga", "no-one-here"), "no-one-here")
    assert theirs == nobodys
    assert theirs[0] == 404


def test_anothers_notification_is_as_missing_as_none_and_stays_unread(world: World, outsider: User) -> None:
    browser = signed_in(outsider)
    with nothing_changes():
        theirs, nobodys, nonsense = (
            answer(browser, "post", "/notifications/read/", pk, data={"id": str(pk)})
            for pk in (world.ids["notification"], uuid7(), "5' OR 1=1 --")
        )
    assert theirs == nobodys == nonsense
    assert theirs[0] == 404


@pytest.mark.parametrize(
    "address",
    [
        "/wallet/", "/wallet/purse/", "/wallet/statement/", "/wallet/papers/", "/notifications/", "/notifications/bell/", "/messages/", "/messages/unread/",
        "/contracts/", "/bids/", "/gigs/mine/", "/gigs/", "/people/", "/", "/api/v1/wallet/", "/api/v1/wallet/entries/",
        "/api/v1/notifications/", "/api/v1/rooms/", "/api/v1/contracts/", "/api/v1/gigs/", "/api/v1/bids/",
        "/api/v1/offers/", "/api/v1/disputes/", "/api/v1/reviews/",
    ],
)  # fmt: skip
def test_no_list_shows_a_stranger_anything_of_the_two(world: World, outsider: User, address: str) -> None:
    given = signed_in(outsider).get(address)
    page = given.content.decode()
    assert given.status_code == 200
    for what, pk in world.ids.items():
        assert str(pk) not in page, what
    for word in ("Ines Varga", "Tomasz Okoro", "Only between us", "kiln notes", "Behind a key"):
        assert word not in page, word


def test_a_room_behind_a_key_is_as_missing_as_none_to_who_has_a_wrong_one(world: World, outsider: User) -> None:
    browser = signed_in(outsider)
    with nothing_changes():
        there, nowhere = (
            answer(browser, "post", f"/messages/{pk}/join/", pk, data={"key": "a guess"})
            for pk in (world.ids["group"], uuid7())
        )
    assert there == nowhere
    assert there[0] == 404


FRAMES: list[dict[str, Any]] = [
    {"type": "message.send", "room": "{}", "client_id": "stranger-01", "body": "Let me in"},
    {"type": "message.edit", "message": "{}", "body": "Other words"},
    {"type": "message.delete", "message": "{}"},
    {"type": "message.react", "message": "{}", "sign": "👍"},
    {"type": "room.read", "room": "{}", "upto": 1},
    {"type": "room.here", "room": "{}"},
    {"type": "typing", "room": "{}"},
    {"type": "message.pin", "message": "{}", "on": True},
    *({"type": "subscribe", "topic": f"{kind}:{{}}", "after": 0} for kind in ("room", "user", "gig", "contract")),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: f"{frame['type']} {frame.get('topic', '')}")
async def test_every_frame_of_a_stranger_gets_one_and_the_same_error(
    committed_db: None, open_socket: Open, frame: dict[str, Any], settings: Any
) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "FRAMES_PER_MINUTE": 1000}
    built = await sync_to_async(_build)()
    socket = await open_socket(await sync_to_async(cast.make)("Olga Stranger"))
    before = await sync_to_async(everything)()
    expected = await _asked(socket, frame, uuid7())
    assert (expected["type"], expected["code"]) == ("error", "missing")
    for what, pk in built.ids.items():
        assert await _asked(socket, frame, pk) == expected, what
    assert await _asked(socket, frame, "'; DROP TABLE chat_room; --") == expected
    assert await sync_to_async(everything)() == before


def _build() -> World:
    return build(cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True))


async def _asked(socket: Any, frame: dict[str, Any], pk: Any) -> dict[str, Any]:
    return await tell(socket, **{name: v.format(pk) if isinstance(v, str) else v for name, v in frame.items()})
