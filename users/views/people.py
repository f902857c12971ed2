"""People as others see them."""

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from users import blocks, profile_sections
from users.models import Profile, Skill


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Freelancers, found by words and by skill."""
    words, skill = request.GET.get("q", "").replace("\0", "")[:100].strip(), request.GET.get("skill", "")[:60]
    rows = Profile.objects.visible_to(request.user).filter(user__is_freelancer=True)
    for word in words.split()[:6]:
        rows = rows.filter(
            Q(user__name__icontains=word) | Q(headline__icontains=word) | Q(skills__name__icontains=word)
        )
    if skill:
        rows = rows.filter(skills__slug=skill)
    rows = rows.select_related("user").prefetch_related("skills").order_by("user__name", "pk").distinct()
    page = Paginator(rows, 24).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "skill": Skill.objects.filter(slug=skill).first() if skill else None}
    return render(request, "users/person/index.html", context)


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """A profile with what other parts of the site know about the person."""
    profile = get_object_or_404(Profile.objects.visible_to(request.user).select_related("user"), slug=slug)
    written = [(title, section(request, profile.user)) for title, section in profile_sections.in_order()]
    sections = [(title, html) for title, html in written if html]
    context = {
        "profile": profile,
        "person": profile.user,
        "sections": sections,
        "facts": profile_sections.facts_of(profile.user),
        "is_blocked": request.user.is_authenticated and profile.user_id in blocks.of(request.user),
    }
    return render(request, "users/person/show.html", context)


@require_safe
def avatar(request: HttpRequest, slug: str, revision: str) -> HttpResponse:
    """The picture, to whoever may see the profile."""
    profile = get_object_or_404(Profile.objects.visible_to(request.user).exclude(avatar=""), slug=slug)
    response = HttpResponse(profile.avatar.read(), content_type="image/webp")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400"
    return response
