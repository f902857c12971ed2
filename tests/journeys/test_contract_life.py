"""From the first bid to both reviews in a real Chromium: two people, two windows, neither reloads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import act, bell, contract_of, dialog, live, made, paper, stand_on, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
LETTER = "I would begin with the two oldest kilns, read their strips for a week, and only then choose the camera."
CLEAN = "0 violations"


class Pair:
    """Two new people with a contract between them, each on its page."""

    def __init__(self, browser: Browser, server: Embedded, client: str, freelancer: str, *amounts: int) -> None:
        self.server, self.path = server, contract_of(server, client, freelancer, amounts=amounts or (160000,))
        self.url = server.url + self.path
        self.client = window(browser, server, f"{client.split(maxsplit=1)[0].lower()}@skilllink.test", at=self.path)
        self.freelancer = window(
            browser, server, f"{freelancer.split(maxsplit=1)[0].lower()}@skilllink.test", at=self.path
        )
        self.both = (self.client, self.freelancer)

    def beside(self, page: Page, path: str) -> Page:
        """A second page of the same person, live."""
        tab = page.context.new_page()
        stand_on(tab, f"{self.server.url}{path}")
        return tab

    def see(self, part: str, words: str | re.Pattern[str]) -> None:
        """Both read it in a part of the contract's page: rail, timeline or folio."""
        for page in self.both:
            expect(page.locator(f"#contract-{part}")).to_contain_text(words)

    def leave(self) -> None:
        for page in self.both:
            page.context.close()


@pytest.fixture
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """An installation of its own where a review takes half a minute."""
    server = Embedded(
        tmp_path_factory.mktemp("clocked"),
        SKILLLINK_REVIEW_WINDOW="30s",
        SKILLLINK_REMINDER_NOTICE="20s",
        SKILLLINK_RELEASE_NOTICE="10s",
        SKILLLINK_CLEARING="8s",
        SKILLLINK_CLEARING_ESTABLISHED="8s",
    )
    yield server
    server.stop()


def _post_kiln(page: Page) -> None:
    page.fill("[name=title]", "A kiln that writes its own log")
    page.fill("[name=brief]", "The kiln prints a strip of paper every hour. We want figures, and an alarm on a phone.")
    page.select_option("[name=category]", "web")
    page.fill("[name=skills]", "Python")
    page.fill("[name=budget_min]", "500")
    page.fill("[name=budget_max]", "1200")
    page.fill("[name=questions]", "Have you read a kiln strip?\nWhere would the alarm run?")
    page.get_by_role("button", name="Post this gig").click()
    expect(page.locator("h1")).to_have_text("A kiln that writes its own log")
    live(page)


def _bid(page: Page, amount: str, days: str, answers: tuple[str, str], *steps: tuple[str, str, str]) -> None:
    """Fill the form of a bid and send it. `steps` are title, days and amount of its milestones."""
    page.get_by_role("link", name="Bid on this gig").first.click()
    page.fill("[name=amount]", amount)
    page.fill("[name=days]", days)
    page.fill("[name=letter]", LETTER)
    for number, step in enumerate(steps):
        for name, value in zip(("title", "days", "amount"), step, strict=True):
            page.fill(f"[name=step-{number}-{name}]", value)
    for number, answer in enumerate(answers):
        page.fill(f"[name=answer-{number}]", answer)
    page.get_by_role("button", name="Send the bid").click()


