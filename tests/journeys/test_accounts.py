"""Getting into an account and keeping it safe, in a real Chromium: codes, pictures, apps, passkeys, sessions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.journeys.people import CAST_PASSWORD, give_code, give_password, live, made, sign_in, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    yield page
    page.context.close()


def by_name(server: Embedded) -> str:
    """The site under a name: no browser makes a passkey for a number."""
    return server.url.replace("127.0.0.1", "localhost")


def register(server: Embedded, name: str) -> str:
    """A new person; returns the address they sign in with."""
    made(server, f"make({name!r}, client=True, freelancer=True)")
    return f"{name.split(maxsplit=1)[0].lower()}@skilllink.test"


def at_home(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your moves")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A device that keeps passkeys and whose owner always agrees."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    answer: Any = devices.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    return devices, answer["authenticatorId"]


def add_passkey(page: Page, site: str, *, alone: bool) -> None:
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name of this passkey").fill("My phone")
    page.get_by_label("Sign in with it instead of the password").set_checked(alone)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_newcomer_signs_up_shows_a_face_and_comes_back(
    visitor: Page, running_embedded: Embedded, tmp_path: Path
) -> None:
    page, site = visitor, running_embedded.url
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("Your name").fill("Wanda Wayfarer")
    page.get_by_label("E-mail").fill("wanda@skilllink.test")
    page.get_by_label("Password").fill(CAST_PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    page.get_by_label("Code").fill("XXXX-XXXX")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="This code isn’t right")).to_be_visible()
    page.get_by_label("Code").fill(running_embedded.code_for("wanda@skilllink.test"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome, Wanda")).to_be_visible()

    face = tmp_path / "me.jpg"
    picture = Image.new("RGB", (900, 600), "teal")
    picture.save(face, exif=_place(picture))
    page.get_by_role("button", name="Save and begin").click()
    expect(page.get_by_text("Choose whether you hire, work, or both.")).to_be_visible()
    page.get_by_label("I want to hire").check()
    page.get_by_label("I want to work").check()
    page.get_by_label("Headline").fill("Signs for gardens")
    page.get_by_label("Skills").fill("Wayfinding, Typography")
    page.get_by_label("Hourly rate").fill("45")
    page.get_by_label("Timezone").select_option("Asia/Tokyo")
    page.get_by_label("Picture").set_input_files(face)
    page.get_by_role("button", name="Save and begin").click()
    at_home(page)

    page.goto(f"{site}/people/?q=Wanda")
    page.get_by_role("link", name="Wanda Wayfarer").first.click()
    for shown in ("Signs for gardens", "$45", "Asia/Tokyo", "Typography"):
        expect(page.locator("main")).to_contain_text(shown)
    image = page.locator("main img").first
    expect(image).to_be_visible()
    kept = page.request.get(f"{site}{image.get_attribute('src')}")
    assert kept.headers["content-type"] == "image/webp"
    assert kept.body()[8:12] == b"WEBP", "written anew"
    assert b"GARDENSHED" not in kept.body(), "where it was taken is gone"
    assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [512, 512]

    sign_out(page)
    page.goto(f"{site}/settings/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    give_password(page, "wanda@skilllink.test")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def _place(picture: Image.Image) -> Image.Exif:
    exif = picture.getexif()
    exif[0x010E] = "GARDENSHED"  # ImageDescription
    return exif


def test_an_app_and_recovery_codes_are_a_second_factor(visitor: Page, running_embedded: Embedded) -> None:
    page, site = visitor, running_embedded.url
    email = register(running_embedded, "Theo Twofold")
    sign_in(page, site, email)
    at_home(page)
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_role("link", name="Turn it on").click()
    expect(page.locator("img.code-picture")).to_be_visible()
    secret = page.get_by_label("Or type this key into the app").input_value()
    give_code(page, secret, "Turn it on")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    spare = page.locator("#recovery_codes").inner_text().split()
    assert len(spare) == 10

    sign_out(page)
    sign_in(page, site, email)
    expect(page.get_by_role("heading", name="One more proof")).to_be_visible()
    page.goto(f"{site}/settings/")
    expect(page).to_have_url(re.compile("/accounts/"))
    page.get_by_label("Code").fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="This code isn’t right")).to_be_visible()
    give_code(page, secret, "Sign in")
    expect(page.get_by_role("button", name="Your account")).to_be_visible()

    sign_out(page)
    sign_in(page, site, email)
    page.get_by_label("Code").fill(spare[0])
    page.get_by_role("button", name="Sign in").click()
    at_home(page)
    sign_out(page)
    sign_in(page, site, email)
    page.get_by_label("Code").fill(spare[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="This code isn’t right")).to_be_visible()
    page.get_by_label("Code").fill(spare[1])
    page.get_by_role("button", name="Sign in").click()
    at_home(page)
    page.goto(f"{site}/accounts/2fa/")
    expect(page.locator("main")).to_contain_text("8 codes are left")


def test_a_passkey_signs_in_without_the_password(visitor: Page, running_embedded: Embedded) -> None:
    page, site = visitor, by_name(running_embedded)
    email = register(running_embedded, "Paula Passkey")
    page.goto(f"{running_embedded.url}/accounts/login/")
    sign_in(page, site, email)
    at_home(page)
    authenticator(page)
    add_passkey(page, site, alone=True)
    page.goto(f"{site}/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("signs in without the password")
    sign_out(page)
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    at_home(page)

    sign_out(page)
    sign_in(page, site, email)
    expect(page.get_by_role("heading", name="One more proof")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    at_home(page)


def test_a_passkey_made_as_second_factor_never_signs_in_alone(visitor: Page, running_embedded: Embedded) -> None:
    page, site = visitor, by_name(running_embedded)
    email = register(running_embedded, "Sven Secondfactor")
    sign_in(page, site, email)
    at_home(page)
    devices, device = authenticator(page)
    add_passkey(page, site, alone=False)
    page.goto(f"{site}/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("second factor only")
    sign_out(page)

    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey was not used")).to_be_visible()
    # a device that offers it all the same: now the server has to say no
    kept: Any = devices.send("WebAuthn.getCredentials", {"authenticatorId": device})
    [credential] = kept["credentials"]
    person = running_embedded.manage(
        "shell", "--verbosity", "0", "-c",
        "import base64; from allauth.account.utils import user_pk_to_url_str; from users.models import User;"
        f"print(base64.b64encode(user_pk_to_url_str(User.objects.get(email={email!r})).encode()).decode())",
    ).strip()  # fmt: skip
    devices.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": credential["credentialId"]})
    forged = {**credential, "isResidentCredential": True, "rpId": "localhost", "userHandle": person}
    devices.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": forged})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey is your second factor. Sign in with your password first.")).to_be_visible()
    page.goto(f"{site}/settings/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_in(page, site, email)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Your account")).to_be_visible()


def test_a_page_opened_by_number_leads_to_where_passkeys_work(visitor: Page, running_embedded: Embedded) -> None:
    email = register(running_embedded, "Nina Number")
    sign_in(visitor, running_embedded.url, email)
    at_home(visitor)
    visitor.goto(f"{running_embedded.url}/accounts/2fa/webauthn/add/")
    by_name_link = visitor.get_by_role("link", name="Open it by name")
    expect(by_name_link).to_have_attribute("href", f"{by_name(running_embedded)}/accounts/2fa/webauthn/add/")


def test_a_session_is_ended_from_another_and_its_open_page_hears_of_it(
    browser: Browser, running_embedded: Embedded
) -> None:
    email = register(running_embedded, "Sara Sessions")
    here = window(browser, running_embedded, email)
    there = window(browser, running_embedded, email, at="/notifications/")
    elsewhere = window(browser, running_embedded, email, at="/notifications/")
    here.goto(f"{running_embedded.url}/accounts/sessions/")
    expect(here.locator("main .rows > li")).to_have_count(3)
    expect(here.locator("main .rows > li", has_text="this one")).to_have_count(1)
    expect(here.locator("main")).to_contain_text("on Linux")
    # the list begins with the oldest: this one, then `there`
    here.get_by_role("button", name="End it").first.click()
    expect(there.locator("html")).to_have_attribute("data-connection", "signed-out")
    expect(there.get_by_text("You are signed out. Sign in again to go on.")).to_be_visible()
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    live(elsewhere)

    expect(here.locator("main .rows > li")).to_have_count(2)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(elsewhere.locator("html")).to_have_attribute("data-connection", "signed-out")
    expect(here.locator("main .rows > li")).to_have_count(1)
    for page in (here, there, elsewhere):
        page.context.close()
