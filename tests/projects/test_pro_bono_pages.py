"""Pro bono on pages, over the API and for staff: the same verbs, a badge instead of a figure."""

from typing import Any

import pytest
from django.test import Client

from payment import causes
from payment.models import Cause, Transfer
from projects import feedback, milestones
from projects.models import Bid, Contract, Gig
from tests.abuse.proof import nothing_changes
from tests.abuse.world import signed_in
from tests.builders.pro_bono import cause_of, donated_contract, donated_gig
from tests.builders.projects_gigs import BRIEF, LETTER, live_bid, open_gig
from users.models import User

pytestmark = pytest.mark.django_db
BADGE = '<span class="pro-bono">Pro bono</span>'
FORM = {
    "title": "Map of forty school gardens", "brief": BRIEF, "category": "design", "skills": "Wayfinding", "kind": "fixed",
    "currency": "USD", "visibility": "public", "board_mode": "open", "positions": "1",
}  # fmt: skip


@pytest.fixture
def cause(outsider: User, moderator: User) -> Cause:
    return cause_of(outsider, moderator)


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_it_is_posted_bid_for_offered_accepted_and_delivered_on_pages_without_an_amount(
    cause: Cause, outsider: User, freelancer: User
) -> None:
    olga, tomasz = signed_in(outsider), signed_in(freelancer)
    assert cause.title in page(olga, "/gigs/new/")
    assert 'name="cause"' not in page(signed_in(freelancer), "/gigs/new/")
    posted = olga.post("/gigs/new/", FORM | {"cause": str(cause.pk)})
    gig = Gig.objects.get()
    assert (posted.status_code, gig.cause) == (303, cause)
    address = f"/gigs/{gig.pk}/bids/new/"
    assert 'name="amount"' not in page(tomasz, address)
    bid_form = {"days": "9", "letter": LETTER, "step-0-title": "Draft", "step-0-days": "4", "step-1-title": "Map"}
    assert tomasz.post(address, bid_form).status_code == 303
    bid = Bid.objects.get()
    assert [(step["title"], step["amount"]) for step in bid.milestones] == [("Draft", 0), ("Map", 0)]
    for person, where in (
        (olga, bid.get_absolute_url()), (tomasz, "/bids/"), (olga, f"/gigs/{gig.pk}/compare/"), (olga, "/gigs/mine/"),
        (Client(), gig.get_absolute_url()), (Client(), "/gigs/"), (tomasz, "/"), (olga, "/"),
    ):  # fmt: skip
        text = page(person, where)
        assert BADGE in text and "$0" not in text, where
    offer_page, terms = f"/bids/{bid.pk}/offers/new/", {"days": "9", "version": str(bid.version)}
    assert 'name="hold"' not in page(olga, offer_page)
    assert "Nothing is held" in olga.post(offer_page, terms).content.decode()
    sent = olga.post(offer_page, terms | {"confirmed": "1"})
    assert BADGE in page(tomasz, sent["Location"])
    assert "offers you Map of forty school gardens, pro bono." in page(tomasz, "/")
    assert "nothing is paid for it" in page(tomasz, f"{sent['Location']}accept/")
    tomasz.post(f"{sent['Location']}accept/", {})
    contract = Contract.objects.get()
    step = contract.milestones.get()
    assert "it is accepted" in page(tomasz, f"/milestones/{step.pk}/deliver/")
    assert tomasz.post(f"/milestones/{step.pk}/deliver/", {"note": "Here.", "version": "0"}).status_code == 409
    step.refresh_from_db()
    done = tomasz.post(f"/milestones/{step.pk}/deliver/", {"note": "Here.", "version": str(step.version)})
    assert done.status_code == 303
    text = page(olga, f"/milestones/{step.pk}/release/")
    assert "You take the work as it is" in text and 'name="amount"' not in text
    step.refresh_from_db()
    assert olga.post(f"/milestones/{step.pk}/release/", {"version": str(step.version)}).status_code == 303
    contract.refresh_from_db()
    assert (contract.result, Transfer.objects.count()) == ("completed", 0)


