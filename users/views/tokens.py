"""The page of a person's API tokens: a new one is shown once, any is ended at once."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from skilllink.errors import Unprocessable
from users import tokens


class TokenForm(forms.Form):
    name = forms.CharField(
        label=lazy("Name"), max_length=tokens.NAME, help_text=lazy("What it is for, so that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=lazy("It may"),
        choices=[("read", lazy("read what I can read")), ("write", lazy("do what I can do, with my money too"))],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """My tokens; POST makes one, after a recent sign-in."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made: Any = None
    if form.is_valid():
        try:
            made = tokens.create(request.user, **form.cleaned_data)[1]
            form = TokenForm()
        except Unprocessable as refusal:
            form.add_error(None, str(refusal.sentence))
    context = {"form": form, "tokens": tokens.of(request.user), "made": made}
    return render(request, "users/settings/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one of my tokens; what uses it is signed out at once."""
    tokens.end(request.user, request.POST.get("token", ""))
    messages.success(request, _("That token has ended."))
    return redirect("users:tokens")
