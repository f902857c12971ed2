"""Input that isn't what it should be: 400 or 422 with a sentence at the field, and nothing changes."""

from typing import Any

import pytest

from payment.models import Deposit
from projects.models import Bid, Gig, Milestone, Offer
from tests.api.conftest import Program
from tests.api.test_whole_job import BID, FACTS, posted, running
from users.models import Notification

TOO_MUCH = 10**30
FULL_WIDTH = "１００"


def state() -> list[Any]:
    return [list(table.objects.order_by("pk").values()) for table in (Gig, Bid, Offer, Milestone, Deposit)]


@pytest.mark.parametrize("wrong", ["1000", 10.5, True, None, [], {}, -1, 0, TOO_MUCH, FULL_WIDTH, "NaN", "\0"])
@pytest.mark.parametrize("field", ["amount", "days"])
def test_a_bids_figures(hirer: Program, worker: Program, field: str, wrong: Any) -> None:
    gig = posted(hirer)
    before = state()
    refused = worker.post("bids/", BID | {"gig": gig["id"], "milestones": [], field: wrong})
    assert refused.status_code in (400, 422)
    assert refused.json()["fields"][field]
    assert state() == before


@pytest.mark.parametrize("wrong", [12, True, None, ["x"], {"a": 1}, "\0" * 60, "x" * 5001])
def test_a_bids_letter(hirer: Program, worker: Program, wrong: Any) -> None:
    gig = posted(hirer)
    refused = worker.post("bids/", BID | {"gig": gig["id"], "letter": wrong})
    assert refused.status_code in (400, 422)
    assert refused.json()["fields"]["letter"]
    assert not Bid.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "all", 7, {"title": "x"}, ["x"], [[]], [{"title": "x"}], [{"title": "x", "amount": "5"}], [{"title": 5, "amount": 5}],
        [{"title": "x", "amount": TOO_MUCH}], [{"title": "x", "amount": 250_000, "days": FULL_WIDTH}],
        [{"title": "x", "amount": 250_000, "price": 1}], [{"title": "x", "amount": 1}] * 21,
    ],
)  # fmt: skip
def test_a_bids_milestones(hirer: Program, worker: Program, wrong: Any) -> None:
    gig = posted(hirer)
    refused = worker.post("bids/", BID | {"gig": gig["id"], "milestones": wrong})
    assert refused.status_code in (400, 422)
    assert refused.json()["fields"]["milestones"]
    assert not Bid.objects.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("budget_min", TOO_MUCH), ("budget_min", "1"), ("budget_max", -5), ("currency", "XXX"), ("currency", 5),
        ("skills", "Wayfinding"), ("skills", [5]), ("skills", ["Alchemy"]), ("skills", ["\0"]), ("category", "none"),
        ("category", "\0"), ("deadline", "tomorrow"), ("deadline", "２０３０-01-01"), ("deadline", 5), ("positions", 0),
        ("positions", TOO_MUCH), ("positions", "2"), ("kind", "gift"), ("kind", []), ("visibility", 1),
        ("questions", "Why?"), ("questions", ["?"] * 6), ("title", "\0" * 12), ("title", ["a"]), ("bidding_days", 31),
        ("status", "filled"), ("client", "me"), ("live_bids", 9),
    ],
)  # fmt: skip
def test_a_gigs_fields(hirer: Program, field: str, wrong: Any) -> None:
    refused = hirer.post("gigs/", FACTS | {field: wrong})
    assert refused.status_code in (400, 422)
    assert refused.json()["fields"][field]
    assert not Gig.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"5", b'"x"', b"null", b"", b"{", b'{"amount": NaN}', b"[" * 100_000, b'{"a": ' * 100_000, b"\xff\xfe"],
)
@pytest.mark.parametrize("path", ["gigs/", "bids/", "offers/", "disputes/", "reviews/", "deposits/", "auth/tokens/"])
def test_a_body_that_is_no_object(hirer: Program, path: str, body: bytes) -> None:
    refused = hirer.send("POST", path, body)
    assert refused.status_code in (400, 422)
    assert refused.json()["sentence"]


