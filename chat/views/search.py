"""`/messages/search/`: what was said, in one room or all of mine."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat import search
from chat.formats import serialize
from chat.forms import SearchForm
from skilllink import ids
from skilllink.markdown import plain

SHOWN = 25
WORDS = 240  # characters of a message in the list


@login_required
@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Nothing is shown until something is looked for; a form that can't be read looks for nothing."""
    form = SearchForm({name: str(value).replace("\0", "") for name, value in request.GET.items()}, user=request.user)
    rows: list[Any] = []
    if form.is_valid():
        found = search.find(request.user, **form.criteria())
        if request.GET.get("before"):
            found = found.filter(pk__lt=ids.read(request.GET["before"]))
        rows = list(found[: SHOWN + 1])
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "asked": any(form.data.get(name) for name in ("q", "name", "since", "until", "with_files")),
        "rows": [_row(message, request.user, form.names) for message in rows[:SHOWN]],
        "query": query.urlencode(),
        "before": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
    }
    return render(request, "chat/search.html", context, status=200 if form.is_valid() else 422)


def _row(message: Any, user: Any, names: dict[Any, str]) -> dict[str, Any]:
    shown = serialize(message, since=message.since, reader=user)
    return {
        "message": message,
        "words": plain(shown["body"], WORDS),
        "files": [file["name"] for file in shown["attachments"]],
        "where": names.get(message.room_id, str(message.room)),
        "at": parse_datetime(shown["at"]),
        "url": message.get_absolute_url(),
    }
