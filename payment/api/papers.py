"""Statement, papers and forecast over the API: the same rows as on the pages, amounts in whole minor units."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import forecast, statement, summary, tax
from payment.api.acting import KEY, act
from payment.models import Paper
from payment.views import papers as pages
from payment.views.statement import csv_of
from skilllink.api import Strict, Words
from skilllink.clocks import now
from skilllink.errors import Malformed

FILTERS = [
    OpenApiParameter("since", OpenApiTypes.DATE, description="From this day on, in the reader's zone"),
    OpenApiParameter("until", OpenApiTypes.DATE, description="Up to this day"),
    OpenApiParameter("contract", OpenApiTypes.UUID),
    OpenApiParameter("person", OpenApiTypes.UUID, description="The other one of the escrow"),
    OpenApiParameter("kind", str, enum=sorted(statement.KINDS)),
    OpenApiParameter("currency", str),
]


class LineSerializer(serializers.Serializer[Any]):
    """One entry; `balance` is that of its account after it, whatever is filtered."""

    id = serializers.IntegerField()
    transfer = serializers.UUIDField(source="transfer_id")
    at = serializers.DateTimeField(source="transfer.at")
    kind = serializers.CharField(source="transfer.kind")
    account = serializers.CharField(source="account.kind")
    amount = serializers.IntegerField()
    balance = serializers.IntegerField()
    currency = serializers.CharField(source="account.currency")


class PartySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField()
    tax_number = serializers.CharField()


class CreditSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    amount = serializers.IntegerField()


class PaperSerializer(serializers.ModelSerializer[Paper]):
    number = serializers.CharField(source="code")
    about = serializers.CharField(source="content.for")
    issuer = PartySerializer(source="content.from")
    recipient = PartySerializer(source="content.to")
    credits = CreditSerializer(source="content.credits", many=True, help_text="Of a credit note: which invoices")
    pdf = serializers.SerializerMethodField()

    class Meta:
        model = Paper
        fields = (
            "id",
            "kind",
            "number",
            "at",
            "amount",
            "currency",
            "about",
            "issuer",
            "recipient",
            "credits",
            "transfer",
            "pdf",
        )

    def get_pdf(self, row: Paper) -> str:
        return settings.SITE_URL + reverse("api:paper_pdf", args=[row.pk])


class ExpectedSerializer(serializers.Serializer[Any]):
    """What happens by itself at `at` if nobody acts; `place` is where the money comes to (negative: leaves)."""

    at = serializers.DateTimeField()
    place = serializers.ChoiceField(["pending", "available", "wallet", "escrow"])
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    sentence = serializers.CharField()
    usable_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


class WorkSerializer(serializers.Serializer[Any]):
    gross = serializers.IntegerField()
    back = serializers.IntegerField(help_text="Of it, what went back")
    fee = serializers.IntegerField()
    net = serializers.IntegerField()


class YearSerializer(serializers.Serializer[Any]):
    """One currency's figures of a year, UTC."""

    currency = serializers.CharField()
    earned = WorkSerializer()
    spent = WorkSerializer()
    months = serializers.ListField(child=serializers.IntegerField(), help_text="Net earnings, January first")
    deposited = serializers.IntegerField()
    paid_out = serializers.IntegerField()


class TaxDetailsIn(Strict):
    name = Words()
    address = Words()
    tax_number = Words()


class Statement(ListAPIView[Any]):
    """Every movement on my accounts with the balance after it, newest first."""

    serializer_class = LineSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return statement.entries(self.request.user, statement.read(self.request.query_params))

    @extend_schema(parameters=FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Narrowed by day, contract and person; amounts are signed minor units."""
        return super().get(request, *args, **kwargs)


class StatementFile(APIView):
    @extend_schema(parameters=FILTERS, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> StreamingHttpResponse:
        """The same as CSV, oldest first; amounts are decimals."""
        return csv_of(request.user, statement.read(request.query_params))


class Papers(ListAPIView[Paper]):
    """Invoices and credit notes that I am a party of, newest first."""

    serializer_class = PaperSerializer
    queryset = Paper.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Paper.objects.of(self.request.user)


class PaperShow(RetrieveAPIView[Paper]):
    """One of them."""

    serializer_class = PaperSerializer
    queryset = Paper.objects.none()

    def get_queryset(self) -> Any:
        return Paper.objects.visible_to(self.request.user)


class PaperFile(APIView):
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """The PDF: the same bytes for both parties, for ever."""
        return pages.answer(get_object_or_404(Paper.objects.visible_to(request.user), pk=pk))


class Forecast(APIView):
    @extend_schema(responses=ExpectedSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What money will come and go by itself, in order."""
        return Response(ExpectedSerializer(forecast.of(request.user), many=True).data)


class Year(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("year", int, description="The present one by default")],
        responses=YearSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """A year in figures, one line per currency."""
        text = request.query_params.get("year", str(now().year))
        if not (text.isascii() and text.isdigit() and len(text) == 4):
            raise Malformed(fields={"year": _("Write a year as 2026.")})
        return Response(YearSerializer(summary.of(request.user, summary.known(int(text))), many=True).data)


class TaxDetails(APIView):
    @extend_schema(responses=PartySerializer)
    def get(self, request: Request) -> Response:
        """What papers made from now on say of me."""
        return Response(PartySerializer(tax.of(request.user)).data)

    @extend_schema(parameters=[KEY], request=TaxDetailsIn, responses=PartySerializer)
    def post(self, request: Request) -> Response:
        """Change it; papers that are made already keep what they say."""
        given = TaxDetailsIn.read(request)
        return act(request, tax.change, lambda row: PartySerializer(tax.of(row.user)).data, request.user, **given)
