"""Every page that shows a clock says in one sentence what happens next, and in one what happens if nobody acts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from payment import deposits
from projects import disputes, milestones
from skilllink.clocks import now
from tests.builders.projects_contracts import put_in_wallet, signed_contract
from tests.builders.projects_gigs import live_bid, open_gig, sent_offer
from users.models import User
from users.moderation import sanctions

pytestmark = pytest.mark.django_db
DAY = r"\w{3} \d+ \w{3}( \d{4})?"
AT = rf"{DAY}, \d\d:\d\d"


def read(person: User, path: str) -> str:
    """The words of a page's main part, as this person reads them."""
    browser = Client()
    browser.force_login(person)
    answer = browser.get(path)
    assert answer.status_code == 200, path
    page = answer.content.decode()
    body = page[page.index("<main") : page.index("</main>")]
    folio = page[: page.index("<main")]
    return re.sub(r"\s+", " ", strip_tags(folio[folio.index("</header>") :] + body)).replace("\xa0", " ")


def says(text: str, following: str, silence: str) -> None:
    assert re.search(following, text), text
    assert re.search(silence, text), text


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Any:
    return signed_contract(client_person, freelancer, amounts=(120000, 160000), hold="first")


@pytest.fixture
def funded(contract: Any) -> Any:
    return contract.milestones.get(position=1)


def test_a_gig(client_person: User, freelancer: User) -> None:
    gig = open_gig(client_person)
    says(read(client_person, gig.get_absolute_url()), rf"Bids close {AT}", rf"If nothing happens, the gig ends .*{DAY}")
    live_bid(gig, freelancer)
    says(read(freelancer, gig.get_absolute_url()), rf"Bids close {AT}", rf"If nobody is picked, the gig ends .*{DAY}")


def test_a_bid(client_person: User, freelancer: User) -> None:
    path = live_bid(open_gig(client_person), freelancer).get_absolute_url()
    says(read(freelancer, path), "Change it until", rf"If nobody acts, the gig ends .*{AT}")
    says(read(client_person, path), "Your move: make an offer", rf"If nobody acts, the gig ends .*{AT}")


def test_an_offer(client_person: User, freelancer: User) -> None:
    path = sent_offer(live_bid(open_gig(client_person), freelancer)).get_absolute_url()
    says(read(freelancer, path), rf"Answer by {AT}", "If nobody acts, it expires then")
    says(read(client_person, path), rf"Waiting for Tomasz, until {AT}", "If nobody acts, it expires then")


def test_a_milestone_to_deliver(contract: Any, client_person: User, freelancer: User) -> None:
    path = contract.get_absolute_url()
    says(read(freelancer, path), rf"Deliver by {AT}", rf"If nothing arrives, .* returns to Ines on {AT}")
    says(read(client_person, path), rf"Due {AT}", rf"If nothing arrives by {AT}, it returns to you on {AT}")


def test_a_milestone_without_money(contract: Any, client_person: User, freelancer: User) -> None:
    path = contract.get_absolute_url()
    says(read(freelancer, path), "You can’t start yet", "If Ines does nothing, nothing starts")
    says(read(client_person, path), "cannot start before it is", "If you do nothing, nothing is charged")


def test_a_delivery_to_review(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.deliver(funded, by=freelancer, note="Here it is.")
    path = contract.get_absolute_url()
    says(read(client_person, path), rf"Release it or ask for changes by {AT}", r"If you do nothing, \$1,200.00 goes to")
    says(read(freelancer, path), rf"Waiting for Ines until {AT}", r"If Ines does nothing, \$1,200.00 goes to you")


def test_changes_that_were_asked_for(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.deliver(funded, by=freelancer, note="Here it is.")
    milestones.request_changes(funded, by=client_person, reason="Times are wrong.", items=["Show the right zone"])
    says(
        read(freelancer, contract.get_absolute_url()),
        rf"Deliver the changes. The agreed date is {AT}",
        rf"If nobody does anything here, .* returns to Ines on {AT}",
    )


def test_a_refund_that_was_asked_for(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.request_refund(funded, by=client_person, reason="We closed the studio.")
    path = contract.get_absolute_url()
    says(read(freelancer, path), rf"by {AT}", r"If you do nothing, \$1,200.00 returns to Ines")
    says(read(client_person, path), rf"until {AT}", r"If Tomasz does nothing, \$1,200.00 returns to you")


def test_a_dispute(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.deliver(funded, by=freelancer, note="Here it is.")
    dispute = disputes.open(funded, by=client_person, amount=50000, reason="Half of it is missing.")
    for path in (dispute.get_absolute_url(), contract.get_absolute_url()):
        says(read(freelancer, path), rf"[Aa]nswer it by {AT}", r"If you do nothing, \$500.00 goes to Ines")
        says(
            read(client_person, path), rf"Tomasz can answer until {AT}", r"If Tomasz does nothing, \$500.00 goes to you"
        )


def test_a_review(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    contract = signed_contract(client_person, freelancer, amounts=(120000,))
    milestones.release(contract.milestones.get(), by=client_person)
    for path in (contract.get_absolute_url(), f"{contract.get_absolute_url()}review/"):
        says(read(client_person, path), rf"until {AT}", "If you do nothing, what the other wrote comes out then")


def test_money_that_clears(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.release(funded, by=client_person)
    says(read(freelancer, "/wallet/"), rf"Clears by itself {AT}", "If you do nothing, it is yours to use from then on")


def test_a_deposit(client_person: User) -> None:
    deposit = deposits.request(client_person, 50000, "USD")
    path = f"/wallet/deposit/{deposit.pk}/"
    says(read(client_person, path), "Use one of these cards", "If you do nothing, nothing is charged")
    deposits.pay(deposit, card="4000002500003155")
    says(read(client_person, path), "Your bank asks", "If you do nothing, nothing is charged")


def test_your_moves(contract: Any, funded: Any, client_person: User, freelancer: User) -> None:
    milestones.deliver(funded, by=freelancer, note="Here it is.")
    put_in_wallet(client_person, 1000)
    says(read(client_person, "/"), rf"ask for changes by {AT}", r"If you do nothing, \$1,200.00 goes to Tomasz")
    says(read(freelancer, "/"), rf"Waiting for Ines until {AT}", r"If Ines does nothing, \$1,200.00 goes to you")


def test_a_suspended_account(freelancer: User, moderator: User) -> None:
    until = now() + timedelta(days=7)
    measure = sanctions.suspend(
        freelancer, by=moderator, reason="Asked to pay outside.", rule="Money stays", until=until
    )
    says(
        read(freelancer, "/settings/"),
        "suspended until .* you can read everything",
        "If you do nothing, it ends by itself",
    )
    says(
        read(freelancer, f"/settings/appeals/{measure.pk}/"),
        "decides within",
        rf"If you do nothing, it ends by itself {AT}",
    )