def test_the_workspace_shows_the_badge_no_figure_and_no_act_over_money(
    cause: Cause, outsider: User, freelancer: User
) -> None:
    contract = donated_contract(cause, freelancer, "Draft", "Map")
    milestones.deliver(contract.milestones.all()[0], by=freelancer, note="Here.")
    for person in (outsider, freelancer):
        browser, address = signed_in(person), contract.get_absolute_url()
        text = page(browser, address)
        assert BADGE in text and cause.title in text
        for money in ("$", "escrow", "Release", "refund", "dispute", "bonus", "verify/"):
            assert money not in text.split('class="workspace"')[1].split("<footer")[0], money
        assert "$0" not in page(browser, "/contracts/")
        assert "$0" not in page(browser, f"{address}terms/")
        assert "accepted" in page(browser, f"{address}calendar.ics")
        for name in ("fund", "refund", "refund-request", "tip", "dispute"):
            answer = browser.get(f"/milestones/{contract.milestones.all()[0].pk}/{name}/")
            assert (answer.status_code, "there is no money in it" in answer.content.decode()) == (409, True), name
        assert browser.get(f"{address}bonus/").status_code == 409


def test_a_further_milestone_is_proposed_without_an_amount(cause: Cause, freelancer: User) -> None:
    contract = donated_contract(cause, freelancer)
    tomasz, address = signed_in(freelancer), f"{contract.get_absolute_url()}propose/"
    assert 'name="amount"' not in page(tomasz, address)
    assert tomasz.post(address, {"title": "A poster", "days": "5"}).status_code == 303
    assert contract.milestones.get(position=2).amount == 0


def test_the_list_is_filtered_by_it_and_says_how_many(cause: Cause, outsider: User) -> None:
    paid, donated = open_gig(outsider), donated_gig(cause)
    everything, filtered = page(Client(), "/gigs/"), page(Client(), "/gigs/?pro_bono=1")
    assert paid.title in everything and donated.title in everything
    assert "pro_bono=1" in everything
    assert paid.title not in filtered and donated.title in filtered
    for order in ("budget", "newest", "closing", "fewest"):
        assert page(Client(), f"/gigs/?sort={order}&pro_bono=1").count('<li id="gig-') == 1
    rows = signed_in(outsider).get("/api/v1/gigs/?pro_bono=1").json()["results"]
    assert [(row["id"], row["pro_bono"], row["cause"]) for row in rows] == [(str(donated.pk), True, str(cause.pk))]
    Gig.objects.filter(pk=donated.pk).update(status="paused")
    assert "pro_bono=1" not in page(Client(), "/gigs/")


@pytest.mark.parametrize(("wrong", "status"), [({"budget_min": "5"}, 422), ({"kind": "hourly"}, 422)])
def test_a_form_with_a_price_is_refused_beside_its_field(
    cause: Cause, outsider: User, wrong: dict[str, str], status: int
) -> None:
    with nothing_changes():
        answer = signed_in(outsider).post("/gigs/new/", FORM | {"cause": str(cause.pk)} | wrong)
    assert answer.status_code == status
    assert "Pro-bono work" in answer.content.decode()


def test_the_form_keeps_somebody_elses_cause_out(cause: Cause, client_person: User, moderator: User) -> None:
    cause_of(client_person, moderator)
    with nothing_changes():
        answer = signed_in(client_person).post("/gigs/new/", FORM | {"cause": str(cause.pk)})
    assert answer.status_code == 422


def test_a_posted_one_is_changed_on_its_page_and_stays_pro_bono(cause: Cause, outsider: User) -> None:
    gig, olga = donated_gig(cause), signed_in(outsider)
    address = f"/gigs/{gig.pk}/edit/"
    text = page(olga, address)
    assert 'name="cause"' not in text and 'name="budget_min"' not in text
    title = "Map of forty-one school gardens"
    assert olga.post(address, FORM | {"title": title, "version": str(gig.version)}).status_code == 303
    gig.refresh_from_db()
    assert (gig.title, gig.cause, gig.budget_max) == (title, cause, 0)


