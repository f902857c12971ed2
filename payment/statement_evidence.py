"""What of a statement can be checked: its lines' transfers, as what evidence is about."""

from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from payment import statement
from payment.models import Donation
from payment.verify import Subject

MOST = 200  # transfers of one evidence


def subject(user: Any, filters: statement.Filters) -> Subject:
    """The newest transfers behind the chosen lines; how many are left out, and why, is said with them.

    A sealed line can't be cut: that of a gift that came anonymously would name its giver's account, and so say which
    gifts were the same person's. Raises errors.Missing as `statement.entries` does.
    """
    chosen = statement.chosen(user, filters)
    secret = chosen.filter(transfer__in=_anonymous_to(user))
    shown = chosen.exclude(transfer__in=_anonymous_to(user)).order_by().values("transfer")
    newest = shown.annotate(last=Max("pk")).order_by("-last")
    picked = list(newest.values_list("transfer", flat=True)[:MOST])
    return Subject(
        "wallet", user.pk, _("Statement"), reverse("payment:statement"), [], owner=user.pk, picked=picked,
        anonymous=secret.order_by().values("transfer").distinct().count(), older=newest.count() - len(picked),
    )  # fmt: skip


def _anonymous_to(user: Any) -> Any:
    """Transfers of gifts whose giver this person is not told."""
    kind, seen = Donation.Kind.SUPPORT, Donation.Visibility.ANONYMOUS
    return Donation.objects.filter(person=user, kind=kind, visibility=seen).values("transfer")