def test_bids_arrive_are_compared_and_declined_in_words_while_nobody_reloads(
    browser: Browser, running_embedded: Embedded
) -> None:
    site = running_embedded.url
    made(
        running_embedded,
        "make('Clea Bergman', client=True)\n"
        "for name in ('Fritz Amsel', 'Greta Blum'):\n    make(name, freelancer=True)",
    )
    client = window(browser, running_embedded, "clea@skilllink.test", at="/gigs/new/")
    _post_kiln(client)
    gig = client.url.removeprefix(site)
    board = client.locator("#gig-board")

    fritz = window(browser, running_embedded, "fritz@skilllink.test", at=gig)
    _bid(
        fritz, "900", "20", ("Two hundred of them.", "On the phone that you have."),
        ("Read the strips", "8", "400"), ("Alarm", "12", "450"),
    )  # fmt: skip
    expect(fritz.locator("#milestones-error")).to_contain_text("Add $50.00 or change the bid")
    expect(fritz.locator("[name=letter]")).to_have_value(LETTER)
    fritz.fill("[name=step-1-amount]", "500")
    fritz.get_by_role("button", name="Send the bid").click()
    expect(board).to_contain_text("Fritz Amsel")
    expect(board).to_contain_text("$900.00")
    expect(bell(client)).to_have_text("1")

    greta = window(browser, running_embedded, "greta@skilllink.test", at=gig)
    expect(greta.locator("#gig-board")).to_contain_text("1 bid")
    expect(greta.locator("#gig-board")).not_to_contain_text("$900")
    _bid(greta, "1100", "15", ("None yet.", "In the studio."))
    for page in (fritz, greta):
        page.locator("#gig-board").get_by_role("link", name="Your bid").click()
        expect(page.locator("#bid-page")).to_contain_text("Clea hasn’t opened it yet.")
        live(page)

    expect(board).to_contain_text("Greta Blum")
    row = board.locator("li", has_text="Fritz Amsel")
    row.get_by_role("button", name="Shortlist").click()
    expect(row).to_contain_text("Shortlisted")
    client.get_by_role("link", name="Compare up to five").click()
    table = client.locator("table.compare")
    for words in ("Fritz Amsel", "Greta Blum", "$900.00", "lowest", "$1,100.00", "highest", "Read the strips"):
        expect(table).to_contain_text(words)
    asked = table.locator("tr", has_text="Have you read a kiln strip?")
    expect(asked.locator("td")).to_have_text(["Two hundred of them.", "None yet."])
    for page in (fritz, greta):
        expect(page.locator("#bid-page")).to_contain_text("Clea opened it")

    stand_on(client, f"{site}{gig}")
    board.locator("li", has_text="Greta Blum").get_by_role("link", name="Decline").click()
    dialog(client).get_by_label("Reason").fill("We need somebody who has read strips before.")
    dialog(client).get_by_role("button", name="Decline the bid").click()
    expect(board.locator("li", has_text="Greta Blum")).to_have_count(0)
    expect(greta.locator("#bid-page")).to_contain_text("Declined: We need somebody who has read strips before.")
    expect(bell(greta)).to_have_text("1")
    greta.locator("#top-bell").click()
    expect(greta.locator("main")).to_contain_text("was declined: We need somebody who has read strips before.")
    expect(fritz.locator("#bid-page")).not_to_contain_text("hortlist")
    for page in (client, fritz, greta):
        page.context.close()


def test_deliver_ask_for_changes_deliver_again_release_and_both_see_every_step(
    browser: Browser, running_embedded: Embedded, tmp_path: Path
) -> None:
    pair = Pair(browser, running_embedded, "Cora Lind", "Finn Wolde")
    client, freelancer = pair.both
    purses = [pair.beside(page, "/wallet/").locator("#wallet") for page in pair.both]
    expect(purses[0].locator(".purses div", has_text="In escrow")).to_contain_text("$1,600.00")
    waiting = int(bell(freelancer).inner_text())

    client_rang = int(bell(client).inner_text())
    freelancer.get_by_role("link", name="Deliver", exact=True).first.click()
    step = dialog(freelancer)
    step.locator("[name=note]").fill("The flow, first round.")
    step.locator("[name=files]").set_input_files(paper(tmp_path, "flow.txt", "one\n"))
    step.get_by_role("button", name="Deliver").click()
    pair.see("rail", "flow.txt")
    pair.see("timeline", "delivered Calendar and import")
    pair.see("timeline", "Delivery 1. 1 file.")
    expect(bell(client)).to_have_text(str(client_rang + 1))

    client.get_by_role("link", name="Ask for changes").click()
    dialog(client).locator("[name=reason]").fill("Times show the server’s zone.")
    dialog(client).locator("[name=items]").fill("Show times in the visitor’s zone")
    dialog(client).get_by_role("button", name="Ask for changes").click()
    pair.see("rail", "Show times in the visitor’s zone")
    pair.see("timeline", "Times show the server’s zone.")
    pair.see("timeline", "1 of 2 revisions used")
    expect(freelancer.locator("#contract-rail")).to_contain_text("Your move: change and deliver again")
    expect(bell(freelancer)).to_have_text(str(waiting + 1))

    live(freelancer)
    freelancer.get_by_role("link", name="Deliver", exact=True).first.click()
    step = dialog(freelancer)
    step.locator("[name=note]").fill("Times follow the visitor now.")
    step.get_by_role("button", name="Deliver").click()
    pair.see("timeline", "Delivery 2.")
    expect(bell(client)).to_have_text(str(client_rang + 2))

    stale = client.context.new_page()
    link = client.get_by_role("link", name=re.compile("^Release")).first
    stale.goto(f"{pair.server.url}{link.get_attribute('href')}")
    link.click()
    expect(dialog(client)).to_contain_text("$1,520.00")
    dialog(client).get_by_role("button", name=re.compile("Release")).click()
    pair.see("timeline", "released Calendar and import")
    pair.see("rail", "1 of 1 ended")
    pair.see("folio", "Closed, completed")
    expect(purses[0]).not_to_contain_text("Held for your contracts")
    expect(purses[1].locator(".purses div", has_text="Clearing")).to_contain_text("$1,520.00")
    expect(bell(freelancer)).to_have_text(re.compile(r"\d+"))

    with stale.expect_response(lambda answer: answer.request.method == "POST") as refused:
        stale.locator("main form button.sign").click()
    assert refused.value.status == 409
    expect(stale.locator(".refusal[role=alert]")).to_contain_text("already ended: Released. Nothing was moved.")
    expect(purses[1].locator(".purses div", has_text="Clearing")).to_contain_text("$1,520.00")
    assert CLEAN in running_embedded.manage("audit_ledger")
    pair.leave()


