"""Tables as CSV that a spreadsheet can't be tricked with: a text never begins as a formula, an amount is a decimal."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from django.conf import settings

from payment import statement
from skilllink.money import plain

# how spreadsheets begin a formula, also in full width; a tab or a line break before it is skipped by them
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
COLUMNS = (
    "time", "kind", "account", "amount", "balance", "currency", "about", "with", "papers", "address", "transfer",
)  # fmt: skip


def cell(value: Any) -> str:
    """The value as text that no spreadsheet takes for a formula; a negative decimal stays a number."""
    text = str(value)
    if text.lstrip(" ").startswith(DANGEROUS) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def written(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The table piece by piece."""
    yield _row(columns)
    for row in rows:
        yield _row(row)


def statement_rows(lines: Iterable[statement.Line]) -> Iterator[list[Any]]:
    for line in lines:
        yield [
            line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), line.kind, line.account,
            plain(line.amount, line.currency), plain(line.balance, line.currency), line.currency, line.label, line.other,
            " ".join(code for code, _url in line.papers), settings.SITE_URL + line.url if line.url else "", line.transfer,
        ]  # fmt: skip


def _row(row: Iterable[Any]) -> str:
    piece = io.StringIO()
    csv.writer(piece).writerow([cell(value) for value in row])
    return piece.getvalue()
