"""Signing in for programs, me, my notifications, and tickets for the socket."""

from typing import Any

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from skilllink.api import Strict, Whole, Words
from skilllink.errors import Malformed, Refusal
from skilllink.realtime import tickets
from skilllink.realtime.sessions import token_key
from users import tokens
from users.models import ApiToken, Notification, User
from users.notifications import inbox


class NotSignedIn(Refusal):
    code, status, sentence = "token.not_signed_in", 401, _("E-mail and password don't fit together.")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "users.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token …"}


class TokenIn(Strict):
    email = Words()
    password = Words()
    name = Words()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=tokens.SCOPES))
    code = Words(required=False)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    id = serializers.CharField(source="pk", read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=tokens.SCOPES), read_only=True)

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scopes", "created", "expiry")
        read_only_fields = fields


class NewTokenOut(TokenOut):
    token = serializers.CharField(read_only=True, help_text="Shown this once")

    class Meta(TokenOut.Meta):
        fields = (*TokenOut.Meta.fields, "token")
        read_only_fields = fields


class Tokens(APIView):
    """A token for e-mail and password, shown once; my tokens."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "sign-in"

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(TokenOut(tokens.of(request.user), many=True).data)

    @extend_schema(request=TokenIn, responses={201: NewTokenOut})
    def post(self, request: Request) -> Response:
        """A token for e-mail and password, and the second factor's code where there is one."""
        data = TokenIn.read(request)
        user = authenticate(request._request, email=data["email"], password=data["password"])
        if user is None:
            raise NotSignedIn()
        row, token = tokens.for_password(user, name=data["name"], scopes=data["scopes"], code=data.get("code", ""))
        return Response({**TokenOut(row).data, "token": token}, status=201)


class TokenShow(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """End one of my tokens."""
        tokens.end(request.user, pk)
        return Response(status=204)


class MeOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "email", "name", "is_client", "is_freelancer", "timezone")
        read_only_fields = fields


class Me(APIView):
    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """Who the token speaks for."""
        return Response(MeOut(request.user).data)


class NotificationOut(serializers.ModelSerializer[Notification]):
    sentence = serializers.CharField(read_only=True)

    class Meta:
        model = Notification
        fields = ("id", "seq", "event", "sentence", "url", "created_at", "read_at")


class Notifications(ListAPIView[Notification]):
    """What I was told, newest first."""

    serializer_class = NotificationOut
    queryset = Notification.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Notification.objects.visible_to(self.request.user)


class ReadIn(Strict):
    upto = Whole(required=False, help_text="All up to this number")
    ids = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="These")


class ReadOut(serializers.Serializer[Any]):
    marked = serializers.IntegerField()


class NotificationsRead(APIView):
    @extend_schema(request=ReadIn, responses=ReadOut)
    def post(self, request: Request) -> Response:
        """Mark as read: everything up to a number, or the given ones."""
        given = ReadIn.read(request)
        if len(given) != 1 or given.get("upto", 0) < 0:
            raise Malformed(fields={"upto": _("Give the last number you have read, or ids.")})
        return Response({"marked": inbox.mark_read(request.user, **given)})


class TicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    seconds = serializers.IntegerField()


class Tickets(APIView):
    @extend_schema(request=None, responses={201: TicketOut})
    def post(self, request: Request) -> Response:
        """A ticket that opens one socket within 30 seconds: `/ws/?ticket=…`."""
        key = token_key(request.auth.pk) if isinstance(request.auth, ApiToken) else ""
        return Response({"ticket": tickets.issue(request.user, key=key), "seconds": tickets.SECONDS}, status=201)
