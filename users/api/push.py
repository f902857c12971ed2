"""Browsers of mine that are told by push, over the API; one that asked by a token ends with it."""

from typing import Any
from urllib.parse import urlsplit

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skilllink.api import Strict, Words
from skilllink.numbers import natural
from skilllink.realtime.sessions import token_key
from users import push
from users.models import ApiToken, PushSubscription


class PushSubscriptionOut(serializers.ModelSerializer[PushSubscription]):
    service = serializers.SerializerMethodField(help_text="Its host; the whole address is the browser's secret")

    class Meta:
        model = PushSubscription
        fields = ("id", "service", "at")
        read_only_fields = fields

    def get_service(self, row: PushSubscription) -> str:
        return urlsplit(row.endpoint).netloc


class PushSubscriptionIn(Strict):
    endpoint = Words(help_text="Where its push service takes messages")
    key = Words(help_text="p256dh, base64url")
    secret = Words(help_text="auth, base64url")


class PushSubscriptions(APIView):
    @extend_schema(responses=PushSubscriptionOut(many=True))
    def get(self, request: Request) -> Response:
        """My browsers that are told by push."""
        me: Any = request.user
        return Response(PushSubscriptionOut(push.browsers(me), many=True).data)

    @extend_schema(request=PushSubscriptionIn, responses={201: PushSubscriptionOut})
    def post(self, request: Request) -> Response:
        """Tell a browser from now on, in the place of what this token or session told before."""
        me: Any = request.user
        given = PushSubscriptionIn.read(request)
        token = request.auth if isinstance(request.auth, ApiToken) else None
        asked_by = token_key(token.pk) if token else request.session.session_key or ""
        return Response(PushSubscriptionOut(push.subscribe(me, asked_by, **given)).data, status=201)


class PushSubscriptionShow(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Tell it no more."""
        me: Any = request.user
        push.end(me, natural(pk))
        return Response(status=204)
