"""Milestones over the API: one address per act. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import hours, milestones, tips
from projects.api.files import FileOut
from projects.models import ChangeRequest, Delivery, Milestone, TimeEntry
from skilllink.api import Amount, Strict, Version, Words


class MilestoneOut(serializers.ModelSerializer[Milestone]):
    currency = serializers.CharField(read_only=True)
    rest = serializers.IntegerField(read_only=True, help_text="Minor units still held")

    class Meta:
        model = Milestone
        fields = (
            "id", "contract", "position", "title", "description", "amount", "currency", "days", "rate", "minutes", "week", "status", "released",
            "refunded", "rest", "due_at", "funded_at", "submitted_at", "review_due_at", "revisions_used",
            "refund_requested_at", "refund_reason", "released_by_clock", "ended_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class ChangesOut(serializers.ModelSerializer[ChangeRequest]):
    items = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ChangeRequest
        fields = ("reason", "items", "at")
        read_only_fields = fields


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    files = FileOut(many=True, read_only=True)
    changes = ChangesOut(source="change_request", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Delivery
        fields = ("id", "number", "note", "at", "files", "changes")
        read_only_fields = fields


class DeliverIn(Version):
    note = Words(default="")
    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), required=False)


class ChangesIn(Version):
    reason = Words(default="")
    items = serializers.ListField(child=Words(), default=list)


class ReleaseIn(Version):
    amount = Amount(required=False, help_text="Only a part; everything that is held when left out")


class GiftIn(Strict):
    amount = Amount()
    note = Words(default="")


class RefundIn(Version):
    reason = Words(default="")


class EntryOut(serializers.ModelSerializer[TimeEntry]):
    class Meta:
        model = TimeEntry
        fields = ("id", "begins_at", "ends_at", "minutes", "memo", "at")
        read_only_fields = fields


class LogIn(Strict):
    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    memo = Words()


class UnlogIn(Strict):
    entry = serializers.UUIDField()


class MilestoneViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Milestone]):
    """The payable steps of my contracts."""

    serializer_class = MilestoneOut
    queryset = Milestone.objects.none()
    filter_backends: list[Any] = []
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return Milestone.objects.visible_to(self.request.user).select_related("contract")

    @extend_schema(responses=DeliveryOut(many=True))
    @action(["GET"], detail=True, pagination_class=None)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was handed in, and what was to be different."""
        rows = self.get_object().deliveries.select_related("change_request").prefetch_related("files")
        return Response(DeliveryOut(rows.order_by("number"), many=True).data)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def agree(self, request: Request, pk: str) -> Response:
        """Accept the other party's proposed milestone."""
        return self._act(request, milestones.agree)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def cancel(self, request: Request, pk: str) -> Response:
        """Drop a milestone that holds no money; one that both signed is dropped by both."""
        return self._act(request, milestones.cancel)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def keep(self, request: Request, pk: str) -> Response:
        """Say no to dropping it, or take one's own wish back."""
        return self._act(request, milestones.keep)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def fund(self, request: Request, pk: str) -> Response:
        """Hold the amount from the client's wallet."""
        return self._act(request, milestones.fund)

    @extend_schema(
        parameters=[KEY],
        request={"application/json": DeliverIn, "multipart/form-data": DeliverIn},
        responses=MilestoneOut,
    )
    @action(["POST"], detail=True)
    def deliver(self, request: Request, pk: str) -> Response:
        """Hand in work; files as multipart parts named `files`."""
        return self._act(request, milestones.deliver, DeliverIn)

    @extend_schema(parameters=[KEY], request=ChangesIn, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def changes(self, request: Request, pk: str) -> Response:
        """Send the delivery back with a reason and a checklist."""
        return self._act(request, milestones.request_changes, ChangesIn)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def extend(self, request: Request, pk: str) -> Response:
        """Take more time to review, once per delivery."""
        return self._act(request, milestones.extend_review)

    @extend_schema(parameters=[KEY], request=ReleaseIn, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def release(self, request: Request, pk: str) -> Response:
        """Pay the freelancer. Can't be undone."""
        return self._act(request, milestones.release, ReleaseIn)

    @extend_schema(parameters=[KEY], request=GiftIn, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def tip(self, request: Request, pk: str) -> Response:
        """Give a tip after a release, as the client: all of it arrives. Can't be undone."""
        return self._act(request, tips.give, GiftIn)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def refund(self, request: Request, pk: str) -> Response:
        """Give the held rest back to the client, as the freelancer."""
        return self._act(request, milestones.refund)

    @extend_schema(parameters=[KEY], request=RefundIn, responses=MilestoneOut)
    @action(["POST"], detail=True, url_path="refund-request")
    def refund_request(self, request: Request, pk: str) -> Response:
        """Ask for the held rest back, as the client."""
        return self._act(request, milestones.request_refund, RefundIn)

    @extend_schema(parameters=[KEY], request=Version, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def object(self, request: Request, pk: str) -> Response:
        """Refuse a requested refund, or take the request back."""
        return self._act(request, milestones.object_to_refund)

    @extend_schema(responses=EntryOut(many=True))
    @action(["GET"], detail=True, pagination_class=None)
    def entries(self, request: Request, pk: str) -> Response:
        """The hours that were logged in a week that is paid by the hour."""
        return Response(EntryOut(self.get_object().entries.all(), many=True).data)

    @extend_schema(parameters=[KEY], request=LogIn, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def log(self, request: Request, pk: str) -> Response:
        """Log hours, as the freelancer, inside the week and its limit."""
        return self._act(request, hours.log, LogIn)

    @extend_schema(parameters=[KEY], request=UnlogIn, responses=MilestoneOut)
    @action(["POST"], detail=True)
    def unlog(self, request: Request, pk: str) -> Response:
        """Take an entry of mine back, while the week's hours are open."""
        return self._act(request, hours.unlog, UnlogIn)

    def _act(self, request: Request, verb: Any, given: type[Strict] = Version) -> Response:
        row = self.get_object()

        def shape(_result: Any) -> Any:
            return MilestoneOut(self.get_queryset().get(pk=row.pk)).data

        return act(request, verb, shape, row, by=request.user, **given.read(request))
