"""Push messages: encrypted as RFC 8291 has it, signed as RFC 8292, to browsers whose session lasts, of known services alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from chat import messages, openings, unread
from skilllink import clocks
from skilllink.ids import uuid7
from tests.cast import PASSWORD
from tests.users import push_service
from tests.users.news import DELAY, relay_at, tell, tell_at
from tests.users.push_service import Browser, PushService
from users import preferences, push
from users.models import Delivery, PushSubscription, User
from users.moderation import sanctions
from users.notifications import inbox, relay, web_push
from users.notifications.web_push import unplain

AT = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # noon of the day in which sessions begin
ENDED = timedelta(seconds=1)


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    with push_service.running() as running:
        settings.PUSH_HOSTS = [running.host]
        yield running


def listening(person: User, service: PushService, name: str = "one") -> tuple[Client, Browser]:
    """A signed-in browser that asked to be told."""
    client, browser = Client(), Browser(service, name)
    client.force_login(person)
    assert client.post("/notifications/push/", browser.subscription).status_code == 204
    return client, browser


def test_the_example_of_rfc_8291_gives_its_very_bytes() -> None:
    own = ec.derive_private_key(
        int.from_bytes(unplain("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    to = web_push.Browser(
        "https://push.example.net/",
        unplain("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        unplain("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    body = web_push.encrypt(
        b"When I grow up, I want to be a watermelon", to, salt=unplain("DGv6ra1nlYgDCS1FRnbzlw"), own=own
    )
    assert web_push.plain(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_news_reach_the_browser_at_once_signed_as_ours_and_readable_by_it_alone(
    freelancer: User, service: PushService
) -> None:
    _client, browser = listening(freelancer, service)
    note = tell_at(AT, freelancer, "bids", gig="Wayfinding", url="")
    assert relay_at(AT)["sent"] == 1
    assert browser.read() == [{"body": note.sentence, "url": "/notifications/", "tag": str(note.pk)}]
    (_path, headers, body) = service.got[0]
    assert b"Wayfinding" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["ttl"] == "86400"
    token, key = (part.split("=", 1)[1] for part in headers["authorization"].removeprefix("vapid ").split(", "))
    assert key == web_push.public_key()
    head, claims, signature = token.split(".")
    assert json.loads(unplain(claims)) == {
        "aud": f"http://{service.host}",
        "exp": int((AT + timedelta(hours=12)).timestamp()),
        "sub": "mailto:hello@127.0.0.1",  # an address without the sender's name, which services refuse
    }
    raw = unplain(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unplain(key))
    public.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))  # raises when it isn't ours


def test_nothing_is_pushed_without_asking_read_already_switched_off_or_in_quiet_hours(
    freelancer: User, client_person: User, service: PushService
) -> None:
    tell_at(AT, client_person, "bids")
    _client, browser = listening(freelancer, service)
    read = tell_at(AT, freelancer, "bids")
    inbox.mark_read(freelancer, ids=[read.pk])
    preferences.choose(freelancer, {"gigs": {"push": False}})
    tell_at(AT, freelancer, "gigs")
    preferences.keep_quiet(freelancer, (time(10), time(14)))
    tell_at(AT, freelancer, "bids")
    security = tell_at(AT, freelancer, "security", reason="A mistake.")
    relay_at(AT)
    assert [told["tag"] for told in browser.read()] == [str(security.pk)]
    relay_at(AT + timedelta(hours=2))
    assert len(browser.read()) == 2


def test_unread_messages_are_pushed_without_their_words_and_mailed_all_the_same(
    client_person: User, freelancer: User, service: PushService
) -> None:
    cache.clear()
    _client, browser = listening(freelancer, service)
    room = openings.direct(client_person, freelancer)
    messages.post(room, client_person, "The secret glaze", client_id=uuid7().hex)
    with clocks.at(clocks.now() + settings.SKILLLINK["CHAT_MAIL_DELAY"] + ENDED):
        unread.sweep()
        relay_at(clocks.now())
    (told,) = browser.read()
    assert told["body"] == "1 unread message from Ines Varga"
    assert told["url"] == f"/messages/{room.pk}/"
    assert "The secret glaze" in mail.outbox[-1].body


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_has_ended_is_dropped_and_others_go_on(
    status: int, freelancer: User, service: PushService
) -> None:
    _client, gone = listening(freelancer, service, "gone")
    _other, there = listening(freelancer, service, "there")
    service.answers[gone.path] = status
    tell_at(AT, freelancer, "bids")
    assert relay_at(AT)["failed"] == 0
    assert len(there.read()) == 1
    assert list(PushSubscription.objects.values_list("endpoint", flat=True)) == [there.endpoint]


def test_a_service_that_is_away_is_asked_again_later(freelancer: User, service: PushService) -> None:
    _client, browser = listening(freelancer, service)
    service.answers[browser.path] = 503
    tell_at(AT, freelancer, "bids")
    assert relay_at(AT)["failed"] == 1
    row = Delivery.objects.get(channel="push")
    assert (row.status, row.attempts, "503" in row.error) == ("waiting", 1, True)
    service.answers.clear()
    assert relay_at(AT + DELAY)["sent"] == 2  # the mail too
    assert Delivery.objects.get(channel="push").status == "sent"


def test_one_that_is_refused_for_good_keeps_no_other_waiting_and_is_seen_when_there_is_no_other(
    freelancer: User, service: PushService
) -> None:
    _client, refused = listening(freelancer, service, "refused")
    service.answers[refused.path] = 403
    tell_at(AT, freelancer, "bids")
    assert relay_at(AT)["failed"] == 1  # the only browser: it stays, for the administration to see
    _other, there = listening(freelancer, service, "there")
    assert relay_at(AT + DELAY)["failed"] == 0
    assert len(there.read()) == 1
    assert Delivery.objects.get(channel="push").status == "sent"


def test_a_browser_has_one_subscription_at_a_time(freelancer: User, service: PushService) -> None:
    client, _old = listening(freelancer, service, "old")
    new = Browser(service, "new")
    client.post("/notifications/push/", new.subscription)
    assert [row.endpoint for row in push.browsers(freelancer)] == [new.endpoint]


def test_a_service_that_is_no_longer_known_is_called_no_more(
    freelancer: User, service: PushService, settings: Any
) -> None:
    _client, browser = listening(freelancer, service)
    tell_at(AT, freelancer, "bids")
    settings.PUSH_HOSTS = ["fcm.googleapis.com"]
    assert relay_at(AT)["skipped"] == 1
    assert browser.read() == []


def test_many_at_once_are_told_in_one_message(freelancer: User, service: PushService) -> None:
    _client, browser = listening(freelancer, service)
    for n in range(relay.TOGETHER + 1):
        tell_at(AT, freelancer, "bids", gig=f"No {n}")
    assert relay_at(AT)["sent"] == relay.TOGETHER + 1
    assert browser.read() == [{"body": "6 pieces of news wait for you.", "url": "/notifications/", "tag": "many"}]


def test_the_longest_message_is_one_record(freelancer: User, service: PushService) -> None:
    _client, browser = listening(freelancer, service)
    tell_at(AT, freelancer, "security", reason="\N{GRINNING FACE}" * 5000, url="/" + "x" * 299)
    relay_at(AT)
    assert browser.read()[0]["body"].endswith("\N{GRINNING FACE}")
    assert len(service.got[0][2]) <= web_push.RECORD


def test_a_redirect_is_not_followed(freelancer: User, service: PushService) -> None:
    _client, browser = listening(freelancer, service)
    service.answers[browser.path] = 302
    tell_at(AT, freelancer, "bids")
    assert relay_at(AT)["failed"] == 1
    assert len(service.got) == 1


def test_who_signed_out_or_changed_the_password_or_was_suspended_is_told_no_more(
    freelancer: User, client_person: User, outsider: User, moderator: User, service: PushService
) -> None:
    out, first = listening(freelancer, service, "out")
    changed, second = listening(client_person, service, "changed")
    out.post("/accounts/logout/")
    new = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    changed.post("/accounts/password/change/", new)
    _kept, third = listening(outsider, service, "suspended")
    sanctions.suspend(outsider, by=moderator, reason="x", rule="y", until=clocks.now() + timedelta(days=9))
    for person in (freelancer, client_person, outsider):
        tell(person, "bids")
    relay_at(clocks.now())
    assert first.read() == second.read() == third.read() == []
    assert not PushSubscription.objects.exists()


def test_a_browser_tells_no_more_when_its_person_says_so_and_belongs_to_whoever_asked_last(
    freelancer: User, client_person: User, service: PushService
) -> None:
    mine, browser = listening(freelancer, service)
    theirs = Client()
    theirs.force_login(client_person)
    assert theirs.post("/notifications/push/end/", {"endpoint": browser.endpoint}).status_code == 204
    assert PushSubscription.objects.count() == 1  # somebody else's
    assert theirs.post("/notifications/push/end/", {"endpoint": "\0"}).status_code == 204
    theirs.post("/notifications/push/", browser.subscription)
    assert PushSubscription.objects.get().user == client_person
    mine.post("/notifications/push/", browser.subscription)
    mine.post("/notifications/push/end/", {"endpoint": browser.endpoint})
    assert not PushSubscription.objects.exists()


def test_only_an_address_of_a_known_service_with_keys_of_its_form_is_kept(
    freelancer: User, service: PushService
) -> None:
    client = Client()
    client.force_login(freelancer)
    good = Browser(service, "x").subscription
    for wrong in (
        {"endpoint": "https://evil.test/x"},
        {"endpoint": f"https://{service.host}@evil.test/x"},
        {"endpoint": f"https://evil.test/{service.host}"},
        {"endpoint": f"ftp://{service.host}/x"},
        {"endpoint": f"http://{service.host}/" + "x" * 500},
        {"endpoint": "x"},
        {"endpoint": "https://["},
        {"endpoint": f"http://{service.host}/\0"},
        {"endpoint": f"http://{service.host}/ä"},
        {"key": ""},
        {"key": good["secret"]},
        {"key": web_push.plain(b"\x04" + b"\x01" * 64)},
        {"key": "ä"},
        {"secret": good["key"]},
        {"secret": "*"},
    ):
        answer = client.post("/notifications/push/", good | wrong)
        assert answer.status_code == 400, wrong
    assert not PushSubscription.objects.exists()


def test_a_service_is_called_over_https_unless_it_is_on_this_machine(settings: Any) -> None:
    for endpoint, host, fits in (
        ("https://fcm.googleapis.com/fcm/send/x", "fcm.googleapis.com", True),
        ("http://fcm.googleapis.com/fcm/send/x", "fcm.googleapis.com", False),
        ("https://db5.notify.windows.com/w/?token=x", "*.notify.windows.com", True),
        ("https://notify.windows.com.evil.test/", "*.notify.windows.com", False),
        ("https://evil.test@x.notify.windows.com/", "*.notify.windows.com", False),
        # what one reader of addresses takes for a part of the host ends it for another
        ("https://127.0.0.1\\.notify.windows.com/", "*.notify.windows.com", False),
        ("https://127.0.0.1%2f.notify.windows.com/", "*.notify.windows.com", False),
        ("https://x..notify.windows.com/", "*.notify.windows.com", False),
        ("https://.notify.windows.com/", "*.notify.windows.com", False),
        (f"https://{'x' * 64}.notify.windows.com/", "*.notify.windows.com", False),
        ("https://x.notify.windows.com:22/", "*.notify.windows.com", False),
    ):
        settings.PUSH_HOSTS = [host]
        key, secret = web_push.public_key(), web_push.plain(push_service.SECRET)
        try:
            push._read(endpoint, key, secret)
        except push.BadSubscription:
            assert not fits, endpoint
        else:
            assert fits, endpoint


def test_twenty_browsers_of_a_person_are_told_and_the_oldest_gives_way(freelancer: User, service: PushService) -> None:
    for n in range(21):
        with clocks.at(AT + timedelta(minutes=n)):
            listening(freelancer, service, f"n{n}")
    assert PushSubscription.objects.count() == 20
    assert not PushSubscription.objects.filter(endpoint__endswith="/n0").exists()


def test_without_a_key_nothing_is_offered_kept_or_written(
    freelancer: User, service: PushService, settings: Any
) -> None:
    client, browser = listening(freelancer, service)
    settings.VAPID_PRIVATE_KEY = ""
    assert client.post("/notifications/push/", browser.subscription).status_code == 503
    assert "data-push=" not in client.get("/settings/notifications/").content.decode()
    tell(freelancer, "bids")
    assert not Delivery.objects.filter(channel="push").exists()


def test_the_page_offers_the_column_and_the_key(freelancer: User, client: Client) -> None:
    client.force_login(freelancer)
    page = client.get("/settings/notifications/").content.decode()
    assert f'data-push="{web_push.public_key()}"' in page
    given = {f"mail_{group}": "at_once" for group in preferences.OPTIONAL} | {
        "push_gigs": "on",
        "begins": "22:00",
        "ends": "07:00",
    }
    client.post("/settings/notifications/", given)
    chosen = dict(freelancer.preferences.values_list("group", "push"))
    assert chosen == {group: group == "gigs" for group in preferences.OPTIONAL}
