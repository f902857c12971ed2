from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

STAFF: dict[str, dict[str, tuple[str, ...]]] = {
    "Moderator": {
        "users": ("user", "profile", "sanction", "appeal", "report", "staffaction", "delivery"),
        "projects": ("gig", "contract", "milestone", "dispute"),
        "payment": ("cause",),
    },
    "Finance": {
        "payment": (
            "account",
            "auditrun",
            "batch",
            "cause",
            "clearing",
            "chargeback",
            "deposit",
            "depositreturn",
            "donation",
            "entry",
            "escrow",
            "gatewayevent",
            "movement",
            "paper",
            "payout",
            "payouthold",
            "payoutmethod",
            "pledge",
            "halt",
            "lift",
            "seal",
            "series",
            "transfer",
        )
    },
}


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        from skilllink.realtime import sessions, topics
        from users import (  # noqa: F401  `checks` registers the start-up check, `signals` listens to sign-up and sign-out
            checks,
            signals,
            tokens,
        )
        from users.moderation import subjects
        from users.notifications import inbox
        from users.standing import close_codes

        topics.register(topics.TopicKind("user", may_listen=lambda user, pk: str(user.pk) == pk, head=inbox.head))
        sessions.register_judge(close_codes)
        sessions.register_tokens(tokens.valid)
        subjects.register("person", subjects.person)
        # after the permissions of all apps exist: the last app that migrates calls it last
        post_migrate.connect(make_groups, dispatch_uid="users.groups")


def make_groups(using: str = "default", **_kwargs: Any) -> None:
    """The staff groups with the right to look, and no right to change anything by hand."""
    from django.contrib.auth.models import Group, Permission

    for name, apps in STAFF.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        wanted = [f"view_{model}" for models in apps.values() for model in models]
        permissions = Permission.objects.using(using).filter(content_type__app_label__in=apps, codename__in=wanted)
        group.permissions.set(permissions)
