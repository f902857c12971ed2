"""Bids and offers over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from projects import bids, offers
from projects.api.strict import Strict
from projects.models import Bid, Gig, Offer
from skilllink.errors import Missing


class BidOut(serializers.ModelSerializer[Bid]):
    """A whole bid: for its author and the client. What only the client knows isn't in it."""

    class Meta:
        model = Bid
        fields = (
            "id", "gig", "freelancer", "amount", "currency", "days", "letter", "milestones", "answers",
            "challenge_answer", "status", "submitted_at", "revised_at", "viewed_at", "decline_reason", "version",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, bid: Bid) -> dict[str, Any]:
        shown = super().to_representation(bid)
        request = self.context.get("request")
        if bid.status == "shortlisted" and request is not None and request.user.pk == bid.freelancer_id:
            shown["status"] = "submitted"
        return shown


class StepIn(Strict):
    title = serializers.CharField(max_length=120)
    amount = serializers.JSONField()
    days = serializers.IntegerField(required=False, min_value=1, max_value=365)


class BidTerms(Strict):
    amount = serializers.JSONField()
    days = serializers.IntegerField()
    letter = serializers.CharField()
    milestones = StepIn(many=True, required=False)
    answers = serializers.ListField(child=serializers.CharField(), required=False)
    challenge_answer = serializers.CharField(required=False, allow_blank=True)


class BidIn(BidTerms):
    gig = serializers.UUIDField()


class BidChange(BidTerms):
    version = serializers.IntegerField(required=False)


class Reason(Strict):
    reason = serializers.CharField()


class OptionalReason(Strict):
    reason = serializers.CharField(required=False, allow_blank=True)
    version = serializers.IntegerField(required=False)


class Version(Strict):
    version = serializers.IntegerField(required=False)


class Switch(Strict):
    on = serializers.BooleanField(default=True)


class Nothing(Strict):
    """A verb without arguments."""


class BidViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Bid]):
    """One's own bids, and those on one's gigs (`gig=<id>` for one gig)."""

    serializer_class = BidOut
    queryset = Bid.objects.none()
    filterset_fields = ("gig", "status")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Bid.objects.visible_to(self.request.user)

    @extend_schema(request=BidIn, responses={201: BidOut})
    def create(self, request: Request) -> Response:
        """Send a bid."""
        values = BidIn.read(request)
        gig = Gig.objects.visible_to(request.user).filter(pk=values.pop("gig")).first()
        if gig is None:
            raise Missing()
        return self._answer(bids.submit(gig, request.user, **values), 201)

    @extend_schema(request=BidChange, responses=BidOut)
    def update(self, request: Request, pk: str) -> Response:
        """Change a bid as a whole, until an offer was made."""
        return self._answer(bids.revise(self.get_object(), by=request.user, **BidChange.read(request)))

    @extend_schema(request=Nothing, responses=BidOut)
    @action(["POST"], detail=True)
    def withdraw(self, request: Request, pk: str) -> Response:
        return self._answer(bids.withdraw(self.get_object(), by=request.user))

    @extend_schema(request=Switch, responses=BidOut)
    @action(["POST"], detail=True)
    def shortlist(self, request: Request, pk: str) -> Response:
        return self._answer(bids.shortlist(self.get_object(), by=request.user, **Switch.read(request)))

    @extend_schema(request=Reason, responses=BidOut)
    @action(["POST"], detail=True)
    def decline(self, request: Request, pk: str) -> Response:
        return self._answer(bids.decline(self.get_object(), by=request.user, **Reason.read(request)))

    def _answer(self, bid: Bid, status: int = 200) -> Response:
        return Response(BidOut(bid, context=self.get_serializer_context()).data, status=status)


class OfferOut(serializers.ModelSerializer[Offer]):
    held = serializers.SerializerMethodField()
    contract = serializers.SerializerMethodField()

    class Meta:
        model = Offer
        fields = (
            "id", "bid", "made_by", "round", "amount", "currency", "days", "milestones", "hold", "review_days",
            "revisions", "fee_bps", "message", "status", "sent_at", "due_at", "answered_at", "answer_reason", "held",
            "contract", "version",
        )  # fmt: skip
        read_only_fields = fields

    def get_held(self, offer: Offer) -> int:
        return offer.escrow.held if offer.escrow else 0

    def get_contract(self, offer: Offer) -> str | None:
        contract = getattr(offer, "contract", None)
        return str(contract.pk) if contract else None


class OfferTerms(Strict):
    message = serializers.CharField(required=False, allow_blank=True)
    hold = serializers.ChoiceField(Offer.Hold.choices, required=False)
    amount = serializers.JSONField(required=False)
    days = serializers.IntegerField(required=False)
    milestones = StepIn(many=True, required=False)
    review_days = serializers.IntegerField(required=False, allow_null=True)
    version = serializers.IntegerField(required=False)


class OfferIn(OfferTerms):
    bid = serializers.UUIDField()


class OfferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Offer]):
    """Offers one made or got."""

    serializer_class = OfferOut
    queryset = Offer.objects.none()
    filterset_fields = ("bid", "status")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Offer.objects.visible_to(self.request.user).select_related("escrow", "contract")

    @extend_schema(request=OfferIn, responses={201: OfferOut})
    def create(self, request: Request) -> Response:
        """Make an offer; the money is held with it."""
        values = OfferIn.read(request)
        bid = Bid.objects.visible_to(request.user).filter(pk=values.pop("bid")).first()
        if bid is None:
            raise Missing()
        return self._answer(offers.make(bid, by=request.user, **values), 201)

    @extend_schema(request=Version, responses={200: dict})
    @action(["POST"], detail=True)
    def accept(self, request: Request, pk: str) -> Response:
        contract = offers.accept(self.get_object(), by=request.user, **Version.read(request))
        return Response({"contract": str(contract.pk)})

    @extend_schema(request=OptionalReason, responses=OfferOut)
    @action(["POST"], detail=True)
    def decline(self, request: Request, pk: str) -> Response:
        return self._answer(offers.decline(self.get_object(), by=request.user, **OptionalReason.read(request)))

    @extend_schema(request=Version, responses=OfferOut)
    @action(["POST"], detail=True)
    def withdraw(self, request: Request, pk: str) -> Response:
        return self._answer(offers.withdraw(self.get_object(), by=request.user, **Version.read(request)))

    @extend_schema(request=OfferTerms, responses={201: OfferOut})
    @action(["POST"], detail=True)
    def counter(self, request: Request, pk: str) -> Response:
        return self._answer(offers.counter(self.get_object(), by=request.user, **OfferTerms.read(request)), 201)

    def _answer(self, offer: Offer, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=offer.pk)
        return Response(OfferOut(fresh).data, status=status)
