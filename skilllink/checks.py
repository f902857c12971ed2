"""System checks that refuse an unsafe production: one sentence per fault, at the start of every command and server."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

SECRET_LENGTH = 50


@register(Tags.security)
def production_is_safe(app_configs: Any, **_kwargs: Any) -> list[Error]:
    """Every fault of a production's settings; nothing in embedded mode."""
    if not settings.PRODUCTION:
        return []
    faults = {
        "E001": (len(settings.SECRET_KEY) < SECRET_LENGTH, f"SECRET_KEY needs {SECRET_LENGTH} random characters."),
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
    }
    return [Error(sentence, id=f"skilllink.{code}") for code, (wrong, sentence) in faults.items() if wrong]


@register(Tags.database)
def no_demo_accounts(databases: Any = None, **_kwargs: Any) -> list[Error]:
    """A production whose database holds the demo's accounts is refused."""
    from django.contrib.auth import get_user_model
    from django.db import connections

    model = get_user_model()
    if not settings.PRODUCTION or not databases or model._meta.db_table not in _tables(connections["default"]):
        return []
    if model.objects.filter(email__endswith="@demo.skilllink.test").exists():
        return [Error("This database holds demo accounts, whose password everyone knows.", id="skilllink.E009")]
    return []


def _tables(connection: Any) -> list[str]:
    return connection.introspection.table_names()
