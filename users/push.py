"""Which browsers of a person are told by push: each belongs to a session or an API token and ends with it."""

import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Malformed, Missing, Unavailable
from skilllink.realtime.sessions import TOKEN, token_key
from skilllink.transactions import inside_transaction, verb
from users import tokens
from users.models import PushSubscription, User
from users.notifications import web_push
from users.standing import require_active

MOST = 20  # browsers of one person; the oldest gives way
LONGEST_ADDRESS = 500
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# so plain that every reader of addresses finds the same host in it: no user, no backslash, no blank, no other alphabet
ADDRESS = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*)(:[0-9]{{1,5}})?/[!-\[\]-~]*")
HERE = ("127.0.0.1", "localhost")


class NotOffered(Unavailable):
    code, sentence = "push.not_offered", _("This site sends no push messages.")


class BadSubscription(Malformed):
    code = "push.bad_subscription"
    sentence = _("This isn’t a subscription of a push service that we know. Nothing was changed.")


@verb
def subscribe(user: User, session_key: str, *, endpoint: str, key: str, secret: str) -> PushSubscription:
    """Tell this browser from now on, as long as the session lasts, or the token whose `token_key` is given.

    Raises NotOffered, BadSubscription.
    """
    require_active(user)
    if not settings.VAPID_PRIVATE_KEY:
        raise NotOffered()
    fields = _read(endpoint, key, secret)
    # a browser has one at a time: after another key of ours, or a renewal of its own, what it had before is dead
    PushSubscription.objects.filter(user=user, session_key=session_key).exclude(endpoint=endpoint).delete()
    row, _made = PushSubscription.objects.update_or_create(
        endpoint=endpoint, defaults={"user": user, "session_key": session_key, "at": now(), **fields}
    )
    kept = PushSubscription.objects.filter(user=user).order_by("-at", "-pk").values_list("pk", flat=True)[:MOST]
    PushSubscription.objects.filter(user=user).exclude(pk__in=list(kept)).delete()
    return row


@verb
def unsubscribe(user: User, endpoint: str) -> None:
    PushSubscription.objects.filter(user=user, endpoint=endpoint.replace("\0", "")).delete()


@verb
def end(user: User, pk: Any) -> None:
    """Tell one of the person's browsers no more. Raises Missing for anybody else's."""
    if not PushSubscription.objects.filter(user=user, pk=pk).delete()[0]:
        raise Missing()


@inside_transaction
def forget(user_id: Any) -> None:
    """After a changed password nothing is told to any browser until it signs in and asks again."""
    PushSubscription.objects.filter(user=user_id).delete()


@verb
def drop(row: PushSubscription) -> None:
    """The push service says that it has ended."""
    PushSubscription.objects.filter(pk=row.pk).delete()


@verb
def browsers(user: User) -> list[PushSubscription]:
    """Those whose session or token still is; the others are dropped. None where this site sends no push messages."""
    if not settings.VAPID_PRIVATE_KEY:
        return []
    rows = PushSubscription.objects.filter(user=user)
    named = set(rows.values_list("session_key", flat=True))
    alive = Session.objects.filter(session_key__in=named, expire_date__gt=now()).values_list("session_key", flat=True)
    valid = {token_key(pk) for pk in tokens.valid([key.removeprefix(TOKEN) for key in named])}
    rows.exclude(session_key__in={*alive, *valid}).delete()
    return [row for row in rows.all() if _is_known(row.endpoint)]


def _read(endpoint: str, key: str, secret: str) -> dict[str, bytes]:
    """The keys as bytes. The address must be one of a known push service: this site calls it by itself."""
    try:
        point, token = web_push.unplain(key), web_push.unplain(secret)
        ec.EllipticCurvePublicKey.from_encoded_point(web_push.CURVE, point)
    except ValueError as error:
        raise BadSubscription() from error
    if not _is_known(endpoint) or len(point) != 65 or len(token) != 16:
        raise BadSubscription()
    return {"key": point, "secret": token}


def _is_known(endpoint: str) -> bool:
    """Whether it leads to a service of PUSH_HOSTS, by https; by http on this machine alone."""
    found = ADDRESS.fullmatch(endpoint) if len(endpoint) <= LONGEST_ADDRESS else None
    if found is None:
        return False
    scheme, name, port = found[1], found[2], found[3] or ""
    is_safe = scheme == "https" or name in HERE
    return is_safe and any(_fits(name + port, host) for host in settings.PUSH_HOSTS)


def _fits(netloc: str, host: str) -> bool:
    """`host` itself, or `*.host` for all beneath it."""
    return netloc == host or (host.startswith("*.") and netloc.endswith(host[1:]))
