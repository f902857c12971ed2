"""The forms of rooms. They read what was typed; the verbs judge it."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import groups, keys, pane
from chat.models import Room
from skilllink import ids

OPEN, CLOSED = "open", "key"
AN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class AsTyped(forms.Field):
    """What was typed, as it was: the verb judges it, also when it is nothing."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        return str(value or "")

    def validate(self, value: Any) -> None:
        """Nothing to say here."""


class KeyField(forms.CharField):
    """A room's key, in the open: who types it reads it, and no browser keeps or mends it."""

    def __init__(self, **kwargs: Any) -> None:
        look = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(label=_("Key"), required=False, strip=False, max_length=keys.LONGEST, widget=look, **kwargs)


class GroupForm(forms.Form):
    """A group room. One that had a key keeps it while the field stays empty."""

    title = AsTyped(label=_("Name"), widget=forms.TextInput(attrs={"maxlength": 120}))
    entry = forms.ChoiceField(
        label=_("Who can join"),
        choices=[(OPEN, _("Anyone; the room is in the list")), (CLOSED, _("Those who know its key, or are invited"))],
        widget=forms.RadioSelect,
        initial=OPEN,
    )
    key = KeyField(
        help_text=_("For a room with a key: 6 to 128 characters. Nobody can read it later, you neither; write it down.")
    )
    capacity = forms.IntegerField(
        label=_("Room for"),
        initial=100,
        widget=forms.NumberInput(attrs={"min": groups.LEAST, "max": groups.MOST}),
        help_text=_("2 to 500 people."),
    )

    def given(self) -> dict[str, Any]:
        """The arguments of the verbs."""
        data = self.cleaned_data
        public = data["entry"] == OPEN
        key = "" if public else data["key"]
        return {"name": data["title"], "public": public, "key": key, "capacity": data["capacity"]}

    def add_error(self, field: Any, error: Any) -> None:
        super().add_error("title" if field == "name" else field, error)


class KeyForm(forms.Form):
    """A room's link or code, and its key."""

    room = forms.CharField(
        label=_("The room’s link"), max_length=300, widget=forms.TextInput(attrs={"inputmode": "url"})
    )
    key = KeyField()

    def room_id(self) -> Any:
        """The last id in what was typed; that of no room when there is none."""
        found = AN_ID.findall(self.cleaned_data["room"].lower())
        return ids.read(found[-1] if found else "")


class SilenceForm(forms.Form):
    until = forms.DateTimeField(
        label=_("Reads without writing until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class DeleteForm(forms.Form):
    title = forms.CharField(
        label=_("The room’s name"), max_length=200, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class SearchForm(forms.Form):
    """What to look for in messages; days are those of the reader's zone."""

    q = forms.CharField(
        label=_("Words"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    room = forms.ModelChoiceField(
        label=_("Where"), required=False, queryset=Room.objects.none(), empty_label=_("All my rooms")
    )
    name = forms.CharField(label=_("From"), required=False, max_length=80, help_text=_("A part of a name."))
    since = forms.DateField(label=_("From this day on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Up to this day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    with_files = forms.BooleanField(label=_("Only with files"), required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["room"]
        chosen.queryset = Room.objects.visible_to(user).order_by("-last_at")
        self.names = pane.names(chosen.queryset, user)
        chosen.label_from_instance = lambda room: self.names.get(room.pk, str(room))

    def criteria(self) -> dict[str, Any]:
        """The arguments of `search.find`."""
        data = self.cleaned_data
        since, until = data.get("since"), data.get("until")
        return {
            "text": data.get("q", ""),
            "room": data.get("room"),
            "name": data.get("name", ""),
            "files": data.get("with_files", False),
            "since": _instant(since, time.min) if since else None,
            "until": _instant(until, time.max) if until else None,
        }


def _instant(day: date, hour: time) -> datetime | None:
    """That hour of the day in the reader's zone; none where no clock reaches, which bounds nothing."""
    found = timezone.make_aware(datetime.combine(day, hour))
    try:
        found.astimezone(UTC)
    except OverflowError:
        return None
    return found
