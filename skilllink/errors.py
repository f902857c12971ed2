"""The one family of refusals. A verb raises one; `skilllink.answers` turns it into a page or JSON.

Each has a stable `code` for programs, a `sentence` for people and an HTTP `status`.
Domain modules name their own: `class NotFunded(Conflict): code = "milestone.not_funded"`.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class Refusal(Exception):
    """Something was asked that will not be done; nothing has changed."""

    code = "refused"
    status = 409
    retry_after = 5  # seconds, told with 429 and 503
    sentence: Sentence = _("That can't be done. Nothing was changed.")

    def __init__(
        self, sentence: Sentence | None = None, *, fields: dict[str, Sentence] | None = None, **facts: Any
    ) -> None:
        """`fields` maps a field's name to its own sentence; `facts` fill `{placeholders}` of the sentence."""
        template = sentence if sentence is not None else type(self).sentence
        self.sentence = str(template).format(**facts) if facts else template
        self.fields = fields or {}
        self.facts = facts
        super().__init__(str(self.sentence))

    def as_dict(self) -> dict[str, Any]:
        """The JSON body that every transport uses: `{"code", "sentence", "fields"?}`."""
        body: dict[str, Any] = {"code": self.code, "sentence": str(self.sentence)}
        if self.fields:
            body["fields"] = {name: str(text) for name, text in self.fields.items()}
        return body


class Malformed(Refusal):
    """The input cannot be read as what it should be (not a number, wrong type, too long)."""

    code, status, sentence = "malformed", 400, _("That can't be read. Nothing was changed.")


class Forbidden(Refusal):
    """The object is visible to the person, the act is not theirs."""

    code, status, sentence = "forbidden", 403, _("That isn't yours to do. Nothing was changed.")


class Missing(Refusal):
    """It does not exist, or it is none of this person's business: the answer is the same."""

    code, status, sentence = "missing", 404, _("There is nothing here, or it isn't open to you.")


class Conflict(Refusal):
    """The state does not allow it now: too late, twice, out of order, a stale page."""

    code, status, sentence = "conflict", 409, _("That isn't possible any more. Nothing was changed.")


class TooLarge(Refusal):
    code, status, sentence = "too_large", 413, _("That is too large. Nothing was changed.")


class UnsupportedFile(Refusal):
    """The bytes of a file are not what its name says, or not of an accepted type."""

    code, status, sentence = "unsupported_file", 415, _("This file isn't what its name says. It was not kept.")


class Unprocessable(Refusal):
    """Readable, but it contradicts a rule (a sum that differs, a limit passed)."""

    code, status, sentence = "unprocessable", 422, _("That doesn't add up. Nothing was changed.")


class TooMany(Refusal):
    code, status, sentence = "too_many", 429, _("That is too much at once. Wait a little and try again.")


class Unavailable(Refusal):
    code, status, sentence = "unavailable", 503, _("This isn't available right now. Nothing was changed.")
