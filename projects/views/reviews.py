"""Writing a review, changing it while it is blind, replying to one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from projects import feedback
from projects.contract_forms import Words, WriteReview
from projects.models import Review
from projects.views.answers import form_page
from projects.views.contracts import found


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def write(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    review = Review.objects.filter(contract=contract, author=request.user).first()
    if review is None:
        raise feedback.NotYet() if contract.party(request.user) else feedback.NotYours()
    form = WriteReview(request.POST or None, about=review.about, initial={**review.axes, "text": review.text})
    return form_page(
        request,
        form,
        lambda filled: feedback.write(contract, by=request.user, **filled.arguments()),
        done=contract.get_absolute_url(),
        template="projects/review/form.html",
        title=_("Review {name}").format(name=review.subject.get_short_name()),
        label=_("Keep my review"),
        contract=contract,
        review=review,
    )


@login_required
@require_http_methods(["GET", "POST"])
def reply(request: HttpRequest, pk: Any) -> HttpResponse:
    review = get_object_or_404(Review.objects.visible_to(request.user).select_related("contract", "author"), pk=pk)
    if review.subject_id != request.user.pk:
        raise feedback.NotYours(_("Only the person reviewed can reply. Nothing was kept."))
    return form_page(
        request,
        Words(request.POST or None),
        lambda form: feedback.reply(review, by=request.user, text=form.cleaned_data["text"]),
        done=review.contract.get_absolute_url(),
        title=_("Reply to {name}’s review").format(name=review.author.get_short_name()),
        lead=_("One reply, public, beneath the review. It can’t be changed later."),
        label=_("Reply"),
        contract=review.contract,
    )