def test_when_nobody_acts_the_clock_reminds_releases_and_clears_and_reviews_stay_blind_until_both_are_in(
    browser: Browser, clocked: Embedded
) -> None:
    pair = Pair(browser, clocked, "Ines Varga", "Tomasz Okoro")
    client, freelancer = pair.both
    purse = pair.beside(freelancer, "/wallet/").locator("#wallet")
    news = pair.beside(client, "/notifications/")
    act(freelancer, "Deliver", note="Everything, as agreed.")
    expect(client.locator("#contract-rail")).to_contain_text("If you do nothing, $1,600.00 goes to Tomasz then.")
    expect(freelancer.locator("#contract-rail")).to_contain_text("If Ines does nothing, $1,600.00 goes to you then.")
    pair.see("timeline", "Calendar and import is released to")

    expect(news.locator("main")).to_contain_text(
        "If you do nothing, it is released when the time ends.", timeout=40_000
    )
    pair.see("timeline", "reminded")
    for page in pair.both:
        expect(page.locator("#contract-timeline")).to_contain_text(
            "was released: the time to review ended", timeout=60_000
        )
    pair.see("rail", "by the clock")
    pending, available = (purse.locator(".purses div", has_text=name) for name in ("Clearing", "Earned and available"))
    expect(available).to_contain_text("$1,520.00", timeout=30_000)
    expect(pending).to_contain_text("$0.00")

    pair.see("folio", "If you do nothing, what the other wrote comes out then and yours never does.")
    words = {client: "She asked first, then drew.", freelancer: "Paid by the clock, but paid."}
    profiles = {}
    for page, person in ((client, "tomasz"), (freelancer, "ines")):
        found = made(clocked, f"print(User.objects.get(email='{person}@skilllink.test').profile.get_absolute_url())")
        profiles[page] = found.splitlines()[-1]
    client.goto(f"{pair.url}review/")
    _review(client, words[client])
    live(client)
    expect(freelancer.locator("#contract-timeline")).to_contain_text("you see it when both are in")
    for page in pair.both:
        other = pair.beside(page, profiles[client])
        expect(other.locator("main")).to_contain_text("No reviews yet.")
        expect(other.locator("main")).not_to_contain_text(words[client])
        other.close()
    expect(freelancer.locator("main")).not_to_contain_text(words[client])
    freelancer.goto(f"{pair.url}review/")
    expect(freelancer.locator("main")).not_to_contain_text(words[client])
    _review(freelancer, words[freelancer])
    pair.see("folio", "The reviews are out on your profiles.")
    for page in pair.both:
        for author in pair.both:
            page.goto(f"{clocked.url}{profiles[author]}")
            expect(page.locator(".reviews")).to_contain_text(words[author])
    assert CLEAN in clocked.manage("audit_ledger")
    pair.leave()


def _review(page: Page, words: str) -> None:
    for axis in page.locator("main fieldset").all():
        axis.get_by_label("4", exact=True).check()
    page.fill("[name=text]", words)
    page.get_by_role("button", name="Keep my review").click()
    expect(page.locator("#contract-folio")).to_be_visible()


