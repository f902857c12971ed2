"""The outbox: what is broken or slow keeps nobody else's news back, and nothing is sent by two relays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from tests.users.news import DELAY, relay_at, tell_at
from users import letters, preferences
from users.models import Delivery, Notification, User
from users.notifications import relay as outbox

AT = datetime(2027, 1, 12, 12, tzinfo=UTC)


def letters_to() -> list[str]:
    return sorted(letter.to[0] for letter in mail.outbox)


def test_news_that_nobody_can_read_are_given_up_in_the_end_and_keep_no_others_back(
    client_person: User, freelancer: User
) -> None:
    broken = tell_at(AT, client_person, "bids")
    Notification.objects.filter(pk=broken.pk).update(event="of.another_version")
    tell_at(AT, client_person, "gigs")
    tell_at(AT, freelancer, "bids")
    told = relay_at(AT + DELAY)
    assert (told["sent"], told["failed"]) == (2, 1)
    assert letters_to() == sorted([client_person.email, freelancer.email])
    for hour in range(1, outbox.ATTEMPTS):
        relay_at(AT + DELAY + timedelta(hours=6 * hour))
    row = Delivery.objects.get(notification=broken)
    assert (row.status, row.attempts, row.error) == ("dead", outbox.ATTEMPTS, "KeyError")


def test_a_mail_that_cannot_be_made_keeps_no_others_back(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = letters.compose

    def unless_for_the_client(to: list[str], *args: Any, **kwargs: Any) -> Any:
        if to == [client_person.email]:
            raise ValueError("a header that isn't one")
        return compose(to, *args, **kwargs)

    monkeypatch.setattr(letters, "compose", unless_for_the_client)
    for person in (client_person, freelancer):
        tell_at(AT, person, "bids")
    told = relay_at(AT + DELAY)
    assert (told["sent"], told["failed"]) == (1, 1)
    assert letters_to() == [freelancer.email]
    row = Delivery.objects.get(recipient=client_person)
    assert (row.status, row.attempts, row.error) == ("waiting", 1, "ValueError")


def test_what_another_relay_took_because_this_one_was_slow_is_not_sent_again(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (client_person, freelancer):
        tell_at(AT, person, "bids")
    chosen = preferences.of
    others: list[dict[str, int]] = []

    def slow(*args: Any) -> Any:
        """Six minutes pass after the claim, and meanwhile the next relay runs."""
        if not others:
            others.append({})
            others.append(relay_at(AT + DELAY + outbox.LEASE + timedelta(minutes=1)))
        return chosen(*args)

    monkeypatch.setattr(preferences, "of", slow)
    told = relay_at(AT + DELAY)
    assert (others[-1]["sent"], told["sent"]) == (2, 0)
    assert letters_to() == sorted([client_person.email, freelancer.email])


def test_a_mail_that_was_sent_and_not_noted_is_sent_again_under_the_same_number(
    freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies between the mail server's yes and its note of it: mail programs fold the two into one."""

    def dies(*_args: Any) -> None:
        raise SystemExit

    tell_at(AT, freelancer, "bids")
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(outbox, "_end", dies)
        relay_at(AT + DELAY)
    assert relay_at(AT + DELAY + outbox.LEASE + timedelta(seconds=1))["sent"] == 1
    tell_at(AT + timedelta(hours=1), freelancer, "bids")
    relay_at(AT + timedelta(hours=1) + DELAY)
    first, again, other = (letter.message()["Message-ID"] for letter in mail.outbox)
    assert first == again != other
    assert relay_at(AT + timedelta(hours=2))["sent"] == 0


def test_what_was_read_while_the_relay_was_busy_with_others_is_not_sent(
    freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tell_at(AT, freelancer, "bids")
    chosen = preferences.of

    def read_meanwhile(*args: Any) -> Any:
        Notification.objects.filter(pk=note.pk).update(read_at=AT)
        return chosen(*args)

    monkeypatch.setattr(preferences, "of", read_meanwhile)
    assert relay_at(AT + DELAY)["skipped"] == 1
    assert not mail.outbox
