"""Whom I have blocked, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skilllink.api import Strict, Words
from users import blocks
from users.api.who import Who
from users.models import Block, Profile


class BlockOut(serializers.ModelSerializer[Block]):
    person = Who(source="blocked")
    slug = serializers.CharField(source="blocked.profile.slug", read_only=True)

    class Meta:
        model = Block
        fields = ("person", "slug", "at")
        read_only_fields = fields


class BlockIn(Strict):
    person = Words(help_text="The last part of the address of a profile")


class Blocks(ListAPIView[Block]):
    """Whom I have blocked, newest first."""

    serializer_class = BlockOut
    queryset = Block.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return Block.objects.filter(blocker=self.request.user.pk).select_related("blocked__profile")

    @extend_schema(request=BlockIn, responses={201: BlockOut})
    def post(self, request: Request) -> Response:
        """Block a person whose profile I may see; again is the same."""
        me: Any = request.user
        slug = BlockIn.read(request)["person"]
        other = get_object_or_404(Profile.objects.visible_to(me).select_related("user"), slug=slug).user
        return Response(BlockOut(blocks.block(me, other)).data, status=201)


class BlockShow(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: Any) -> Response:
        """Take back the block of the person with this id."""
        me: Any = request.user
        row = get_object_or_404(Block.objects.filter(blocker=me).select_related("blocked"), blocked=pk)
        blocks.unblock(me, row.blocked)
        return Response(status=204)
