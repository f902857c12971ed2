"""Web push: a message encrypted for one browser (RFC 8291, 8188), signed as ours (RFC 8292), given to its push service (RFC 8030)."""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

CURVE = ec.SECP256R1()
KEY_BYTES = 32
RECORD = 4096  # bytes; one record holds the whole message
TIMEOUT = 5  # seconds
SIGNED_FOR = timedelta(hours=12)
GONE = (404, 410)
BUSY = 429


class Failed(Exception):
    """The push service didn't take it now; later it may."""


class Refused(Failed):
    """It won't take this later either, such as when it was told another key of ours."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser is reached, its public key (65 bytes, uncompressed) and its secret (16 bytes)."""

    endpoint: str
    key: bytes
    secret: bytes


def send(browser: Browser, message: dict[str, Any], *, at: datetime, urgent: bool = False) -> bool:
    """Hand a message to the browser's push service. False when the subscription has ended; raises Failed, Refused."""
    headers = {
        "Authorization": authorization(browser.endpoint, at=at),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(round(settings.SKILLLINK["PUSH_KEPT"].total_seconds())),
        "Urgency": "high" if urgent else "normal",
    }
    body = encrypt(json.dumps(message, ensure_ascii=False).encode(), browser)
    try:
        status = _post(browser.endpoint, body, headers)
    except requests.RequestException as error:
        # its words would name the whole address, which is the browser's secret
        raise Failed(f"{urlsplit(browser.endpoint).netloc} gave no answer: {type(error).__name__}.") from error
    if status in GONE:
        return False
    if status >= 300:
        kind = Refused if 400 <= status < 500 and status != BUSY else Failed
        raise kind(f"The push service answered {status}.")
    return True


def _post(address: str, body: bytes, headers: dict[str, str]) -> int:
    """The status alone: of what else is answered nothing is read, however much it is."""
    with requests.post(address, body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
        return answer.status_code


def encrypt(
    message: bytes, browser: Browser, *, salt: bytes | None = None, own: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """The body of a push message. `salt` and `own` are random for each; given only to check against known results."""
    salt, own = salt or os.urandom(16), own or ec.generate_private_key(CURVE)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser.key))
    public = _point(own)
    material = _derive(browser.secret, shared, b"WebPush: info\0" + browser.key + public, 32)
    key = _derive(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, material, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + AESGCM(key).encrypt(nonce, message + b"\x02", None)


def authorization(endpoint: str, *, at: datetime) -> str:
    """Who we are, signed for this push service and for half a day."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((at + SIGNED_FOR).timestamp()),
        "sub": f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}",
    }
    signed = ".".join(plain(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_own_key().sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"vapid t={signed}.{plain(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public_key()}"


def public_key() -> str:
    """What browsers are told whose messages to take; empty where this site sends none."""
    return plain(_point(_own_key())) if settings.VAPID_PRIVATE_KEY else ""


def has_good_key() -> bool:
    try:
        _own_key()
        return len(unplain(settings.VAPID_PRIVATE_KEY)) == KEY_BYTES
    except ValueError:
        return False


def plain(data: bytes) -> str:
    """Base64 for addresses, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unplain(text: str) -> bytes:
    """Raises ValueError for anything else."""
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def _own_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unplain(settings.VAPID_PRIVATE_KEY), "big"), CURVE)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
