"""Who a person, or the platform, is on papers."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from payment.models import TaxDetails
from skilllink.errors import Malformed, Sentence
from skilllink.transactions import verb

LONGEST = {"name": 120, "address": 400, "tax_number": 40}
LINES = 6  # of an address: what stands in its place on a page


class Unwritable(Malformed):
    code, sentence = "tax.unwritable", _("This can't stand on a paper. Nothing was changed.")


def of(user: Any) -> dict[str, str]:
    """What a paper made now says of the person; without a name of their own there, the one they go by."""
    row = TaxDetails.objects.filter(user=user).first() or TaxDetails(user=user)
    return {"name": row.name or user.name, "address": row.address, "tax_number": row.tax_number}


def of_platform() -> dict[str, str]:
    address = settings.OPERATOR_ADDRESS.replace("\\n", "\n")
    return {"name": settings.OPERATOR_NAME, "address": address, "tax_number": settings.OPERATOR_TAX_NUMBER}


@verb
def change(user: Any, *, name: str, address: str, tax_number: str) -> TaxDetails:
    """What papers say from now on. Raises Unwritable naming the field that is too long or isn't text."""
    given = {"name": name.strip(), "address": _lines(address), "tax_number": tax_number.strip()}
    faults: dict[str, Sentence] = {
        field: _("Write at most {most} characters.").format(most=LONGEST[field])
        for field, text in given.items()
        if len(text) > LONGEST[field]
    }
    if given["address"].count("\n") >= LINES:
        faults["address"] = _("Write at most {most} lines.").format(most=LINES)
    for field in ("name", "tax_number"):
        if any(not sign.isprintable() for sign in given[field]):
            faults[field] = _("Write it in one line, without control characters.")
    if any(not sign.isprintable() and sign != "\n" for sign in given["address"]):
        faults["address"] = _("Write it without control characters.")
    if faults:
        raise Unwritable(fields=faults)
    row, _made = TaxDetails.objects.update_or_create(user=user, defaults=given)
    return row


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\r\n", "\n").split("\n")).strip()