def test_over_the_api_it_is_the_same_and_each_refusal_moves_nothing(
    cause: Cause, outsider: User, client_person: User, freelancer: User
) -> None:
    olga, ines, tomasz = signed_in(outsider), signed_in(client_person), signed_in(freelancer)
    body: dict[str, Any] = {
        "title": "Map of forty school gardens", "brief": BRIEF, "category": "design", "skills": ["Wayfinding"],
        "currency": "USD", "cause": str(cause.pk),
    }  # fmt: skip
    send = lambda who, where, data, key="": who.post(  # noqa: E731
        f"/api/v1/{where}/", data, content_type="application/json", headers={"Idempotency-Key": key} if key else {}
    )
    with nothing_changes():
        assert send(ines, "gigs", body).status_code == 403
        assert send(olga, "gigs", body | {"budget_min": 100, "budget_max": 200}).status_code == 422
        assert send(olga, "gigs", body | {"cause": "nothing"}).status_code == 422
        assert send(olga, "gigs", body | {"budget_min": -1}).status_code == 400
    made, again = (
        send(olga, "gigs", body | {"cause": cause.slug}, "a"),
        send(olga, "gigs", body | {"cause": cause.slug}, "a"),
    )
    assert (made.status_code, made.content) == (201, again.content)
    assert (made.json()["pro_bono"], made.json()["budget_min"]) == (True, 0)
    bid = {"gig": made.json()["id"], "amount": 0, "days": 5, "letter": LETTER}
    with nothing_changes():
        assert send(tomasz, "bids", bid | {"amount": 100}).status_code == 422
    sent = send(tomasz, "bids", bid).json()
    offer = send(olga, "offers", {"bid": sent["id"]}).json()
    assert (offer["amount"], offer["held"], offer["fee_bps"]) == (0, 0, 0)
    found = send(tomasz, f"offers/{offer['id']}/accept", {}).json()
    contract = tomasz.get(f"/api/v1/contracts/{found['contract']}/").json()
    assert (contract["pro_bono"], contract["cause"], contract["amount"]) == (True, str(cause.pk), 0)
    step = contract["milestones"][0]
    assert (step["status"], step["amount"], step["rest"]) == ("funded", 0, 0)
    with nothing_changes():
        assert send(tomasz, f"milestones/{step['id']}/refund", {}).status_code == 409
        assert send(olga, f"contracts/{contract['id']}/bonus", {"amount": 500}).status_code == 409
    assert send(tomasz, f"milestones/{step['id']}/deliver", {"note": "Here."}).status_code in (200, 201)
    assert send(olga, f"milestones/{step['id']}/release", {}, "b").json()["status"] == "released"
    assert Transfer.objects.count() == 0


def test_profiles_and_staff_see_what_was_donated(
    cause: Cause, outsider: User, freelancer: User, moderator: User
) -> None:
    contract = donated_contract(cause, freelancer)
    step = contract.milestones.get()
    milestones.deliver(step, by=freelancer, note="Here.")
    milestones.release(step, by=outsider)
    axes = {
        "client": dict.fromkeys(("payment", "clarity", "communication", "stability"), 5),
        "freelancer": dict.fromkeys(("quality", "communication", "deadlines", "scope"), 5),
    }

    feedback.write(contract, by=outsider, axes=axes["freelancer"], text="Every school has it.")
    feedback.write(contract, by=freelancer, axes=axes["client"], text="Clear words.")
    for person in (outsider, freelancer):
        assert BADGE in page(Client(), person.profile.get_absolute_url())
    mira = signed_in(moderator)
    for name in ("gig", "contract"):
        assert cause.title in page(mira, f"/admin/projects/{name}/"), name


def test_a_cause_that_closed_meanwhile_is_refused_on_the_offers_page(
    cause: Cause, outsider: User, freelancer: User
) -> None:
    bid = live_bid(donated_gig(cause), freelancer, amount=0)
    causes.close(cause, by=outsider)
    with nothing_changes():
        terms = {"days": "9", "version": str(bid.version), "confirmed": "1"}
        answer = signed_in(outsider).post(f"/bids/{bid.pk}/offers/new/", terms)
    assert (answer.status_code, "for verified causes" in answer.content.decode()) == (409, True)
