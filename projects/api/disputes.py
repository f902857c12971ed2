"""Disputes over the API: the pages' verbs and refusals. Amounts are integer minor units."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import disputes
from projects.models import Dispute, Milestone
from skilllink.api import Amount, Nothing, Strict, Words
from users.api.who import Who


class DisputeOut(serializers.ModelSerializer[Dispute]):
    opened_by = Who(read_only=True)

    class Meta:
        model = Dispute
        fields = (
            "id", "milestone", "opened_by", "amount", "reason", "answer", "status", "opened_at", "answered_at",
            "closed_at", "to_freelancer", "settlement_reason", "version",
        )  # fmt: skip
        read_only_fields = fields


class DisputeIn(Strict):
    milestone = serializers.UUIDField()
    amount = Amount(required=False, help_text="Everything that can be frozen when left out")
    reason = Words(default="")


class AnswerIn(Strict):
    text = Words(default="")


class DisputeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Dispute]):
    """Disputes of my contracts."""

    serializer_class = DisputeOut
    queryset = Dispute.objects.none()
    filterset_fields = ("milestone", "status")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Dispute.objects.visible_to(self.request.user).select_related("opened_by")

    @extend_schema(parameters=[KEY], request=DisputeIn, responses={201: DisputeOut})
    def create(self, request: Request) -> Response:
        """Freeze money of a milestone and claim it for one's own side."""
        values = DisputeIn.read(request)
        row = get_object_or_404(Milestone.objects.visible_to(request.user), pk=values.pop("milestone"))
        return act(request, disputes.open, _shape, row, by=request.user, status=201, **values)

    @extend_schema(parameters=[KEY], request=AnswerIn, responses=DisputeOut)
    @action(["POST"], detail=True)
    def answer(self, request: Request, pk: str) -> Response:
        """Contest the claim."""
        return self._act(request, disputes.answer, AnswerIn)

    @extend_schema(parameters=[KEY], request=Nothing, responses=DisputeOut)
    @action(["POST"], detail=True)
    def accept(self, request: Request, pk: str) -> Response:
        """Agree with the claim: the money goes where the opener claims it."""
        return self._act(request, disputes.accept_claim, Nothing)

    @extend_schema(parameters=[KEY], request=Nothing, responses=DisputeOut)
    @action(["POST"], detail=True)
    def withdraw(self, request: Request, pk: str) -> Response:
        """Drop it, as the one who opened it."""
        return self._act(request, disputes.withdraw, Nothing)

    def _act(self, request: Request, verb: Any, given: type[Strict]) -> Response:
        row = self.get_object()
        return act(request, verb, _shape, row, by=request.user, **given.read(request))


def _shape(dispute: Dispute) -> Any:
    return DisputeOut(dispute).data
