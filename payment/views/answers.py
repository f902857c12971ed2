"""How the pages of money answer: a form that keeps what was typed, a way to pay in what is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.forms import Form
from django.urls import reverse

from payment.escrow import InsufficientFunds
from payment.gateways.base import Unanswered
from skilllink.errors import Forbidden, Missing, Refusal, Unavailable
from skilllink.money import plain


class Submitted(NamedTuple):
    """`done` is what the verb returned, or None with the answer's `status` and the `refusal`, if it was one."""

    done: Any
    status: int
    refusal: Refusal | None = None


def submit(form: Form, act: Callable[[], Any], *, at: str = "") -> Submitted:
    """Call the verb when the form is right. What it refuses is said beside the fields it names, else `at` a field or above.

    What isn't the person's to do, or isn't there, is no matter of the form: Forbidden and Missing pass.
    """
    if not form.is_valid():
        return Submitted(None, 422)
    try:
        return Submitted(act(), 200)
    except (Forbidden, Missing):
        raise
    except Refusal as refusal:
        for name, sentence in (refusal.fields or {at: refusal.sentence}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return Submitted(None, refusal.status, refusal)


@contextmanager
def answered(sentence: str) -> Iterator[None]:
    """What the page says (503) when the gateway gives no answer."""
    try:
        yield
    except Unanswered as silence:
        raise Unavailable(sentence) from silence


def deposit_url(refusal: Refusal | None, back: str) -> str:
    """Where to pay in what is missing, when money is what is missing."""
    if not isinstance(refusal, InsufficientFunds):
        return ""
    figure = plain(refusal.missing, refusal.currency)
    query = urlencode({"amount": figure, "currency": refusal.currency, "next": back})
    return f"{reverse('payment:deposit_new')}?{query}"
