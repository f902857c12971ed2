"""A whole job over the API alone, from the gig to the reviews, with every act that a page has on the way."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from payment import audit, deposits
from payment.models import Deposit
from projects.models import Category
from tests.api.conftest import Program
from tests.builders.payment import GOOD_CARD
from tests.builders.projects_contracts import picture
from tests.builders.projects_gigs import BRIEF, LETTER
from users.models import User

STEPS = [{"title": "Three signs", "amount": 100_000, "days": 10}, {"title": "The map", "amount": 150_000, "days": 12}]
FACTS: dict[str, Any] = {
    "title": "Wayfinding for a garden", "brief": BRIEF, "category": "design", "skills": ["Wayfinding"],
    "budget_min": 200_000, "budget_max": 300_000, "currency": "USD", "questions": ["Which sign first?"],
    "board_mode": "sealed",
}  # fmt: skip
BID: dict[str, Any] = {"amount": 250_000, "days": 22, "letter": LETTER, "milestones": STEPS, "answers": ["The fern."]}


def note(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"What is done, and where.\n", content_type="text/plain")


def posted(hirer: Program, **changes: Any) -> Any:
    return hirer.made("gigs/", FACTS | changes)


def deposited(hirer: Program, amount: int) -> None:
    """Ask over the API; pay where the answer says, with the card that works."""
    asked = hirer.made("deposits/", {"amount": amount, "currency": "USD"})
    assert asked["pay_at"].endswith(f"/wallet/deposit/{asked['id']}/")
    deposits.pay(Deposit.objects.get(pk=asked["id"]), card=GOOD_CARD)
    assert hirer.get(f"deposits/{asked['id']}/").json()["status"] == "settled"


def running(hirer: Program, worker: Program) -> Any:
    """A contract whose two milestones are funded, as its client's program sees it."""
    gig = posted(hirer)
    bid = worker.made("bids/", BID | {"gig": gig["id"]})
    deposited(hirer, 250_000)
    offer = hirer.made("offers/", {"bid": bid["id"], "hold": "all"})
    contract = worker.made(f"offers/{offer['id']}/accept/", {"version": offer["version"]})["contract"]
    return hirer.get(f"contracts/{contract}/").json()