def test_money_goes_back_at_once_or_when_asked_for(browser: Browser, running_embedded: Embedded) -> None:
    pair = Pair(browser, running_embedded, "Carl Moth", "Flora Nyman", 100000, 60000)
    client, freelancer = pair.both
    purse = pair.beside(client, "/wallet/").locator("#wallet")
    mine = purse.locator(".purses div", has_text="In your wallet")
    first, second = (client.locator("#contract-rail li").nth(number) for number in (0, 1))
    act(freelancer, "Give the money back", "Give back")
    pair.see("timeline", re.compile("gave Calendar and import back"))
    expect(first).to_contain_text("Returned to you")
    expect(mine).to_contain_text("$1,000.00")

    second.get_by_role("link", name="Ask for a refund").click()
    expect(dialog(client)).to_contain_text("Flora has 7 days to agree or say no.")
    dialog(client).locator("[name=reason]").fill("We stopped the studio.")
    dialog(client).get_by_role("button", name="Ask for a refund").click()
    expect(freelancer.locator("#contract-rail")).to_contain_text("Your move: Carl wants it back")
    expect(freelancer.locator("#contract-rail")).to_contain_text("If you do nothing, $600.00 returns to Carl then.")
    expect(second).to_contain_text("If Flora does nothing, $600.00 returns to you then.")
    live(freelancer)
    act(freelancer, "Give it back", "Give back")
    pair.see("rail", "2 of 2 ended")
    expect(mine).to_contain_text("$1,600.00")
    assert CLEAN in running_embedded.manage("audit_ledger")
    pair.leave()


def test_a_dispute_freezes_exactly_its_amount_and_a_moderator_splits_it_in_both_windows(
    browser: Browser, running_embedded: Embedded
) -> None:
    pair = Pair(browser, running_embedded, "Dora Keel", "Emil Roth")
    client, freelancer = pair.both
    held = pair.beside(client, "/wallet/").locator("#wallet")
    act(freelancer, "Deliver", note="All of it.")
    expect(client.locator("#contract-rail")).to_contain_text("Your move: review delivery 1")
    release = client.get_by_role("link", name=re.compile("^Release")).first.get_attribute("href")
    act(client, "Open a dispute", "Freeze it", amount="400", reason="The import loses a quarter of the rows.")
    pair.see("rail", "$400.00 frozen, $1,200.00 held beside it")
    pair.see("folio", "$1,600.00")
    pair.see("timeline", "$400.00 is frozen.")
    expect(held.locator("ul li", has_text="in dispute")).to_contain_text("$400.00")
    expect(held.locator("ul li", has_not_text="in dispute")).to_contain_text("$1,200.00")

    late = pair.beside(client, str(release))
    with late.expect_response(lambda answer: answer.request.method == "POST") as refused:
        late.locator("main form button.sign").click()
    assert refused.value.status == 409
    expect(late.locator(".refusal[role=alert]")).to_contain_text("Its money stays frozen until that is settled.")

    for page in pair.both:
        page.get_by_role("link", name=re.compile("the dispute")).first.click()
        live(page)
        expect(page.locator("#dispute-body")).to_contain_text("$400.00")
    expect(freelancer.locator("#dispute-body")).to_contain_text("If you do nothing, $400.00 goes to Dora on")
    expect(client.locator("#dispute-body")).to_contain_text("If Emil does nothing, $400.00 goes to Dora on")
    freelancer.locator("[name=text]").fill("Those rows were empty in the old calendar too.")
    freelancer.get_by_role("button", name="Answer").click()
    expect(client.locator("#dispute-body")).to_contain_text("Those rows were empty in the old calendar too.")
    expect(client.locator("#dispute-body")).to_contain_text("it is split in half")

    judge = window(browser, running_embedded, "moderator")
    judge.goto(f"{running_embedded.url}/admin/projects/dispute/")
    judge.locator("tr", has_text="$400.00").get_by_role("link", name="Settle").click()
    judge.locator("[name=to_freelancer]").fill("150")
    judge.locator("[name=reason]").fill("A part of the rows was there and was lost.")
    judge.locator("[type=submit]").last.click()
    expect(judge.locator(".messagelist")).to_contain_text("Settled.")
    for page in pair.both:
        expect(page.locator("#dispute-body")).to_contain_text("$150.00")
        expect(page.locator("#dispute-body")).to_contain_text("$250.00")
        expect(page.locator("#dispute-body")).to_contain_text("A part of the rows was there and was lost.")
        stand_on(page, pair.url)
    pair.see("timeline", "$150.00 to Emil, $250.00 to Dora")
    expect(held.locator("ul li", has_text="in dispute")).to_have_count(0)
    expect(held.locator(".purses div", has_text="In your wallet")).to_contain_text("$250.00")
    assert CLEAN in running_embedded.manage("audit_ledger")
    judge.context.close()
    pair.leave()
