"""Files of gigs, bids and deliveries over the API: to whoever may see what they belong to."""

from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from projects import gigs
from projects.models import BidFile, DeliveryFile, GigFile
from skilllink import files


class FileOut(serializers.Serializer[Any]):
    """A file and where to fetch it."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    mime = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="Bytes")
    url = serializers.SerializerMethodField()

    def get_url(self, row: Any) -> str:
        kinds = {GigFile: "gig-file", BidFile: "bid-file", DeliveryFile: "delivery-file"}
        return reverse(f"api:{kinds[type(row)]}", args=[row.pk])


class _Download(APIView):
    model: Any = None

    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: Request, pk: Any) -> HttpResponseBase:
        """The file itself, always as a download."""
        row = get_object_or_404(self.model.objects.visible_to(request.user), pk=pk)
        return files.serve(request._request, row.file, row.name, mime=row.mime)


class GigFileShow(_Download):
    model = GigFile

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: Any) -> Response:
        """Take a file away from one's own gig."""
        row = get_object_or_404(GigFile.objects.visible_to(request.user), pk=pk)
        gigs.remove_file(row, by=request.user)
        return Response(status=204)


class BidFileShow(_Download):
    model = BidFile


class DeliveryFileShow(_Download):
    model = DeliveryFile
