"""The inbox, the bell, and leaving e-mails."""

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from skilllink import ids
from skilllink.errors import Malformed
from skilllink.numbers import natural
from users import preferences
from users.models import Notification, User
from users.models.notification import NotificationQuerySet
from users.notifications import inbox, leaving
from users.notifications.sentences import GROUPS, SENTENCES, SILENT, group_of

# group → its events; one that tells nothing here is no filter
FILTERS = {
    group: [event for event, (of, _text) in SENTENCES.items() if of == group] for group in GROUPS if group not in SILENT
}


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What I was told, newest first; `?group=` and `?unread=1` narrow it, also together."""
    group, unread_only = request.GET.get("group", ""), bool(request.GET.get("unread"))
    group = group if group in FILTERS else ""
    mine = Notification.objects.visible_to(request.user)
    rows = mine.select_related("actor__profile")
    if group:
        rows = rows.filter(event__in=FILTERS[group])
    if unread_only:
        rows = rows.unread()
    context = {
        "page": Paginator(rows, 40).get_page(request.GET.get("page")),
        "filters": _filters(mine.unread()),
        "group": group,
        "unread_only": unread_only,
        "unread": inbox.unread(request.user),
    }
    return render(request, "users/notification/index.html", context)


def _filters(unread: NotificationQuerySet) -> list[dict[str, Any]]:
    """The groups by name, each with how many of it are unread; one query."""
    counts: Counter[str] = Counter()
    for event, n in unread.order_by().values_list("event").annotate(n=Count("pk")):
        counts[group_of(event)] += n
    return [{"group": group, "label": GROUPS[group], "unread": counts[group]} for group in FILTERS]


@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The count beside the bell, empty for none."""
    return render(request, "users/notification/_bell.html", {"unread": inbox.ringing(request.user)})


@login_required
@require_safe
@never_cache
def news(request: HttpRequest) -> HttpResponse:
    """The newest that rings after number `?after=`, and how many more; nothing when there is none."""
    after = natural(request.GET.get("after", ""))
    if after is None:
        raise Malformed()
    rows = Notification.objects.visible_to(request.user).unread().filter(rings=True, seq__gt=after)
    context = {"notification": rows.order_by("-seq").first(), "more": rows.count() - 1}
    return render(request, "users/notification/_news.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark everything read, or open one: mark it and go where it leads."""
    pk = request.POST.get("id")
    if not pk:
        inbox.mark_read(request.user)
        return redirect("users:notifications")
    notification = get_object_or_404(Notification.objects.visible_to(request.user), pk=ids.read(pk))
    inbox.mark_read(request.user, ids=[notification.pk])
    return redirect(notification.url or "users:notifications")


@csrf_exempt  # RFC 8058: a mail program posts here without a page; the token is signed
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop e-mails in one click, without signing in; looking at the page changes nothing."""
    user = get_object_or_404(User, pk=leaving.whose(token))
    if request.method == "POST":
        preferences.unsubscribe(user)
    return render(request, "users/notification/unsubscribe.html", {"done": request.method == "POST"})
