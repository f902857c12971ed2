"""The page of tokens: shown once, kept hashed, ended at once, only after a recent sign-in."""

import pytest
from django.test import Client
from knox.crypto import hash_token

from tests.api.conftest import Program
from tests.cast import PASSWORD
from users import tokens
from users.models import ApiToken, User


@pytest.fixture
def browser(client: Client, client_person: User) -> Client:
    client.post("/accounts/login/", {"login": client_person.email, "password": PASSWORD})
    return client


def test_a_token_is_shown_once_and_kept_hashed(browser: Client, client_person: User) -> None:
    page = browser.post("/settings/tokens/", {"name": "Bookkeeping", "scopes": ["read"]})
    made = page.context["made"]
    assert made in page.content.decode()
    row = ApiToken.objects.get(user=client_person)
    assert (row.digest, row.scopes) == (hash_token(made), ["read"])
    assert made not in str(vars(row))
    assert made not in browser.get("/settings/tokens/").content.decode()
    header = {"HTTP_AUTHORIZATION": f"Token {made}"}
    assert Client().get("/api/v1/me/", **header).json()["name"] == client_person.name

    assert browser.post("/settings/tokens/end/", {"token": row.pk}).status_code == 302
    assert Client().get("/api/v1/me/", **header).status_code == 401


def test_making_one_asks_for_a_recent_sign_in(browser: Client) -> None:
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 601
    session.save()
    assert browser.get("/settings/tokens/").status_code == 200
    asked = browser.post("/settings/tokens/", {"name": "Late", "scopes": ["read"]})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 61}, {"scopes": []}, {"scopes": ["root"]}, {"name": "\0"}]
)
def test_a_token_without_a_name_or_a_scope_is_refused(browser: Client, wrong: dict[str, object]) -> None:
    assert browser.post("/settings/tokens/", {"name": "Books", "scopes": ["read"], **wrong}).status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_ends_anothers_token_or_sees_it(browser: Client, outsider: User) -> None:
    row, _token = tokens.create(outsider, name="Theirs", scopes=["read"])
    assert browser.post("/settings/tokens/end/", {"token": row.pk}).status_code == 404
    assert "Theirs" not in browser.get("/settings/tokens/").content.decode()
    assert ApiToken.objects.filter(pk=row.pk).exists()


def test_a_program_lists_and_ends_its_persons_tokens(hirer: Program) -> None:
    listed = hirer.get("auth/tokens/").json()
    assert [row["name"] for row in listed] == ["tests"]
    assert hirer.send("DELETE", f"auth/tokens/{listed[0]['id']}/").status_code == 204
    assert hirer.get("auth/tokens/").status_code == 401
