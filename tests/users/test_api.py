"""Tokens, scopes, and the schema that describes them."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.cast import PASSWORD
from users.models import ApiToken, User


def token(client: Client, person: User, *scopes: str) -> str:
    body = {"email": person.email, "password": PASSWORD, "name": "tests", "scopes": list(scopes)}
    answer = client.post("/api/v1/auth/tokens/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["token"])


def test_a_token_reads_what_its_scope_allows_and_nothing_more(client_person: User, client: Client) -> None:
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Token {token(client, client_person, 'read')}"}
    assert client.get("/api/v1/me/", **headers).json()["name"] == "Ines Varga"
    assert client.post("/api/v1/ws-tickets/", **headers).status_code == 403
    assert client.get("/api/v1/me/").status_code == 401


def test_a_wrong_password_gives_no_token(client_person: User, client: Client) -> None:
    body = {"email": client_person.email, "password": "not-this-one-1", "name": "x", "scopes": ["read"]}
    answer = client.post("/api/v1/auth/tokens/", body, content_type="application/json")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token.not_signed_in"
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_the_schema_names_every_resource(client: Client, client_person: User) -> None:
    client.force_login(client_person)
    schema = client.get("/api/v1/schema/?format=json")
    assert schema.status_code == 200
    paths = json.loads(schema.content)["paths"]
    for wanted in ("gigs", "bids", "contracts", "milestones", "rooms", "wallet", "notifications", "auth/tokens"):
        assert any(path.startswith(f"/api/v1/{wanted}/") for path in paths), wanted
