"""`Idempotency-Key`: money and offers happen once, however often a program asks."""

import pytest

from payment import audit
from payment.models import IdempotencyRecord
from projects.models import Dispute, Milestone, Offer
from tests.api.conftest import Program
from tests.api.test_whole_job import BID, deposited, note, posted, running


def test_an_offer_sent_twice_is_one_offer_with_one_answer(hirer: Program, worker: Program) -> None:
    bid = worker.made("bids/", BID | {"gig": posted(hirer)["id"]})
    deposited(hirer, 250_000)
    first = hirer.post("offers/", {"bid": bid["id"]}, key="offer-1")
    again = hirer.post("offers/", {"bid": bid["id"]}, key="offer-1")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    other = hirer.post("offers/", {"bid": bid["id"], "hold": "all"}, key="offer-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.key_reused")
    elsewhere = hirer.post(f"offers/{first.json()['id']}/withdraw/", {}, key="offer-1")
    assert elsewhere.json()["code"] == "idempotency.key_reused"
    assert Offer.objects.count() == 1

    accepted = worker.post(f"offers/{first.json()['id']}/accept/", {}, key="accept-1")
    assert worker.post(f"offers/{first.json()['id']}/accept/", {}, key="accept-1").content == accepted.content
    assert worker.post(f"offers/{first.json()['id']}/accept/", {}).status_code == 409


@pytest.mark.parametrize("act", ["release", "refund"])
def test_a_milestone_is_paid_or_given_back_once(hirer: Program, worker: Program, act: str) -> None:
    step = running(hirer, worker)["milestones"][0]["id"]
    program, body = (hirer, {"amount": 10_000}) if act == "release" else (worker, {})
    first = program.post(f"milestones/{step}/{act}/", body, key="once")
    assert first.status_code == 200
    assert program.post(f"milestones/{step}/{act}/", body, key="once").content == first.content
    row = Milestone.objects.get(pk=step)
    assert (row.released, row.refunded) == ((10_000, 0) if act == "release" else (0, 100_000))
    assert audit.run() == []


def test_keys_belong_to_a_person_and_a_refusal_keeps_none(hirer: Program, worker: Program) -> None:
    step = running(hirer, worker)["milestones"][0]["id"]
    assert worker.post(f"milestones/{step}/release/", {}, key="k").status_code == 403
    assert not IdempotencyRecord.objects.exists()
    assert hirer.post(f"milestones/{step}/release/", {"amount": 1_000}, key="k").status_code == 200
    opened = worker.post("disputes/", {"milestone": step, "reason": "Late."}, key="k")
    assert opened.status_code == 201
    assert worker.post("disputes/", {"milestone": step, "reason": "Late."}, key="k").content == opened.content
    assert Dispute.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 121, "a\tb"])
def test_a_key_that_is_none_is_refused(hirer: Program, key: str) -> None:
    refused = hirer.post("deposits/", {"amount": 500, "currency": "USD"}, key=key)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency.bad_key")


def test_an_upload_sent_twice_is_one_delivery_and_another_file_is_another_request(
    hirer: Program, worker: Program
) -> None:
    step = running(hirer, worker)["milestones"][0]["id"]
    headers = worker.headers | {"HTTP_IDEMPOTENCY_KEY": "hand-in"}

    def deliver(content: bytes) -> tuple[int, bytes]:
        file = note("work.txt")
        file.file.seek(0)
        file.file.write(content)
        file.file.seek(0)
        body = {"note": "Done.", "files": [file]}
        answer = worker.http.post(f"/api/v1/milestones/{step}/deliver/", body, **headers)
        return answer.status_code, answer.content

    first = deliver(b"What is done, and where.\n")
    assert first[0] == 200
    assert deliver(b"What is done, and where.\n") == first
    assert deliver(b"What is done, and WHERE.\n")[0] == 409
    assert len(hirer.get(f"milestones/{step}/deliveries/").json()) == 1
