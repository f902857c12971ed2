"""How the pages of rooms answer: a form that keeps what was typed, and a redirect to what changed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from skilllink.answers import wants_json
from skilllink.errors import Forbidden, Refusal


def see(url: str) -> HttpResponse:
    """After a change: look at what is there now (303)."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def form_page(
    request: HttpRequest, form: forms.Form, act: Callable[[], str], template: str, **context: Any
) -> HttpResponse:
    """GET shows the form; POST does the act, which returns where to go, or shows the refusal beside what was typed."""
    status, wait = 200, 0
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return see(act())
            except Forbidden:
                raise
            except Refusal as refusal:
                if wants_json(request):
                    raise
                status, wait = refusal.status, refusal.retry_after
                for name, sentence in (refusal.fields or {"": refusal.sentence}).items():
                    form.add_error(name if name in form.fields else None, str(sentence))
    response = render(request, template, {"form": form, **context}, status=status)
    if status in (429, 503):
        response["Retry-After"] = str(wait)
    return response
