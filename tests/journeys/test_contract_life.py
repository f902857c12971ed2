"""From the first bid to both reviews in a real Chromium: two people, two windows, neither reloads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.journeys.people import act, bell, contract_of, dialog, live, made, paper, say, stand_on, window
from tests.services.lines import Line
from tests.services.processes import wait_until
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
LETTER = "I would begin with the two oldest kilns, read their strips for a week, and only then choose the camera."
CLEAN = "0 violations"


class Pair:
    """Two new people with a contract between them, each on its page."""

    def __init__(
        self, browser: Browser, server: Embedded, client: str, freelancer: str, *amounts: int, hold: str = "all"
    ) -> None:
        self.server = server
        self.path = contract_of(server, client, freelancer, amounts=amounts or (160000,), hold=hold)
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

    expect(news.locator("main")).to_contain_text("If you do nothing, it is released when the time ends.")
    pair.see("timeline", "reminded")
    for page in pair.both:
        expect(page.locator("#contract-timeline")).to_contain_text(
            "was released: the time to review ended", timeout=120_000
        )
    pair.see("rail", "by the clock")
    pending, available = (purse.locator(".purses div", has_text=name) for name in ("Clearing", "Earned and available"))
    expect(available).to_contain_text("$1,520.00")
    expect(pending).to_contain_text("$0.00")

    pair.see("folio", "If you do nothing, what the other wrote comes out then and yours never does.")
    words = {client: "She asked first, then drew.", freelancer: "Paid by the clock, but paid."}
    profiles = {}
    for page, person in ((client, "tomasz"), (freelancer, "ines")):
        found = made(clocked, f"print(User.objects.get(email='{person}@skilllink.test').profile.get_absolute_url())")
        profiles[page] = found.splitlines()[-1]
    client.goto(f"{pair.url}review/")
    expect(client.locator(".clock")).to_contain_text(re.compile(r"Write or change it until \w{3} \d+"))
    expect(client.locator(".clock")).to_contain_text("If you do nothing, what the other wrote comes out then")
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


def test_what_happens_while_a_page_is_drawn_but_not_yet_connected_shows_on_it(
    browser: Browser, running_embedded: Embedded
) -> None:
    pair = Pair(browser, running_embedded, "Wilma Falk", "Yorick Brandt")
    late, frames = pair.client.context.new_page(), []

    def hold_back(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda frame: frames.append(lambda: server.send(frame)))

    late.route_web_socket(re.compile("/ws/"), hold_back)
    # a clock that was set back since the browser began
    late.add_init_script("const now = Date.now; Date.now = () => now() - 60 * 60 * 1000;")
    stand_on(late, pair.url)
    act(pair.freelancer, "Deliver", note="All of it.")
    expect(pair.client.locator("#contract-rail")).to_contain_text("Your move: review delivery 1")
    expect(late.locator("#contract-rail")).not_to_contain_text("Your move: review delivery 1")
    for send in frames:
        send()
    expect(late.locator("#contract-rail")).to_contain_text("Your move: review delivery 1")
    pair.leave()


def test_a_page_that_stood_still_while_its_line_was_cut_learns_what_was_said_then(
    browser: Browser, running_embedded: Embedded
) -> None:
    pair = Pair(browser, running_embedded, "Xenia Holt", "Yann Aro")
    port = running_embedded.url.rpartition(":")[2]
    line, still = Line(int(port)), pair.client
    stand_on(still, running_embedded.url.replace(port, str(line.port)) + "/wallet/")
    unread = still.locator("#top-messages .slot-count")
    expect(unread).to_have_text("")
    still.evaluate("setTimeout(() => { const end = Date.now() + 10000; while (Date.now() < end); }, 50)")
    before = line.pulses
    wait_until(lambda: line.pulses > before + 1, what="pulses that it takes afterwards")
    line.cut()
    say(pair.freelancer, "While yours stands still")
    expect(pair.freelancer.locator(".log .entry[id]", has_text="While yours stands still")).to_have_count(1)
    line.mend()
    expect(unread).to_contain_text("1")
    line.close()
    pair.leave()


def test_a_dispute_freezes_exactly_its_amount_and_a_moderator_splits_it_in_both_windows(
    browser: Browser, running_embedded: Embedded
) -> None:
    pair = Pair(browser, running_embedded, "Dora Keel", "Emil Roth")
    client, freelancer = pair.both
    purse = pair.beside(client, "/wallet/")
    title = purse.get_by_role("heading", name="Held for your contracts and offers")
    held = purse.locator("#wallet section", has=title)
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
        page.get_by_role("link", name=re.compile("(Answer|Open) the dispute")).first.click()
        expect(page).to_have_url(re.compile("/disputes/"))
        live(page)
        expect(page.locator("#dispute-body")).to_contain_text("$400.00")
    expect(freelancer.locator("#dispute-body")).to_contain_text("If you do nothing, $400.00 goes to Dora on")
    expect(client.locator("#dispute-body")).to_contain_text("If Emil does nothing, $400.00 goes to you on")
    freelancer.locator("[name=text]").fill("Those rows were empty in the old calendar too.")
    client.get_by_role("link", name="Withdraw the dispute").click()
    expect(dialog(client)).to_contain_text("$400.00 returns to the milestone, and its clock goes on.")
    dialog(client).get_by_role("link", name="Not now").click()
    with freelancer.expect_response(re.compile("/body/$"), timeout=120_000):
        stand_on(client, pair.url)
        act(client, "Propose a milestone", "Propose it", title="Import again", amount="90", days="3")
    expect(freelancer.locator("[name=text]")).to_have_value("Those rows were empty in the old calendar too.")
    stand_on(client, freelancer.url)
    freelancer.get_by_role("button", name="Answer").click()
    expect(client.locator("#dispute-body")).to_contain_text("Those rows were empty in the old calendar too.")
    expect(client.locator("#dispute-body")).to_contain_text("it is split in half")

    _settle(browser, running_embedded, "$400.00", "150", "A part of the rows was there and was lost.")
    for page in pair.both:
        expect(page.locator("#dispute-body")).to_contain_text("$150.00")
        expect(page.locator("#dispute-body")).to_contain_text("$250.00")
        expect(page.locator("#dispute-body")).to_contain_text("A part of the rows was there and was lost.")
        stand_on(page, pair.url)
    pair.see("timeline", "$150.00 to Emil, $250.00 to Dora")
    expect(held.locator("ul li", has_text="in dispute")).to_have_count(0)
    expect(purse.locator(".purses div", has_text="In your wallet")).to_contain_text("$250.00")
    assert CLEAN in running_embedded.manage("audit_ledger")
    pair.leave()


def _settle(browser: Browser, server: Embedded, frozen: str, part: str, reason: str) -> None:
    """A moderator gives the freelancer a part of a frozen amount, in the admin."""
    judge = window(browser, server, "moderator")
    judge.goto(f"{server.url}/admin/projects/dispute/")
    judge.locator("tr", has_text=frozen).get_by_role("link", name="Settle").click()
    judge.locator("[name=to_freelancer]").fill(part)
    judge.locator("[name=reason]").fill(reason)
    judge.locator("[type=submit]").last.click()
    expect(judge.locator(".messagelist")).to_contain_text("Settled.")
    judge.context.close()


def test_a_milestone_that_both_signed_is_dropped_only_when_both_want_it(
    browser: Browser, running_embedded: Embedded
) -> None:
    pair = Pair(browser, running_embedded, "Gisa Holm", "Hugo Lenz", 100000, hold="first")
    client, freelancer = pair.both
    act(client, "Propose a milestone", "Propose it", title="Photographs", amount="300", days="5")
    expect(freelancer.locator("#contract-rail")).to_contain_text("Gisa proposes this milestone for $300.00, 5 days.")
    act(freelancer, "Agree")
    pair.see("timeline", "agreed to Photographs")
    live(client)
    act(client, "Ask to drop it", "Ask")
    expect(client.locator("#contract-rail")).to_contain_text("If Hugo does nothing, it stays and nothing is held.")
    expect(freelancer.locator("#contract-rail")).to_contain_text("Your move: Gisa wants to drop it")
    pair.see("folio", "$1,300.00")
    act(freelancer, "Keep it")
    pair.see("timeline", "kept Photographs")
    act(freelancer, "Ask to drop it", "Ask")
    act(client, "Agree to drop it", "Drop it")
    pair.see("timeline", "dropped Photographs")
    for page in pair.both:
        expect(page.locator("#contract-rail")).not_to_contain_text("Photographs")
        expect(page.locator("#contract-folio")).not_to_contain_text("$1,300.00")
    pair.leave()


def test_rows_keep_their_places_while_somebody_points_at_them(browser: Browser, running_embedded: Embedded) -> None:
    made(
        running_embedded,
        "from projects import gigs\nfrom projects.models import Category\n"
        "client = make('Runa Falk', client=True)\n"
        "for name in ('Silas Ohm', 'Tilda Roos', 'Ugo Vance'):\n    make(name, freelancer=True)\n"
        "gigs.post(client, title='Rows that stay where they are', brief='A list that never jumps. ' * 4,\n"
        "    category=Category.objects.first(), skills=['Python'], budget_min=50000, budget_max=90000, currency='USD')",
    )
    bid = (
        "from projects import bids\nfrom projects.models import Gig\n"
        "gig = Gig.objects.get(title='Rows that stay where they are')\n"
        "bids.submit(gig, User.objects.get(email='{who}@skilllink.test'), amount=60000, days=9, letter='I stay. ' * 9)"
    )
    made(running_embedded, bid.format(who="silas"))
    client = window(browser, running_embedded, "runa@skilllink.test", at="/gigs/mine/")
    client.get_by_role("link", name="Rows that stay where they are").click()
    live(client)
    board = client.locator("#gig-board")
    rows = board.locator(".bids > li .person strong")
    expect(rows).to_have_text(["Silas Ohm"])
    rows.first.hover()
    for who, text in (("tilda", "1 new, reorder"), ("ugo", "2 new, reorder")):
        _sent(browser, running_embedded, who, client.url)
        expect(board.get_by_role("button", name=text)).to_be_visible()
        expect(rows).to_have_text(["Silas Ohm"])
    board.get_by_role("button", name="2 new, reorder").click()
    expect(rows).to_have_text(["Silas Ohm", "Tilda Roos", "Ugo Vance"])
    expect(board.locator(".reorder")).to_be_hidden()

    rows.first.hover()
    other = window(browser, running_embedded, "silas@skilllink.test")
    other.goto(client.url)
    other.get_by_role("link", name="Your bid").click()
    other.get_by_role("button", name="Withdraw").click()
    expect(board.get_by_role("button", name="The order changed, reorder")).to_be_visible()
    expect(rows).to_have_text(["Silas Ohm", "Tilda Roos", "Ugo Vance"])
    client.mouse.move(5, 5)
    expect(rows).to_have_text(["Tilda Roos", "Ugo Vance", "Silas Ohm"])
    for page in (client, other):
        page.context.close()


def _sent(browser: Browser, server: Embedded, who: str, gig: str) -> None:
    page = window(browser, server, f"{who}@skilllink.test")
    page.goto(gig)
    _bid(page, "600", "9", ())
    expect(page.locator("#gig-board")).to_contain_text("Your bid")
    page.context.close()


TIME = r"\w{3} \d+ \w{3}"
CLOCKS = [
    # who stands where, in which part, what is next, what happens if nobody acts
    ("freelancer", "gig", "#gig-folio", rf"Bids close {TIME}", rf"If nobody is picked, the gig ends .* {TIME}"),
    ("soller", "gig", "#gig-folio", rf"Bids close {TIME}", rf"If nothing happens, the gig ends by itself: {TIME}"),
    ("freelancer", "bid", "#bid-page", r"Jardí opened it", rf"If nobody acts, the gig ends .* {TIME}"),
    ("soller", "bid", "#bid-page", r"Your move: make an offer", rf"If nobody acts, the gig ends .* {TIME}"),
    (
        "freelancer",
        "offer",
        "#offer-page",
        rf"Answer by {TIME}",
        "If nobody acts, it expires then and your bid is live",
    ),
    (
        "nora",
        "offer",
        "#offer-page",
        rf"Waiting for Tomasz, until {TIME}",
        "If nobody acts, it expires then and what is",
    ),
    (
        "client",
        "contract",
        ".milestone.move",
        rf"Release it or ask for changes by {TIME}",
        "If you do nothing, .* goes",
    ),
    ("freelancer", "contract", ".milestone.held", rf"Waiting for Ines until {TIME}", "If Ines does nothing, .* to you"),
    ("moses", "dispute", "#dispute-body", "Answer it by|You can still object until", f"{TIME}|Without an objection"),
    ("baraka", "dispute", "#dispute-body", "Moses can answer until|can object until", f"{TIME}|Without an objection"),
]


@pytest.fixture(scope="module")
def stands(running_embedded: Embedded) -> dict[str, str]:
    """Where the demo's gig, bid, offer, contract and dispute with a running clock are."""
    printed = made(
        running_embedded,
        "from projects.models import Bid, Contract, Dispute, Offer\n"
        "bid = Bid.objects.get(gig__title__startswith='Wayfinding for a bot', freelancer__email__startswith='freelancer@')\n"
        "print('gig', bid.gig.get_absolute_url())\nprint('bid', bid.get_absolute_url())\n"
        "print('offer', Offer.objects.get(status='sent', bid__gig__client__email__startswith='nora@').get_absolute_url())\n"
        "print('contract', Contract.objects.get(title__startswith='Booking calendar', "
        "client__email__startswith='client@demo').get_absolute_url())\n"
        "print('dispute', Dispute.objects.get(opened_by__email__startswith='baraka@').get_absolute_url())\n",
    )
    return dict(line.split(" ", 1) for line in printed.splitlines() if " /" in line)


@pytest.mark.parametrize(("who", "where", "part", "following", "silence"), CLOCKS)
def test_a_page_with_a_clock_says_what_is_next_and_what_silence_does(
    browser: Browser, running_embedded: Embedded, stands: dict[str, str], who: str, where: str, part: str,
    following: str, silence: str,
) -> None:  # fmt: skip
    page = window(browser, running_embedded, who, at=stands[where])
    shown = page.locator(part).first
    expect(shown).to_contain_text(re.compile(following))
    expect(shown).to_contain_text(re.compile(silence))
    page.context.close()
