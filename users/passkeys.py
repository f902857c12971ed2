"""Passkeys: one that was made as a second factor alone never signs anybody in without the password."""

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddForm(AddWebAuthnForm):
    """allauth's, in our words."""

    passwordless = forms.BooleanField(
        label=_("Sign in with it instead of the password"),
        required=False,
        initial=True,
        help_text=_("Your device asks for its PIN or your fingerprint then. Without this it is a second factor only."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this passkey")

    def clean(self) -> dict[str, Any]:
        """A passkey signs in alone when its owner said so, not because the device happens to store it."""
        data = super().clean()
        if credential := data.get("credential"):
            credential.setdefault("clientExtensionResults", {})["credProps"] = {"rk": bool(data.get("passwordless"))}
        return data


class LoginForm(LoginWebAuthnForm):
    def clean_credential(self) -> Any:
        """Raises when the passkey is real but was made as a second factor."""
        authenticator = super().clean_credential()
        if authenticator.wrap().is_passwordless is not True:
            raise forms.ValidationError(_("This passkey is your second factor. Sign in with your password first."))
        return authenticator
