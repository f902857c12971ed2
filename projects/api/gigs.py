"""Gigs over the API: the pages' verbs and refusals. Amounts are integer minor units of `currency`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from projects import gig_list, gigs, live_board
from projects.api.strict import Strict
from projects.models import Gig


class GigOut(serializers.ModelSerializer[Gig]):
    client = serializers.SerializerMethodField()
    skills = serializers.SlugRelatedField("slug", many=True, read_only=True)

    class Meta:
        model = Gig
        fields = (
            "id", "client", "title", "brief", "category", "skills", "kind", "budget_min", "budget_max", "currency",
            "hours_per_week", "duration_weeks", "experience", "deadline", "questions", "challenge", "visibility",
            "board_mode", "positions", "hires", "bidding_days", "status", "posted_at", "bids_close_at", "expires_at",
            "live_bids", "version",
        )  # fmt: skip
        read_only_fields = fields

    def get_client(self, gig: Gig) -> dict[str, str]:
        return {"id": str(gig.client_id), "name": gig.client.name}


class GigIn(Strict):
    title = serializers.CharField(required=False, allow_blank=True)
    brief = serializers.CharField(required=False, allow_blank=True)
    category = serializers.CharField(required=False)
    skills = serializers.ListField(child=serializers.CharField(), required=False, max_length=15)
    kind = serializers.ChoiceField(Gig.Kind.choices, required=False)
    budget_min = serializers.JSONField(required=False)
    budget_max = serializers.JSONField(required=False)
    currency = serializers.CharField(required=False)
    hours_per_week = serializers.IntegerField(required=False, allow_null=True)
    duration_weeks = serializers.IntegerField(required=False, allow_null=True)
    experience = serializers.ChoiceField(Gig.Experience.choices, required=False)
    deadline = serializers.DateField(required=False, allow_null=True)
    questions = serializers.ListField(child=serializers.CharField(), required=False)
    challenge = serializers.CharField(required=False, allow_blank=True)
    visibility = serializers.ChoiceField(Gig.Visibility.choices, required=False)
    board_mode = serializers.ChoiceField(Gig.BoardMode.choices, required=False)
    positions = serializers.IntegerField(required=False)
    bidding_days = serializers.IntegerField(required=False)


class GigChange(GigIn):
    version = serializers.IntegerField(required=False)


class Nothing(Strict):
    """A verb without arguments."""


class GigViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Gig]):
    """Open gigs one may see; `mine=1` for one's own in any state. Verbs are sub-resources: `POST …/close/`."""

    serializer_class = GigOut
    queryset = Gig.objects.none()
    lookup_value_converter = "uuid"

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.action in ("list", "retrieve", "board") else [IsAuthenticated()]

    def get_queryset(self) -> Any:
        user, params = self.request.user, self.request.query_params
        if self.action == "list" and not params.get("mine"):
            rows = gig_list.filtered(gig_list.board(user, params), params)
        elif self.action == "list":
            rows = Gig.objects.filter(client=user) if user.is_authenticated else Gig.objects.none()
        else:
            rows = Gig.objects.visible_to(user)
        return rows.select_related("client").prefetch_related("skills")

    @extend_schema(request=GigIn, responses={201: GigOut})
    def create(self, request: Request) -> Response:
        """Post a gig."""
        gig = gigs.post(request.user, **GigIn.read(request))
        return Response(GigOut(gig).data, status=201)

    @extend_schema(request=GigChange, responses=GigOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a posted gig; `version` refuses a stale change with 409."""
        return self._answer(gigs.edit(self.get_object(), by=request.user, **GigChange.read(request)))

    @extend_schema(request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def pause(self, request: Request, pk: str) -> Response:
        return self._answer(gigs.pause(self.get_object(), by=request.user))

    @extend_schema(request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def resume(self, request: Request, pk: str) -> Response:
        return self._answer(gigs.resume(self.get_object(), by=request.user))

    @extend_schema(request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def renew(self, request: Request, pk: str) -> Response:
        return self._answer(gigs.renew(self.get_object(), by=request.user))

    @extend_schema(request=Nothing, responses=GigOut)
    @action(["POST"], detail=True)
    def close(self, request: Request, pk: str) -> Response:
        return self._answer(gigs.close(self.get_object(), by=request.user))

    @extend_schema(responses={200: dict})
    @action(["GET"], detail=True)
    def board(self, request: Request, pk: str) -> Response:
        """The live board as the caller may see it; what they may not see isn't in the answer."""
        board = live_board.board_for(self.get_object(), request.user)
        rows = [
            {
                "freelancer": {"id": str(row.person.pk), "name": row.person.name},
                "submitted_at": row.at,
                "mine": row.mine,
                "withdrawn": row.gone,
                **({"id": str(row.bid_id)} if row.bid else {}),
                **({"amount": row.amount, "days": row.days} if row.amount is not None else {}),
                **({"points": row.rank.points, "parts": dict(row.rank.labelled)} if row.rank else {}),
            }
            for row in board.rows
        ]
        return Response({"count": board.count, "rows": rows})

    def _answer(self, gig: Gig) -> Response:
        return Response(GigOut(gig).data)
