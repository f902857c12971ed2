"""A person's own pages: welcome and settings."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from skilllink.errors import Unprocessable
from skilllink.moments import written
from skilllink.numbers import natural
from users import people, sessions, standing
from users.forms import AppealForm, ProfileForm, RolesForm
from users.models import Appeal, Sanction, Skill
from users.moderation import appeals


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The first steps after sign-up: what one is here for, and the profile."""
    return _edit(request, "users/settings/welcome.html", "home")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Everything a person can change about themselves."""
    return _edit(request, "users/settings/show.html", "users:settings")


@login_required
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of my other sessions; its number comes from the list."""
    sessions.end(request.user, natural(request.POST.get("session", "")))
    messages.success(request, _("That session has ended; its open pages are signed out."))
    return redirect("usersessions_list")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, pk: Any) -> HttpResponse:
    """Object to a measure against me; open to people who may not act otherwise."""
    sanction = get_object_or_404(Sanction.objects.filter(user=request.user), pk=pk)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            filed = appeals.file(sanction, by=request.user, text=form.cleaned_data["text"])
        except Unprocessable as refusal:
            form.add_error("text", str(refusal.sentence))
        else:
            messages.success(
                request, _("Sent. Somebody else decides by %(day)s.") % {"day": written(filed.due_at, "day")}
            )
            return redirect("users:settings")
    context = {"sanction": sanction, "form": form, "filed": Appeal.objects.filter(sanction=sanction).first()}
    return render(request, "users/settings/appeal.html", context, status=422 if form.errors else 200)


def _edit(request: HttpRequest, template: str, then: str) -> HttpResponse:
    user: Any = request.user
    profile = people.profile_of(user)
    data, uploads = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    roles = RolesForm(data, initial={"is_client": user.is_client, "is_freelancer": user.is_freelancer})
    form = ProfileForm(data, uploads, instance=profile)
    if data is not None and form.is_valid() and roles.is_valid():
        try:
            _save(user, roles.cleaned_data, form.cleaned_data)
        except Unprocessable as refusal:
            roles.add_error(None, str(refusal.sentence))
        else:
            messages.success(request, _("Saved."))
            return redirect(then)
    sanction = standing.measure(user)
    context = {
        "roles": roles,
        "form": form,
        "skills": Skill.objects.values_list("name", flat=True),
        "sanction": sanction,
        "sanction_sentence": standing.sentence(sanction) if sanction else "",
        "appeal": Appeal.objects.filter(sanction=sanction).first() if sanction else None,
    }
    return render(request, template, context, status=200 if data is None else 422)


def _save(user: Any, roles: dict[str, Any], data: dict[str, Any]) -> None:
    people.choose_roles(user, client=roles["is_client"], freelancer=roles["is_freelancer"])
    fields = {name: data[name] for name in ProfileForm.Meta.fields}
    fields |= {"rate_amount": data["rate_amount"], "rate_currency": data["rate_currency"]}
    if data["picture"]:
        fields["avatar"] = data["picture"]
    people.change_profile(user, skills=data["skills"], name=data["name"], timezone=data["timezone"], **fields)
