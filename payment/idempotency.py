"""`Idempotency-Key`: the record and the effect commit together; the stored answer is returned byte for byte (L11)."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.utils.encoders import JSONEncoder

from payment.models import IdempotencyRecord
from skilllink.errors import Conflict, Malformed
from skilllink.transactions import verb


class KeyReused(Conflict):
    code = "idempotency.key_reused"
    sentence = _("This Idempotency-Key was used for another request. Nothing was changed; use a new key.")


class BadKey(Malformed):
    code = "idempotency.bad_key"
    sentence = _("An Idempotency-Key has 1 to 120 printable characters.")


def fingerprint(method: str, path: str, body: Any) -> str:
    """SHA-256 of a request in canonical form."""
    text = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def answered(user: Any, key: str, request_fingerprint: str) -> tuple[int, Any] | None:
    """The stored (status, JSON data) of this request, if it was answered before. Raises KeyReused, BadKey."""
    _require_key(key)
    record = IdempotencyRecord.objects.filter(user=user, key=key).first()
    if record is None or record.status is None:
        return None
    if record.fingerprint != request_fingerprint:
        raise KeyReused()
    return record.status, json.loads(record.body)


@verb
def once(user: Any, key: str, request_fingerprint: str, call: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Run `call` in this transaction and keep its (status, JSON data); asked again, answer the same without running it.

    `call` must use `verb.within`. A refusal inside it rolls everything back and keeps no record: it may be tried again.
    Raises KeyReused when the key was used for another request.
    """
    _require_key(key)
    record, made = IdempotencyRecord.objects.get_or_create(
        user=user, key=key, defaults={"fingerprint": request_fingerprint}
    )
    record = IdempotencyRecord.objects.select_for_update().get(pk=record.pk)
    if record.fingerprint != request_fingerprint:
        raise KeyReused()
    if record.status is not None:
        return record.status, json.loads(record.body)
    record.status, data = call()
    record.body = json.dumps(data, cls=JSONEncoder)
    record.save(update_fields=["status", "body"])
    return record.status, json.loads(record.body)


def _require_key(key: str) -> None:
    if not key or len(key) > 120 or not key.isprintable():
        raise BadKey()
