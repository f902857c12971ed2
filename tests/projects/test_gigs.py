from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects import gig_fields, gig_sweeps, gigs
from projects.models import Bid, Gig, Offer
from skilllink.clocks import now
from skilllink.errors import Forbidden
from tests.builders.projects_gigs import BRIEF, live_bid, open_gig, person, sent_offer
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines():
    return person("ines")


@pytest.fixture
def tomasz():
    return person("tomasz")


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def test_a_draft_keeps_anything_and_becomes_a_gig_when_complete(ines):
    draft = gigs.save_draft(ines, title="Half")
    with pytest.raises(gig_fields.Incomplete) as refusal:
        gigs.post(ines, draft=draft)
    assert set(refusal.value.fields) >= {"title", "brief", "category", "skills", "budget_min", "budget_max"}
    draft.refresh_from_db()
    assert draft.status == "draft"
    posted = open_gig(ines, draft=draft)
    assert posted.pk == draft.pk
    assert posted.status == "open"
    assert posted.bids_close_at - posted.posted_at == timedelta(days=14)


def test_a_gig_of_members_and_one_by_invitation_are_404_for_strangers(ines, tomasz):
    members, invited = open_gig(ines, visibility="members"), open_gig(ines, visibility="invited")
    assert Client().get(members.get_absolute_url()).status_code == 404
    assert signed_in(tomasz).get(members.get_absolute_url()).status_code == 200
    assert signed_in(tomasz).get(invited.get_absolute_url()).status_code == 404
    gigs.invite(invited, tomasz, by=ines)
    assert signed_in(tomasz).get(invited.get_absolute_url()).status_code == 200


def test_the_board_mode_is_fixed_by_the_first_bid(ines, tomasz):
    gig = gigs.edit(open_gig(ines), by=ines, board_mode="open")
    live_bid(gig, tomasz)
    with pytest.raises(gigs.BoardFixed):
        gigs.edit(gig, by=ines, board_mode="sealed")
    gig.refresh_from_db()
    assert gig.board_mode == "open"


@pytest.mark.parametrize("verb", [gigs.pause, gigs.close, gigs.renew])
def test_nobody_else_moves_a_gig(ines, tomasz, verb):
    gig = open_gig(ines)
    with pytest.raises(gigs.NotYours):
        verb(gig, by=tomasz)
    gig.refresh_from_db()
    assert (gig.status, gig.version) == ("open", 2)


def test_closing_ends_bids_and_gives_held_money_back(ines, tomasz):
    bid = live_bid(open_gig(ines), tomasz)
    offer = sent_offer(bid, hold="all")
    gigs.close(bid.gig, by=ines)
    offer.refresh_from_db()
    bid.refresh_from_db()
    offer.escrow.refresh_from_db()
    assert (offer.status, bid.status, offer.escrow.held) == ("withdrawn", "gig_closed", 0)


def test_an_idle_gig_is_warned_about_twice_and_then_ends(ines, tomasz):
    gig = open_gig(ines)
    bid = live_bid(gig, tomasz)
    Gig.objects.update(expires_at=now() + timedelta(hours=1))
    assert gig_sweeps.warn_clients() == 2
    assert gig_sweeps.warn_clients() == 0
    assert gig_sweeps.expire_gigs() == 0
    Gig.objects.update(expires_at=now() - timedelta(seconds=1))
    assert gig_sweeps.expire_gigs() == 1
    assert (Gig.objects.get().status, Bid.objects.get(pk=bid.pk).status) == ("expired", "gig_closed")
    assert gigs.renew(gig, by=ines).status == "open"


def test_a_gig_with_a_waiting_offer_is_not_idle(ines, tomasz):
    sent_offer(live_bid(open_gig(ines), tomasz))
    Gig.objects.update(expires_at=now() - timedelta(seconds=1))
    assert gig_sweeps.expire_gigs() == 0
    assert Offer.objects.get().status == "sent"


