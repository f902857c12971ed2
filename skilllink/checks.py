"""System checks that refuse an unsafe production: one sentence per fault, at the start of every command and server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.http.request import validate_host

log = structlog.get_logger(__name__)
SECRET_LENGTH, SECRET_VARIETY = 50, 10


@register(Tags.security)
def production_is_safe(app_configs: Any, **_kwargs: Any) -> list[Error]:
    """Every fault of a production's settings; nothing in embedded mode."""
    if not settings.PRODUCTION:
        return []
    faults = {
        "E001": (
            len(_secret()) < SECRET_LENGTH or len(set(_secret())) < SECRET_VARIETY,
            f"SECRET_KEY needs {SECRET_LENGTH} random characters.",
        ),
        "E002": (settings.DEBUG, "DEBUG must be off: its pages show settings and data to everyone."),
        "E003": (
            not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must name the site's own hosts.",
        ),
        "E004": (not settings.SITE_URL.startswith("https://"), "SITE_URL must be the site's https:// address."),
        "E005": (
            settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
            "DATABASE_URL must name a PostgreSQL: several processes write.",
        ),
        "E006": (not settings.REDIS_URL, "REDIS_URL must name a Redis: live pages and clocks cross processes."),
        "E007": (settings.DEMO, "SKILLLINK_DEMO must be off: everyone knows the demo's passwords."),
        "E008": (not settings.EMAIL_URL, "EMAIL_URL must name a mail server: sign-up sends codes."),
        "E010": (
            not settings.STAFF_SECOND_FACTOR,
            "STAFF_SECOND_FACTOR must be on: a stolen password must not open the administration.",
        ),
        "E011": (
            not validate_host(urlsplit(settings.SITE_URL).hostname or "", settings.ALLOWED_HOSTS),
            "ALLOWED_HOSTS must contain the host of SITE_URL.",
        ),
    }
    return [Error(sentence, id=f"skilllink.{code}") for code, (wrong, sentence) in faults.items() if wrong]


@register(Tags.database)
def no_demo_accounts(databases: Any = None, **_kwargs: Any) -> list[Error]:
    """A production whose database holds the demo's accounts is refused."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    if not settings.PRODUCTION or not databases or model._meta.db_table not in _tables(connections["default"]):
        return []
    if model.objects.filter(email__endswith="@demo.skilllink.test").exists():
        return [Error("This database holds demo accounts, whose password everyone knows.", id="skilllink.E009")]
    return []


def faults() -> list[str]:
    """Why a server must not start, a sentence each; empty when it may.

    A database that is away is no fault: a server waits for it, and `/readyz` says so.
    """
    # a thread of its own: an ASGI server may import the application inside its running loop
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_found).result()


def _found() -> list[str]:
    if unsafe := _sentences(run_checks(tags=[Tags.security])):
        return unsafe  # which database it is may be one of them
    try:
        return _sentences(run_checks(tags=[Tags.database], databases=["default"]))
    except OperationalError as error:
        log.warning("checks.database_away", error=str(error).strip())
        return []
    finally:
        connections.close_all()


def _sentences(found: list[CheckMessage]) -> list[str]:
    return [str(fault.msg) for fault in found if fault.is_serious()]


def _secret() -> str:
    """The key; Django itself raises when there is none, which is a fault like the others here."""
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""


def _tables(connection: Any) -> list[str]:
    return connection.introspection.table_names()
