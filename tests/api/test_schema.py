"""The schema says what there is; whoever has no token gets 401 there, and strangers find nothing."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from payment import papers
from payment.models import Transfer
from tests.api.conftest import Program
from tests.api.test_whole_job import BID, deposited, note, posted, running
from tests.builders.payment import bank_account, earn
from users.models import User

OPEN = {("post", "/api/v1/auth/tokens/"), ("get", "/api/v1/schema/"), ("get", "/api/v1/docs/")}
NOBODYS = "00000000-0000-7000-8000-000000000000"


def routes() -> list[tuple[str, str]]:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    # a second id in an address is a person's of the room
    known = [(path.replace("{user_id}", NOBODYS), methods) for path, methods in sorted(paths.items())]
    return [(method, path) for path, methods in known for method in methods if method != "parameters"]


ROUTES = routes()
OF_ONE = [(method, path) for method, path in ROUTES if "{id}" in path]


def test_the_schema_is_valid_and_says_everything(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert len(ROUTES) > 80


def test_no_answer_is_left_undescribed() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    vague = [
        (method, path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
        if content["schema"].get("additionalProperties") == {}
    ]
    assert vague == []


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route not in OPEN])
def test_without_a_token_there_is_401(method: str, path: str, database: None) -> None:
    address = path.replace("{id}", NOBODYS)
    answer = Client().generic(method.upper(), address, "{}", "application/json")
    assert answer.status_code == 401
    assert answer.json()["sentence"]


@pytest.fixture
def things(hirer: Program, worker: Program) -> dict[str, str]:
    """The id of one thing of each kind that a stranger has no business with, by the address it lives at."""
    contract = running(hirer, worker)
    step, room = contract["milestones"][0]["id"], contract["room"]
    gig = posted(hirer, visibility="invited")
    file = hirer.upload(f"gigs/{gig['id']}/files/", files=[note("a.txt")]).json()["files"][0]["id"]
    bid = worker.get("bids/").json()["results"][0]["id"]
    worker.upload(f"milestones/{step}/deliver/", note="Done.", files=[note("b.txt")])
    delivered = hirer.get(f"milestones/{step}/deliveries/").json()[0]["files"][0]["id"]
    return {
        "causes": hirer.made("causes/", SEEDS)["id"],
        "pledges": pledge_of(hirer, contract["freelancer"]["id"]),
        "gigs": gig["id"], "bids": bid, "offers": worker.get("offers/").json()["results"][0]["id"],
        "contracts": contract["id"], "milestones": step, "rooms": room, "gig-files": file, "delivery-files": delivered,
        "bid-files": file_of_a_bid(hirer, worker),
        "disputes": worker.made("disputes/", {"milestone": contract["milestones"][1]["id"], "reason": "Late."})["id"],
        "room-files": hirer.upload(f"rooms/{room}/files/", file=note("c.txt")).json()["id"],
        "messages": hirer.made(f"rooms/{room}/messages/", {"body": "Hello.", "client_id": "b" * 12})["id"],
        "payouts": payout_of(worker),
        "payout-methods": worker.get("payout-methods/").json()["results"][0]["id"],
        "deposits": hirer.get("deposits/").json()["results"][0]["id"],
        "reviews": review_of(hirer, worker),
        "papers": paper_of(worker),
        "auth": hirer.get("auth/tokens/").json()[0]["id"],
        "blocks": block_of(hirer),
        "push-subscriptions": str(hirer.made("push-subscriptions/", PHONE)["id"]),
    }  # fmt: skip


PHONE = {  # with the key of RFC 8291's example
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/one",
    "key": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "secret": "BTBZMqHH6r4Tts7J_aSIgg",
}
SEEDS = {"title": "Seeds", "summary": "For schools.", "story": "We buy seeds.", "goal": 100_000, "currency": "USD"}


def pledge_of(hirer: Program, person: str) -> str:
    """A donation that repeats, while the two are in no dispute."""
    deposited(hirer, 5_000)
    wish = {"person": person, "amount": 500, "currency": "USD", "every": "month"}
    found: str = hirer.made("donations/", wish)["pledge"]
    return found


def file_of_a_bid(hirer: Program, worker: Program) -> str:
    bid = worker.made("bids/", BID | {"gig": posted(hirer)["id"]})
    found: str = worker.upload(f"bids/{bid['id']}/files/", files=[note("d.txt")]).json()["files"][0]["id"]
    return found


def payout_of(worker: Program) -> str:
    """A payout of the freelancer's, in the queue."""
    person = User.objects.get(email="tomasz@skilllink.test")
    earn(person, 5_000)
    ask = {"method": str(bank_account(person).pk), "amount": 5_000, "currency": "USD", "token": "one"}
    found: str = worker.made("payouts/", ask)["id"]
    return found


def block_of(hirer: Program) -> str:
    """Whom the client wants to hear nothing from; the room of their contract stays open."""
    slug = User.objects.get(email="tomasz@skilllink.test").profile.slug
    found: str = hirer.made("blocks/", {"person": slug})["person"]["id"]
    return found


def review_of(hirer: Program, worker: Program) -> str:
    """A blind review of another contract that ended."""
    other = running(hirer, worker)
    for step in other["milestones"]:
        hirer.made(f"milestones/{step['id']}/release/")
    marks = dict.fromkeys(("quality", "communication", "deadlines", "scope"), 5)
    found: str = hirer.made("reviews/", {"contract": other["id"], "axes": marks})["id"]
    return found


def paper_of(worker: Program) -> str:
    """The newest invoice for what was just released."""
    papers.issue(Transfer.objects.filter(kind="release").latest("at"))
    found: str = worker.get("papers/").json()["results"][0]["id"]
    return found


def test_strangers_find_nothing_at_any_address_and_the_same_as_where_nothing_is(
    things: dict[str, str], stranger: Program
) -> None:
    assert {path.split("/")[3] for _method, path in OF_ONE} == set(things)
    for method, path in OF_ONE:
        theirs = path.replace("{id}", things[path.split("/")[3]]).removeprefix("/api/v1/")
        nothing = path.replace("{id}", NOBODYS).removeprefix("/api/v1/")
        answers = [stranger.send(method.upper(), address, {}) for address in (theirs, nothing)]
        assert [answer.status_code for answer in answers] == [404, 404], (method, path)
        assert answers[0].content == answers[1].content, (method, path)


def test_a_token_that_reads_changes_nothing(things: dict[str, str], client_person: Any) -> None:
    reader = Program(client_person, "read")
    for method, path in OF_ONE:
        if method != "get":
            address = path.replace("{id}", things[path.split("/")[3]]).removeprefix("/api/v1/")
            assert reader.send(method.upper(), address, {}).status_code == 403, (method, path)


def test_a_token_that_only_writes_reads_nothing(client_person: Any, database: None) -> None:
    writer = Program(client_person, "write")
    for method, path in ROUTES:
        if method == "get" and "{id}" not in path and (method, path) not in OPEN:
            assert writer.get(path.removeprefix("/api/v1/")).status_code == 403, path


def test_the_docs_and_their_parts_come_from_this_site(client: Client, client_person: Any) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert "https://" not in page.content.decode().replace("https://example", "")
    schema = client.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert json.loads(schema.content)["info"]["title"] == "SkillLink API"
