"""What gateways call our rows: `deposit:<id>`, `return:<id>`, `payout:<id>`."""

from uuid import UUID

from skilllink import ids


def read(kind: str, reference: str) -> UUID:
    """The id in a reference of this kind; the id of no row for anything else that a gateway may send."""
    noun, _colon, number = reference.partition(":")
    return ids.read(number if noun == kind else "")
