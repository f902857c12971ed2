"""The components on one page, with difficult content. Only in a demo installation."""

from datetime import timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from skilllink import answers, errors
from skilllink.moments import now

NAMES = ("Ines Varga", "Oluwaseun Adebayo-Featherstonehaugh of the Jardí Botànic", "Ng", "مريم الحداد")
PROSE = "The garden has grown faster than its signs.\n\n- Sign family\n- One **folded** map\n\n1. First\n2. Second\n"


class Sample(forms.Form):
    title = forms.CharField(help_text="What you would say to a neighbour.", max_length=8)
    amount = forms.CharField(required=False)
    text = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "Fixed price"), ("b", "By the hour")], widget=forms.RadioSelect)
    where = forms.ChoiceField(choices=[("a", "Anywhere"), ("b", "Sóller")], required=False)
    agree = forms.BooleanField(label="I have read the terms")
    file = forms.FileField(required=False)


def components(request: HttpRequest) -> HttpResponse:
    start = now() - timedelta(days=2)
    due = start + timedelta(days=14)
    return render(
        request,
        "demo/components.html",
        {
            "form": Sample({"title": "Much too long a title", "kind": "a"}),
            "start": start,
            "due": due,
            "past": now() - timedelta(days=500),
            "reminders": [start + (due - start) / 2, due - timedelta(hours=72), due - timedelta(hours=24)],
            "names": NAMES,
            "rows": [315000, 0, -98000000, 120000, 5],
            "prose": PROSE,
        },
    )


def refused(request: HttpRequest, status: int) -> HttpResponse:
    """The page of one refusal, which otherwise only an act brings."""
    if status == 500:
        return answers.page_500(request)
    kinds = {kind.status: kind for kind in errors.Refusal.__subclasses__() if kind.__module__ == errors.__name__}
    if status not in kinds:
        raise Http404
    return answers.answer(request, kinds[status]())
