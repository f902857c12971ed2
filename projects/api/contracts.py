"""Contracts over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import bonuses, contracts, hours, milestones, schedule
from projects.api.bids import Reason
from projects.api.milestones import GiftIn, MilestoneOut
from projects.models import Activity, Contract, Milestone, Terms
from skilllink.api import Amount, Strict, Whole, Words
from skilllink.clocks import now
from users.api.who import Who


class ContractOut(serializers.ModelSerializer[Contract]):
    number = serializers.CharField(read_only=True)
    client = Who(read_only=True)
    freelancer = Who(read_only=True)
    room = serializers.UUIDField(source="room_id", read_only=True)
    milestones = MilestoneOut(many=True, read_only=True)
    pro_bono = serializers.BooleanField(source="is_pro_bono", read_only=True)

    class Meta:
        model = Contract
        fields = (
            "id", "number", "title", "client", "freelancer", "gig", "cause", "pro_bono", "room", "amount", "currency", "fee_bps",
            "review_window", "revisions", "status", "result", "created_at", "closed_at", "milestones",
        )  # fmt: skip
        read_only_fields = fields


class ClockOut(serializers.Serializer[schedule.Step]):
    """One thing that happens by itself if nobody acts."""

    at = serializers.DateTimeField()
    act = serializers.CharField()
    milestone = serializers.UUIDField(source="milestone.pk", default=None)
    dispute = serializers.UUIDField(source="dispute.pk", default=None)
    amount = serializers.IntegerField()
    to = serializers.CharField(help_text="client, freelancer or nobody")


class TermsOut(serializers.ModelSerializer[Terms]):
    class Meta:
        model = Terms
        fields = ("version", "text", "sha256", "client_signed_at", "freelancer_signed_at")
        read_only_fields = fields


class ActivityOut(serializers.ModelSerializer[Activity]):
    actor = Who(read_only=True, help_text="null: the clock")

    class Meta:
        model = Activity
        fields = ("seq", "event", "at", "actor", "milestone", "amount", "currency", "held_after")
        read_only_fields = fields


class ProposeIn(Strict):
    title = Words(default="")
    description = Words(required=False)
    amount = Amount(help_text="0 in a pro-bono contract")
    days = Whole(default=14)


class HoursIn(Strict):
    rate = Amount(help_text="Minor units an hour")
    hours = Whole(help_text="The most of a week")


class ContractViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Contract]):
    """My contracts, newest first."""

    serializer_class = ContractOut
    queryset = Contract.objects.none()
    filterset_fields = ("status",)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        rows = Contract.objects.visible_to(self.request.user).select_related("client", "freelancer", "gig")
        return rows.prefetch_related("milestones__contract")

    @extend_schema(responses=ClockOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def schedule(self, request: Request, pk: str) -> Response:
        """What happens by itself if nobody acts, in order."""
        return Response(ClockOut(schedule.upcoming(self.get_object(), now=now()), many=True).data)

    @extend_schema(responses=TermsOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def terms(self, request: Request, pk: str) -> Response:
        """The signed terms: each version's canonical text and its SHA-256."""
        return Response(TermsOut(self.get_object().terms.order_by("version"), many=True).data)

    @extend_schema(responses=ActivityOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def activity(self, request: Request, pk: str) -> Response:
        """Everything that happened, in order."""
        rows = Activity.objects.filter(subject_id=self.get_object().pk).select_related("actor").order_by("seq")
        return Response(ActivityOut(rows, many=True).data)

    @extend_schema(parameters=[KEY], request=ProposeIn, responses={201: MilestoneOut})
    @action(["POST"], detail=True)
    def milestones(self, request: Request, pk: str) -> Response:
        """Propose a further milestone to the other party."""
        contract, values = self.get_object(), ProposeIn.read(request)
        return act(request, milestones.propose, _milestone, contract, by=request.user, status=201, **values)

    @extend_schema(parameters=[KEY], request=HoursIn, responses={201: MilestoneOut})
    @action(["POST"], detail=True)
    def hours(self, request: Request, pk: str) -> Response:
        """Propose to work by the hour: each week is a milestone, held when it begins, handed in when it is over."""
        contract, values = self.get_object(), HoursIn.read(request)
        return act(request, hours.propose, _milestone, contract, by=request.user, status=201, **values)

    @extend_schema(parameters=[KEY], request=GiftIn, responses=ContractOut)
    @action(["POST"], detail=True)
    def bonus(self, request: Request, pk: str) -> Response:
        """Pay a bonus as the client: a release without milestone, from the wallet. Can't be undone."""
        return self._act(request, bonuses.pay, GiftIn)

    @extend_schema(parameters=[KEY], request=Reason, responses=ContractOut)
    @action(["POST"], detail=True)
    def end(self, request: Request, pk: str) -> Response:
        """Stop the contract: what holds no money is dropped, the rest ends by its own rules."""
        return self._act(request, contracts.end, Reason)

    def _act(self, request: Request, verb: Any, given: type[Strict]) -> Response:
        contract = self.get_object()

        def shape(_result: Any) -> Any:
            return ContractOut(self.get_queryset().get(pk=contract.pk)).data

        return act(request, verb, shape, contract, by=request.user, **given.read(request))


def _milestone(row: Milestone) -> Any:
    return MilestoneOut(row).data
