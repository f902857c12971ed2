"""How news reaches me, over the API: the matrix of groups and ways, quiet hours, read marks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skilllink.api import Flag, Strict
from users import preferences
from users.models import Preference, QuietHours
from users.notifications import web_push
from users.notifications.sentences import SILENT


class WaysIn(Strict):
    bell, push = Flag(required=False), Flag(required=False)
    mail = serializers.ChoiceField(choices=Preference.Mail.choices, required=False)


class PushAndMailIn(Strict):
    """Of what the bell doesn't count."""

    push = Flag(required=False)
    mail = serializers.ChoiceField(choices=Preference.Mail.choices, required=False)


class QuietIn(Strict):
    begins, ends = serializers.TimeField(), serializers.TimeField()


class GroupsIn(Strict):
    """Those that can be switched off; money and security can't."""

    def get_fields(self) -> Any:
        return {group: (PushAndMailIn if group in SILENT else WaysIn)(required=False) for group in preferences.OPTIONAL}


class PreferencesIn(Strict):
    groups = GroupsIn(required=False)
    quiet_hours = QuietIn(required=False, allow_null=True, help_text="On my clock; null for none")
    shows_reading = Flag(required=False)


class WaysOut(serializers.Serializer[Any]):
    bell = serializers.BooleanField(allow_null=True, help_text="null where the bell counts nothing of it")
    push = serializers.BooleanField()
    mail = serializers.ChoiceField(choices=Preference.Mail.choices)


class QuietOut(serializers.Serializer[Any]):
    begins, ends = serializers.TimeField(), serializers.TimeField()


class PreferencesOut(serializers.Serializer[Any]):
    groups = serializers.DictField(child=WaysOut())
    quiet_hours = QuietOut(allow_null=True)
    shows_reading = serializers.BooleanField(help_text="Others see how far I have read, and I see it of them")
    push_key = serializers.CharField(help_text="What a browser subscribes with; empty where no push messages are sent")


class Preferences(APIView):
    @extend_schema(responses=PreferencesOut)
    def get(self, request: Request) -> Response:
        """How news reaches me."""
        return Response(_shown(request.user))

    @extend_schema(request=PreferencesIn, responses=PreferencesOut)
    def patch(self, request: Request) -> Response:
        """Change what is named, all of it or nothing; what isn't named stays."""
        me: Any = request.user
        given: Any = PreferencesIn.read(request)
        if hours := given.get("quiet_hours"):
            given["quiet_hours"] = (hours["begins"], hours["ends"])
        preferences.change(me, given)
        return Response(_shown(me))


def _shown(user: Any) -> dict[str, Any]:
    chosen = {row.group: row for row in Preference.objects.filter(user=user)}
    rows = {group: chosen.get(group, Preference(group=group)) for group in preferences.OPTIONAL}
    return PreferencesOut(
        {
            "groups": {
                group: {"bell": None if group in SILENT else row.bell, "push": row.push, "mail": row.mail}
                for group, row in rows.items()
            },
            "quiet_hours": QuietHours.objects.filter(user=user).first(),
            "shows_reading": user.shows_reading,
            "push_key": web_push.public_key(),
        }
    ).data
