"""Second factors: for whom the administration opens, which sign-in counts as fresh, and what a token asks for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client, override_settings

from tests.cast import PASSWORD
from users.models import User


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """A code is good for its half minute, which would end between one line and the next some day."""
    with time_machine.travel(time.time(), tick=False):
        yield


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_app(person: User) -> str:
    """Give the person an authenticator app and recovery codes; returns the app's secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    RecoveryCodes.activate(person)
    return secret


def sign_in(client: Client, person: User) -> Any:
    return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})


@override_settings(STAFF_SECOND_FACTOR=True)
def test_staff_without_a_second_factor_are_led_to_make_one(moderator: User, client: Client) -> None:
    sign_in(client, moderator)
    for page in ("/admin/", "/admin/users/report/", "/admin/login/"):
        assert client.get(page)["Location"] == "/accounts/2fa/", page
        assert client.post(page)["Location"] == "/accounts/2fa/", page
    assert "second factor" in client.get("/accounts/2fa/").content.decode()


@override_settings(STAFF_SECOND_FACTOR=True)
def test_staff_who_signed_in_with_their_factor_get_in(moderator: User, client: Client) -> None:
    secret = with_app(moderator)
    step = sign_in(client, moderator)
    assert step["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    client.post(step["Location"], {"code": code_of(secret)})
    assert client.get("/admin/").status_code == 200


@override_settings(STAFF_SECOND_FACTOR=True)
def test_a_session_from_before_the_factor_has_to_show_it(moderator: User, client: Client) -> None:
    sign_in(client, moderator)
    secret = with_app(moderator)
    ask = client.get("/admin/users/report/")["Location"]
    assert ask == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Fusers%2Freport%2F"
    assert client.post(ask, {"code": "000000" if code_of(secret) != "000000" else "111111"}).status_code == 200
    assert client.get("/admin/").status_code == 302
    assert client.post(ask, {"code": code_of(secret), "next": "/admin/users/report/"})["Location"].endswith("/report/")
    assert client.get("/admin/").status_code == 200


def test_the_demo_asks_staff_for_no_factor_and_others_stay_out(
    moderator: User, client_person: User, client: Client
) -> None:
    sign_in(client, moderator)
    assert client.get("/admin/").status_code == 200
    client.logout()
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/accounts/login/?next=")
    sign_in(client, client_person)
    assert client.get("/admin/login/").status_code == 403
    assert client.get("/admin/users/report/")["Location"].startswith("/admin/login/")


def test_a_sign_in_is_fresh_for_ten_minutes_then_the_password_is_asked_again(
    client_person: User, client: Client
) -> None:
    sign_in(client, client_person)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 601
    session.save()
    asked = client.get("/accounts/2fa/totp/activate/")["Location"]
    assert asked.startswith("/accounts/reauthenticate/")
    client.post(asked, {"password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def token(client: Client, person: User, code: str) -> Any:
    body = {"email": person.email, "password": PASSWORD, "name": "tests", "scopes": ["read"], "code": code}
    return client.post("/api/v1/auth/tokens/", body, content_type="application/json")


def test_a_token_asks_for_the_factor_whichever_it_is(client_person: User, freelancer: User, client: Client) -> None:
    secret = with_app(client_person)
    assert token(client, client_person, "000000x").json()["code"] == "token.needs_code"
    assert token(client, client_person, code_of(secret)).status_code == 201

    Authenticator.objects.create(user=freelancer, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    spare = RecoveryCodes.activate(freelancer).get_unused_codes()[0]
    assert token(client, freelancer, "x").json()["code"] == "token.needs_code"
    assert token(client, freelancer, spare).status_code == 201
    assert token(client, freelancer, spare).json()["code"] == "token.needs_code"


@pytest.mark.parametrize("address", ["/admin/", "/admin/users/user/", "/admin/payment/transfer/"])
def test_visitors_of_the_administration_sign_in_where_everyone_does(
    address: str, client: Client, database: None
) -> None:
    first = client.get(address)["Location"]
    assert first.startswith("/admin/login/")
    assert client.get(first)["Location"].startswith("/accounts/login/?next=%2Fadmin%2F")
