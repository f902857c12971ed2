"""Evidence over the API: the same file as on the page."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from payment import verify
from payment.views.verify import answer


class ContractEvidence(APIView):
    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: UUID) -> Any:
        """Every transfer of the contract with its inclusion proof, as docs/examples/verify_evidence.py verifies it."""
        response: HttpResponse = answer(verify.subject("contract", request.user, pk))
        return response