def test_only_a_moderator_hides_a_gig(ines, tomasz):
    gig = open_gig(ines)
    with pytest.raises(Forbidden):
        gigs.hide(gig, by=tomasz, reason="I want it gone")
    gig.refresh_from_db()
    assert gig.status == "open"


def test_a_moderator_hides_and_unhides_in_the_admin_with_a_reason(ines):
    gig, browser = open_gig(ines), Client()
    browser.force_login(User.objects.create_superuser("mod@example.test", "a-long-enough-password", name="Mod"))
    page = f"/admin/projects/gig/{gig.pk}/moderate/"
    assert browser.post(page, {"reason": ""}).status_code == 422
    assert browser.post(page, {"reason": "It asks for free work."}).status_code == 302
    assert Client().get(gig.get_absolute_url()).status_code == 404
    assert browser.post(page, {"reason": "It was made clear."}).status_code == 302
    assert Client().get(gig.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("text", ["garden", "GARD", "wayf typog", "Gärden", "“fern house”"])
def test_search_finds_word_beginnings_whatever_case_and_accent(ines, text):
    gig = open_gig(ines)
    assert gig.title in Client().get("/gigs/", {"q": text}).content.decode()


@pytest.mark.parametrize("text", ["zebra", "garden zebra", "xgarden"])
def test_search_needs_every_word(ines, text):
    gig = open_gig(ines)
    assert gig.title not in Client().get("/gigs/", {"q": text}).content.decode()


@pytest.mark.parametrize("text", ['"', "'", "* OR 1=1 --", "NEAR(", "a:b & !c", "\x00", "%", "()" * 500, "ß" * 300])
def test_no_search_breaks_the_list(ines, text):
    open_gig(ines)
    assert Client().get("/gigs/", {"q": text, "after": text, "sort": text, "category": text}).status_code == 200


def test_pages_hold_their_place_while_gigs_arrive(ines):
    wanted = [open_gig(ines, title=f"A gig with number {n}").title for n in range(25)]
    first = Client().get("/gigs/")
    open_gig(ines, title="One that came in between")
    second = Client().get("/gigs/", {"after": first.context["after"]})
    shown = [gig.title for page in (first, second) for gig in page.context["gigs"]]
    assert shown == wanted[::-1]


def test_the_list_asks_at_most_eight_queries(ines, tomasz):
    for number in range(25):
        live_bid(open_gig(ines, title=f"A gig with number {number}"), tomasz) if number < 20 else open_gig(ines)
    browser = signed_in(tomasz)
    browser.get("/gigs/")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get("/gigs/").status_code == 200
    told = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(told) <= 8, "\n".join(told)


def test_new_gigs_are_announced_by_their_title(ines):
    since = now().isoformat()
    assert Client().get("/gigs/arrivals/", {"since": since}).content.strip() == b""
    gig = open_gig(ines)
    answer = Client().get("/gigs/arrivals/", {"since": since}).content.decode()
    assert "1 new gig" in answer
    assert gig.title in answer


def test_the_form_posts_a_gig_and_keeps_what_was_typed_when_it_cannot(ines):
    browser = signed_in(ines)
    answer = browser.post("/gigs/new/", {"title": "Too short", "brief": BRIEF})
    assert answer.status_code == 422
    assert BRIEF in answer.content.decode()
    assert not Gig.objects.exists()
    good = {
        "title": "Signs for a garden", "brief": BRIEF, "category": "design", "skills": "Wayfinding, Signage",
        "budget_min": "2500", "budget_max": "4000.50", "currency": "USD", "board_mode": "open",
    }  # fmt: skip
    assert browser.post("/gigs/new/", good).status_code == 303
    gig = Gig.objects.get()
    assert (gig.budget_min, gig.budget_max, gig.board_mode, gig.skills.count()) == (250_000, 400_050, "open", 2)


def test_the_preview_is_the_servers_markdown_without_scripts(ines):
    answer = signed_in(ines).post("/gigs/preview/", {"text": "**bold** <script>alert(1)</script>"}).content.decode()
    assert "<strong>bold</strong>" in answer
    assert "<script" not in answer
