"""How the pages of contracts answer: a form that keeps what was typed, and a redirect to what changed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from payment.views.answers import deposit_url
from skilllink.errors import Forbidden, Missing, Refusal
from skilllink.numbers import natural


def seen(request: HttpRequest) -> int | None:
    """The version that the page of this POST showed, if it says one."""
    return natural(request.POST.get("version", ""))


def see(url: str) -> HttpResponse:
    """After a change: look at the object again (303)."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def form_page(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[Any], Any],
    *,
    done: str,
    template: str = "projects/contract/act.html",
    **context: Any,
) -> HttpResponse:
    """GET shows the form; POST does the act once, or shows the refusal beside what was typed, with its status."""
    refusal: Refusal | None = None
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                act(form)
            except (Forbidden, Missing):
                raise
            except Refusal as error:
                refusal, status = error, error.status
                for name, sentence in error.fields.items():
                    form.add_error(name if name in form.fields else None, str(sentence))
            else:
                return see(done)
        else:
            status = 422
    facts = {
        "form": form,
        "refusal": refusal,
        "deposit_url": deposit_url(refusal, request.path),
        "back": done,
        **context,
    }
    return render(request, template, facts, status=status)
