"""What people write, as it is kept."""

import unicodedata


def clean(text: str) -> str:
    """NFC, Unix line ends, no control characters but newline and tab, no blanks around it."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
