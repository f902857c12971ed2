"""How our mails are made: written once as text, dressed as HTML from the same words.

Paragraphs are parted by blank lines. One that ends in an address on a line of its own (`Open it:` and beneath it the
link) becomes a button; one indented by four blanks is a code, shown large; one that begins with `-- ` is small print.
"""

import re
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language

LINK = re.compile(r"(?P<label>.+?):?\n(?P<url>https?://\S+)", re.DOTALL)


def compose(to: list[str], subject: str, text: str, *, headers: dict[str, str] | None = None) -> EmailMultiAlternatives:
    """A mail in both forms. `text` has the paragraphs; the house's greeting line is added beneath."""
    title = " ".join(subject.split())[:150]
    pieces = [piece.strip("\n") for piece in re.split(r"\n\s*\n", text.strip("\n")) if piece.strip()]
    context: dict[str, Any] = {
        "title": title,
        "pieces": [_dressed(piece) for piece in pieces],
        "language": get_language() or settings.LANGUAGE_CODE,
        "SITE_URL": settings.SITE_URL,
    }
    body = "\n\n".join([piece.removeprefix("-- ") for piece in pieces] + [f"SkillLink\n{settings.SITE_URL}"]) + "\n"
    mail = EmailMultiAlternatives(title, body, to=to, headers=headers)
    mail.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    return mail


def _dressed(piece: str) -> dict[str, str]:
    """What a paragraph is: link, code, small print or words."""
    small = piece.startswith("-- ")
    piece = piece.removeprefix("-- ")
    if found := LINK.fullmatch(piece):
        return {"kind": "small-link" if small else "link", **found.groupdict()}
    if piece.startswith("    "):
        return {"kind": "code", "text": piece.strip()}
    return {"kind": "small" if small else "words", "text": piece}
