"""Offers over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import offers
from projects.api.bids import StepIn, StepOut
from projects.models import Bid, Contract, Offer
from skilllink.api import Amount, Strict, Version, Whole, Words
from users.api.who import Who


class OfferOut(serializers.ModelSerializer[Offer]):
    made_by = Who(read_only=True)
    milestones = StepOut(many=True, read_only=True)
    held = serializers.SerializerMethodField(help_text="Minor units in escrow for this negotiation now")
    contract = serializers.SerializerMethodField()

    class Meta:
        model = Offer
        fields = (
            "id", "bid", "made_by", "round", "amount", "currency", "days", "hours", "milestones", "hold", "review_days",
            "revisions", "fee_bps", "message", "status", "sent_at", "due_at", "answered_at", "answer_reason", "held",
            "contract", "version",
        )  # fmt: skip
        read_only_fields = fields

    def get_held(self, offer: Offer) -> int:
        return offer.escrow.held if offer.escrow else 0

    def get_contract(self, offer: Offer) -> str | None:
        contract = getattr(offer, "contract", None)
        return str(contract.pk) if contract else None


class OfferTerms(Version):
    message = Words(required=False)
    hold = serializers.ChoiceField(Offer.Hold.choices, required=False)
    amount = Amount(required=False, help_text="An hour's for an hourly gig")
    days = Whole(required=False)
    hours = Whole(required=False, help_text="The most of a week, for an hourly gig alone")
    milestones = StepIn(many=True, required=False)
    review_days = Whole(required=False, allow_null=True)


class OfferIn(OfferTerms):
    bid = serializers.UUIDField()


class Answer(Version):
    reason = Words(required=False)


class Agreed(serializers.Serializer[Contract]):
    contract = serializers.UUIDField(source="pk")


class OfferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Offer]):
    """Offers one made or got."""

    serializer_class = OfferOut
    queryset = Offer.objects.none()
    filterset_fields = ("bid", "status")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Offer.objects.visible_to(self.request.user).select_related("escrow", "contract", "made_by")

    @extend_schema(parameters=[KEY], request=OfferIn, responses={201: OfferOut})
    def create(self, request: Request) -> Response:
        """Make an offer; the money is held with it."""
        values = OfferIn.read(request)
        bid = get_object_or_404(Bid.objects.visible_to(request.user), pk=values.pop("bid"))
        return act(request, offers.make, self._shape, bid, by=request.user, status=201, **values)

    @extend_schema(parameters=[KEY], request=Version, responses=Agreed)
    @action(["POST"], detail=True)
    def accept(self, request: Request, pk: str) -> Response:
        """Accept an offer one got: the contract begins."""
        return self._act(request, offers.accept, Version, shape=lambda contract: Agreed(contract).data)

    @extend_schema(parameters=[KEY], request=Answer, responses=OfferOut)
    @action(["POST"], detail=True)
    def decline(self, request: Request, pk: str) -> Response:
        """Say no to an offer one got; what is held goes back."""
        return self._act(request, offers.decline, Answer)

    @extend_schema(parameters=[KEY], request=Version, responses=OfferOut)
    @action(["POST"], detail=True)
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take one's own offer back; what is held goes back."""
        return self._act(request, offers.withdraw, Version)

    @extend_schema(parameters=[KEY], request=OfferTerms, responses={201: OfferOut})
    @action(["POST"], detail=True)
    def counter(self, request: Request, pk: str) -> Response:
        """Answer an offer with other terms."""
        return self._act(request, offers.counter, OfferTerms, status=201)

    def _act(self, request: Request, verb: Any, given: type[Strict], *, shape: Any = None, status: int = 200) -> Any:
        offer = self.get_object()
        values = given.read(request)
        return act(request, verb, shape or self._shape, offer, by=request.user, status=status, **values)

    def _shape(self, offer: Offer) -> Any:
        return OfferOut(self.get_queryset().get(pk=offer.pk)).data