def test_a_gig_is_drafted_posted_changed_paused_renewed_and_closed(hirer: Program, worker: Program) -> None:
    assert Category.objects.filter(pk="design").exists()
    draft = hirer.made("gigs/draft/", {"title": "Wayfinding"})
    assert hirer.send("PATCH", f"gigs/{draft['id']}/", {"brief": BRIEF}).json()["brief"] == BRIEF
    assert worker.get(f"gigs/{draft['id']}/").status_code == 404
    gig = hirer.made(f"gigs/{draft['id']}/post/", FACTS)
    address = f"gigs/{gig['id']}/"
    assert (gig["status"], worker.get(address).json()["title"]) == ("open", FACTS["title"])

    changed = hirer.send("PATCH", address, {"positions": 2, "version": gig["version"]})
    assert changed.json()["positions"] == 2
    stale = hirer.send("PATCH", address, {"positions": 3, "version": gig["version"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "page.stale")

    with_file = hirer.upload(f"{address}files/", files=[picture("plan.png"), note("notes.txt")]).json()
    assert [file["name"] for file in with_file["files"]] == ["plan.png", "notes.txt"]
    file = with_file["files"][1]["url"].removeprefix("/api/v1/")
    assert b"".join(worker.get(file)) == b"What is done, and where.\n"
    assert hirer.send("DELETE", file).status_code == 204
    assert worker.get(file).status_code == 404

    for act, status in (("pause", "paused"), ("resume", "open"), ("renew", "open"), ("close", "closed")):
        assert hirer.made(f"{address}{act}/")["status"] == status
    other = hirer.made("gigs/draft/", {})
    assert hirer.send("DELETE", f"gigs/{other['id']}/").status_code == 204
    assert hirer.send("DELETE", address).json()["code"] == "gig.not_now"
    assert [row["id"] for row in hirer.get("gigs/", mine=1).json()["results"]] == [gig["id"]]


def test_an_invited_freelancer_finds_a_gig_that_others_do_not(
    hirer: Program, worker: Program, stranger: Program, freelancer: User
) -> None:
    gig = posted(hirer, visibility="invited")
    assert worker.get(f"gigs/{gig['id']}/").status_code == 404
    row = hirer.made(f"gigs/{gig['id']}/invite/", {"person": f"/people/{freelancer.profile.slug}/"})
    assert row["freelancer"]["name"] == freelancer.name
    assert worker.get(f"gigs/{gig['id']}/").status_code == 200
    assert stranger.get(f"gigs/{gig['id']}/").status_code == 404
    assert len(hirer.get(f"gigs/{gig['id']}/invitations/").json()) == 1
    assert worker.get(f"gigs/{gig['id']}/invitations/").json()["code"] == "gig.not_yours"


def test_bids_are_sent_changed_read_shortlisted_put_away_declined_and_withdrawn(
    hirer: Program, worker: Program
) -> None:
    gig = posted(hirer)
    bid = worker.made("bids/", BID | {"gig": gig["id"]})
    address = f"bids/{bid['id']}/"
    change = BID | {"amount": 240_000, "milestones": [], "version": bid["version"]}
    assert worker.send("PUT", address, change).json()["amount"] == 240_000
    assert worker.upload(f"{address}files/", files=[note("cv.txt")]).json()["files"][0]["name"] == "cv.txt"

    listed = hirer.get("bids/", gig=gig["id"]).json()["results"]
    assert (len(listed), "letter" in listed[0], listed[0]["viewed_at"]) == (1, False, None)
    read = hirer.get(address).json()
    assert (read["letter"], bool(read["viewed_at"])) == (LETTER, True)
    assert worker.get(address).json()["viewed_at"] == read["viewed_at"]
    file = read["files"][0]["url"].removeprefix("/api/v1/")
    assert b"".join(hirer.get(file)) == b"What is done, and where.\n"
    versions = hirer.get(f"{address}versions/").json()
    assert {change["field"] for change in versions[1]["changes"]} == {"amount", "milestones"}
    assert versions[-1]["changes"] == []

    assert hirer.made(f"{address}shortlist/")["status"] == "shortlisted"
    assert worker.get(address).json()["status"] == "submitted"
    assert worker.get("bids/", status="shortlisted").json()["results"] == []
    assert len(worker.get("bids/", status="submitted").json()["results"]) == 1
    assert hirer.made(f"{address}shortlist/", {"on": False})["status"] == "submitted"
    hirer.made(f"{address}archive/")
    hirer.made(f"{address}archive/", {"on": False})
    room = hirer.made(f"{address}room/")["room"]
    assert worker.made(f"{address}room/")["room"] == room

    assert worker.made(f"{address}withdraw/")["status"] == "withdrawn"
    again = worker.made("bids/", BID | {"gig": gig["id"]})
    declined = hirer.made(f"bids/{again['id']}/decline/", {"reason": "We found someone nearer."})
    assert worker.get(f"bids/{again['id']}/").json()["decline_reason"] == declined["decline_reason"]


def test_offers_are_made_countered_declined_withdrawn_and_accepted(hirer: Program, worker: Program) -> None:
    gig = posted(hirer)
    bid = worker.made("bids/", BID | {"gig": gig["id"]})
    deposited(hirer, 250_000)
    offer = hirer.made("offers/", {"bid": bid["id"]})
    assert (offer["held"], hirer.get("wallet/").json()[0]["in_escrow"]) == (100_000, 100_000)
    assert worker.made(f"offers/{offer['id']}/decline/", {"reason": "Too soon."})["held"] == 0
    offer = hirer.made("offers/", {"bid": bid["id"]})
    assert hirer.made(f"offers/{offer['id']}/withdraw/")["status"] == "withdrawn"
    offer = hirer.made("offers/", {"bid": bid["id"]})
    counter = worker.made(
        f"offers/{offer['id']}/counter/", {"amount": 249_000, "milestones": [], "message": "All at once."}
    )
    assert (counter["round"], counter["milestones"][0]["amount"]) == (2, 249_000)
    contract = hirer.made(f"offers/{counter['id']}/accept/")["contract"]
    assert hirer.get(f"contracts/{contract}/").json()["amount"] == 249_000
    assert hirer.get(f"gigs/{gig['id']}/").json()["status"] == "filled"


def test_work_is_delivered_changed_released_refunded_and_reviewed(hirer: Program, worker: Program) -> None:
    contract = running(hirer, worker)
    first, second = (step["id"] for step in contract["milestones"])
    sent = worker.upload(
        f"milestones/{first}/deliver/", note="Three signs, see the photo.", files=[picture("sign.png")]
    )
    assert sent.json()["status"] == "submitted"
    delivery = hirer.get(f"milestones/{first}/deliveries/").json()[0]
    file = delivery["files"][0]["url"].removeprefix("/api/v1/")
    assert hirer.get(file)["Content-Disposition"].startswith("attachment")
    asked = hirer.made(f"milestones/{first}/changes/", {"reason": "Too small.", "items": ["Larger letters"]})
    assert asked["status"] == "changes_requested"
    assert hirer.get(f"milestones/{first}/deliveries/").json()[0]["changes"]["items"] == ["Larger letters"]
    worker.made(f"milestones/{first}/deliver/", {"note": "Larger now."})
    hirer.made(f"milestones/{first}/extend/")
    assert [step["act"] for step in hirer.get(f"contracts/{contract['id']}/schedule/").json()]
    partly = hirer.made(f"milestones/{first}/release/", {"amount": 40_000})
    assert (partly["status"], partly["rest"]) == ("submitted", 60_000)
    assert hirer.made(f"milestones/{first}/release/", {"version": partly["version"]})["status"] == "released"

    hirer.made(f"milestones/{second}/refund-request/", {"reason": "The map is done elsewhere."})
    worker.made(f"milestones/{second}/object/")
    assert worker.made(f"milestones/{second}/refund/")["status"] == "refunded"

    assert hirer.get(f"contracts/{contract['id']}/").json()["result"] == "completed"
    marks = {"quality": 5, "communication": 5, "deadlines": 4, "scope": 5}
    review = hirer.made("reviews/", {"contract": contract["id"], "axes": marks, "text": "Clear and quick."})
    assert worker.get(f"reviews/{review['id']}/").status_code == 404
    back = {"payment": 5, "clarity": 4, "communication": 5, "stability": 5}
    worker.made("reviews/", {"contract": contract["id"], "axes": back})
    assert worker.get(f"reviews/{review['id']}/").json()["axes"] == marks
    assert worker.made(f"reviews/{review['id']}/reply/", {"text": "Thank you."})["reply"] == "Thank you."

    events = [row["event"] for row in hirer.get(f"contracts/{contract['id']}/activity/").json()]
    assert events[0] == "contract.started"
    assert {"milestone.submitted", "milestone.released", "milestone.refunded"} <= set(events)
    assert hirer.get(f"contracts/{contract['id']}/terms/").json()[0]["version"] == 1
    told = worker.get("notifications/").json()["results"]
    assert worker.made("notifications/read/", {"upto": told[0]["seq"]})["marked"] > 0
    assert worker.get("wallet/").json()[0]["pending"] == 95_000
    assert worker.get("wallet/entries/").json()["results"]
    assert audit.run() == []


def test_further_milestones_are_proposed_agreed_funded_dropped_and_a_contract_ends(
    hirer: Program, worker: Program
) -> None:
    contract = running(hirer, worker)
    deposited(hirer, 30_000)
    more = worker.made(f"contracts/{contract['id']}/milestones/", {"title": "A leaflet", "amount": 30_000})
    assert hirer.made(f"milestones/{more['id']}/agree/")["status"] == "agreed"
    worker.made(f"milestones/{more['id']}/cancel/")
    assert hirer.made(f"milestones/{more['id']}/keep/")["status"] == "agreed"
    assert hirer.made(f"milestones/{more['id']}/fund/")["rest"] == 30_000
    idea = hirer.made(f"contracts/{contract['id']}/milestones/", {"title": "A stamp", "amount": 5_000})
    assert worker.made(f"milestones/{idea['id']}/cancel/")["status"] == "cancelled"
    assert hirer.made(f"contracts/{contract['id']}/end/", {"reason": "We close the garden."})["status"] == "ending"


def test_a_dispute_is_opened_answered_accepted_and_another_withdrawn(hirer: Program, worker: Program) -> None:
    contract = running(hirer, worker)
    first, second = (step["id"] for step in contract["milestones"])
    opened = hirer.made("disputes/", {"milestone": first, "amount": 60_000, "reason": "Half of it is missing."})
    assert hirer.get(f"milestones/{first}/").json()["status"] == "disputed"
    assert worker.made(f"disputes/{opened['id']}/answer/", {"text": "It is all there."})["status"] == "negotiating"
    assert worker.made(f"disputes/{opened['id']}/accept/")["to_freelancer"] == 0
    other = worker.made("disputes/", {"milestone": second, "reason": "Nobody answers me."})
    assert worker.made(f"disputes/{other['id']}/withdraw/")["status"] == "withdrawn"
    assert hirer.get(f"milestones/{second}/").json()["status"] == "funded"
    assert len(worker.get("disputes/").json()["results"]) == 2
    assert audit.run() == []


def test_both_talk_in_the_contracts_room(hirer: Program, worker: Program, stranger: Program, freelancer: User) -> None:
    room = running(hirer, worker)["room"]
    upload = hirer.upload(f"rooms/{room}/files/", file=picture("bed.png")).json()
    assert worker.get(f"room-files/{upload['id']}/").status_code == 404
    said = {"body": "The *fern house* first.", "client_id": "a" * 20, "attachments": [upload["id"]]}
    message = hirer.made(f"rooms/{room}/messages/", said)
    assert hirer.made(f"rooms/{room}/messages/", said)["id"] == message["id"]
    assert worker.get(f"room-files/{upload['id']}/").status_code == 200
    mine = next(row for row in worker.get("rooms/").json()["results"] if row["id"] == room)
    assert mine["unread"] == 1
    assert worker.made(f"rooms/{room}/read/", {"upto": message["seq"]})["upto"] == message["seq"]
    assert worker.get(f"rooms/{room}/").json()["unread"] == 0
    assert worker.made(f"messages/{message['id']}/reactions/", {"sign": "👍"})["reactions"]["👍"]
    assert worker.send("PATCH", f"messages/{message['id']}/", {"body": "No."}).json()["code"] == "message.not_yours"
    assert hirer.send("PATCH", f"messages/{message['id']}/", {"body": "The palm house."}).json()["edited"]
    log = worker.get(f"rooms/{room}/messages/", after=0).json()
    assert any(event.get("message", {}).get("body") == "The palm house." for event in log["events"])
    assert hirer.send("DELETE", f"messages/{message['id']}/").status_code == 204
    assert worker.get(f"messages/{message['id']}/").json()["deleted"]
    assert stranger.get(f"messages/{message['id']}/").status_code == 404

    group = hirer.made("rooms/", {"title": "Friends of ferns", "key": "moss and fern"})
    assert worker.post(f"rooms/{group['id']}/join/", {"key": "x"}).status_code in (403, 404)
    worker.made(f"rooms/{group['id']}/join/", {"key": "moss and fern"})
    assert worker.post(f"rooms/{group['id']}/leave/").status_code == 204
    direct = hirer.made("rooms/with/", {"person": freelancer.profile.slug})
    assert hirer.made("rooms/with/", {"person": freelancer.profile.slug})["id"] == direct["id"]
