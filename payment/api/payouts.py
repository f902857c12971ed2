"""Money out over the API: payouts, the bank accounts they go to, deposits back to their source, debts paid."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payment import chargebacks, deposit_returns, payout_methods, payouts
from payment.api.acting import KEY, act, act_outside
from payment.models import Cause, Deposit, DepositReturn, Payout, PayoutMethod
from payment.views.answers import answered
from skilllink.api import Amount, Nothing, Strict, Words
from skilllink.errors import Missing
from users.proof import signed_in_at

TOKEN = "Names the wish: the same one twice is done once"


class PayoutMethodSerializer(serializers.ModelSerializer[PayoutMethod]):
    name_at = serializers.SerializerMethodField(
        help_text="The page that leads to the payment provider’s, where the account is named when it isn't typed here"
    )

    class Meta:
        model = PayoutMethod
        fields = (
            "id", "cause", "holder", "currency", "last4", "created_at", "confirmed_at", "usable_at", "ended_at", "name_at",
        )  # fmt: skip

    def get_name_at(self, row: PayoutMethod) -> str:
        return settings.SITE_URL + payout_methods.page(row.cause)


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    place = serializers.SerializerMethodField(help_text="1 is the next of the queue, 0 is not in it")
    waits_for = serializers.SerializerMethodField(help_text="What keeps it from its batch; empty when nothing does")
    promised_at = serializers.SerializerMethodField(
        help_text="When the bank has it at the latest; null while it is on hold or waits"
    )

    class Meta:
        model = Payout
        fields = (
            "id", "cause", "method", "amount", "currency", "status", "failure", "needs_two", "approved_at", "created_at", "due_at",
            "sent_at", "ended_at", "place", "waits_for", "promised_at",
        )  # fmt: skip

    def get_place(self, row: Payout) -> int:
        return payouts.place(row)

    @extend_schema(responses=serializers.ChoiceField(choices=["approval", "debt", ""]))
    def get_waits_for(self, row: Payout) -> str:
        return payouts.waits_for(row)

    @extend_schema(responses=serializers.DateTimeField(allow_null=True))
    def get_promised_at(self, row: Payout) -> str | None:
        at = payouts.promise(row)
        return at.isoformat() if at else None


class DepositReturnSerializer(serializers.ModelSerializer[DepositReturn]):
    class Meta:
        model = DepositReturn
        fields = ("id", "deposit", "amount", "status", "failure", "created_at", "ended_at")


class TransferOut(serializers.Serializer[Any]):
    transfer = serializers.UUIDField(source="pk")
    at = serializers.DateTimeField()


class PayoutMethodIn(Strict):
    holder = Words()
    currency = Words()
    number = Words(default="", help_text="It is passed to the gateway and never kept; none where it is typed there")
    cause = serializers.UUIDField(required=False, help_text="A cause that I keep, whose money goes there")
    token = Words(help_text=TOKEN)


class PayoutIn(Strict):
    method = serializers.UUIDField()
    amount = Amount()
    currency = Words()
    token = Words(help_text=TOKEN)


class ReturnIn(Strict):
    amount = Amount()
    token = Words(help_text=TOKEN)


class RepayIn(Strict):
    amount = Amount()
    currency = Words()
    token = Words(help_text=TOKEN)


class PayoutMethods(ListAPIView[PayoutMethod]):
    """My bank accounts and those of the causes I keep, newest first."""

    serializer_class = PayoutMethodSerializer
    queryset = PayoutMethod.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[PayoutMethod]:
        rows = PayoutMethod.objects.visible_to(self.request.user).filter(ended_at__isnull=True)
        return rows.select_related("cause")

    @extend_schema(parameters=[KEY], request=PayoutMethodIn, responses={201: PayoutMethodSerializer})
    def post(self, request: Request) -> Response:
        """Add a bank account, with a token of the last minutes; nothing is paid out to it before it is confirmed."""
        given = PayoutMethodIn.read(request)
        if "cause" in given:
            given["cause"] = _cause(request, given["cause"])

        def add() -> PayoutMethod:
            payout_methods.require_fresh(signed_in_at(request))
            with answered(_("The payment provider doesn’t answer. Nothing was added; try again in a minute.")):
                return payout_methods.add(request.user, **given)

        return act_outside(request, add, _method, status=201, secret="number")


class PayoutMethodConfirm(APIView):
    @extend_schema(parameters=[KEY], request=Nothing, responses=PayoutMethodSerializer)
    def post(self, request: Request, pk: Any) -> Response:
        """Make a bank account usable after the wait, with a token of the last minutes. Every address of mine is told."""
        row = _own_method(request, pk)
        Nothing.read(request)

        def confirm() -> PayoutMethod:
            with answered(_("The payment provider doesn’t answer. Nothing was changed; try again in a minute.")):
                return payout_methods.confirm(row, by=request.user, signed_in_at=signed_in_at(request))

        return act_outside(request, confirm, _method)


class PayoutMethodEnd(APIView):
    @extend_schema(parameters=[KEY], request=Nothing, responses=PayoutMethodSerializer)
    def post(self, request: Request, pk: Any) -> Response:
        """Use a bank account no more."""
        row = _own_method(request, pk)
        Nothing.read(request)
        return act(request, payout_methods.end, _method, row, by=request.user)


class Payouts(ListAPIView[Payout]):
    """My payouts and those of the causes I keep, newest first."""

    serializer_class = PayoutSerializer
    queryset = Payout.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Payout.objects.visible_to(self.request.user)

    @extend_schema(parameters=[KEY], request=PayoutIn, responses={201: PayoutSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a payout, with a token of the last minutes: it is reserved now and sent with the next batch.

        To a bank account of my own go my earnings, to one of a cause what was given to that cause.
        """
        given = PayoutIn.read(request)
        method = PayoutMethod.objects.visible_to(request.user).filter(pk=given["method"]).first()
        if method is None:
            raise Missing()
        figures = (given["amount"], given["currency"])
        return act(
            request, payouts.request, _payout, request.user, method, *figures, token=given["token"], status=201,
            require=lambda: payout_methods.require_fresh(signed_in_at(request)),
        )  # fmt: skip