def test_a_body_that_is_too_large(hirer: Program) -> None:
    refused = hirer.send("POST", "gigs/", b'{"brief": "' + b"x" * 1_000_001 + b'"}')
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert hirer.http.post("/api/v1/gigs/", "x=1", "text/plain", **hirer.headers).status_code == 415


def test_unknown_fields_of_every_act_are_refused_and_named(hirer: Program, worker: Program) -> None:
    contract = running(hirer, worker)
    step, room = contract["milestones"][0]["id"], contract["room"]
    before = state()
    for path in (
        f"milestones/{step}/release/", f"milestones/{step}/changes/", f"milestones/{step}/refund-request/",
        f"contracts/{contract['id']}/end/", f"contracts/{contract['id']}/milestones/", f"gigs/{contract['gig']}/close/",
        f"gigs/{contract['gig']}/invite/", f"rooms/{room}/messages/", f"rooms/{room}/read/", "rooms/", "gigs/", "bids/",
        "offers/", "disputes/", "reviews/", "deposits/", "payout-methods/", "notifications/read/", "auth/tokens/",
    ):  # fmt: skip
        refused = hirer.post(path, {"paid": True})
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["paid"]), path
    assert state() == before


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("release", {"amount": "100"}, "amount"), ("release", {"amount": 0}, "amount"), ("release", {"amount": TOO_MUCH}, "amount"),
        ("release", {"version": "1"}, "version"), ("release", {"version": True}, "version"),
        ("changes", {"reason": 5}, "reason"), ("changes", {"reason": "x", "items": "x"}, "items"),
        ("changes", {"reason": "x", "items": []}, "items"), ("changes", {"reason": "", "items": ["x"]}, "reason"),
        ("changes", {"reason": "\0", "items": ["x"]}, "reason"), ("refund-request", {}, "reason"),
    ],
)  # fmt: skip
def test_the_acts_on_money(hirer: Program, worker: Program, act: str, body: Any, field: str) -> None:
    step = running(hirer, worker)["milestones"][0]["id"]
    worker.made(f"milestones/{step}/deliver/", {"note": "Done."})
    before = state()
    refused = hirer.post(f"milestones/{step}/{act}/", body)
    assert refused.status_code in (400, 422)
    assert refused.json()["fields"][field]
    assert state() == before


def test_read_marks_take_numbers_that_are_some(hirer: Program, worker: Program) -> None:
    room = running(hirer, worker)["room"]
    for wrong in ("1", FULL_WIDTH, 1.5, True, None, [], -1):
        assert worker.post(f"rooms/{room}/read/", {"upto": wrong}).status_code == 400
        assert worker.post("notifications/read/", {"upto": wrong}).status_code == 400
    theirs = Notification.objects.filter(recipient__email__startswith="tomasz", read_at=None).order_by("seq")
    unread = list(theirs.all())
    last = unread[-1].seq
    for address in (f"rooms/{room}/read/", "notifications/read/"):
        for ahead in (TOO_MUCH, 10_000):
            refused = worker.post(address, {"upto": ahead})
            assert (refused.status_code, refused.json()["code"]) == (422, "topic.ahead")
    assert worker.post("notifications/read/", {"upto": last + 1}).status_code == 422
    assert list(theirs.all()) == unread
    assert worker.post("notifications/read/", {"upto": last}).json()["marked"] == len(unread)
    assert not theirs.all().exists()
    assert worker.get(f"rooms/{room}/messages/", after=FULL_WIDTH).status_code == 400


def test_filters_take_what_they_know(hirer: Program) -> None:
    posted(hirer)
    for path, wrong in (
        ("bids/", {"gig": "1"}), ("bids/", {"status": "x"}), ("offers/", {"bid": "\0"}), ("contracts/", {"status": "?"}),
        ("reviews/", {"subject": "me"}), ("gigs/", {"cursor": "nothing"}),
    ):  # fmt: skip
        assert hirer.get(path, **wrong).status_code in (400, 404), (path, wrong)
    for harmless in ({"q": "\0'\""}, {"category": "\0"}, {"experience": "９"}, {"limit": "x"}):
        assert hirer.get("gigs/", **harmless).status_code == 200
