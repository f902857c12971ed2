"""Browsers in words (`Firefox on Linux`), and whether passkeys work at the address that is open."""

import re
from ipaddress import ip_address
from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

register = template.Library()
# the first that is found names it: every browser claims to be several others
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def device(user_agent: str) -> str:
    """The browser and the system it runs on; the program's own name for anything else."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or re.split(r"[\s/]", user_agent)[0] or _("an unknown program")


@register.simple_tag(takes_context=True)
def address_by_name(context: Any) -> str:
    """This page under a name when it was opened by number, for which no browser makes a passkey; else nothing."""
    request = context["request"]
    host, _colon, port = (
        request.get_host().rpartition(":") if ":" in request.get_host() else (request.get_host(), "", "")
    )
    try:
        here = ip_address(host.strip("[]"))
    except ValueError:
        return ""
    if not here.is_loopback:
        return settings.SITE_URL + request.path
    return f"{request.scheme}://localhost{':' + port if port else ''}{request.path}"
