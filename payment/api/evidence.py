"""Evidence over the API: the same files as on the pages."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from payment import statement, statement_evidence, verify
from payment.api.papers import FILTERS
from payment.models import Batch
from payment.views.verify import answer


class AboutOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    title = serializers.CharField()


class PlaceOut(serializers.Serializer[Any]):
    account = serializers.IntegerField()
    kind = serializers.CharField()
    of = serializers.ChoiceField(choices=["payer", "payee", "platform", "mine", "other"])


class ProofOut(serializers.Serializer[Any]):
    line = serializers.CharField(help_text="what was sealed; its SHA-256 as a leaf is `leaf`")
    leaf = serializers.CharField()
    batch = serializers.IntegerField()
    index = serializers.IntegerField(help_text="place in the batch, from 0")
    proof = serializers.ListField(child=serializers.CharField(), help_text="hashes from the leaf up to the root")


class BatchOut(serializers.ModelSerializer[Batch]):
    class Meta:
        model, fields = Batch, ("number", "first", "last", "root", "previous", "head")


class LeftOutOut(serializers.Serializer[Any]):
    anonymous = serializers.IntegerField(help_text="gifts whose proof would say which came from the same giver")
    older = serializers.IntegerField(help_text="beyond the most of one file: narrow the days")


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
    left_out = LeftOutOut()
    batches = BatchOut(many=True)
    digest = serializers.CharField()


class ContractEvidence(APIView):
    @extend_schema(responses=EvidenceOut)
    def get(self, request: Request, pk: UUID) -> Any:
        """Every transfer of the contract with its inclusion proof, as docs/examples/verify_evidence.py verifies it."""
        response: HttpResponse = answer(verify.subject("contract", request.user, pk))
        return response


class StatementEvidence(APIView):
    @extend_schema(parameters=FILTERS, responses=EvidenceOut)
    def get(self, request: Request) -> Any:
        """The newest transfers behind the chosen lines of my statement, with their inclusion proofs."""
        response: HttpResponse = answer(statement_evidence.subject(request.user, statement.read(request.query_params)))
        return response
