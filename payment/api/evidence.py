"""Evidence over the API: the same file as on the page."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from payment import verify
from payment.models import Batch
from payment.views.verify import answer


class AboutOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    title = serializers.CharField()


class PlaceOut(serializers.Serializer[Any]):
    account = serializers.IntegerField()
    kind = serializers.CharField()
    of = serializers.ChoiceField(choices=["payer", "payee", "platform"])


class ProofOut(serializers.Serializer[Any]):
    line = serializers.CharField(help_text="what was sealed; its SHA-256 as a leaf is `leaf`")
    leaf = serializers.CharField()
    batch = serializers.IntegerField()
    index = serializers.IntegerField(help_text="place in the batch, from 0")
    proof = serializers.ListField(child=serializers.CharField(), help_text="hashes from the leaf up to the root")


class BatchOut(serializers.ModelSerializer[Batch]):
    class Meta:
        model, fields = Batch, ("number", "first", "last", "root", "previous", "head")


class EvidenceOut(serializers.Serializer[Any]):
    """What `payment.verify.evidence` writes; described here, never rendered by this."""

    format = serializers.CharField()
    site = serializers.CharField()
    made_at = serializers.DateTimeField()
    about = AboutOut()
    escrows = serializers.ListField(child=serializers.UUIDField())
    accounts = PlaceOut(many=True)
    transfers = ProofOut(many=True)
    not_sealed_yet = serializers.IntegerField()
    batches = BatchOut(many=True)
    digest = serializers.CharField()


class ContractEvidence(APIView):
    @extend_schema(responses=EvidenceOut)
    def get(self, request: Request, pk: UUID) -> Any:
        """Every transfer of the contract with its inclusion proof, as docs/examples/verify_evidence.py verifies it."""
        response: HttpResponse = answer(verify.subject("contract", request.user, pk))
        return response
