"""Components that every template uses, built in (no `load` needed).

Each tag here is one component of the art direction; its mark-up is in `templates/components/`.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, ClearableFileInput, RadioSelect, Select
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from skilllink import moments
from skilllink import money as amounts

register = template.Library()

CLOCK_WIDTH = 300
NAVIGATION = (
    ("/gigs/", pgettext_lazy("navigation", "Gigs")),
    ("/services/", pgettext_lazy("navigation", "Services")),
    ("/people/", pgettext_lazy("navigation", "People")),
    ("/contracts/", pgettext_lazy("navigation", "Contracts")),
)
SIGNED_IN_ONLY = {"/contracts/"}


# --- money --------------------------------------------------------------------------------------


@register.simple_tag
def money(minor: int | None, currency: str, **look: Any) -> SafeString:
    """An amount of minor units. Looks: `large`, `in` (arriving), `future`, `total`, `sign` (a plus too)."""
    if minor is None:
        return mark_safe("")
    classes = " ".join(["money", *(name for name in ("large", "in", "future", "total") if look.get(name))])
    text = amounts.format_money(minor, currency)
    if look.get("sign") and minor > 0:
        text = f"+{text}"
    return format_html(
        '<data class="{}" value="{}"><bdi>{}</bdi></data>',
        classes,
        amounts.plain(minor, currency),
        cents(text, currency),
    )


def cents(text: str, currency: str) -> SafeString:
    """The formatted amount with its decimals in a lighter hand."""
    decimals = amounts.EXPONENTS[currency]
    match = re.fullmatch(rf"(.*)(\D\d{{{decimals}}})(\D*)", text) if decimals else None
    if match is None:
        return format_html("{}", text)
    return format_html('{}<span class="cents">{}</span>{}', match[1], match[2], match[3])


@register.simple_tag
def agreed(minor: int | None, currency: str, *, hourly: Any = None, **look: Any) -> SafeString:
    """The price of a bid, an offer, a milestone or a contract, as `money` shows it; work over nothing is pro bono.

    `hourly`: it is an hour's.
    """
    if minor == 0:
        return format_html('<span class="pro-bono">{}</span>', _("Pro bono"))
    price = money(minor, currency, **look)
    return format_html("{} <small>{}</small>", price, _("an hour")) if hourly else price


@register.simple_tag
def fee_note(amount: int, currency: str, fee_bps: int | None = None) -> SafeString:
    """What the freelancer gets of a gross `amount` (minor units), beside every amount subject to the fee."""
    if not amount:
        return mark_safe("")
    bps = settings.SKILLLINK["FREELANCER_FEE_BPS"] if fee_bps is None else fee_bps
    net = amounts.format_money(amount - amounts.fee_on(amount, bps), currency)
    return format_html('<small class="fee-note">{}</small>', _("you get %s") % net)


@register.simple_tag
def rule(name: str) -> str:
    """A rule of the marketplace as the pages say it: a duration in words, a share as `5 %`, any other as its number."""
    value = settings.SKILLLINK[name]
    if isinstance(value, timedelta):
        return moments.span(value)
    return amounts.percent(value) if name.endswith("_BPS") else str(value)


# --- time ---------------------------------------------------------------------------------------


@register.simple_tag
def moment(at: datetime | None, **look: Any) -> SafeString:
    """An instant in the reader's zone, "Fri 4 Dec, 14:00"; a press shows it exactly, with its zone.

    `other=user` adds that person's local time. `plain=True` for inside links; `day=True` drops the hour,
    `hour=True` the day.
    """
    if at is None:
        return mark_safe("")
    part = "day" if look.get("day") else "hour" if look.get("hour") else "both"
    exact = moments.exact(at, look.get("other"))
    stamp = format_html(
        '<time datetime="{}" data-part="{}"{}>{}</time>',
        moments.stamp(at),
        part,
        format_html(' title="{}"', exact) if look.get("plain") else "",
        moments.written(at, part),
    )
    if look.get("plain"):
        return stamp
    return format_html('<button type="button" class="moment" data-exact="{}">{}</button>', exact, stamp)


@register.simple_tag
def until(at: datetime | None) -> SafeString:
    """How far an instant is from now: "in 12 days", "3 hours ago". Kept true by clock.js, never announced."""
    if at is None:
        return mark_safe("")
    return format_html('<span class="until" data-until="{}">{}</span>', moments.stamp(at), moments.distance(at))


@register.simple_tag
def clock(
    start: datetime,
    due: datetime,
    reminders: list[datetime] | tuple[datetime, ...] = (),
    now: datetime | None = None,
) -> str:
    """The line beneath a clock sentence: solid elapsed, blue now, dashed rest, a tick at each reminder."""
    now = now or moments.now()
    span = max((due - start).total_seconds(), 1)

    def place(at: datetime) -> float:
        return round(min(max((at - start).total_seconds() / span, 0), 1) * CLOCK_WIDTH, 1)

    return render_to_string(
        "components/clock.html",
        {
            "start": start,
            "due": due,
            "width": CLOCK_WIDTH,
            "elapsed": max(place(now) - 2, 0),
            "mark": min(max(place(now) - 2, 0), CLOCK_WIDTH - 4),
            "rest": min(place(now) + 2, CLOCK_WIDTH),
            "ticks": [place(at) for at in reminders],
            "reminders": reminders,
            "soon": (due - now).total_seconds() < 86400,
        },
    )


@register.simple_tag
def now_in(zone: str) -> str:
    """The wall clock somewhere else: `16:05 in Lagos`."""
    try:
        there = moments.now().astimezone(ZoneInfo(zone))
    except (ValueError, OSError, KeyError):
        return ""
    place = zone.rsplit("/", 1)[-1].replace("_", " ")
    return _("%(hour)s in %(place)s") % {"hour": there.strftime("%H:%M"), "place": place}


# --- people -------------------------------------------------------------------------------------


@register.simple_tag
def face(user: Any, small: bool = False, large: bool = False) -> SafeString:
    """The square portrait of a person: their picture, else their initials."""
    size = " s" if small else " l" if large else ""
    picture = getattr(getattr(user, "profile", None), "avatar_url", "") if user else ""
    if picture:
        return format_html('<img class="face{}" src="{}" alt="" loading="lazy" width="36" height="36">', size, picture)
    return format_html('<span class="face{}" aria-hidden="true">{}</span>', size, initials(str(user or "")))


def initials(name: str) -> str:
    """At most two letters of a name: the first of its first and of its last word."""
    words = [word for word in re.split(r"[\s,]+", name) if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.inclusion_tag("components/person.html")
def person(user: Any, fact: str = "", link: bool = True) -> dict[str, Any]:
    """Face, name and one fact. `link=False` inside something that is a link already."""
    profile = getattr(user, "profile", None)
    url = profile.get_absolute_url() if link and profile is not None and hasattr(profile, "get_absolute_url") else ""
    return {"user": user, "fact": fact, "url": url}


# --- small marks --------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One drawing of the vendored sprite; silent unless it has a `label`."""
    hidden = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="{}#{}"/></svg>', hidden, static("vendor/icons.svg"), name)


