"""Sessions: seen in a list, ended one by one or all at once; nobody ends another person's."""

import re

from django.test import Client

from tests.cast import PASSWORD
from users.models import User


def signed_in(person: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.get("/settings/").status_code == 200
    return client


def numbers(client: Client) -> list[str]:
    return re.findall(r'name="session" value="(\d+)"', client.get("/accounts/sessions/").content.decode())


def test_one_of_my_sessions_ends_and_mine_stays(client_person: User) -> None:
    here, there, elsewhere = (signed_in(client_person) for _ in range(3))
    listed = numbers(here)
    assert len(listed) == 2, "the one I am in has no button"
    assert here.post("/settings/sessions/end/", {"session": listed[0]}).status_code == 302
    ended = [client.get("/settings/").status_code for client in (there, elsewhere)]
    assert sorted(ended) == [200, 302]
    assert here.get("/settings/").status_code == 200


def test_all_other_sessions_end_at_once(client_person: User) -> None:
    here, there, elsewhere = (signed_in(client_person) for _ in range(3))
    here.post("/accounts/sessions/")
    assert [client.get("/settings/").status_code for client in (here, there, elsewhere)] == [200, 302, 302]


def test_nobody_ends_the_session_of_another(client_person: User, outsider: User) -> None:
    mine, also_mine, theirs = signed_in(client_person), signed_in(client_person), signed_in(outsider)
    number = numbers(mine)[0]
    for wrong in (number, "0", "x", "9" * 40, ""):
        assert theirs.post("/settings/sessions/end/", {"session": wrong}).status_code == 404, wrong
    assert also_mine.get("/settings/").status_code == 200


def test_a_changed_password_signs_out_every_other_page(client_person: User) -> None:
    here, there = signed_in(client_person), signed_in(client_person)
    new = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    assert here.post("/accounts/password/change/", new).status_code == 302
    assert [client.get("/settings/").status_code for client in (here, there)] == [200, 302]
