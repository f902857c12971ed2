"""The published fees and their calculator, which works without a script and answers as one types with it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from payment import fees
from payment.forms import AmountForm

ASKED_FIRST = "1600"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The rates, what is rounded how, and the fee on any amount (`?amount=&currency=`)."""
    asked = {"amount": ASKED_FIRST, "currency": settings.DEFAULT_CURRENCY} | {
        name: request.GET[name] for name in ("amount", "currency") if name in request.GET
    }
    form = AmountForm(asked)
    answer = fees.quote(form.cleaned_data["minor"], form.cleaned_data["currency"]) if form.is_valid() else None
    context = {"form": form, "answer": answer, "parts": fees.in_parts(answer) if answer else [], **fees.published()}
    return render(request, "payment/fees.html", context, status=200 if answer else 422)
