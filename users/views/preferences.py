"""How news reaches me: the matrix of groups and ways, and my quiet hours."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from skilllink.errors import Unprocessable
from users import preferences
from users.forms import PreferencesForm
from users.notifications import web_push
from users.notifications.timing import digest_time


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The page, and saving what it says."""
    user: Any = request.user
    form = PreferencesForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            preferences.change(user, form.chosen())
        except Unprocessable as refusal:
            form.add_error("ends", str(refusal.sentence))
        else:
            messages.success(request, _("Saved."))
            return redirect("users:preferences")
    context = {
        "form": form,
        "rows": form.rows(),
        "digest_at": f"{digest_time():%H:%M}",
        "push_key": web_push.public_key(),
    }
    return render(request, "users/settings/notifications.html", context, status=422 if form.errors else 200)
