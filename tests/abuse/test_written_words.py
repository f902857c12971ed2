"""What people write is shown as text: no tag, attribute or address outside the list, and no words that cost too much."""

import math
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat import groups
from skilllink import markdown
from tests.abuse.world import say
from users.models import User

MARKS = ["*", "_", "`", "[", "]", "(", ")", "<", ">", "!", "#", "-", "~~", "\\", "&", '"', "'", "\n", " ", "|", "://"]
WORDS = [
    "a", "<script>", "javascript:", "JaVaScRiPt&colon;", "data:text/html,", "vbscript:", "https://a.example", "onerror=",
    "<img src=x>", "&#x6a;", "&lt;", "style=", "\u202e", "\u200b", "\0", "\x1b", "](", "<!--", "]]>", "<svg/onload=1>",
]  # fmt: skip
WRITTEN = st.lists(st.sampled_from(MARKS + WORDS) | st.text(max_size=5), max_size=60).map("".join)
KEPT = {"href", "title", "rel", "dir", "start"}


class Seen(HTMLParser):
    """Every tag and attribute as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("shown", [markdown.render, markdown.render_inline])
@settings(max_examples=300)
@given(text=WRITTEN)
@example(text="[x](javascript:alert(1))")
@example(text='[x](https://a.example "onmouseover=alert(1)")')
@example(text="<https://a.example/'onclick='x>")
def test_nothing_but_the_list_comes_out(shown: Callable[[str], str], text: str) -> None:
    for tag, attributes in Seen(shown(text)).tags:
        assert tag in markdown.TAGS
        assert set(attributes) <= KEPT
        if tag == "a":
            scheme = (attributes.get("href") or "").partition(":")[0].lower()
            assert ":" not in (attributes.get("href") or "").split("/")[0] or scheme in markdown.SCHEMES
            assert attributes["rel"] == "nofollow noopener ugc"


@settings(max_examples=200)
@given(text=WRITTEN)
def test_plain_is_one_short_line(text: str) -> None:
    line = markdown.plain(text, 40)
    assert len(line) <= 40
    assert "\n" not in line


COSTLY: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "[" * n,
    "pairs of brackets": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "links without an end": lambda n: "[a](" * (n // 4),
    "brackets, then a link": lambda n: "[" * (n - 4) + "](b)",
    "nested emphasis": lambda n: "*" * (n // 2) + "a" + "*" * (n // 2),
    "emphasis without an end": lambda n: "*a _b " * (n // 6),
    "mixed emphasis": lambda n: "_*" * (n // 2) + "a",
    "strikes": lambda n: "~~a" * (n // 3),
    "backticks of every length": lambda n: " ".join("`" * k for k in range(1, int((2 * n) ** 0.5))),
    "quotes in quotes": lambda n: ">" * n,
    "lists in lists": lambda n: "- " * (n // 2),
    "one long word": lambda n: "a" * n,
    "lines": lambda n: "a\n" * (n // 2),
    "entities": lambda n: "&" * n,
    "angles": lambda n: "<" * n,
    "addresses": lambda n: "https://a)." * (n // 11),
}


def seconds(text: str) -> float:
    """Of this thread's own work."""
    start = time.thread_time()
    markdown.render(text)
    return time.thread_time() - start


@pytest.mark.parametrize("name", COSTLY)
def test_four_times_the_words_cost_about_four_times_as_much(name: str) -> None:
    """They would cost sixteen times as much if anything were quadratic, in the calmest of moments too."""
    text = COSTLY[name]
    short = min(seconds(text(4_000)) for _time in range(5))
    long = math.inf
    for _time in range(20):
        short, long = min(short, seconds(text(4_000))), min(long, seconds(text(16_000)))
        if long < 9 * max(short, 0.002):
            return
    raise AssertionError(f"{long} s beside {short} s")


NAMES = [
    "\"quoted\" & 'single'",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7 }}{% now %}",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_rooms_name_is_text_on_every_page(client_person: User, client: Client, name: str) -> None:
    room = groups.create(client_person, name)
    say(room, client_person, name)
    client.force_login(client_person)
    for address in ("/messages/", f"/messages/{room.pk}/", "/messages/new/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert client.get("/api/v1/rooms/").json() is not None


@pytest.mark.parametrize(
    "name", ["two\nlines", "tab\tbed", "nul\0", "evil\u202egpj", "zero\u200bwidth", "line\u2028end", "", " ", "x" * 121]
)
def test_a_rooms_name_that_hides_something_is_refused(client_person: User, client: Client, name: str) -> None:
    client.force_login(client_person)
    given = client.post("/messages/new/", {"title": name}, headers={"accept": "application/json"})
    assert (given.status_code, given.json()["code"]) == (400, "room.bad_title")
    assert not client_person.memberships.exists()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\0b\x1b[31mc", "ab[31mc"),
        ("one\r\ntwo", "one\ntwo"),
        ("e\u0301", "é"),
        ("\u202eabc", "\u202eabc"),
        ("  x  ", "x"),
    ],
)
def test_a_message_keeps_its_letters_and_loses_control_characters(client_person: User, written: str, kept: str) -> None:
    room = groups.create(client_person, "Glaze talk")
    message = say(room, client_person, written)
    assert message.body == kept
    assert 'dir="auto"' in markdown.render(message.body)  # a turned sentence turns no neighbour
