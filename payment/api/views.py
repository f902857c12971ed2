"""The wallet over the API: amounts are whole minor units."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import accounts, deposits, idempotency
from payment.models import Deposit, Entry
from skilllink.errors import Malformed, Missing


class EntrySerializer(serializers.ModelSerializer[Entry]):
    account = serializers.CharField(source="account.kind")
    currency = serializers.CharField(source="account.currency")
    kind = serializers.CharField(source="transfer.kind")
    transfer = serializers.UUIDField(source="transfer_id")
    at = serializers.DateTimeField(source="transfer.at")

    class Meta:
        model = Entry
        fields = ("id", "transfer", "kind", "account", "amount", "currency", "at")


class DepositSerializer(serializers.ModelSerializer[Deposit]):
    class Meta:
        model = Deposit
        fields = ("id", "amount", "currency", "status", "failure", "created_at", "ended_at")


class Wallet(APIView):
    """Per currency: wallet, pending, available, in_escrow."""

    @extend_schema(responses=dict)
    def get(self, request: Request) -> Response:
        return Response(accounts.balances(request.user))


class Entries(ListAPIView[Entry]):
    """Every movement on my accounts, newest first."""

    serializer_class = EntrySerializer
    queryset = Entry.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Entry.objects.filter(account__user=self.request.user.pk).select_related("account", "transfer")


class Deposits(APIView):
    """Ask for a deposit; paying it is a second step."""

    @extend_schema(
        request=dict,
        responses={201: DepositSerializer},
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)],
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict) or set(request.data) != {"amount", "currency"}:
            raise Malformed(fields={"amount": "Give amount (minor units) and currency, nothing else."})
        amount, currency = request.data["amount"], request.data["currency"]
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return Response(DepositSerializer(deposits.request(request.user, amount, currency)).data, status=201)
        fingerprint = idempotency.fingerprint("POST", request.path, dict(request.data))

        def effect() -> tuple[int, Any]:
            return 201, DepositSerializer(deposits.request.within(request.user, amount, currency)).data

        status, data = idempotency.once(request.user, key, fingerprint, effect)
        return Response(data, status=status)


class DepositShow(APIView):
    @extend_schema(responses=DepositSerializer)
    def get(self, request: Request, pk: Any) -> Response:
        row = Deposit.objects.visible_to(request.user).filter(pk=pk).first()
        if row is None:
            raise Missing()
        return Response(DepositSerializer(row).data)
