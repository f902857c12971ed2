"""The inbox, the bell, and leaving e-mails."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from skilllink import ids
from users import preferences
from users.models import Notification, User
from users.notifications import inbox
from users.notifications.sentences import GROUPS, SENTENCES


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What I was told, newest first; `?group=` and `?unread=1` narrow it."""
    group = request.GET.get("group", "")
    rows = Notification.objects.visible_to(request.user).select_related("actor__profile")
    if group in GROUPS:
        rows = rows.filter(event__in=[event for event, (of, _text) in SENTENCES.items() if of == group])
    if request.GET.get("unread"):
        rows = rows.unread()
    context = {
        "page": Paginator(rows, 40).get_page(request.GET.get("page")),
        "groups": GROUPS,
        "group": group,
        "unread_only": bool(request.GET.get("unread")),
        "unread": inbox.unread(request.user),
    }
    return render(request, "users/notification/index.html", context)


@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The count beside the bell, empty for none."""
    return render(request, "users/notification/_bell.html", {"unread": inbox.unread(request.user)})


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
    """Stop e-mails in one click, without signing in."""
    try:
        user = get_object_or_404(User, pk=Signer(salt="unsubscribe").unsign(token))
    except BadSignature as error:
        raise Http404 from error
    if request.method == "POST":
        preferences.unsubscribe(user)
    return render(request, "users/notification/unsubscribe.html", {"done": request.method == "POST"})
