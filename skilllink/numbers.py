"""Numbers that people's programs write into addresses and forms."""

DIGITS = 15  # far above any row's number and far below what costs time to read


def natural(text: str) -> int | None:
    """The number that `text` writes in at most 15 digits of 0 to 9, else None.

    int() alone takes signs, blanks and other scripts' digits, and raises for thousands of them.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
