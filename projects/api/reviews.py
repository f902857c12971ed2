"""Reviews over the API: blind until both are in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import feedback
from projects.models import Contract, Review
from skilllink.api import Strict, Whole, Words
from users.api.who import Who


class ReviewOut(serializers.ModelSerializer[Review]):
    author = Who(read_only=True)
    subject = Who(read_only=True)
    axes = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = Review
        fields = (
            "id", "contract", "author", "subject", "about", "status", "axes", "mean", "text", "due_at", "revealed_at",
            "reply", "replied_at",
        )  # fmt: skip
        read_only_fields = fields


class ReviewIn(Strict):
    contract = serializers.UUIDField()
    axes = serializers.DictField(child=Whole(), default=dict, help_text="1 to 5 for each axis of the other's role")
    text = Words(default="")


class ReplyIn(Strict):
    text = Words(default="")


class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Review]):
    """What is revealed, and my own."""

    serializer_class = ReviewOut
    queryset = Review.objects.none()
    filterset_fields = ("subject", "contract")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Review.objects.visible_to(self.request.user).select_related("author", "subject")

    @extend_schema(parameters=[KEY], request=ReviewIn, responses=ReviewOut)
    def create(self, request: Request) -> Response:
        """Write or change my review of a contract's other party while it is blind."""
        values = ReviewIn.read(request)
        contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=values.pop("contract"))
        return act(request, feedback.write, _shape, contract, by=request.user, **values)

    @extend_schema(parameters=[KEY], request=ReplyIn, responses=ReviewOut)
    @action(["POST"], detail=True)
    def reply(self, request: Request, pk: str) -> Response:
        """Answer a review of oneself, once, in public."""
        review = self.get_object()
        return act(request, feedback.reply, _shape, review, by=request.user, **ReplyIn.read(request))


def _shape(review: Review) -> Any:
    return ReviewOut(review).data
