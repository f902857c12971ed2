"""Signing in for programs, me, my notifications, and tickets for the socket."""

from typing import Any

from allauth.mfa.models import Authenticator
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

from skilllink.errors import Forbidden, Malformed, Missing, Refusal
from skilllink.realtime import tickets
from skilllink.transactions import verb
from users.api.permissions import SCOPES
from users.models import ApiToken, Notification
from users.notifications import inbox
from users.standing import require_active


class NotSignedIn(Refusal):
    code, status, sentence = "token.not_signed_in", 401, _("E-mail and password don't fit together.")


class NeedsCode(Refusal):
    code, status = "token.needs_code", 401
    sentence = _("This account has a second factor: send its present code or a recovery code too.")


class NotVerified(Forbidden):
    code, sentence = "token.not_verified", _("Confirm your e-mail address first.")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "users.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token …"}


class SignInSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False)
    name = serializers.CharField(max_length=60)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), allow_empty=False)
    code = serializers.CharField(required=False, max_length=12)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    id = serializers.CharField(source="pk")

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scopes", "created", "expiry")


class Tokens(APIView):
    """A token for e-mail and password, shown once; my tokens."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "sign-in"

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    @extend_schema(responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(TokenSerializer(ApiToken.objects.filter(user=request.user.pk), many=True).data)

    @extend_schema(request=SignInSerializer, responses={201: dict})
    def post(self, request: Request) -> Response:
        given = SignInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        user = authenticate(request._request, email=data["email"], password=data["password"])
        if user is None:
            raise NotSignedIn()
        row, token = _issue(user, data)
        return Response({"token": token, **TokenSerializer(row).data}, status=201)


class TokenShow(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """End one of my tokens."""
        if not ApiToken.objects.filter(user=request.user.pk, pk=pk).delete()[0]:
            raise Missing()
        return Response(status=204)


class Me(APIView):
    @extend_schema(responses=dict)
    def get(self, request: Request) -> Response:
        user: Any = request.user
        return Response(
            {
                "id": str(user.pk),
                "email": user.email,
                "name": user.name,
                "is_client": user.is_client,
                "is_freelancer": user.is_freelancer,
                "timezone": user.timezone,
            }
        )


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    sentence = serializers.CharField(read_only=True)

    class Meta:
        model = Notification
        fields = ("id", "seq", "event", "sentence", "url", "created_at", "read_at")


class Notifications(ListAPIView[Notification]):
    """What I was told, newest first."""

    serializer_class = NotificationSerializer
    queryset = Notification.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Notification.objects.visible_to(self.request.user)


class NotificationsRead(APIView):
    @extend_schema(request=dict, responses=dict)
    def post(self, request: Request) -> Response:
        """Mark as read up to a number: `{"upto": 12}`."""
        upto = request.data.get("upto") if isinstance(request.data, dict) else None
        if type(upto) is not int or upto < 0:
            raise Malformed(fields={"upto": _("Give the last number you have read.")})
        return Response({"marked": inbox.mark_read(request.user, upto=upto)})


class Tickets(APIView):
    @extend_schema(request=None, responses={201: dict})
    def post(self, request: Request) -> Response:
        """A ticket that opens one socket within 30 seconds: `/ws/?ticket=…`."""
        return Response({"ticket": tickets.issue(request.user), "seconds": tickets.SECONDS}, status=201)


@verb
def _issue(user: Any, data: dict[str, Any]) -> tuple[ApiToken, str]:
    """Judge the account and its second factor, then make the token. Returns the row and the token itself."""
    require_active(user)
    if not user.emailaddress_set.filter(verified=True).exists():
        raise NotVerified()
    factors = list(Authenticator.objects.filter(user=user))
    # a passkey can't be shown here; whoever has no app with codes sends a recovery code
    coded = [row for row in factors if row.type in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)]
    if factors and not any(row.wrap().validate_code(data.get("code", "")) for row in coded):
        raise NeedsCode()
    row, token = ApiToken.objects.create(user, name=data["name"], scopes=sorted(set(data["scopes"])))
    return row, token
