"""Two expressions that both databases understand, so that the audit reads a row a transfer and compares by sets."""

from typing import Any

from django.db.models import Aggregate, CharField, F, Func, TextField, Value
from django.db.models.functions import Cast, Concat


class UuidText(Func):
    """A UUID as it is written in keys: 36 characters, small letters."""

    template = "CAST(%(expressions)s AS text)"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        pieces = [f"substr({sql}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
        return " || '-' || ".join(pieces), [*params] * len(pieces)


class Joined(Aggregate):
    """The texts of a group, `;` between them, in whatever order the database has them."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ';')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, function="group_concat", **context)


def lines(path: str) -> Joined:
    """The entries at `path` as text, for `read_lines`."""
    account, amount = Cast(f"{path}account_id", TextField()), Cast(f"{path}amount", TextField())
    return Joined(
        Concat(account, Value(" "), F(f"{path}account__currency"), Value(" "), amount, output_field=TextField())
    )


def read_lines(text: str | None) -> list[tuple[int, str, int]]:
    """(account, currency, amount) in account order; empty when the text isn't made of entries."""
    try:
        fields = [one.split(" ") for one in text.split(";")] if text else []
        return sorted([(int(account), currency, int(amount)) for account, currency, amount in fields])
    except ValueError:
        return []
