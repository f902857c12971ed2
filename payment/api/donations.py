"""Donations, pledges and causes over the API: the pages' verbs and refusals. Amounts are whole minor units."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import causes, donations, donations_recurring
from payment.api.acting import KEY, act
from payment.models import Cause, Donation, Entry, Pledge, Renewal
from skilllink.api import Amount, Nothing, Strict, Words
from skilllink.errors import Malformed
from users.api.who import Who
from users.models import Profile


class CauseOut(serializers.ModelSerializer[Cause]):
    keeper = Who(read_only=True)
    raised = serializers.SerializerMethodField(help_text="Everything that was given, minor units")

    class Meta:
        model = Cause
        fields = (
            "id", "slug", "title", "summary", "story", "keeper", "goal", "currency", "raised", "status", "reason",
            "created_at", "closed_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_raised(self, row: Cause) -> int:
        return row.raised if hasattr(row, "raised") else donations.raised(row)


class CauseIn(Strict):
    title = Words()
    summary = Words()
    story = Words()
    goal = Amount()
    currency = Words()


class LineOut(serializers.Serializer[Any]):
    """One entry of a cause's public ledger, anonymised as its giver chose."""

    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="donation, payout, or payout_failed and payout_cancelled: it came back")
    who = Who(allow_null=True, help_text="null: anonymous")
    amount = serializers.IntegerField(allow_null=True, help_text="null: hidden")
    note = serializers.CharField()
    repeats = serializers.BooleanField()


class DonationOut(serializers.ModelSerializer[Donation]):
    class Meta:
        model = Donation
        fields = (
            "id", "kind", "person", "cause", "amount", "currency", "visibility", "note", "transfer", "pledge", "at",
        )  # fmt: skip
        read_only_fields = fields


class DonationIn(Strict):
    person = serializers.UUIDField(required=False, help_text="Either this or `cause`")
    cause = serializers.UUIDField(required=False)
    amount = Amount()
    currency = Words()
    visibility = Words(default="public")
    note = Words(default="")
    every = Words(default="", help_text="week or month for one that repeats")


class RenewalOut(serializers.ModelSerializer[Renewal]):
    class Meta:
        model = Renewal
        fields = ("number", "noticed_at", "due_at", "outcome", "reason", "donation", "ended_at")
        read_only_fields = fields


class PledgeOut(serializers.ModelSerializer[Pledge]):
    renewals = RenewalOut(many=True, read_only=True)

    class Meta:
        model = Pledge
        fields = (
            "id", "person", "cause", "amount", "currency", "visibility", "note", "every", "status", "next_at",
            "notice_at", "started_at", "stopped_at", "renewals",
        )  # fmt: skip
        read_only_fields = fields


class Causes(ListAPIView[Cause]):
    """Verified causes and mine, newest first."""

    serializer_class = CauseOut
    queryset = Cause.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return causes.listed(Cause.objects.visible_to(self.request.user))

    @extend_schema(parameters=[KEY], request=CauseIn, responses={201: CauseOut})
    def post(self, request: Request) -> Response:
        """Propose a cause; a moderator verifies it before anyone can give."""
        return act(request, causes.propose, _cause, request.user, status=201, **CauseIn.read(request))


class CauseShow(APIView):
    @extend_schema(responses=CauseOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """One cause with what was raised."""
        return Response(_cause(_found(request, pk)))


class CauseEntries(ListAPIView[Entry]):
    """A cause's public ledger, newest first."""

    serializer_class = LineOut
    queryset = Entry.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return causes.entries(_found(self.request, self.kwargs["pk"]))

    def paginate_queryset(self, queryset: Any) -> Any:
        return causes.lines(super().paginate_queryset(queryset) or [])


class CauseClose(APIView):
    @extend_schema(parameters=[KEY], request=Nothing, responses=CauseOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Take no more donations, as its keeper or a moderator."""
        Nothing.read(request)
        return act(request, causes.close, _cause, _found(request, pk), by=request.user)


class Donations(ListAPIView[Donation]):
    """What I gave, newest first."""

    serializer_class = DonationOut
    queryset = Donation.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Donation.objects.filter(giver=self.request.user.pk)

    @extend_schema(parameters=[KEY], request=DonationIn, responses={201: DonationOut})
    def post(self, request: Request) -> Response:
        """Give from my wallet to a person or a cause, without a fee. Can't be undone."""
        values = DonationIn.read(request)
        to = _target(request, values.pop("person", None), values.pop("cause", None))
        shape = lambda row: DonationOut(row).data  # noqa: E731
        amount, currency = values.pop("amount"), values.pop("currency")
        return act(request, donations.give, shape, request.user, to, amount, currency, status=201, **values)


class Pledges(ListAPIView[Pledge]):
    """My donations that repeat, with every renewal that was announced."""

    serializer_class = PledgeOut
    queryset = Pledge.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Pledge.objects.visible_to(self.request.user).prefetch_related("renewals")


class PledgeStop(APIView):
    @extend_schema(parameters=[KEY], request=Nothing, responses=PledgeOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Stop one of my donations that repeat."""
        Nothing.read(request)
        row = get_object_or_404(Pledge.objects.visible_to(request.user), pk=pk)
        shape = lambda pledge: PledgeOut(pledge).data  # noqa: E731
        return act(request, donations_recurring.stop, shape, row, by=request.user)


def _cause(row: Cause) -> Any:
    return CauseOut(row).data


def _found(request: Any, pk: UUID) -> Cause:
    return get_object_or_404(Cause.objects.visible_to(request.user).select_related("keeper"), pk=pk)


def _target(request: Request, person: UUID | None, cause: UUID | None) -> Any:
    """Exactly one of the two, looked up as the caller may see it."""
    if (person is None) == (cause is None):
        raise Malformed(fields={"person": "Name a person or a cause, one of the two."})
    if cause is not None:
        return _found(request, cause)
    return get_object_or_404(Profile.objects.visible_to(request.user).select_related("user"), pk=person).user
