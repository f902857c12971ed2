"""The wallet over the API: amounts are whole minor units."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import accounts, deposits
from payment.api.acting import KEY, act
from payment.models import Deposit, Entry
from skilllink.api import Amount, Strict, Words


class PurseOut(serializers.Serializer[Any]):
    """Minor units of one currency."""

    currency = serializers.CharField()
    wallet = serializers.IntegerField(help_text="Deposited")
    pending = serializers.IntegerField(help_text="Earned, still clearing")
    available = serializers.IntegerField(help_text="Earned and cleared")
    in_escrow = serializers.IntegerField()
    in_transit = serializers.IntegerField(help_text="Reserved for payouts")
    owed = serializers.IntegerField(help_text="Owed by the person after a chargeback")


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
    pay_at = serializers.SerializerMethodField(help_text="The page where it is paid; cards never pass the API")

    class Meta:
        model = Deposit
        fields = ("id", "amount", "currency", "status", "failure", "created_at", "ended_at", "pay_at")

    def get_pay_at(self, row: Deposit) -> str:
        return settings.SITE_URL + reverse("payment:deposit", args=[row.pk])


class DepositIn(Strict):
    amount = Amount()
    currency = Words()


class Wallet(APIView):
    @extend_schema(responses=PurseOut(many=True))
    def get(self, request: Request) -> Response:
        """What I have, one line per currency."""
        balances = sorted(accounts.balances(request.user).items())
        return Response(PurseOut([{"currency": currency, **line} for currency, line in balances], many=True).data)


class Entries(ListAPIView[Entry]):
    """Every movement on my accounts, newest first."""

    serializer_class = EntrySerializer
    queryset = Entry.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Entry.objects.filter(account__user=self.request.user.pk).select_related("account", "transfer")


class Deposits(ListAPIView[Deposit]):
    """My deposits, newest first."""

    serializer_class = DepositSerializer
    queryset = Deposit.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Deposit.objects.visible_to(self.request.user)

    @extend_schema(parameters=[KEY], request=DepositIn, responses={201: DepositSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a deposit; it is paid on the page `pay_at`."""
        given = DepositIn.read(request)
        shape = lambda row: DepositSerializer(row).data  # noqa: E731
        return act(request, deposits.request, shape, request.user, given["amount"], given["currency"], status=201)


class DepositShow(RetrieveAPIView[Deposit]):
    """One of my deposits."""

    serializer_class = DepositSerializer
    queryset = Deposit.objects.none()

    def get_queryset(self) -> Any:
        return Deposit.objects.visible_to(self.request.user)
