"""`make screenshots`: every page of the demo at four widths in both themes, into screenshots/ (git ignores it).

Starts what `make run` starts, on a free port with its own data, signs in as the demo people, follows the table PAGES.
Prints what is missing, wider than its window, or breaks in its script.
"""

import argparse
import contextlib
import io
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (360, 820, 1180, 1440)
THEMES = ("light", "dark")
PASSWORD = os.environ.get("DEMO_PASSWORD", "skilllink-demo")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PEOPLE = {
    "client": "client@demo.skilllink.test",
    "freelancer": "freelancer@demo.skilllink.test",
    "garden": "soller@demo.skilllink.test",
    "shipper": "baraka@demo.skilllink.test",
    "counter": "moses@demo.skilllink.test",
    "baker": "nora@demo.skilllink.test",
    "keeper": "elif@demo.skilllink.test",
    "newcomer": "priya@demo.skilllink.test",
    "finance": "finance@demo.skilllink.test",
    "moderator": "moderator@demo.skilllink.test",
    "admin": "admin@demo.skilllink.test",
}
# address and words of what a page leads to, as somebody sees it
Links = dict[tuple[BrowserContext, str], list[list[str]]]
OPENED = "dialog[open], [popover]:popover-open"  # by what is pressed
ROOM = r"^/messages/[0-9a-f-]{36}/$"
# name, who, address, and where needed the hops from there, divided by " > ": the pattern of a link's address,
# "=words" of its text, or "?query" to add. Hops with "!" are acts on the page that was reached: "!send" its form as it
# stands, "!fill name=value", "!press words", "!key name", "!turn" it right to left
PAGES: tuple[tuple[str, str, str, str], ...] = (
    ("contract-client", "client", "/contracts/", "=Booking calendar"),
    ("contract-client-time", "client", "/contracts/", "=Booking calendar > ?tab=time"),
    ("contract-client-room", "client", "/contracts/", "=Booking calendar > ?tab=room"),
    ("contract-freelancer", "freelancer", "/contracts/", "=Booking calendar"),
    ("contract-closed", "baker", "/contracts/", "=Posters for seven"),
    ("contract-disputed", "counter", "/contracts/", "=Stock counts"),
    ("contract-hours", "counter", "/contracts/", "=A till that knows"),
    ("hours-log", "counter", "/contracts/", "=A till that knows > =Log hours"),
    ("hours-agree", "client", "/contracts/", "=Booking calendar > =Work by the hour"),
    ("verify", "client", "/contracts/", "=Booking calendar > =Check it yourself"),
    ("terms", "client", "/contracts/", "=Booking calendar > /terms/$"),
    ("release", "client", "/contracts/", "=Booking calendar > /release/"),
    ("changes", "client", "/contracts/", "=Booking calendar > =Ask for changes"),
    ("release-early", "client", "/contracts/", "=Booking calendar > =Release early"),
    ("refund", "client", "/contracts/", "=Booking calendar > =Ask for a refund"),
    ("more-time", "client", "/contracts/", "=Booking calendar > =Take more time"),
    ("fund", "client", "/contracts/", "=Booking calendar > =Fund $"),
    ("drop", "client", "/contracts/", "=Booking calendar > =Ask to drop"),
    ("give-back", "freelancer", "/contracts/", "=Booking calendar > =Give the money back"),
    ("dialog-release", "client", "/contracts/", "=Booking calendar > !press Release $1,600.00"),
    ("contract-rtl", "client", "/contracts/", "=Booking calendar > !turn"),
    ("gig-pro-bono", "freelancer", "/gigs/", "=Planting map"),
    ("gig-pro-bono-bid", "freelancer", "/gigs/", "=Planting map > =Bid on this gig"),
    ("contract-pro-bono", "keeper", "/contracts/", "=Planting map"),
    ("accept-work", "keeper", "/contracts/", "=Planting map > /release/"),
    ("gig-rtl", "freelancer", "/gigs/", "=Wayfinding for a botanical > !turn"),
    ("changes-empty", "client", "/contracts/", "=Booking calendar > =Ask for changes > !send"),
    ("dispute-open", "client", "/contracts/", "=Booking calendar > =Open a dispute"),
    ("deliver", "freelancer", "/contracts/", "=Booking calendar > /deliver/"),
    ("propose", "client", "/contracts/", "=Booking calendar > /propose/"),
    ("contract-end", "client", "/contracts/", "=Booking calendar > /end/"),
    ("gig", "visitor", "/gigs/", "=Wayfinding for a botanical"),
    ("gig-freelancer", "freelancer", "/gigs/", "=Wayfinding for a botanical"),
    ("gig-freelancer-bids", "freelancer", "/gigs/", "=Wayfinding for a botanical > ?tab=bids"),
    ("gig-client", "garden", "/gigs/", "=Wayfinding for a botanical"),
    ("gig-client-bids", "garden", "/gigs/", "=Wayfinding for a botanical > ?tab=bids"),
    ("gig-sealed", "freelancer", "/gigs/", "=Glaze catalogue"),
    ("gig-no-bids", "freelancer", "/gigs/", "=Redraw forty"),
    ("compare", "garden", "/gigs/", "=Wayfinding for a botanical > =Compare"),
    ("home-client", "client", "/", ""),
    ("home-freelancer", "freelancer", "/", ""),
    ("home-newcomer", "newcomer", "/", ""),
    ("landing", "visitor", "/", ""),
    ("gigs", "visitor", "/gigs/", ""),
    ("gigs-client", "client", "/gigs/", ""),
    ("gigs-none", "visitor", "/gigs/?q=zeppelin", ""),
    ("people", "visitor", "/people/", ""),
    ("people-none", "visitor", "/people/?q=zeppelin", ""),
    ("profile", "visitor", "/people/", "=Ingrid"),
    ("profile-own", "freelancer", "/people/", "=Tomasz"),
    ("my-gigs", "client", "/gigs/mine/", ""),
    ("gig-new", "client", "/gigs/new/", ""),
    ("gig-new-wrong", "client", "/gigs/new/", "!fill title=Short > !fill budget_min=-1 > !send"),
    ("gig-close", "garden", "/gigs/", "=Wayfinding for a botanical > /close/"),
    ("hourly-gig", "freelancer", "/gigs/", "=Evenings at the desk"),
    ("hourly-bid-new", "freelancer", "/gigs/", "=Evenings at the desk > =Bid on this gig"),
    ("hourly-bid", "garden", "/gigs/", "=Evenings at the desk > =Clara"),
    ("hourly-compare", "garden", "/gigs/", "=Evenings at the desk > /compare/"),
    ("hourly-offer-new", "garden", "/gigs/", "=Evenings at the desk > =Clara > /offers/new/"),
    ("hourly-offer-confirm", "garden", "/gigs/", "=Evenings at the desk > =Clara > /offers/new/ > !send"),
    ("bid-new", "freelancer", "/gigs/", "=Redraw forty > =Bid on this gig"),
    (
        "bid-new-wrong",
        "freelancer",
        "/gigs/",
        "=Redraw forty > =Bid on this gig > !fill amount=1e30 > !fill letter=Hello > !send",
    ),
    ("bid-edit", "freelancer", "/gigs/", "=Wayfinding for a botanical > =Change my bid"),
    ("bids", "freelancer", "/bids/", ""),
    ("bid", "freelancer", "/bids/", "=Wayfinding"),
    ("bid-client", "garden", "/gigs/", "=Wayfinding for a botanical > =Marta"),
    ("bids-away", "garden", "/gigs/", "=Wayfinding for a botanical > /away/"),
    ("bid-decline", "garden", "/gigs/", "=Wayfinding for a botanical > /decline/"),
    ("offer-new", "garden", "/gigs/", "=Wayfinding for a botanical > =Marta > /offers/new/"),
    ("offer", "freelancer", "/", "/offers/"),
    ("offer-accept", "freelancer", "/", "/offers/ > /accept/"),
    ("offer-counter", "freelancer", "/", "/offers/ > /counter/"),
    ("contracts", "client", "/contracts/", ""),
    ("contracts-none", "newcomer", "/contracts/", ""),
    ("messages", "client", "/messages/", ""),
    ("room", "client", "/messages/", ROOM),
    ("room-group", "client", "/messages/", "=Kiln keepers"),
    ("room-new", "client", "/messages/new/", ""),
    ("room-new-wrong", "client", "/messages/new/", "!fill title=\u200b > !fill capacity=900 > !send"),
    ("room-questions", "freelancer", "/messages/", "=Questions"),
    ("room-details", "client", "/messages/", "=Kiln keepers > =Details"),
    ("room-person", "client", "/messages/", r"=Kiln keepers > =Details > /people/[0-9a-f-]{36}/$"),
    ("room-change", "client", "/messages/", "=Kiln keepers > =Details > =Change the room"),
    ("room-delete", "client", "/messages/", "=Kiln keepers > =Details > =Delete the room"),
    ("room-invite", "client", "/messages/", "=Kiln keepers > =Details > =Invite people > ?q=ma"),
    ("message-acts", "client", "/messages/", r"=Kiln keepers > /acts/$"),
    ("message-search", "client", "/messages/search/?q=the", ""),
    ("room-key", "client", "/messages/join/", ""),
    ("room-key-wrong", "client", "/messages/join/", "!fill room=a link > !fill key=a guess > !send"),
    ("groups", "client", "/messages/groups/", ""),
    ("groups-none", "newcomer", "/messages/groups/?q=zeppelin", ""),
    ("messages-none", "newcomer", "/messages/", ""),
    ("wallet-client", "client", "/wallet/", ""),
    ("wallet-freelancer", "freelancer", "/wallet/", ""),
    ("wallet-none", "newcomer", "/wallet/", ""),
    ("statement", "freelancer", "/wallet/statement/", ""),
    ("statement-none", "newcomer", "/wallet/statement/", "?kind=payout"),
    ("papers", "freelancer", "/wallet/papers/", ""),
    ("papers-none", "newcomer", "/wallet/papers/", ""),
    ("paper", "freelancer", "/wallet/papers/", r"^/wallet/papers/[0-9a-f-]{36}/$"),
    ("year", "freelancer", "/wallet/papers/", r"^/wallet/years/"),
    ("tax-details", "freelancer", "/settings/tax/", ""),
    (
        "tax-details-wrong",
        "freelancer",
        "/settings/tax/",
        "!fill tax_number=1111111111111111111111111111111111111111111 > !send",
    ),
    ("payouts", "freelancer", "/wallet/payout/", ""),
    ("payouts-of-cause", "keeper", "/causes/", "=Seeds for forty > =Pay out"),
    ("payouts-none", "newcomer", "/wallet/payout/", ""),
    ("bank-account", "freelancer", "/wallet/payout/methods/", ""),
    ("bank-account-wrong", "freelancer", "/wallet/payout/methods/", "!fill number=1 > !send"),
    ("deposit", "client", "/wallet/deposit/", ""),
    ("deposit-wrong", "client", "/wallet/deposit/", "!fill amount=-1 > !send"),
    ("card", "client", "/wallet/deposit/", "!fill amount=123456.78 > !send"),
    ("card-yen", "client", "/wallet/deposit/", "!fill amount=123456789 > !fill currency=JPY > !send"),
    ("card-dinar", "client", "/wallet/deposit/", "!fill amount=123456789.125 > !fill currency=KWD > !send"),
    ("fees", "visitor", "/fees/", ""),
    ("fees-wrong", "visitor", "/fees/?amount=-1&currency=JPY", ""),
    ("causes", "visitor", "/causes/", ""),
    ("cause", "visitor", "/causes/", "=Seeds for forty"),
    ("cause-give", "client", "/causes/", "=Seeds for forty > /give/"),
    ("cause-give-wrong", "client", "/causes/", "=Seeds for forty > /give/ > !fill amount=-1 > !send"),
    ("cause-new", "client", "/causes/new/", ""),
    ("donations", "client", "/donations/", ""),
    ("donations-none", "newcomer", "/donations/", ""),
    ("support", "client", "/people/", "=Tomasz > /support/"),
    ("bonus", "client", "/contracts/", "=Booking calendar > /bonus/"),
    ("tip", "client", "/contracts/", "=Booking calendar > /tip/"),
    ("transparency", "visitor", "/transparency/", ""),
    ("notifications", "freelancer", "/notifications/", ""),
    ("notifications-none", "newcomer", "/notifications/", "?group=security"),
    ("settings", "client", "/settings/", ""),
    ("settings-news", "client", "/settings/notifications/", ""),
    ("settings-blocked", "client", "/settings/blocked/", ""),
    ("settings-kept", "client", "/settings/", "!send"),
    ("report", "freelancer", "/gigs/", "=Wayfinding for a botanical > =Report"),
    ("menu", "client", "/", "!press [popovertarget]"),
    ("shortcuts", "client", "/", "!key ?"),
    ("welcome", "client", "/welcome/", ""),
    ("email", "client", "/accounts/email/", ""),
    ("password", "client", "/accounts/password/change/", ""),
    ("second-factor", "client", "/accounts/2fa/", ""),
    ("second-factor-app", "client", "/accounts/2fa/totp/activate/", ""),
    ("sessions", "client", "/accounts/sessions/", ""),
    ("tokens", "client", "/settings/tokens/", ""),
    ("tokens-made", "client", "/settings/tokens/", "!fill name=Bookkeeping > !send"),
    ("sign-out", "client", "/accounts/logout/", ""),
    ("dispute-client", "shipper", "/contracts/", "=Stock counts > ^/disputes/"),
    ("dispute-freelancer", "counter", "/contracts/", "=Stock counts > ^/disputes/"),
    ("sign-in", "visitor", "/accounts/login/", ""),
    ("sign-up", "visitor", "/accounts/signup/", ""),
    ("sign-in-wrong", "visitor", "/accounts/login/", "!fill login=nobody@demo.skilllink.test > !send"),
    ("sign-up-wrong", "visitor", "/accounts/signup/", "!fill email=nobody > !send"),
    ("password-reset", "visitor", "/accounts/password/reset/", ""),
    ("missing", "visitor", "/nothing-here/", ""),
    ("refused-400", "visitor", "/demo/refused/400/", ""),
    ("refused-403", "visitor", "/demo/refused/403/", ""),
    ("refused-409", "client", "/demo/refused/409/", ""),
    ("refused-413", "client", "/demo/refused/413/", ""),
    ("refused-415", "client", "/demo/refused/415/", ""),
    ("refused-422", "client", "/demo/refused/422/", ""),
    ("refused-429", "visitor", "/demo/refused/429/", ""),
    ("refused-500", "visitor", "/demo/refused/500/", ""),
    ("refused-503", "visitor", "/demo/refused/503/", ""),
    ("offline", "visitor", "/offline/", ""),
    ("demo-mail", "visitor", "/demo/mail/", ""),
    ("components", "visitor", "/demo/components/", ""),
    ("components-rtl", "visitor", "/demo/components/", "!turn"),
    ("api-docs", "visitor", "/api/v1/docs/", ""),
    ("admin-sign-in", "visitor", "/admin/login/", ""),
    ("admin", "admin", "/admin/", ""),
    ("admin-disputes", "moderator", "/admin/projects/dispute/", ""),
    ("admin-dispute", "moderator", "/admin/projects/dispute/", r"/dispute/[0-9a-f-]+/change/"),
    ("admin-settle", "moderator", "/admin/projects/dispute/", "/settle/"),
    ("admin-settle-wrong", "moderator", "/admin/projects/dispute/", "/settle/ > !fill to_freelancer=x > !send"),
    ("admin-hide", "moderator", "/admin/projects/gig/", "=Hide"),
    ("admin-transfers", "finance", "/admin/payment/transfer/", ""),
    ("admin-transfer", "finance", "/admin/payment/transfer/", r"/transfer/[0-9a-f-]+/change/"),
    ("admin-accounts", "finance", "/admin/payment/account/", ""),
    ("admin-escrows", "finance", "/admin/payment/escrow/", ""),
    ("admin-gigs", "admin", "/admin/projects/gig/", ""),
    ("admin-contract", "admin", "/admin/projects/contract/", r"/contract/[0-9a-f-]+/change/"),
    ("admin-user", "admin", "/admin/users/user/", r"/user/[0-9a-f-]+/change/"),
    ("admin-causes", "moderator", "/admin/payment/cause/", ""),
    ("admin-cause", "moderator", "/admin/payment/cause/", "/decide/verify/"),
    ("admin-reports", "moderator", "/admin/users/report/", ""),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(data: Path) -> Iterator[str]:
    """What `make run` starts, on a free port; ended with SIGTERM. Raises RuntimeError when it isn't ready in two minutes."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATA_DIR": str(data), "PORT": str(port), "SITE_URL": address, "SKILLLINK_DEMO": "1"}
    process = subprocess.Popen([ROOT / "scripts" / "run", str(port)], cwd=ROOT, env=environment)
    try:
        for _ in range(240):
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                urllib.request.urlopen(f"{address}/readyz", timeout=2)
                break
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}")
            time.sleep(0.5)
        else:
            raise RuntimeError("the server was not ready in two minutes")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def signed_in(browser: Browser, address: str, who: str) -> BrowserContext:
    context = browser.new_context()
    if who in PEOPLE:
        enter(context, address, PEOPLE[who], PASSWORD)
    return context


def enter(context: BrowserContext, address: str, email: str, password: str) -> None:
    """Sign in without a page: send what the form would. Raises RuntimeError when that isn't taken."""
    form = f"{address}/accounts/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', context.request.get(form).text())
    given = {"csrfmiddlewaretoken": token[1] if token else "", "login": email, "password": password}
    answer = context.request.post(form, form=given, headers={"referer": form}, max_redirects=0)
    if answer.status != 302:
        raise RuntimeError(f"{email} can't sign in: {answer.status}")


def find(page: Page, address: str, path: str, hops: str, known: Links) -> str | None:
    """The address of a page of the table, or None when it isn't there. `known` keeps the links of the pages on the way."""
    meant = path.startswith(("/nothing-here/", "/demo/refused/", "/fees/?amount=-"))
    url = address + path
    acts = [hop for hop in hops.split(" > ") if hop.startswith("!")]
    for hop in filter(None, hops.split(" > ")):
        if hop.startswith("!"):
            continue
        if hop.startswith("?"):
            url += hop
            continue
        if (page.context, url) not in known:
            answer = page.goto(url)
            if answer is None or not answer.ok:
                return None
            known[page.context, url] = page.eval_on_selector_all(
                "main a[href], #content-main a[href], #changelist a[href]",
                "all => all.map(a => [a.getAttribute('href').split('?')[0], a.textContent])",
            )
        fits = (
            link
            for link, text in known[page.context, url]
            if (hop[1:] in text if hop.startswith("=") else re.search(hop, link))
        )
        found = next(fits, None)
        if found is None:
            return None
        url = address + found
    answer = page.goto(url)
    if answer is None or not (answer.ok or meant):
        return None
    for words in acts:
        act(page, *words[1:].partition(" ")[::2])
    return page.url


def act(page: Page, verb: str, what: str) -> None:
    """Do what a hop with "!" says; a form is sent past the browser's own checks, to see the server's."""
    form = page.locator("main form:has(.btn.sign), #content form[method=post]").first
    if verb == "fill":
        name, _, value = what.partition("=")
        field = form.locator(f"[name={name}]").first
        if field.evaluate("field => field.localName") == "select":
            field.select_option(value)
        else:
            field.fill(value)
    elif verb == "send":
        form.evaluate("form => { form.noValidate = true; }")
        with page.expect_navigation():
            form.locator(".btn.sign, [type=submit]").first.click()
    elif verb == "press" and what.startswith("["):
        page.locator(what).first.click()
        page.locator(OPENED).first.wait_for()
    elif verb == "press":
        page.locator("main").get_by_text(what, exact=True).filter(visible=True).first.click()
        page.locator(OPENED).first.wait_for()
    elif verb == "key":
        page.keyboard.press(what)
        page.locator(OPENED).first.wait_for()
    elif verb == "turn":
        page.evaluate("document.documentElement.dir = 'rtl'")
    else:
        raise ValueError(f"nobody knows how to {verb}")


def shoot(address: str, folder: Path, only: str) -> list[str]:
    """Take all pictures; return what is wrong: pages that are missing, wider than the window or with script errors."""
    faults: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        contexts: dict[str, BrowserContext] = {}
        known: Links = {}
        for name, who, path, pattern in PAGES:
            if only and not re.search(only, name):
                continue
            if who not in contexts:
                contexts[who] = signed_in(browser, address, who)
            page = contexts[who].new_page()
            page.on("pageerror", lambda error, name=name: faults.append(f"{name}: {error}"))
            url = find(page, address, path, pattern, known)
            if url is None:
                faults.append(f"{name}: no such page")
                page.close()
                continue
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900 if width > 600 else 800})
                    page.evaluate("document.fonts.ready.then(() => null)")
                    page.wait_for_timeout(150)
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        faults.append(f"{name}: wider than {width}")
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            page.close()
        browser.close()
    return faults


