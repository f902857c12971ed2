"""Whom I have blocked, and blocking and unblocking."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from users import blocks
from users.models import Block, Profile


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    person: Any = request.user
    rows = Block.objects.filter(blocker=person).select_related("blocked__profile").order_by("-pk")
    return render(
        request, "users/settings/blocked.html", {"page": Paginator(rows, 40).get_page(request.GET.get("page"))}
    )


@login_required
@require_POST
def block(request: HttpRequest, slug: str) -> HttpResponse:
    person: Any = request.user
    other = get_object_or_404(Profile.objects.visible_to(person).select_related("user"), slug=slug).user
    blocks.block(person, other)
    messages.success(request, _("%(name)s is blocked and isn’t told.") % {"name": other.get_short_name()})
    return redirect("users:blocked")


@login_required
@require_POST
def unblock(request: HttpRequest, slug: str) -> HttpResponse:
    """By the profile's address, whether it can be seen or not."""
    person: Any = request.user
    row = get_object_or_404(Block.objects.filter(blocker=person), blocked__profile__slug=slug)
    blocks.unblock(person, row.blocked)
    messages.success(request, _("%(name)s is no longer blocked.") % {"name": row.blocked.get_short_name()})
    return redirect("users:blocked")
