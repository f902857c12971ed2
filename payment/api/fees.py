"""The published fees over the API, from the same functions as the page and the ledger."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import fees
from skilllink.errors import Malformed


class RateOut(serializers.Serializer[fees.Rate]):
    name = serializers.CharField()
    bps = serializers.IntegerField(help_text="Hundredths of a percent")


class QuoteOut(serializers.Serializer[fees.Quote]):
    """Minor units of `currency`."""

    gross = serializers.IntegerField()
    fee = serializers.IntegerField()
    net = serializers.IntegerField()
    currency = serializers.CharField()
    bps = serializers.IntegerField()


class FeesOut(serializers.Serializer[Any]):
    rates = RateOut(many=True)
    examples = QuoteOut(many=True)
    quote = QuoteOut(allow_null=True, help_text="For `amount` and `currency`, when they are given")
    parts = QuoteOut(many=True, help_text="The same amount released in three parts")


class Fees(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("amount", int, description="Minor units that are released"),
            OpenApiParameter("currency", str),
        ],
        responses=FeesOut,
    )
    def get(self, request: Request) -> Response:
        """The rates, examples in every currency, and what becomes of an amount."""
        quote = _quote(request.query_params.get("amount"), request.query_params.get("currency", ""))
        parts = fees.in_parts(quote) if quote else []
        return Response(FeesOut({**fees.published(), "quote": quote, "parts": parts}).data)


def _quote(amount: str | None, currency: str) -> fees.Quote | None:
    if amount is None:
        return None
    if not (amount.isascii() and amount.isdigit() and len(amount) <= 13):
        raise Malformed(fields={"amount": "Give the amount as a whole number of minor units."})
    return fees.quote(int(amount), currency)
