"""The API of contracts, milestones, disputes and reviews: the pages' verbs with JSON at the edge.

Amounts are integers in minor units. Acts on money take the header `Idempotency-Key`.
"""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import idempotency
from projects import contracts, disputes, feedback, milestones, schedule
from projects.models import Contract, Dispute, Milestone, Review
from skilllink.clocks import now
from skilllink.errors import Malformed, Missing
from skilllink.transactions import Verb


class UnknownField(Malformed):
    code = "unknown_field"


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    currency = serializers.CharField(read_only=True)
    rest = serializers.IntegerField(read_only=True, help_text="Minor units still held")

    class Meta:
        model = Milestone
        fields = (
            "id", "contract", "position", "title", "description", "amount", "currency", "days", "status", "released",
            "refunded", "rest", "due_at", "funded_at", "submitted_at", "review_due_at", "revisions_used",
            "released_by_clock", "ended_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class ContractSerializer(serializers.ModelSerializer[Contract]):
    milestones = MilestoneSerializer(many=True, read_only=True)
    room = serializers.UUIDField(source="room_id", read_only=True)

    class Meta:
        model = Contract
        fields = (
            "id", "number", "title", "client", "freelancer", "gig", "room", "amount", "currency", "fee_bps", "revisions",
            "status", "result", "created_at", "closed_at", "milestones",
        )  # fmt: skip
        read_only_fields = fields


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    class Meta:
        model = Dispute
        fields = (
            "id", "milestone", "opened_by", "amount", "reason", "answer", "status", "opened_at", "answered_at",
            "closed_at", "to_freelancer", "settlement_reason", "version",
        )  # fmt: skip
        read_only_fields = fields


class ReviewSerializer(serializers.ModelSerializer[Review]):
    class Meta:
        model = Review
        fields = (
            "id", "contract", "author", "subject", "about", "status", "axes", "mean", "text", "due_at", "revealed_at",
            "reply", "replied_at",
        )  # fmt: skip
        read_only_fields = fields


class StepSerializer(serializers.Serializer[schedule.Step]):
    """One thing that happens by itself if nobody acts."""

    at = serializers.DateTimeField()
    act = serializers.CharField()
    milestone = serializers.UUIDField(source="milestone.pk", default=None)
    dispute = serializers.UUIDField(source="dispute.pk", default=None)
    amount = serializers.IntegerField()
    to = serializers.CharField()


def given(request: Request, **kinds: type) -> dict[str, Any]:
    """The body's fields, each of its kind; an unknown or ill-typed one is refused, a missing one left out."""
    body = request.data if isinstance(request.data, dict) else None
    if body is None:
        raise Malformed("The body must be a JSON object.")
    values = {name: body[name] for name in body}
    wrong = {name: "This field isn't known here." for name in values if name not in kinds}
    if wrong:
        raise UnknownField("Nothing was changed.", fields=wrong)
    wrong = {
        name: f"This must be {kinds[name].__name__}."
        for name, value in values.items()
        if value is not None and type(value) is not kinds[name]
    }
    if wrong:
        raise Malformed("Nothing was changed.", fields=wrong)
    return {name: value for name, value in values.items() if value is not None}


def act(
    request: Request, verb: Verb[Any, Any], answer: Callable[[Any], Any], *args: Any, code: int = 200, **kwargs: Any
) -> Response:
    """Call a verb once; under an Idempotency-Key its answer is kept and given again."""
    kwargs["by"] = request.user
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return Response(answer(verb(*args, **kwargs)), status=code)
    fingerprint = idempotency.fingerprint(request.method or "", request.path, request.data)

    def effect() -> tuple[int, Any]:
        return code, answer(verb.within(*args, **kwargs))

    kept_code, kept_body = idempotency.once(request.user, key, fingerprint, effect)
    return Response(kept_body, status=kept_code)


IDEMPOTENCY = [OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)]


def _contracts(request: Request) -> Any:
    rows = Contract.objects.visible_to(request.user).select_related("client", "freelancer", "gig")
    return rows.prefetch_related("milestones__contract")


class Contracts(ListAPIView[Contract]):
    """My contracts, newest first."""

    serializer_class = ContractSerializer
    queryset = Contract.objects.none()

    def get_queryset(self) -> Any:
        return _contracts(self.request)


class OneContract(RetrieveAPIView[Contract]):
    serializer_class = ContractSerializer
    queryset = Contract.objects.none()

    def get_queryset(self) -> Any:
        return _contracts(self.request)


class ContractSchedule(APIView):
    """What happens by itself if nobody acts, in order."""

    @extend_schema(responses=StepSerializer(many=True))
    def get(self, request: Request, pk: Any) -> Response:
        contract = get_object_or_404(_contracts(request), pk=pk)
        return Response(StepSerializer(schedule.upcoming(contract, now=now()), many=True).data)


class ContractTerms(APIView):
    """The signed terms: each version's canonical text and its SHA-256."""

    @extend_schema(responses=dict)
    def get(self, request: Request, pk: Any) -> Response:
        contract = get_object_or_404(_contracts(request), pk=pk)
        rows = contract.terms.values("version", "text", "sha256", "client_signed_at", "freelancer_signed_at")
        return Response(list(rows))


class ContractMilestones(APIView):
    """POST proposes a milestone to the other party."""

    @extend_schema(request=dict, responses={201: MilestoneSerializer})
    def post(self, request: Request, pk: Any) -> Response:
        contract = get_object_or_404(_contracts(request), pk=pk)
        values = {"title": "", "amount": 0, "days": 14}
        values |= given(request, title=str, amount=int, days=int, description=str)
        return act(request, milestones.propose, _milestone, contract, code=201, **values)


