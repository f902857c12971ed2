"""A push message arrives in a real Chromium: the service worker shows it, and knows where it leads."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.services.processes import wait_until
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
TOLD = {"body": "Ines bid on “Wayfinding”.", "url": "/fees/", "tag": "one"}
READY = "() => navigator.serviceWorker.ready.then(() => true)"
SHOWN = """() => self.registration.getNotifications()
    .then((all) => all.map(({ title, body, tag, data }) => [title, body, tag, data]))"""


def registration(page: Page) -> tuple[CDPSession, str]:
    """Chromium's door for developers, and the number under which it knows the page's service worker."""
    known: list[dict[str, Any]] = []
    tools = page.context.new_cdp_session(page)
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")

    def numbers() -> list[str]:
        page.evaluate(READY)  # lets what Chromium tells come in
        return [str(row["registrationId"]) for row in known if page.url.startswith(row["scopeURL"])]

    return tools, wait_until(numbers, seconds=20, what="the service worker")[0]


def test_what_is_pushed_is_shown_with_where_it_leads(whole_browser: Browser, running_embedded: Embedded) -> None:
    site = running_embedded.url.replace("127.0.0.1", "localhost")  # workers live at a name
    context = whole_browser.new_context(base_url=site)
    context.grant_permissions(["notifications"], origin=site)
    page = context.new_page()
    page.goto("/fees/")
    assert page.evaluate(READY)
    tools, number = registration(page)
    (worker,) = context.service_workers
    page.goto("about:blank")  # nobody looks at the site
    message = {"origin": site, "registrationId": number, "data": json.dumps(TOLD)}
    tools.send("ServiceWorker.deliverPushMessage", message)
    shown = wait_until(lambda: worker.evaluate(SHOWN), seconds=20, what="the push message")
    assert shown == [["SkillLink", TOLD["body"], TOLD["tag"], TOLD["url"]]]
    context.close()