def take_picture(address: str, path: Path) -> None:
    """The contract workspace for the README: one window, light, in as many colours as a small file holds."""
    who, start, hops = next(row[1:] for row in PAGES if row[0] == "contract-client")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = signed_in(browser, address, who).new_page()
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 960})
        if find(page, address, start, hops, {}) is None:
            raise RuntimeError("the demo has no contract workspace")
        page.evaluate("document.fonts.ready.then(() => null)")
        page.wait_for_timeout(500)
        shot = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    shot.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--at", help="a server that runs already, such as http://127.0.0.1:8000")
    options.add_argument("--only", default="", help="a pattern of page names")
    options.add_argument("--picture", type=Path, help="take the README's picture alone, into this file")
    options.add_argument("--into", type=Path, default=ROOT / "screenshots")
    chosen = options.parse_args()
    with contextlib.ExitStack() as opened:
        if chosen.at:
            address = chosen.at.rstrip("/")
        else:
            data = opened.enter_context(tempfile.TemporaryDirectory())
            address = opened.enter_context(server(Path(data)))
        if chosen.picture:
            take_picture(address, chosen.picture)
            return
        faults = shoot(address, chosen.into, chosen.only)
    for fault in sorted(set(faults)):
        print(fault)
    print(f"pictures in {chosen.into}")


if __name__ == "__main__":
    main()
