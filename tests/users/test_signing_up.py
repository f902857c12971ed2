"""Becoming a person: sign-up by e-mail with a code, sign-in, sign-out, and what is refused on the way."""

import re

import pytest
from django.core import mail
from django.test import Client

from tests.cast import PASSWORD
from users.models import User

NEW = {"name": "Nell Newcomer", "email": "nell@skilllink.test", "password1": "a-long-enough-password"}


def code() -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


@pytest.mark.django_db
def test_a_code_by_mail_makes_the_account_and_leads_to_the_first_steps(client: Client) -> None:
    answer = client.post("/accounts/signup/", NEW)
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session
    answer = client.post(answer["Location"], {"code": code()})
    assert answer.status_code == 302, answer.content
    assert answer["Location"] == "/welcome/"
    person = User.objects.get(email="nell@skilllink.test")
    assert person.name == "Nell Newcomer"
    assert person.profile.slug.startswith("nell-newcomer-")


@pytest.mark.django_db
def test_a_wrong_code_lets_nobody_in(client: Client) -> None:
    answer = client.post("/accounts/signup/", NEW)
    client.post(answer["Location"], {"code": "WRONG1"})
    assert "_auth_user_id" not in client.session


def test_signing_in_needs_the_password_and_signing_out_a_post(client_person: User, client: Client) -> None:
    wrong = client.post("/accounts/login/", {"login": client_person.email, "password": "something-else-1"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    client.post("/accounts/login/", {"login": client_person.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(client_person.pk)
    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
