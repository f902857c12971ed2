"""Refusals after which a message is sent again: all that can meet one, the same for the page, the example and the docs."""

import ast
import re

from skilllink.errors import TooMany, Unavailable
from skilllink.transactions import Busy, Unknown
from tests.services.processes import ROOT

NOT_NOW = {one.code for one in (Unavailable, TooMany, Busy, Unknown)}


def listed(path: str) -> set[str]:
    found = re.search(r"NOT_NOW = ([\[(].*?[\])])", (ROOT / path).read_text())
    assert found, path
    return set(ast.literal_eval(found[1]))


def test_what_says_nothing_about_a_message_keeps_it_in_every_outbox() -> None:
    assert listed("static/js/chat/outbox.js") == NOT_NOW
    assert listed("docs/examples/chat_client.py") == NOT_NOW
    paragraph = (
        (ROOT / "docs/realtime.md").read_text().partition("## Saying something once")[2].partition("Any other error")[0]
    )
    assert set(re.findall(r"`(\w+)`", paragraph)) - {"client_id"} == NOT_NOW
