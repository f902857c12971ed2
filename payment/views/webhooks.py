"""Where gateways post their events. Signed, hence without the token of a form; stored, hence answered at once."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payment import webhooks
from skilllink.errors import Refusal


@csrf_exempt  # the body is signed by the gateway
@require_POST
def receive(request: HttpRequest, gateway: str) -> HttpResponse:
    """One event: 200 once it is kept, also for a copy."""
    try:
        body = request.body
        webhooks.receive(gateway, body, request.headers.get("Stripe-Signature", ""))
    except Refusal as refusal:  # always as JSON: a program reads it
        return JsonResponse(refusal.as_dict(), status=refusal.status)
    return JsonResponse({"received": True})
