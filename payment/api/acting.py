"""How a POST of the API calls a verb: once, also when the request is sent again under the same `Idempotency-Key`."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils.crypto import salted_hmac
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from payment import idempotency
from skilllink.transactions import Verb

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="The same key with the same request is answered byte for byte as before; with another request 409.",
)


def act(
    request: Request,
    verb: Verb[Any, Any],
    shape: Callable[[Any], Any],
    *args: Any,
    status: int = 200,
    require: Callable[[], None] = lambda: None,
    **kwargs: Any,
) -> Response:
    """Call a verb and answer with the `shape` of what it returned; under an Idempotency-Key the answer is kept.

    `require` raises when this request may not ask for it; an answer that was kept is given again without it.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        require()
        return Response(shape(verb(*args, **kwargs)), status=status)

    def effect() -> tuple[int, Any]:
        require()
        return status, shape(verb.within(*args, **kwargs))

    print_ = idempotency.fingerprint(request.method or "", request.path, _body(request))
    kept_status, kept_body = idempotency.once(request.user, key, print_, effect)
    return Response(kept_body, status=kept_status)


def act_outside(
    request: Request, call: Callable[[], Any], shape: Callable[[Any], Any], *, status: int = 200, secret: str = ""
) -> Response:
    """The same for what asks somebody outside between its transactions, so that no single one can hold it.

    `call` is one wish however often it is called: one that was cut off goes on where it was. `secret` names the field
    that isn't kept in any form in which it could be guessed.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return Response(shape(call()), status=status)
    body = dict(request.data)
    if secret in body:
        body[secret] = salted_hmac("idempotency", str(body[secret])).hexdigest()
    print_ = idempotency.fingerprint(request.method or "", request.path, body)
    kept = idempotency.answered(request.user, key, print_)
    if kept is None:
        done = call()
        kept = idempotency.once(request.user, key, print_, lambda: (status, shape(done)))
    return Response(kept[1], status=kept[0])


def _body(request: Request) -> Any:
    """The body as plain data; of a file its name and the digest of what is in it."""
    if not request.FILES:
        return request.data
    data: Any = request.data
    fields = {name: data.getlist(name) for name in sorted(data) if name not in request.FILES}
    files = [(name, file) for name in sorted(request.FILES) for file in request.FILES.getlist(name)]
    return {"fields": fields, "files": [[name, file.name, _digest(file)] for name, file in files]}


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()
