"""A group room as its owner and a guest live it, each in a window: found, talked in, put out of."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import live, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
MORE = "What to do with this message"


def said(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Your message").fill(words)
    page.get_by_role("button", name="Send").click()


def news_wait_for_an_open_dialog(owner: Page, guest: Page) -> None:
    owner.get_by_role("link", name="What to do about Tomasz Okoro").click()
    expect(owner.get_by_role("dialog")).to_be_visible()
    said(guest, "@Ines Varga, are you there?")
    expect(owner.locator("#news .waiting")).to_have_count(1)
    owner.keyboard.press("Escape")
    news = owner.locator("#news .toast", has_text="Tomasz Okoro named you")
    expect(news).to_be_visible()
    news.get_by_role("button", name="Close").click()
    expect(news).to_have_count(0)


def files_are_dropped_pasted_and_seen(owner: Page, guest: Page) -> None:
    """A drawn picture, as a file manager drops it and as a screenshot is pasted."""
    given = owner.evaluate_handle(
        """async () => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 40;
            canvas.getContext("2d");
            const blob = await new Promise((resolve) => canvas.toBlob(resolve));
            const given = new DataTransfer();
            given.items.add(new File([blob], "drawn.png", { type: "image/png" }));
            return given;
        }"""
    )
    owner.locator("#room").dispatch_event("drop", {"dataTransfer": given})
    paste = "(box, given) => box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: given, bubbles: true}))"
    owner.get_by_role("textbox", name="Your message").evaluate(paste, given)
    expect(owner.locator(".uploads li img")).to_have_count(2)
    said(owner, "Two drawings")
    picture = guest.locator(".entry", has_text="Two drawings").get_by_role("img", name="drawn.png")
    expect(picture).to_have_count(2)
    expect(picture.first).to_have_js_property("naturalWidth", 40)


def test_a_group_room_from_the_list_to_the_door(browser: Browser, running_embedded: Embedded) -> None:
    owner = window(browser, running_embedded, "client")
    owner.goto(f"{running_embedded.url}/messages/new/")
    owner.get_by_label("Name").fill("Ash & “wood” firing")
    owner.get_by_role("button", name="Open the room").click()
    live(owner)
    guest = window(browser, running_embedded, "freelancer", "/messages/groups/?q=firing")
    guest.get_by_role("listitem").filter(has_text="wood").get_by_role("button", name="Join").click()
    live(guest)
    said(owner, "Which wood?")
    guest.locator(".entry", has_text="Which wood?").get_by_role("link", name=MORE).click()
    guest.get_by_role("dialog").get_by_role("link", name="Reply").click()
    said(guest, "Ash")
    answer = guest.locator(".entry", has_text="Ash")
    expect(answer.locator("q")).to_contain_text("Which wood?")
    owner.locator(".entry", has_text="Which wood?").first.get_by_role("link", name=MORE).click()
    owner.get_by_role("dialog").get_by_role("button", name="Delete the message").click()
    expect(answer).to_be_visible()
    expect(answer.locator("q")).to_have_count(0)
    files_are_dropped_pasted_and_seen(owner, guest)
    said(guest, "@Ines Varga, which **kiln** is it?")
    entry = owner.locator(".entry", has_text="which kiln is it?")
    expect(entry.get_by_role("link", name="@Ines Varga")).to_be_visible()
    entry.hover()
    entry.get_by_role("link", name=MORE).click()
    owner.get_by_role("dialog").get_by_role("button", name="👍").click()
    chip = guest.locator(".entry", has_text="which kiln is it?").get_by_role("button", name="👍 1")
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    expect(entry.get_by_role("button", name="👍 2")).to_be_visible()
    guest.get_by_role("textbox", name="Your message").evaluate("box => box.removeAttribute('maxlength')")
    said(guest, "x" * 8001)
    refused = guest.locator(".entry", has_text="A message has up to 8000 characters.")
    refused.get_by_role("button", name="Discard").click()
    expect(refused).to_have_count(0)
    guest.reload()
    live(guest)
    expect(guest.locator(".entry", has_text="which kiln is it?")).to_be_visible()
    expect(refused).to_have_count(0)
    owner.goto(f"{owner.url}details/")
    live(owner)
    news_wait_for_an_open_dialog(owner, guest)
    owner.get_by_role("link", name="What to do about Tomasz Okoro").click()
    owner.get_by_role("button", name="Put Tomasz Okoro out").click()
    expect(owner.locator("#details")).to_contain_text("Let back in")
    expect(guest.get_by_text("You are no longer in this room.")).to_be_visible()
    expect(guest.get_by_text("which kiln is it?")).to_have_count(0)
    expect(guest.locator("#rooms")).not_to_contain_text("firing")
    owner.context.close()
    guest.context.close()
