"""`make screenshots`: every page of the demo at four widths in both themes, into screenshots/ (git ignores it).

Starts `manage.py up` on a free port with its own data, signs in as the demo people, follows the table PAGES.
A path with `*` stands for the first link on the page before it that matches.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (360, 820, 1180, 1440)
THEMES = ("light", "dark")
PASSWORD = os.environ.get("DEMO_PASSWORD", "skilllink-demo")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PEOPLE = {
    "client": "client@demo.skilllink.test",
    "freelancer": "freelancer@demo.skilllink.test",
    "moderator": "moderator@demo.skilllink.test",
}
# name, who, address, and where needed the pattern of the link to follow from there
PAGES: tuple[tuple[str, str, str, str], ...] = (
    ("landing", "visitor", "/", ""),
    ("gigs", "visitor", "/gigs/", ""),
    ("gig", "visitor", "/gigs/", r"^/gigs/[0-9a-f-]{36}/"),
    ("people", "visitor", "/people/", ""),
    ("profile", "visitor", "/people/", r"^/people/[\w-]+/$"),
    ("sign-in", "visitor", "/accounts/login/", ""),
    ("sign-up", "visitor", "/accounts/signup/", ""),
    ("missing", "visitor", "/nothing-here/", ""),
    ("components", "visitor", "/demo/components/", ""),
    ("home-client", "client", "/", ""),
    ("gig-client", "client", "/gigs/mine/", r"^/gigs/[0-9a-f-]{36}/"),
    ("my-gigs", "client", "/gigs/mine/", ""),
    ("gig-new", "client", "/gigs/new/", ""),
    ("contracts", "client", "/contracts/", ""),
    ("contract-client", "client", "/contracts/", r"^/contracts/[0-9a-f-]{36}/$"),
    ("messages", "client", "/messages/", ""),
    ("room", "client", "/messages/", r"^/messages/[0-9a-f-]{36}/$"),
    ("wallet-client", "client", "/wallet/", ""),
    ("deposit", "client", "/wallet/deposit/", ""),
    ("notifications", "client", "/notifications/", ""),
    ("settings", "client", "/settings/", ""),
    ("second-factor", "client", "/accounts/2fa/", ""),
    ("sessions", "client", "/accounts/sessions/", ""),
    ("home-freelancer", "freelancer", "/", ""),
    ("gig-freelancer", "freelancer", "/gigs/", r"^/gigs/[0-9a-f-]{36}/"),
    ("contract-freelancer", "freelancer", "/contracts/", r"^/contracts/[0-9a-f-]{36}/$"),
    ("bids", "freelancer", "/bids/", ""),
    ("bid", "freelancer", "/bids/", r"^/bids/[0-9a-f-]{36}/$"),
    ("wallet-freelancer", "freelancer", "/wallet/", ""),
    ("transparency", "visitor", "/transparency/", ""),
    ("admin", "moderator", "/admin/", ""),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(data: Path) -> Iterator[str]:
    """The demo on a free port; ended with SIGTERM. Raises RuntimeError when it isn't ready in two minutes."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATA_DIR": str(data), "PORT": str(port), "SITE_URL": address, "SKILLLINK_DEMO": "1"}
    process = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT, env=environment)
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
        page = context.new_page()
        page.goto(f"{address}/accounts/login/")
        page.fill("input[name=login]", PEOPLE[who])
        page.fill("input[name=password]", PASSWORD)
        page.locator("main form button").first.click()
        page.wait_for_url(re.compile(r"^(?!.*/accounts/login/)"))
        page.close()
    return context


def find(page: Page, address: str, path: str, pattern: str) -> str | None:
    """The address of a page of the table, or None when it isn't there."""
    answer = page.goto(address + path)
    if answer is None or (answer.status == 404 and path != "/nothing-here/"):
        return None
    if not pattern:
        return address + path
    links = page.eval_on_selector_all("main a[href]", "all => all.map(a => a.getAttribute('href').split('?')[0])")
    found = next((link for link in links if re.match(pattern, link)), None)
    return address + found if found else None


def shoot(address: str, folder: Path, only: str) -> list[str]:
    """Take all pictures; return what is wrong: pages that are missing, wider than the window or with script errors."""
    faults: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        contexts: dict[str, BrowserContext] = {}
        for name, who, path, pattern in PAGES:
            if only and not re.search(only, name):
                continue
            if who not in contexts:
                contexts[who] = signed_in(browser, address, who)
            page = contexts[who].new_page()
            page.on("pageerror", lambda error, name=name: faults.append(f"{name}: {error}"))
            url = find(page, address, path, pattern)
            if url is None:
                faults.append(f"{name}: no such page")
                page.close()
                continue
            for theme in THEMES:
                for width in WIDTHS:
                    page.emulate_media(color_scheme=theme)
                    page.set_viewport_size({"width": width, "height": 900 if width > 600 else 800})
                    page.goto(url)
                    page.wait_for_timeout(350)
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        faults.append(f"{name}: wider than {width}")
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            page.close()
        browser.close()
    return faults


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--at", help="a server that runs already, such as http://127.0.0.1:8000")
    options.add_argument("--only", default="", help="a pattern of page names")
    options.add_argument("--into", type=Path, default=ROOT / "screenshots")
    chosen = options.parse_args()
    if chosen.at:
        faults = shoot(chosen.at.rstrip("/"), chosen.into, chosen.only)
    else:
        with tempfile.TemporaryDirectory() as data, server(Path(data)) as address:
            faults = shoot(address, chosen.into, chosen.only)
    for fault in sorted(set(faults)):
        print(fault)
    print(f"pictures in {chosen.into}")


if __name__ == "__main__":
    main()
