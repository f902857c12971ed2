import io
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from skilllink import files, money
from skilllink.errors import Refusal
from users.models import Preference, Profile, QuietHours, Report, Skill, User
from users.notifications.sentences import ALWAYS, GROUPS, SILENT, URGENT
from users.preferences import Wanted

AVATAR_BYTES = 5 * 1024 * 1024
AVATAR_PIXELS = 512


class SignupForm(forms.Form):
    """What sign-up asks beside e-mail and password."""

    name = forms.CharField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class RolesForm(forms.Form):
    """Client, freelancer, or both."""

    is_client = forms.BooleanField(label=_("I want to hire"), required=False)
    is_freelancer = forms.BooleanField(label=_("I want to work"), required=False)


class ProfileForm(forms.ModelForm):
    """What others see. The rate is typed as a figure and kept in minor units; the picture is written anew."""

    name = forms.CharField(label=_("Your name"), max_length=80)
    timezone = forms.ChoiceField(label=_("Timezone"), choices=lambda: [(z, z) for z in sorted(available_timezones())])
    skills = forms.CharField(
        label=_("Skills"), required=False, help_text=_("Up to 15, separated by commas, from our list.")
    )
    rate = forms.CharField(label=_("Hourly rate"), required=False, max_length=20)
    rate_currency = forms.ChoiceField(label=_("Currency"), choices=lambda: [(c, c) for c in settings.CURRENCIES])
    picture = forms.FileField(label=_("Picture"), required=False, help_text=_("PNG, JPEG or WebP, up to 5 MB."))

    class Meta:
        model = Profile
        fields = ("headline", "overview", "languages", "hours_per_week", "away_until", "visibility")
        widgets = {
            "overview": forms.Textarea(attrs={"rows": 6}),
            "away_until": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile = self.instance
        self.initial |= {
            "name": profile.user.name,
            "timezone": profile.user.timezone,
            "skills": ", ".join(profile.skills.values_list("name", flat=True)),
            "rate": money.plain(profile.rate_amount, profile.rate_currency) if profile.rate_amount else "",
            "rate_currency": profile.rate_currency,
        }
        self.order_fields(("name", "picture", "headline", "overview", "skills", "rate", "rate_currency"))

    def clean_skills(self) -> list[Skill]:
        names = [name.strip() for name in self.cleaned_data["skills"].split(",") if name.strip()]
        if len(names) > 15:
            raise forms.ValidationError(_("Name at most 15 skills."))
        found = {skill.name.lower(): skill for skill in Skill.objects.filter(name__in=names)}
        found |= {skill.name.lower(): skill for name in names for skill in Skill.objects.filter(name__iexact=name)}
        unknown = [name for name in names if name.lower() not in found]
        if unknown:
            raise forms.ValidationError(_("“%s” isn't a skill of our list.") % unknown[0])
        return [found[name.lower()] for name in names]

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        if not picture:
            return None
        try:
            files.check_upload(picture, max_bytes=AVATAR_BYTES)
            return square(files.reencode_image(picture))
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal.sentence)) from refusal

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["rate_amount"] = None
        if data.get("rate") and data.get("rate_currency"):
            try:
                data["rate_amount"] = money.parse(data["rate"], data["rate_currency"], field="rate")
            except Refusal as refusal:
                self.add_error("rate", str(refusal.fields.get("rate", refusal.sentence)))
        return data


def square(picture: ContentFile) -> ContentFile:
    """The middle of a decoded picture as WebP, at most AVATAR_PIXELS wide and high."""
    output = io.BytesIO()
    with Image.open(picture) as image:
        side = min(AVATAR_PIXELS, *image.size)
        ImageOps.fit(image.convert("RGBA"), (side, side)).save(output, "WEBP", quality=86)
    return ContentFile(output.getvalue(), name="picture.webp")


class ReportForm(forms.Form):
    reason = forms.ChoiceField(label=_("What is wrong"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What happened, in your words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    block = forms.BooleanField(
        label=_("Block this person too"),
        required=False,
        help_text=_("No messages and no invitations between you two any more. They aren’t told; a contract goes on."),
    )


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("Why this measure is wrong"), max_length=5000, widget=forms.Textarea(attrs={"rows": 8})
    )


class PreferencesForm(forms.Form):
    """Per group of events whether the bell counts it and when it is mailed, and the quiet hours."""

    quiet_hours = forms.BooleanField(label=_("Keep quiet every day"), required=False)
    begins = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(label=_("Until"), widget=forms.TimeInput(attrs={"type": "time"}))
    shows_reading = forms.BooleanField(
        label=_("Show how far I have read, and see it of others"),
        help_text=_("Without it nobody sees what you have read, and you see it of nobody."),
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = {row.group: row for row in user.preferences.all()}
        for group, label in GROUPS.items():
            if group in ALWAYS:
                continue
            row = chosen.get(group, Preference(group=group))
            if group not in SILENT:
                named = {"label": _("{group}: counted by the bell").format(group=label)}
                self.fields[f"bell_{group}"] = forms.BooleanField(required=False, initial=row.bell, **named)
            if settings.VAPID_PRIVATE_KEY:
                named = {"label": _("{group}: told by this site’s push messages").format(group=label)}
                self.fields[f"push_{group}"] = forms.BooleanField(required=False, initial=row.push, **named)
            self.fields[f"mail_{group}"] = forms.ChoiceField(
                choices=Preference.Mail.choices, initial=row.mail, label=_("{group}: e-mail").format(group=label)
            )
        hours = QuietHours.objects.filter(user=user).first()
        self.initial |= {
            "quiet_hours": hours is not None,
            "begins": f"{hours.begins:%H:%M}" if hours else "22:00",
            "ends": f"{hours.ends:%H:%M}" if hours else "07:00",
            "shows_reading": user.shows_reading,
        }

    def rows(self) -> list[dict[str, Any]]:
        """A row of the matrix per group; one that can't be switched off has no fields."""
        return [
            {
                "label": label,
                "urgent": group in URGENT,
                "bell": self[f"bell_{group}"] if f"bell_{group}" in self.fields else None,
                "push": self[f"push_{group}"] if f"push_{group}" in self.fields else None,
                "mail": self[f"mail_{group}"] if f"mail_{group}" in self.fields else None,
            }
            for group, label in GROUPS.items()
        ]

    def chosen(self) -> Wanted:
        """All of it, as `preferences.change` takes it."""
        shows_reading = self.cleaned_data["shows_reading"]
        return {"groups": self._groups(), "quiet_hours": self._quiet(), "shows_reading": shows_reading}

    def _groups(self) -> dict[str, dict[str, Any]]:
        return {
            group: {
                way: self.cleaned_data[f"{way}_{group}"]
                for way in ("bell", "push", "mail")
                if f"{way}_{group}" in self.fields
            }
            for group in GROUPS
            if group not in ALWAYS
        }

    def _quiet(self) -> tuple[Any, Any] | None:
        data = self.cleaned_data
        return (data["begins"], data["ends"]) if data["quiet_hours"] else None
