"""Reporting something to the moderators."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from skilllink.errors import Missing
from users.forms import ReportForm
from users.models import Report
from users.moderation import reports, subjects


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str, pk: Any) -> HttpResponse:
    """The form, and filing what it says; the outcome comes as a notification."""
    person: Any = request.user
    subject = subjects.find(kind, person, pk)
    if subject is None:
        raise Missing()
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        about = {"subject_kind": kind, "subject_id": pk, "subject_url": subject.url, "freeze": subject.freeze}
        words = {name: form.cleaned_data[name] for name in ("reason", "text")}
        reports.file(person, **about, **words, block=subject.owner if form.cleaned_data["block"] else None)
        messages.success(request, _("Sent. A moderator looks at it, and you are told the outcome."))
        return redirect(subject.url)
    filed = Report.objects.filter(by=person, subject_kind=kind, subject_id=pk, status="open").first()
    context = {"subject": subject, "form": form, "filed": filed}
    return render(request, "users/report/form.html", context, status=422 if form.errors else 200)
