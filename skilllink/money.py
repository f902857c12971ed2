"""Money: integer minor units and an ISO 4217 currency. Every figure from outside passes this parser."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_currency, get_currency_symbol
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed

EXPONENTS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
LARGEST = 10**12  # minor units; invariant L2 of the ledger


class BadAmount(Malformed):
    code, sentence = "money.malformed", _("Write the amount in digits, such as 1600.00.")


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in minor units (cents for USD, whole yen for JPY). May be negative in a difference."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)


def exponent(currency: str) -> int:
    """How many decimals the currency has. Raises BadAmount for a currency that is not dealt in."""
    if not isinstance(currency, str) or currency not in EXPONENTS or currency not in settings.CURRENCIES:
        raise BadAmount(_("That currency isn't dealt in here."), fields={"currency": _("Choose a listed currency.")})
    return EXPONENTS[currency]


def parse(text: Any, currency: str, *, field: str = "amount") -> int:
    """Read what a person typed ("1600", "1600.50") into positive minor units.

    Only ASCII digits and one point; no sign, exponent, grouping, or more decimals than the currency has.
    Raises BadAmount naming `field`.
    """
    decimals = exponent(currency)
    match = re.fullmatch(r"([0-9]{1,13})(?:\.([0-9]+))?", text.strip(" ")) if isinstance(text, str) else None
    if match is None:
        raise _bad(field, _("Write the amount in digits, such as 1600.00."))
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > decimals:
        raise _bad(field, _("{currency} has {decimals} decimals; write no more."), currency=currency, decimals=decimals)
    return check_minor(int(whole + fraction.ljust(decimals, "0")), field=field)


def check_minor(value: Any, *, field: str = "amount") -> int:
    """Return `value` if it is an integer of 1 to 10^12 minor units (the API's form). Raises BadAmount."""
    if type(value) is not int:
        raise _bad(field, _("Give the amount as a whole number of minor units, such as 160000 for $1,600.00."))
    if value < 1:
        raise _bad(field, _("The amount must be more than zero."))
    if value > LARGEST:
        raise _bad(field, _("The amount is larger than can be handled."))
    return value


def fee_on(total: int, bps: int) -> int:
    """round-half-up(total × bps / 10000), minor units: the ledger's rule for every fee."""
    return (total * bps + 5000) // 10000


def percent(bps: int) -> str:
    """Basis points as a share that never breaks: 500 → `5 %`."""
    return f"{bps / 100:g}\N{NO-BREAK SPACE}%"


def check_step(value: int, currency: str, step: int, *, field: str = "amount") -> None:
    """Raise BadAmount unless `value` minor units is a multiple of `step`, the smallest that a gateway moves."""
    if value % step:
        raise _bad(
            field,
            _("In {currency} the amount must be a multiple of {step}."),
            currency=currency,
            step=plain(step, currency),
        )


def format_money(minor: int, currency: str) -> str:
    """The amount in the active language, `$1,600.00`; a negative one with a true minus sign."""
    return _written(minor, currency, _locale())


@lru_cache(maxsize=4096)  # a page, a notice and a notification show the same figures over and over
def _written(minor: int, currency: str, locale: str) -> str:
    text = format_currency(Decimal(abs(minor)).scaleb(-EXPONENTS[currency]), currency, locale=locale)
    text = re.sub(r"(?<=[^\W\d_])(?=\d)", "\N{NO-BREAK SPACE}", text)  # a code of letters stands apart: KWD 1.500
    return f"−{text}" if minor < 0 else text


def plain(minor: int, currency: str) -> str:
    """Digits and point only (`1600.00`): the form that `parse` reads back and inputs are filled with."""
    decimals = EXPONENTS[currency]
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def symbol(currency: str) -> str:
    return str(get_currency_symbol(currency, locale=_locale()))


def _locale() -> str:
    return (get_language() or "en").replace("-", "_").split("_")[0]


def _bad(field: str, sentence: Any, **facts: Any) -> BadAmount:
    text = str(sentence).format(**facts) if facts else sentence
    return BadAmount(text, fields={field: text})
