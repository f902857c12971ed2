"""One click stops e-mails, as RFC 8058 has it: a signed address, a POST without sign-in, and a GET that changes nothing."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from tests.users.news import DELAY, relay_at, tell_at
from users import preferences
from users.models import Preference, User

AT = datetime(2027, 1, 12, 12, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def address(freelancer: User) -> str:
    """Where the mail of a bid says it can be stopped, without the site's name."""
    tell_at(AT, freelancer, "bids", gig="Wayfinding")
    relay_at(AT + DELAY)
    headers = mail.outbox[-1].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(rf"<{settings.SITE_URL}(\S+)>", headers["List-Unsubscribe"])
    assert found
    assert f"{settings.SITE_URL}{found[1]}" in mail.outbox[-1].body
    return found[1]


def test_a_mail_program_stops_them_without_a_session_or_a_form(address: str, freelancer: User) -> None:
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(address, ONE_CLICK)
    assert answer.status_code == 200  # the standard allows no redirect
    assert set(freelancer.preferences.values_list("group", "mail")) == {
        (group, "never") for group in preferences.OPTIONAL
    }
    tell_at(AT, freelancer, "bids")
    tell_at(AT, freelancer, "money")
    relay_at(AT + DELAY)
    assert len(mail.outbox) == 2
    assert "wallet" in mail.outbox[-1].subject


def test_looking_at_the_page_changes_nothing_and_offers_a_button(address: str, client: Client) -> None:
    for ask in (client.get, client.head):
        assert ask(address).status_code == 200
    page = client.get(address).content.decode()
    assert '<form method="post"><button' in page
    assert not Preference.objects.exists()


def test_the_bell_goes_on_ringing_as_it_was_chosen(address: str, freelancer: User, client: Client) -> None:
    preferences.choose(freelancer, {"gigs": {"bell": False}})
    client.post(address, ONE_CLICK)
    assert dict(freelancer.preferences.values_list("group", "bell"))["gigs"] is False
    assert dict(freelancer.preferences.values_list("group", "bell"))["bids"] is True


def test_a_forged_or_clipped_address_is_missing_and_stops_nothing(
    address: str, client_person: User, client: Client
) -> None:
    token = address.rstrip("/").rsplit("/", 1)[1]
    for wrong in (str(client_person.pk), f"{client_person.pk}:{token.split(':')[1]}", token[:-1], "x", "x:y"):
        assert client.post(f"/notifications/unsubscribe/{wrong}/", ONE_CLICK).status_code == 404, wrong
    assert not Preference.objects.exists()


def test_a_mail_that_cannot_be_switched_off_says_so_instead(freelancer: User) -> None:
    tell_at(AT, freelancer, "security", reason="It was a mistake.")
    relay_at(AT + DELAY)
    assert "List-Unsubscribe" not in mail.outbox[-1].extra_headers
    assert "can’t be switched off" in mail.outbox[-1].body