class PayoutShow(RetrieveAPIView[Payout]):
    """One of my payouts."""

    serializer_class = PayoutSerializer
    queryset = Payout.objects.none()

    def get_queryset(self) -> Any:
        return Payout.objects.visible_to(self.request.user)


class PayoutCancel(APIView):
    @extend_schema(parameters=[KEY], request=Nothing, responses=PayoutSerializer)
    def post(self, request: Request, pk: Any) -> Response:
        """Take a payout out of the queue; the money is in my earnings again."""
        row = get_object_or_404(Payout.objects.visible_to(request.user), pk=pk)
        Nothing.read(request)
        return act(request, payouts.cancel, _payout, row, by=request.user)


class DepositReturns(APIView):
    @extend_schema(parameters=[KEY], request=ReturnIn, responses={201: DepositReturnSerializer})
    def post(self, request: Request, pk: Any) -> Response:
        """Send unspent money of a deposit back to the card it came from."""
        row = get_object_or_404(Deposit.objects.visible_to(request.user), pk=pk)
        given = ReturnIn.read(request)
        return act(
            request, deposit_returns.request, _deposit_return, row, by=request.user, amount=given["amount"],
            token=given["token"], status=201,
        )  # fmt: skip


class Repay(APIView):
    @extend_schema(parameters=[KEY], request=RepayIn, responses=TransferOut)
    def post(self, request: Request) -> Response:
        """Pay what I owe after a chargeback, from my wallet."""
        given = RepayIn.read(request)
        figures = (given["amount"], given["currency"])
        return act(request, chargebacks.repay, _transfer, request.user, *figures, token=given["token"])


def _own_method(request: Request, pk: Any) -> PayoutMethod:
    return get_object_or_404(PayoutMethod.objects.visible_to(request.user), pk=pk)


def _cause(request: Request, pk: Any) -> Cause:
    found = Cause.objects.filter(keeper=request.user.pk, pk=pk).first()
    if found is None:
        raise Missing()
    return found


def _method(row: PayoutMethod) -> Any:
    return PayoutMethodSerializer(row).data


def _payout(row: Payout) -> Any:
    return PayoutSerializer(row).data


def _deposit_return(row: DepositReturn) -> Any:
    return DepositReturnSerializer(row).data


def _transfer(row: Any) -> Any:
    return TransferOut(row).data
