"""Programs that act over the API for the people of the cast."""

import json
from typing import Any

import pytest
from django.test import Client

from users import tokens
from users.models import User


class Program:
    """Sends JSON with a person's token. Answers are Django's test responses."""

    def __init__(self, person: User | None, *scopes: str) -> None:
        self.http = Client()
        self.headers: dict[str, Any] = {}
        if person is not None:
            token = tokens.create(person, name="tests", scopes=scopes or ("read", "write"))[1]
            self.headers["HTTP_AUTHORIZATION"] = f"Token {token}"

    def get(self, path: str, **params: Any) -> Any:
        return self.http.get(f"/api/v1/{path}", params, **self.headers)

    def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        headers = self.headers | ({"HTTP_IDEMPOTENCY_KEY": key} if key is not None else {})
        return self.http.generic(method, f"/api/v1/{path}", _json(body), "application/json", **headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        return self.send("POST", path, {} if body is None else body, key)

    def upload(self, path: str, **parts: Any) -> Any:
        return self.http.post(f"/api/v1/{path}", parts, **self.headers)

    def made(self, path: str, body: Any = None) -> Any:
        """The JSON of a POST that must succeed."""
        answer = self.post(path, body)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.content)
        return answer.json()


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def hirer(client_person: User) -> Program:
    return Program(client_person)


@pytest.fixture
def worker(freelancer: User) -> Program:
    return Program(freelancer)


@pytest.fixture
def stranger(outsider: User) -> Program:
    return Program(outsider)
