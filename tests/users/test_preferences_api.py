"""How news reaches a person, over the API: what the page changes, in the same words refused, and nothing by halves."""

from typing import Any

import pytest
from django.test import Client

from tests.abuse.proof import nothing_changes
from users import preferences, tokens
from users.models import Preference, QuietHours, User

AT = "/api/v1/preferences/"


@pytest.fixture
def asked(client: Client, freelancer: User) -> Any:
    client.force_login(freelancer)

    def ask(**given: Any) -> tuple[int, Any]:
        answer = client.patch(AT, given, content_type="application/json")
        return answer.status_code, answer.json()

    return ask


def test_what_nobody_chose_is_shown_as_it_applies(asked: Any, client: Client) -> None:
    shown = client.get(AT).json()
    assert set(shown["groups"]) == set(preferences.OPTIONAL)
    assert shown["groups"]["bids"] == {"bell": True, "push": True, "mail": "at_once"}
    assert shown["groups"]["messages"]["bell"] is None
    assert (shown["quiet_hours"], shown["shows_reading"]) == (None, True)


def test_what_is_named_changes_and_the_rest_stays(asked: Any, freelancer: User) -> None:
    status, shown = asked(groups={"bids": {"mail": "daily"}}, quiet_hours={"begins": "21:30", "ends": "06:00"})
    assert (status, shown["groups"]["bids"]) == (200, {"bell": True, "push": True, "mail": "daily"})
    assert shown["quiet_hours"] == {"begins": "21:30:00", "ends": "06:00:00"}
    status, shown = asked(groups={"bids": {"bell": False}}, shows_reading=False)
    assert shown["groups"]["bids"] == {"bell": False, "push": True, "mail": "daily"}
    assert (shown["shows_reading"], User.objects.get(pk=freelancer.pk).shows_reading) == (False, False)
    assert QuietHours.objects.exists()
    assert asked(quiet_hours=None)[1]["quiet_hours"] is None
    assert list(Preference.objects.values_list("group", flat=True)) == ["bids"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"groups": {"money": {"mail": "never"}}}, 400),
        ({"groups": {"security": {"bell": False}}}, 400),
        ({"groups": {"gossip": {}}}, 400),
        ({"groups": {"messages": {"bell": False}}}, 400),
        ({"groups": {"bids": {"mail": "weekly"}}}, 400),
        ({"groups": {"bids": {"bell": "no"}}}, 400),
        ({"groups": []}, 400),
        ({"quiet_hours": {"begins": "21:30"}}, 400),
        ({"quiet_hours": {"begins": "25:00", "ends": "06:00"}}, 400),
        ({"quiet_hours": {"begins": "06:00", "ends": "06:00"}}, 422),
        ({"quiet_hours": {"begins": "06:00", "ends": "05:00"}}, 422),
        ({"shows_reading": "yes"}, 400),
        ({"shows": True}, 400),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_beside_it_is_kept(asked: Any, given: Any, status: int) -> None:
    with nothing_changes():
        beside = {"groups": {"gigs": {"mail": "never"}}, "shows_reading": False}
        assert asked(**{**beside, **given})[0] == status


def test_a_token_that_only_reads_changes_nothing(freelancer: User, client: Client) -> None:
    _row, token = tokens.create(freelancer, name="reads", scopes=["read"])
    headers = {"authorization": f"Token {token}"}
    assert client.get(AT, headers=headers).status_code == 200
    with nothing_changes():
        answer = client.patch(AT, {"shows_reading": False}, content_type="application/json", headers=headers)
        assert answer.status_code == 403
