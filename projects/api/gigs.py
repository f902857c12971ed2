"""Gigs over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from payment.api.acting import KEY, act
from projects import attachments, credibility, gig_list, gigs, live_board
from projects import questions as gig_questions
from projects.api.bids import RoomOf, open_room
from projects.api.files import FileOut
from projects.models import Gig, Invitation
from projects.rules import rule
from skilllink.api import Amount, Day, FilesIn, Nothing, Strict, Whole, Words
from users.api.who import Who


class GigOut(serializers.ModelSerializer[Gig]):
    client = Who(read_only=True)
    skills = serializers.SlugRelatedField("slug", many=True, read_only=True)
    files = FileOut(many=True, read_only=True)
    pro_bono = serializers.BooleanField(source="is_pro_bono", read_only=True)

    class Meta:
        model = Gig
        fields = (
            "id", "client", "title", "brief", "category", "skills", "cause", "pro_bono", "kind", "budget_min", "budget_max", "currency",
            "hours_per_week", "duration_weeks", "experience", "deadline", "questions", "challenge", "visibility",
            "board_mode", "positions", "hires", "bidding_days", "status", "posted_at", "bids_close_at", "expires_at",
            "removed_reason", "live_bids", "files", "version",
        )  # fmt: skip
        read_only_fields = fields


class GigIn(Strict):
    title = Words(required=False)
    brief = Words(required=False)
    category = Words(required=False)
    skills = serializers.ListField(child=Words(), required=False)
    cause = Words(required=False, allow_null=True, help_text="A verified cause of mine: pro bono for it, no budget")
    kind = serializers.ChoiceField(Gig.Kind.choices, required=False)
    budget_min = Amount(required=False)
    budget_max = Amount(required=False)
    currency = Words(required=False)
    hours_per_week = Whole(required=False, allow_null=True)
    duration_weeks = Whole(required=False, allow_null=True)
    experience = serializers.ChoiceField(Gig.Experience.choices, required=False)
    deadline = Day(required=False, allow_null=True)
    questions = serializers.ListField(child=Words(), required=False)
    challenge = Words(required=False)
    visibility = serializers.ChoiceField(Gig.Visibility.choices, required=False)
    board_mode = serializers.ChoiceField(Gig.BoardMode.choices, required=False)
    positions = Whole(required=False)
    bidding_days = Whole(required=False)


class GigChange(GigIn):
    version = Whole(required=False)


class InviteIn(Strict):
    person = Words(help_text="The address of a profile, or its last part")


class InvitationOut(serializers.ModelSerializer[Invitation]):
    freelancer = Who(read_only=True)

    class Meta:
        model = Invitation
        fields = ("id", "gig", "freelancer", "at")
        read_only_fields = fields


class FactOut(serializers.Serializer[credibility.Fact]):
    """One line of the credibility card, and of how many it speaks."""

    fact = serializers.CharField(source="label")
    value = serializers.CharField()
    n = serializers.CharField()


class BoardRowOut(serializers.Serializer[live_board.Row]):
    """One bid; null is what the caller may not see."""

    id = serializers.UUIDField(source="bid.pk", default=None, help_text="The bid, for its author and the client")
    freelancer = Who(source="person")
    submitted_at = serializers.DateTimeField(source="at")
    mine = serializers.BooleanField()
    withdrawn = serializers.BooleanField(source="gone")
    amount = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    hours = serializers.IntegerField(allow_null=True, help_text="The most of a week, on an hourly gig")
    points = serializers.FloatField(source="rank.points", default=None)
    parts = serializers.SerializerMethodField(help_text="What the points are made of; they sum to them")

    def get_parts(self, row: live_board.Row) -> dict[str, float] | None:
        return {name: tenths / 10 for name, tenths in row.rank.parts.items()} if row.rank else None


class BoardOut(serializers.Serializer[live_board.Board]):
    count = serializers.IntegerField()
    rows = BoardRowOut(many=True)


FILTERS = [
    OpenApiParameter("mine", str, description="1: one's own gigs in any state"),
    OpenApiParameter("q", str, description="Words to find"),
    OpenApiParameter("category", str),
    OpenApiParameter("experience", str),
    OpenApiParameter("skill", str),
    OpenApiParameter("pro_bono", str, description="1: only work donated to a cause"),
]


class GigViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Gig]):
    """Gigs one may see. Verbs are sub-resources: `POST …/close/`."""

    serializer_class = GigOut
    queryset = Gig.objects.none()
    filter_backends: list[Any] = []
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        user, params = self.request.user, self.request.query_params
        if self.action != "list":
            rows = Gig.objects.visible_to(user)
        elif params.get("mine"):
            rows = Gig.objects.filter(client=user)
        else:
            rows = gig_list.filtered(gig_list.board(user, params), params)
        return rows.select_related("client").prefetch_related("skills", "files")

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request) -> Response:
        """Open gigs, newest first; `mine=1` for one's own."""
        return super().list(request)

    @extend_schema(parameters=[KEY], request=GigIn, responses={201: GigOut})
    def create(self, request: Request) -> Response:
        """Post a gig."""
        return act(request, gigs.post, _shape, request.user, status=201, **GigIn.read(request))

    @extend_schema(parameters=[KEY], request=GigIn, responses={201: GigOut})
    @action(["POST"], detail=False)
    def draft(self, request: Request) -> Response:
        """Keep a gig without posting it."""
        return act(request, gigs.save_draft, _shape, request.user, status=201, **GigIn.read(request))

    @extend_schema(request=GigChange, responses=GigOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a gig; `version` refuses a change of what was changed meanwhile with 409."""
        gig = self.get_object()
        values = GigChange.read(request)
        if gig.status == Gig.Status.DRAFT:
            values.pop("version", None)
            return act(request, gigs.save_draft, _shape, request.user, gig, **values)
        return act(request, gigs.edit, _shape, gig, by=request.user, **values)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw a draft away. A posted gig is closed, not deleted."""
        gigs.discard(self.get_object(), by=request.user)
        return Response(status=204)

    @extend_schema(parameters=[KEY], request=GigIn, responses=GigOut)
    @action(["POST"], detail=True)
    def post(self, request: Request, pk: str) -> Response:
        """Post a draft, completed with the given fields."""
        return act(request, gigs.post, _shape, request.user, draft=self.get_object(), **GigIn.read(request))

    @extend_schema(parameters=[KEY], request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def pause(self, request: Request, pk: str) -> Response:
        """Take no bids for a while."""
        return self._act(request, gigs.pause)

    @extend_schema(parameters=[KEY], request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def resume(self, request: Request, pk: str) -> Response:
        """Take bids again."""
        return self._act(request, gigs.resume)

    @extend_schema(parameters=[KEY], request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def renew(self, request: Request, pk: str) -> Response:
        """Begin the bidding window and the idle clock anew."""
        return self._act(request, gigs.renew)

    @extend_schema(parameters=[KEY], request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def close(self, request: Request, pk: str) -> Response:
        """End the gig; waiting offers are taken back with their money."""
        return self._act(request, gigs.close)

    @extend_schema(parameters=[KEY], request={"multipart/form-data": FilesIn}, responses=GigOut)
    @action(["POST"], detail=True)
    def files(self, request: Request, pk: str) -> Response:
        """Add files to one's own gig."""
        gig = self.get_object()
        files = attachments.taken(FilesIn.read(request)["files"], limit=rule("FILES_PER_GIG"))
        if gig.status == Gig.Status.DRAFT:
            return act(request, gigs.save_draft, _shape, request.user, gig, files=files)
        return act(request, gigs.edit, _shape, gig, by=request.user, files=files)

    @extend_schema(parameters=[KEY], request=Nothing, responses=RoomOf)
    @action(["POST"], detail=True)
    def questions(self, request: Request, pk: str) -> Response:
        """The room where everyone who sees the gig asks about it, opened when there is none."""
        return open_room(request, gig_questions.open_room, self.get_object())

    @extend_schema(parameters=[KEY], request=InviteIn, responses={201: InvitationOut})
    @action(["POST"], detail=True)
    def invite(self, request: Request, pk: str) -> Response:
        """Ask a freelancer to bid."""
        gig = self.get_object()
        person = gigs.invitee(InviteIn.read(request)["person"], by=request.user)
        return act(request, gigs.invite, lambda row: InvitationOut(row).data, gig, person, by=request.user, status=201)

    @extend_schema(responses=InvitationOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def invitations(self, request: Request, pk: str) -> Response:
        """Whom the client has invited; for the client."""
        gig = self.get_object()
        if gig.client_id != request.user.pk:
            raise gigs.NotYours()
        return Response(InvitationOut(gig.invitations.select_related("freelancer").order_by("pk"), many=True).data)

    @extend_schema(responses=BoardOut)
    @action(["GET"], detail=True)
    def board(self, request: Request, pk: str) -> Response:
        """The live board as the caller may see it, in the client's order."""
        return Response(BoardOut(live_board.board_for(self.get_object(), request.user)).data)

    @extend_schema(responses=FactOut(many=True), filters=False)
    @action(["GET"], detail=True, pagination_class=None)
    def credibility(self, request: Request, pk: str) -> Response:
        """What the client did so far."""
        return Response(FactOut(credibility.card(self.get_object().client), many=True).data)

    def _act(self, request: Request, verb: Any) -> Response:
        gig = self.get_object()
        Nothing.read(request)
        return act(request, verb, _shape, gig, by=request.user)


def _shape(gig: Gig) -> Any:
    return GigOut(gig).data
