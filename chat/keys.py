"""The keys of private rooms. Hashing one takes long on purpose, so it happens before any row is locked."""

import contextlib
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed, Missing, TooMany
from skilllink.moments import span

SHORTEST, LONGEST = 6, 128


class BadKey(Malformed):
    code, sentence = "room.bad_key", _("A key has 6 to 128 characters.")


class WrongKey(Missing):
    """A private room and none at all answer alike: an address alone tells nobody that a room is there."""

    code, sentence = "room.wrong_key", _("There is no such room, or that isn't its key.")


class TooManyKeys(TooMany):
    code = "room.too_many_keys"
    sentence = _("That was {tries} times a wrong key. Wait {wait}, then you can try again.")


def hashed(key: Any) -> str:
    """What is kept of a key. Raises BadKey."""
    text = _clean(key)
    if not SHORTEST <= len(text) <= LONGEST:
        raise BadKey(fields={"key": BadKey.sentence})
    return make_password(text)


def check(user: Any, key: Any, kept: str) -> None:
    """Whether the person's key is the one that was `kept`; an empty `kept` takes as long and fits nothing.

    Raises WrongKey, and TooManyKeys after KEY_TRIES wrong ones within KEY_TRY_WINDOW, for whichever rooms they were.
    """
    name = f"room-keys:{user.pk}"
    tries, window = settings.SKILLLINK["KEY_TRIES"], settings.SKILLLINK["KEY_TRY_WINDOW"]
    if _counted(name, int(window.total_seconds())) > tries:
        refusal = TooManyKeys(tries=tries, wait=span(window))
        refusal.retry_after = int(window.total_seconds())
        raise refusal
    text = _clean(key)
    if len(text) > LONGEST or not check_password(text, kept or make_password(None)):
        raise WrongKey()
    with contextlib.suppress(ValueError):  # the window has ended, and its count with it
        cache.decr(name)


def _counted(name: str, seconds: int) -> int:
    """The number of this try. Counted before it is judged, so that many at once are many tries."""
    cache.add(name, 0, seconds)
    try:
        return cache.incr(name)
    except ValueError:  # the window ended in between
        return 1


def _clean(key: Any) -> str:
    """The same characters are the same key, however a keyboard composes them."""
    return unicodedata.normalize("NFC", key) if isinstance(key, str) else ""