@register.simple_tag
def state(kind: str, word: str) -> SafeString:
    """A shape and a word. Kinds: done, held, later, move, stop, wait."""
    return format_html('<span class="state {}">{}</span>', kind, word)


@register.inclusion_tag("components/empty.html")
def empty(sentence: str, url: str = "", label: str = "") -> dict[str, str]:
    """Nothing here yet: one sentence, one button, a pencilled row of what will be here."""
    return {"sentence": sentence, "url": url, "label": label}


@register.simple_tag
def markdown(text: str) -> SafeString:
    """What a person wrote, as safe mark-up."""
    from skilllink.markdown import render

    return format_html('<div class="prose">{}</div>', render(text or ""))


# --- forms and navigation -----------------------------------------------------------------------


@register.simple_tag
def field(bound: BoundField, hint: str = "", needed: bool = False, **attrs: Any) -> str:
    """Label above, control, hint or error beneath. Attributes with `_` reach the control with `-`.

    `needed=True` for what may be missing in a draft only: it isn't called optional.
    """
    widget = bound.field.widget
    kind = (
        "check"
        if isinstance(widget, CheckboxInput)
        else "group"
        if isinstance(widget, RadioSelect | CheckboxSelectMultiple)
        else "file"
        if isinstance(widget, ClearableFileInput)
        else "select"
        if isinstance(widget, Select)
        else "text"
    )
    if hint:
        bound.help_text = hint
    named = {name.replace("_", "-"): value for name, value in attrs.items()}
    return render_to_string(
        "components/field.html",
        {
            "field": bound,
            "control": bound.as_widget(attrs=named),
            "kind": kind,
            "optional": not (needed or bound.field.required),
        },
    )


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """What has to be mended in `form`, on top, each a link to its field."""
    return {"form": form, "fields": [bound for bound in form if bound.errors] if form.is_bound else []}


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context: Context, page: Any) -> dict[str, Any]:
    """Earlier and later pages of a Django `Page`; the other parameters of the address stay."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    return {"page": page, "query": query.urlencode()}


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: Context) -> dict[str, Any]:
    """The main links: only those whose page exists and is open to the reader."""
    request = context["request"]
    known = bool(getattr(getattr(request, "user", None), "is_authenticated", False))
    links = [
        {"url": url, "label": label, "here": request.path.startswith(url)}
        for url, label in NAVIGATION
        if _exists(url) and (known or url not in SIGNED_IN_ONLY)
    ]
    return {"links": links}


@register.simple_tag
def page_exists(path: str) -> bool:
    """Whether an address leads anywhere, so that a template shows no dead link."""
    return _exists(path)


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


register.filter("percent", amounts.percent)
register.filter("span", moments.span)
