"""Bids over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

import django_filters
from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import attachments, bid_changes, bids
from projects.api.files import FileOut
from projects.models import Bid, Gig
from projects.rules import rule
from skilllink.api import Amount, FilesIn, Flag, Nothing, Strict, Whole, Words
from skilllink.transactions import Verb
from users.api.who import Who

TERMS = ("amount", "days", "hours", "letter", "milestones", "answers", "challenge_answer")


class StepIn(Strict):
    title = Words()
    amount = Amount(help_text="0 where the work is pro bono")
    days = Whole(required=False)


class StepOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    amount = serializers.IntegerField()
    days = serializers.IntegerField()


class BidRow(serializers.ModelSerializer[Bid]):
    """A bid in a list: what it says is read one by one, because its author sees when it was opened."""

    freelancer = Who(read_only=True)

    class Meta:
        model = Bid
        fields: tuple[str, ...] = (
            "id", "gig", "freelancer", "amount", "currency", "days", "hours", "status", "submitted_at", "revised_at", "viewed_at",
            "ended_at", "version",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, bid: Bid) -> dict[str, Any]:
        """Only the client knows who is on the shortlist."""
        shown = super().to_representation(bid)
        if bid.status == "shortlisted" and self.context["request"].user.pk == bid.freelancer_id:
            shown["status"] = "submitted"
        return shown


class BidOut(BidRow):
    """A whole bid: for its author and the client."""

    milestones = StepOut(many=True, read_only=True)
    answers = serializers.ListField(child=serializers.CharField(), read_only=True)
    files = FileOut(many=True, read_only=True)

    class Meta(BidRow.Meta):
        fields = (*BidRow.Meta.fields, "letter", "milestones", "answers", "challenge_answer", "decline_reason", "files")
        read_only_fields = fields


class BidTerms(Strict):
    amount = Amount(help_text="0 for a pro-bono gig, an hour's for an hourly one")
    days = Whole(required=False, allow_null=True, help_text="Not for an hourly gig")
    hours = Whole(required=False, allow_null=True, help_text="The most of a week, for an hourly gig alone")
    letter = Words()
    milestones = StepIn(many=True, required=False)
    answers = serializers.ListField(child=Words(), required=False)
    challenge_answer = Words(required=False)


class BidIn(BidTerms):
    gig = serializers.UUIDField()


class BidChange(BidTerms):
    version = Whole(required=False)


class Reason(Strict):
    reason = Words(default="")


class Switch(Strict):
    on = Flag(default=True)


class RoomOf(serializers.Serializer[Any]):
    room = serializers.UUIDField(source="pk")


class ChangeOut(serializers.Serializer[bid_changes.Change]):
    """One field that a version changed, in words as on the page."""

    field = serializers.CharField(source="name")
    before = serializers.CharField()
    after = serializers.CharField()


class VersionOut(serializers.Serializer[bid_changes.Step]):
    version = serializers.IntegerField(source="row.version")
    at = serializers.DateTimeField(source="row.at")
    amount = serializers.IntegerField(source="row.amount")
    days = serializers.IntegerField(source="row.days")
    hours = serializers.IntegerField(source="row.hours", allow_null=True)
    letter = serializers.CharField(source="row.letter")
    milestones = StepOut(source="row.milestones", many=True)
    changes = ChangeOut(many=True)


class BidFilters(django_filters.FilterSet):
    gig = django_filters.UUIDFilter()
    status = django_filters.ChoiceFilter(choices=Bid.Status.choices, method="by_status")

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        """A shortlisted bid counts as sent for its author, who isn't to know."""
        own = Q(freelancer=self.request.user.pk)
        if value == "shortlisted":
            return rows.filter(~own, status=value)
        if value == "submitted":
            return rows.filter(Q(status=value) | own & Q(status="shortlisted"))
        return rows.filter(status=value)


def open_room(request: Request, verb: Verb[Any, Any], about: Any) -> Response:
    """The room that `verb` opens about something."""
    Nothing.read(request)
    return act(request, verb, lambda room: RoomOf(room).data, about, by=request.user)


class BidViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Bid]):
    """One's own bids, and those on one's gigs (`gig=<id>` for one gig)."""

    serializer_class = BidOut
    queryset = Bid.objects.none()
    filterset_class = BidFilters
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        rows = Bid.objects.visible_to(self.request.user).select_related("freelancer", "gig")
        return rows if self.action == "list" else rows.prefetch_related("files")

    def get_serializer_class(self) -> Any:
        return BidRow if self.action == "list" else BidOut

    def retrieve(self, request: Request, pk: str) -> Response:
        """A whole bid. The client's first reading is told to its author, as on the page."""
        bid = self.get_object()
        if bid.viewed_at is None and bid.gig.client_id == request.user.pk:
            bid.viewed_at = bids.mark_viewed(bid, by=request.user).viewed_at
        return Response(self._shape(bid))

    @extend_schema(parameters=[KEY], request=BidIn, responses={201: BidOut})
    def create(self, request: Request) -> Response:
        """Send a bid."""
        values = BidIn.read(request)
        gig = get_object_or_404(Gig.objects.visible_to(request.user), pk=values.pop("gig"))
        return act(request, bids.submit, self._shape, gig, request.user, status=201, **values)

    @extend_schema(parameters=[KEY], request=BidChange, responses=BidOut)
    def update(self, request: Request, pk: str) -> Response:
        """Change a bid as a whole, until an offer was made."""
        bid = self.get_object()
        return act(request, bids.revise, self._shape, bid, by=request.user, **BidChange.read(request))

    @extend_schema(parameters=[KEY], request={"multipart/form-data": FilesIn}, responses=BidOut)
    @action(["POST"], detail=True)
    def files(self, request: Request, pk: str) -> Response:
        """Add files to one's own bid; what it says stays."""
        bid = self.get_object()
        terms = {name: getattr(bid, name) for name in TERMS}
        files = attachments.taken(FilesIn.read(request)["files"], limit=rule("FILES_PER_BID"))
        return act(request, bids.revise, self._shape, bid, by=request.user, version=bid.version, files=files, **terms)

    @extend_schema(parameters=[KEY], request=Nothing, responses=BidOut)
    @action(["POST"], detail=True)
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a bid back before it is accepted."""
        return self._act(request, bids.withdraw, Nothing)

    @extend_schema(parameters=[KEY], request=Switch, responses=BidOut)
    @action(["POST"], detail=True)
    def shortlist(self, request: Request, pk: str) -> Response:
        """Put a bid on the client's shortlist, or take it off."""
        return self._act(request, bids.shortlist, Switch)

    @extend_schema(parameters=[KEY], request=Switch, responses=BidOut)
    @action(["POST"], detail=True)
    def archive(self, request: Request, pk: str) -> Response:
        """Put a bid away from the client's list, or back."""
        return self._act(request, bids.archive, Switch)

    @extend_schema(parameters=[KEY], request=Reason, responses=BidOut)
    @action(["POST"], detail=True)
    def decline(self, request: Request, pk: str) -> Response:
        """Say no, with a reason that the freelancer reads."""
        return self._act(request, bids.decline, Reason)

    @extend_schema(parameters=[KEY], request=Nothing, responses=RoomOf)
    @action(["POST"], detail=True)
    def room(self, request: Request, pk: str) -> Response:
        """The room of this bid, opened when there is none."""
        return open_room(request, bids.open_room, self.get_object())

    @extend_schema(responses=VersionOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """Every version of the bid, newest first, and what each changed."""
        steps: Any = bid_changes.history(self.get_object())
        return Response(VersionOut(steps, many=True).data)

    def _act(self, request: Request, verb: Any, given: type[Strict]) -> Response:
        bid = self.get_object()
        return act(request, verb, self._shape, bid, by=request.user, **given.read(request))

    def _shape(self, bid: Bid) -> Any:
        return BidOut(bid, context=self.get_serializer_context()).data
