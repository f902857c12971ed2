"""What gateways call our rows: `deposit:<id>`, `return:<id>`, `payout:<id>`."""

from uuid import UUID

NOBODY = UUID(int=0)  # the id of no row


def read(kind: str, reference: str) -> UUID:
    """The id in a reference of this kind; NOBODY for anything else that a gateway may send."""
    noun, _colon, number = reference.partition(":")
    try:
        return UUID(number) if noun == kind else NOBODY
    except ValueError:
        return NOBODY
