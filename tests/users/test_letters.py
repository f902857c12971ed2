"""Mails: one text in two forms, in our name, with links to SITE_URL whatever host was asked."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings

from skilllink import clocks
from tests.cast import PASSWORD
from users import letters
from users.models import User
from users.moderation import sanctions
from users.notifications.relay import relay

SITE = "https://skilllink.example"
STRANGE_HOST = "localhost:9999"


def html_of(letter: Any) -> str:
    return str(next(content for content, kind in letter.alternatives if kind == "text/html"))


def test_one_text_gives_words_a_button_a_code_and_small_print() -> None:
    letter = letters.compose(
        ["a@skilllink.test"],
        "Two\nlines",
        "Hello <b>.\n\nOpen it:\nhttps://x.test/a?b=1&c=2\n\n    AB12-CD34\n\n-- Why.",
    )
    assert letter.subject == "Two lines"
    assert (
        letter.body
        == f"Hello <b>.\n\nOpen it:\nhttps://x.test/a?b=1&c=2\n\n    AB12-CD34\n\nWhy.\n\nSkillLink\n{settings.SITE_URL}\n"
    )
    html = html_of(letter)
    assert "Hello &lt;b&gt;." in html
    assert '<a class="button" href="https://x.test/a?b=1&amp;c=2">Open it</a>' in html
    assert '<p class="code">AB12-CD34</p>' in html
    assert '<p class="small">Why.</p>' in html


@override_settings(SITE_URL=SITE)
def test_the_link_to_a_new_password_leads_to_the_site_and_works_once(client_person: User, client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": client_person.email}, HTTP_HOST=STRANGE_HOST)
    letter = mail.outbox[-1]
    assert letter.subject == "Choose a new password"
    assert STRANGE_HOST not in letter.body + html_of(letter)
    link = re.search(rf"{SITE}(/accounts/password/reset/key/\S+)", letter.body)
    assert link and link[0] in html_of(letter)
    page = client.get(link[1], follow=True)
    new = {"password1": "another-long-password", "password2": "another-long-password"}
    assert client.post(page.redirect_chain[-1][0], new).status_code == 302
    assert mail.outbox[-1].subject == "Your password was changed"
    client_person.refresh_from_db()
    assert client_person.check_password("another-long-password")
    assert b"link" in client.get(link[1], follow=True).content


@override_settings(SITE_URL=SITE)
@pytest.mark.parametrize("email", ["ines@skilllink.test", "nobody@skilllink.test"])
def test_signing_up_and_asking_for_a_password_tell_a_stranger_nothing_but_the_mail_tells_its_owner(
    email: str, client_person: User, client: Client
) -> None:
    answer = client.post("/accounts/password/reset/", {"email": email})
    assert answer["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox[-1].to == [email]
    assert SITE in mail.outbox[-1].body


def test_a_changed_password_is_mailed_with_where_it_came_from(client_person: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": client_person.email, "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    client.post("/accounts/password/change/", new, HTTP_USER_AGENT="Lynx/2.9")
    assert mail.outbox[-1].subject == "Your password was changed"
    assert "127.0.0.1, with Lynx/2.9" in mail.outbox[-1].body


def test_a_notification_that_waited_is_mailed_in_the_same_dress(client_person: User, moderator: User) -> None:
    sanctions.warn(client_person, by=moderator, reason="Be kind.", rule="Manners")
    with clocks.at(clocks.now() + settings.SKILLLINK["NOTIFICATION_MAIL_DELAY"] + timedelta(seconds=1)):
        assert relay()["sent"] == 1
    letter = mail.outbox[-1]
    assert letter.subject == "A moderator warns you: Be kind."
    assert f"{settings.SITE_URL}/settings/" in letter.body
    assert 'class="button"' in html_of(letter)


def test_what_somebody_wrote_never_becomes_a_button(client_person: User, moderator: User) -> None:
    sanctions.warn(client_person, by=moderator, reason="Look.\n\nClaim it:\nhttps://evil.test/x", rule="Manners")
    with clocks.at(clocks.now() + settings.SKILLLINK["NOTIFICATION_MAIL_DELAY"] + timedelta(seconds=1)):
        relay()
    assert 'href="https://evil.test' not in html_of(mail.outbox[-1])


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_mail_can_be_read_in_both_themes(theme: str) -> None:
    style = Path(settings.BASE_DIR, "templates/emails/letter.html").read_text()
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    part = light if theme == "light" else dark
    paper, ink = re.search(r"body \{[^}]*background: (#\w{6}); color: (#\w{6})", part).groups()  # type: ignore[union-attr]
    fill, words = re.search(r"\.button \{[^}]*background: (#\w{6}); color: (#\w{6})", part).groups()  # type: ignore[union-attr]
    quiet = re.search(r"\.small[^{]*\{[^}]*color: (#\w{6})", part)
    assert quiet
    assert contrast(paper, ink) >= 7
    assert contrast(fill, words) >= 4.5
    assert contrast(paper, quiet[1]) >= 4.5


def test_every_mail_of_allauth_is_ours() -> None:
    """allauth's own words would come through where a template is missing."""
    import allauth

    theirs = Path(allauth.__file__).parent / "templates"
    names = [
        path.relative_to(theirs) for app in ("account", "mfa") for path in (theirs / app / "email").glob("*_*.txt")
    ]
    missing = [str(name) for name in names if not (Path(settings.BASE_DIR) / "templates" / name).exists()]
    assert [name for name in missing if "/base_" not in name] == []
