"""Small pieces of sentences about contracts: times and amounts as the pages show them."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template import Template, engines
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from skilllink.money import format_money
from skilllink.templatetags.skilllink import rule

in_words = lazy(rule, str)  # a rule of the marketplace, read and worded when a form shows it


def files_hint(most: str) -> Any:
    """How many files (a rule's name) of which size may come in, as a form's hint."""
    megabytes = settings.SKILLLINK["FILE_BYTES"] // 1024**2
    return format_lazy(_("Up to {most}, {megabytes} MB each."), most=in_words(most), megabytes=megabytes)


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


def worked(entry: Any) -> str:
    """`Mon 23 Nov, 09:00–12:30: memo` in the reader's timezone."""
    begin, end = (date_format(timezone.localtime(at), "H:i") for at in (entry.begins_at, entry.ends_at))
    return f"{day(entry.begins_at)}, {begin}–{end}: {entry.memo}"


def amount(minor: int, currency: str) -> SafeString:
    """An amount that keeps its own direction inside any script."""
    return format_html("<bdi>{}</bdi>", format_money(minor, currency))


def strong(text: Any) -> SafeString:
    return format_html("<strong>{}</strong>", text)