def _milestone(row: Milestone) -> Any:
    return MilestoneSerializer(row).data


class OneMilestone(RetrieveAPIView[Milestone]):
    serializer_class = MilestoneSerializer
    queryset = Milestone.objects.none()

    def get_queryset(self) -> Any:
        return Milestone.objects.visible_to(self.request.user).select_related("contract")


# act in the address → verb, fields of the body
MILESTONE_ACTS: dict[str, tuple[Verb[Any, Any], dict[str, type]]] = {
    "agree": (milestones.agree, {"version": int}),
    "cancel": (milestones.cancel, {"version": int}),
    "keep": (milestones.keep, {"version": int}),
    "fund": (milestones.fund, {"version": int}),
    "deliver": (milestones.deliver, {"version": int, "note": str}),
    "changes": (milestones.request_changes, {"version": int, "reason": str, "items": list}),
    "extend": (milestones.extend_review, {"version": int}),
    "release": (milestones.release, {"version": int, "amount": int}),
    "refund": (milestones.refund, {"version": int}),
    "refund-request": (milestones.request_refund, {"version": int, "reason": str}),
    "object": (milestones.object_to_refund, {"version": int}),
}
REQUIRED = {"deliver": {"note": ""}, "changes": {"reason": "", "items": []}, "refund-request": {"reason": ""}}


class MilestoneAct(APIView):
    """One act on a milestone: agree, cancel, keep, fund, deliver, changes, extend, release, refund, refund-request, object."""

    @extend_schema(parameters=IDEMPOTENCY, request=dict, responses=MilestoneSerializer)
    def post(self, request: Request, pk: Any, name: str) -> Response:
        row = get_object_or_404(Milestone.objects.visible_to(request.user), pk=pk)
        if name not in MILESTONE_ACTS:
            raise Missing()
        verb, kinds = MILESTONE_ACTS[name]
        files = request.FILES.getlist("files") if name == "deliver" else []
        if files:
            values: dict[str, Any] = {"note": str(request.data.get("note", "")), "files": files}
        else:
            values = {**REQUIRED.get(name, {}), **given(request, **kinds)}
        return act(request, verb, lambda _result: _milestone(_again(row)), row, **values)


def _again(row: Milestone) -> Milestone:
    return Milestone.objects.select_related("contract").get(pk=row.pk)


class Disputes(ListAPIView[Dispute]):
    """GET lists the disputes of my contracts; POST opens one and freezes its amount."""

    serializer_class = DisputeSerializer
    queryset = Dispute.objects.none()

    def get_queryset(self) -> Any:
        return Dispute.objects.visible_to(self.request.user)

    @extend_schema(parameters=IDEMPOTENCY, request=dict, responses={201: DisputeSerializer})
    def post(self, request: Request) -> Response:
        values = {"reason": "", **given(request, milestone=str, amount=int, reason=str)}
        row = get_object_or_404(Milestone.objects.visible_to(request.user), pk=_uuid(values.pop("milestone", "")))
        return act(request, disputes.open, lambda made: DisputeSerializer(made).data, row, code=201, **values)


class OneDispute(RetrieveAPIView[Dispute]):
    serializer_class = DisputeSerializer
    queryset = Dispute.objects.none()

    def get_queryset(self) -> Any:
        return Dispute.objects.visible_to(self.request.user)


class DisputeAct(APIView):
    """answer, accept or withdraw."""

    @extend_schema(parameters=IDEMPOTENCY, request=dict, responses=DisputeSerializer)
    def post(self, request: Request, pk: Any, name: str) -> Response:
        row = get_object_or_404(Dispute.objects.visible_to(request.user), pk=pk)
        verbs: dict[str, Verb[Any, Any]] = {
            "answer": disputes.answer,
            "accept": disputes.accept_claim,
            "withdraw": disputes.withdraw,
        }
        if name not in verbs:
            raise Missing()
        values = {"text": "", **given(request, text=str)} if name == "answer" else given(request)
        return act(request, verbs[name], lambda done: DisputeSerializer(done).data, row, **values)


class Reviews(ListAPIView[Review]):
    """GET lists what is revealed, and my own; POST writes or changes mine while it is blind."""

    serializer_class = ReviewSerializer
    queryset = Review.objects.none()
    filterset_fields = ("subject", "contract")

    def get_queryset(self) -> Any:
        return Review.objects.visible_to(self.request.user)

    @extend_schema(request=dict, responses=ReviewSerializer)
    def post(self, request: Request) -> Response:
        values = {"axes": {}, "text": "", **given(request, contract=str, axes=dict, text=str)}
        contract = get_object_or_404(_contracts(request), pk=_uuid(values.pop("contract", "")))
        return act(request, feedback.write, lambda made: ReviewSerializer(made).data, contract, **values)


class ReviewReply(APIView):
    @extend_schema(request=dict, responses=ReviewSerializer)
    def post(self, request: Request, pk: Any) -> Response:
        review = get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
        values = {"text": "", **given(request, text=str)}
        return act(request, feedback.reply, lambda made: ReviewSerializer(made).data, review, **values)


class ContractEnd(APIView):
    @extend_schema(request=dict, responses=ContractSerializer)
    def post(self, request: Request, pk: Any) -> Response:
        contract = get_object_or_404(_contracts(request), pk=pk)
        values = {"reason": "", **given(request, reason=str)}
        return act(request, contracts.end, lambda done: ContractSerializer(done).data, contract, **values)


def _uuid(text: str) -> Any:
    from uuid import UUID

    try:
        return UUID(text)
    except ValueError:
        raise Missing() from None
