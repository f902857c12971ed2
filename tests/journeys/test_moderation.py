"""Due process in a real Chromium: moderators act in the administration, the people it hits see it at once and why."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import contract_of, live, made, say, sign_in, stand_on, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
GIG = (
    "from tests.builders.projects_gigs import open_gig\n"
    "client = make({name!r}, client=True)\n"
    "print(open_gig(client, title={title!r}).get_absolute_url())"
)


@pytest.fixture
def moderator(browser: Browser, running_embedded: Embedded) -> Iterator[Page]:
    page = window(browser, running_embedded, "moderator")
    yield page
    page.context.close()


def choose(moderator: Page, address: str, words: str, action: str, **fields: str) -> None:
    """In a list of the administration, the row with these words; then an action, and what it asks for."""
    moderator.goto(address)
    moderator.locator("#result_list tr", has_text=words).locator("input[name=_selected_action]").check()
    moderator.select_option("select[name=action]", action)
    moderator.get_by_role("button", name="Run").or_(moderator.get_by_role("button", name="Go")).first.click()
    for name, value in fields.items():
        moderator.fill(f"[name={name}]", value)
    moderator.locator("form .default[type=submit]").click()
    expect(moderator.locator(".messagelist .success")).to_be_visible()


def test_a_hidden_gig_vanishes_for_strangers_and_its_author_reads_why(
    browser: Browser, running_embedded: Embedded, moderator: Page
) -> None:
    site = running_embedded.url
    path = made(running_embedded, GIG.format(name="Hanno Hidden", title="Samples for nothing")).splitlines()[-1]
    author = window(browser, running_embedded, "hanno@skilllink.test", at=path)
    stranger = window(browser, running_embedded, "freelancer", at=path)
    stranger.get_by_role("link", name="Report this gig").click()
    stranger.get_by_label("Scam or fraud").check()
    stranger.get_by_label("What happened, in your words").fill("Asks everyone for a free logo.")
    stranger.get_by_role("button", name="Send the report").click()
    expect(stranger.get_by_role("heading", name="Samples for nothing")).to_be_visible()

    moderator.goto(f"{site}/admin/users/report/")
    expect(moderator.locator("#result_list")).to_contain_text(path)
    moderator.goto(f"{site}/admin/projects/gig/?q=Samples")
    moderator.get_by_role("link", name="Hide").click()
    moderator.get_by_label("Reason").fill("Asks for unpaid samples.")
    moderator.get_by_role("button", name="Hide this gig").click()
    expect(moderator.locator(".messagelist .success")).to_be_visible()

    expect(author.locator("#gig-folio")).to_contain_text("Hidden by a moderator: Asks for unpaid samples.")
    answer = stranger.goto(f"{site}{path}")
    assert answer is not None and answer.status == 404
    visitor = browser.new_context().new_page()
    answer = visitor.goto(f"{site}{path}")
    assert answer is not None and answer.status == 404

    choose(moderator, f"{site}/admin/users/report/?status__exact=open", path, "acted", reason="The gig is hidden now.")
    stranger.goto(f"{site}/notifications/")
    expect(stranger.locator("main")).to_contain_text("Your report was looked at: The gig is hidden now.")
    for page in (author, stranger, visitor):
        page.context.close()


@pytest.mark.parametrize(
    ("action", "client", "freelancer", "fields", "told"),
    [
        (
            "suspend",
            "Cilla Calm",
            "Sid Stopped",
            {"days": "3"},
            r"Your account is suspended until \w+ \d+ \w+( \d{4})?, \d\d:\d\d",
        ),
        ("ban", "Cleo Calm", "Bert Banned", {}, "Your account is closed for good"),
    ],
)
def test_whoever_is_stopped_is_out_at_once_is_told_why_and_sends_nothing(
    browser: Browser,
    running_embedded: Embedded,
    moderator: Page,
    action: str,
    client: str,
    freelancer: str,
    fields: dict[str, str],
    told: str,
) -> None:
    path = contract_of(running_embedded, client, freelancer)
    email = f"{freelancer.split(maxsplit=1)[0].lower()}@skilllink.test"
    hit = window(browser, running_embedded, email, at=path)
    other = window(browser, running_embedded, f"{client.split(maxsplit=1)[0].lower()}@skilllink.test", at=path)
    choose(
        moderator,
        f"{running_embedded.url}/admin/users/user/?q={email}",
        email,
        action,
        rule="Pay here",
        reason="Asked three people to pay outside.",
        **fields,
    )
    expect(hit.locator("html")).to_have_attribute("data-connection", "stopped")
    hit.reload()
    expect(hit.get_by_role("heading", name="Sign in")).to_be_visible()
    hit.context.close()

    back = window(browser, running_embedded)
    sign_in(back, running_embedded.url, email)
    sentence = back.locator("#refusal .refusal")
    expect(sentence).to_have_text(re.compile(f"^{told}.*“Asked three people to pay outside.”.*object under Settings"))
    back.goto(f"{running_embedded.url}{path}")
    expect(back.locator(".log")).to_be_visible()
    expect(back.locator("html")).to_have_attribute("data-connection", "stopped")
    said = back.evaluate(SAY, "Can anyone hear me?")
    assert said["status"] == 403 and "Asked three people" in said["text"], said
    other.reload()
    live(other)
    expect(other.locator(".log")).not_to_contain_text("Can anyone hear me?")
    assert "0 violations" in running_embedded.manage("audit_ledger")

    back.goto(f"{running_embedded.url}/settings/")
    back.get_by_role("link", name="Object to this").click()
    back.get_by_label("Why this measure is wrong").fill("I asked where to send the invoice, nothing else.")
    back.get_by_role("button", name="Send the objection").click()
    expect(back.get_by_role("link", name="Your objection")).to_be_visible()

    second = window(browser, running_embedded, "moderator2")
    appeals = f"{running_embedded.url}/admin/users/appeal/?status__exact=open"
    choose(second, appeals, freelancer, "grant", reason="The room shows no such thing.")
    stand_on(back, f"{running_embedded.url}{path}")
    say(back, "Here I am again.")
    expect(other.locator(".log")).to_contain_text("Here I am again.")
    for page in (back, other, second):
        page.context.close()


# what the page's own composer sends, with the answer's status and words
SAY = """async (words) => {
  const form = document.querySelector(".composer").closest("form") ?? document.querySelector(".composer");
  const data = new FormData(form);
  data.set("body", words);
  data.set("client_id", crypto.randomUUID());
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
  return { status: answer.status, text: await answer.text() };
}"""


def test_finance_reads_the_books_and_nobody_writes_them_by_hand(
    browser: Browser, running_embedded: Embedded, moderator: Page
) -> None:
    site = running_embedded.url
    finance, admin = window(browser, running_embedded, "finance"), window(browser, running_embedded, "admin")
    finance.goto(f"{site}/admin/payment/transfer/")
    finance.locator("#result_list tbody th a").first.click()
    expect(finance.locator("#content")).to_be_visible()
    books: dict[str, Any] = {"payment/transfer": finance, "payment/escrow": finance, "payment/account": finance}
    for who in (finance, moderator, admin):
        for noun in (*books, "projects/contract", "projects/milestone"):
            who.goto(f"{site}/admin/{noun}/")
            row = who.locator("#result_list tbody th a").first
            if row.count() == 0:  # not theirs to look at
                continue
            row.click()
            expect(who.locator("[name=_save], [name=_continue], .deletelink")).to_have_count(0)
            editable = who.locator("#content-main :is(input, select, textarea):not([type=hidden])")
            expect(editable).to_have_count(0)
            token = who.context.cookies(site)
            csrf = next(cookie["value"] for cookie in token if "csrf" in cookie["name"])
            answer = who.request.post(
                who.url, form={"csrfmiddlewaretoken": csrf, "status": "closed", "held": "1", "_save": "Save"}
            )
            assert answer.status == 403, (noun, answer.status)
    assert "0 violations" in running_embedded.manage("audit_ledger")
    for page in (finance, admin):
        page.context.close()
