"""Personal API tokens: made on a page or for a password, kept hashed, limited to scopes, ended at once."""

from collections.abc import Collection
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Forbidden, Missing, Refusal, Sentence, Unprocessable
from skilllink.realtime.sessions import close_sockets, token_key
from skilllink.transactions import inside_transaction, verb
from users.models import ApiToken
from users.standing import require_active

SCOPES = ("read", "write")
NAME = 60
MOST = 50


class NeedsCode(Refusal):
    code, status = "token.needs_code", 401
    sentence = _("This account has a second factor: send its present code or a recovery code too.")


class NotVerified(Forbidden):
    code, sentence = "token.not_verified", _("Confirm your e-mail address first.")


class Incomplete(Unprocessable):
    code, sentence = "token.incomplete", _("A token needs a name and what it may do.")


class TooMany(Unprocessable):
    code, sentence = "token.too_many", _("You have {most} tokens, the most at a time. End one that you don't use.")


@verb
def create(user: Any, *, name: str, scopes: Any) -> tuple[ApiToken, str]:
    """Make a token for a person who is signed in. Returns the row and the token itself, which nothing can show again."""
    return _create(user, name, scopes)


@verb
def for_password(user: Any, *, name: str, scopes: Any, code: str = "") -> tuple[ApiToken, str]:
    """Make a token for a person whose password was just checked; judges the second factor too. Raises NeedsCode."""
    factors = list(Authenticator.objects.filter(user=user))
    # a passkey can't be shown here; whoever has no app with codes sends a recovery code
    coded = [row for row in factors if row.type in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)]
    if factors and not any(row.wrap().validate_code(code) for row in coded):
        raise NeedsCode()
    return _create(user, name, scopes)


@verb
def end(user: Any, pk: str) -> None:
    """End one of the person's own tokens. Raises Missing for anybody else's."""
    pk = pk.replace("\0", "")
    if not ApiToken.objects.filter(user=user, pk=pk).delete()[0]:
        raise Missing()
    close_sockets(user.pk, session_key=token_key(pk))


def valid(ids: Collection[str]) -> set[str]:
    """Those of these tokens that haven't ended."""
    rows = ApiToken.objects.filter(pk__in=ids).exclude(expiry__lte=now())
    return set(rows.values_list("pk", flat=True))


def of(user: Any) -> Any:
    """The person's tokens, the newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created")


@inside_transaction
def _create(user: Any, name: str, scopes: Any) -> tuple[ApiToken, str]:
    require_active(user)
    if not user.emailaddress_set.filter(verified=True).exists():
        raise NotVerified()
    faults: dict[str, Sentence] = {}
    if not 1 <= len(name.strip()) <= NAME:
        faults["name"] = _("Name it in up to 60 characters, so that you know it again.")
    if not scopes or set(scopes) - set(SCOPES):
        faults["scopes"] = _("Choose what it may do.")
    if faults:
        raise Incomplete(fields=faults)
    if of(user).count() >= MOST:
        raise TooMany(most=MOST)
    row, token = ApiToken.objects.create(user, name=name.strip(), scopes=sorted(set(scopes)))
    return row, token
