"""Push subscriptions over the API: kept by a token, told while it lasts, nobody else's business."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.abuse.proof import nothing_changes
from tests.users import push_service
from tests.users.news import relay_at, tell_at
from tests.users.push_service import Browser, PushService
from tests.users.test_push import AT
from users import push, tokens
from users.models import ApiToken, PushSubscription, User

ADDRESS = "/api/v1/push-subscriptions/"


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    with push_service.running() as running:
        settings.PUSH_HOSTS = [running.host]
        yield running


def asks(person: User, *scopes: str) -> tuple[ApiToken, Any]:
    row, token = tokens.create(person, name="phone", scopes=list(scopes or ("read", "write")))

    def ask(method: str, address: str = ADDRESS, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": f"Token {token}"}
        answer = getattr(Client(), method)(address, body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    return row, ask


def test_a_token_subscribes_a_browser_which_is_told_until_the_token_ends(
    freelancer: User, service: PushService
) -> None:
    token, ask = asks(freelancer)
    browser = Browser(service, "phone")
    status, made = ask("post", body=browser.subscription)
    assert (status, made["service"]) == (201, service.host)
    assert ask("get") == (200, [made])
    tell_at(AT, freelancer, "bids", gig="Wayfinding")
    relay_at(AT)
    assert len(browser.read()) == 1
    tokens.end(freelancer, token.pk)
    tell_at(AT, freelancer, "bids", gig="Another one")
    relay_at(AT)
    assert len(browser.read()) == 1
    assert not PushSubscription.objects.exists()


def test_one_is_taken_back_by_its_person_alone(freelancer: User, client_person: User, service: PushService) -> None:
    _token, mine = asks(freelancer)
    _other, theirs = asks(client_person)
    made = mine("post", body=Browser(service, "phone").subscription)[1]
    address = f"{ADDRESS}{made['id']}/"
    with nothing_changes():
        assert theirs("delete", address)[0] == 404
        assert theirs("get") == (200, [])
        for wrong in ("0", "-1", "9" * 30, "x"):
            assert mine("delete", f"{ADDRESS}{wrong}/")[0] == 404
    assert mine("delete", address) == (204, None)
    assert push.browsers(freelancer) == []


def test_what_is_no_subscription_is_refused(freelancer: User, service: PushService, settings: Any) -> None:
    _token, ask = asks(freelancer)
    _reads, reads = asks(freelancer, "read")
    good = Browser(service, "phone").subscription
    with nothing_changes():
        for wrong in (
            {},
            good | {"key": "x"},
            good | {"secret": ""},
            good | {"endpoint": "https://elsewhere.example/x"},
            good | {"endpoint": 5},
            good | {"more": "x"},
        ):
            assert ask("post", body=wrong)[0] == 400
        assert reads("post", body=good)[0] == 403
        settings.VAPID_PRIVATE_KEY = ""
        assert ask("post", body=good)[0] == 503
