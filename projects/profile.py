"""What contracts add to a profile: revealed reviews and the facts behind them."""

from typing import Any

from django.db.models import Count, F, Q
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from projects import feedback, score
from projects.models import Contract, Milestone
from projects.rules import rule

TITLE, SCORE_TITLE = _("Reviews"), _("Score")


def facts(user: Any) -> dict[str, int]:
    """Finished contracts in both roles, and how many of the freelancer's milestones were first delivered on time."""
    finished = Contract.objects.filter(Q(client=user) | Q(freelancer=user), status="closed", result="completed").count()
    delivered = (
        Milestone.objects.delivered()
        .filter(contract__freelancer=user)
        .aggregate(n=Count("pk"), on_time=Count("pk", filter=Q(submitted_at__lte=F("due_at"))))
    )
    return {"finished": finished, "delivered": delivered["n"], "on_time": delivered["on_time"]}


def scored(request: Any, user: Any) -> str:
    """The score with what it is made of, for freelancers; what the next contract would change is shown to them alone."""
    if not user.is_freelancer:
        return ""
    context = {
        "score": score.of([user.pk])[user.pk],
        "mine": request.user.pk == user.pk,
        "least": rule("SCORE_LEAST_OUTCOMES"),
        "clients": rule("SCORE_LEAST_CLIENTS"),
        "band": score.NEXT_BAND,
    }
    return render_to_string("projects/score/_section.html", context, request=request)


def reviews(request: Any, user: Any) -> str:
    """The profile's section of reviews, as HTML."""
    context = {"reviews": feedback.of_person(user)[:50], "facts": facts(user), "person": user}
    return render_to_string("projects/review/_list.html", context, request=request)
