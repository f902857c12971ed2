"""Small pieces of sentences about contracts: times and amounts as the pages show them."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template import Template, engines
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from skilllink.money import format_money


@lru_cache
def _template(source: str) -> Template:
    return engines["django"].from_string(source)


def moment(at: datetime) -> SafeString:
    """The `{% moment %}` component, for use inside a sentence."""
    return SafeString(_template("{% moment at %}").render({"at": at}).strip())


def until(at: datetime) -> SafeString:
    """The `{% until %}` component: "in 12 days"."""
    return SafeString(_template("{% until at %}").render({"at": at}).strip())


def day(at: datetime) -> str:
    """`Sat 14 Nov` in the reader's timezone."""
    return date_format(timezone.localtime(at), "D j M")


def amount(minor: int, currency: str) -> SafeString:
    """An amount that keeps its own direction inside any script."""
    return format_html("<bdi>{}</bdi>", format_money(minor, currency))


def strong(text: Any) -> SafeString:
    return format_html("<strong>{}</strong>", text)
