"""What the platform takes, published: computed by the function that takes it (`money.fee_on`)."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from skilllink import money

# an amount that needs no rounding and one whose half unit is rounded up, in each number of decimals
EXAMPLES = {0: (160_000, 170), 2: (160_000, 1_010), 3: (1_600_000, 10_010)}
PARTS = 3


@dataclass(frozen=True, slots=True)
class Quote:
    """What becomes of `gross` minor units that are released: `fee` to the platform, `net` to the freelancer."""

    gross: int
    fee: int
    net: int
    currency: str
    bps: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One published rate, in basis points."""

    name: str
    words: Promise
    bps: int


def quote(gross: int, currency: str) -> Quote:
    """The fee on a release of `gross` minor units at the rate of a contract signed now. Raises money.BadAmount."""
    money.exponent(currency)
    money.check_minor(gross)
    bps = freelancer_bps()
    fee = money.fee_on(gross, bps)
    return Quote(gross, fee, gross - fee, currency, bps)


def freelancer_bps() -> int:
    return int(settings.SKILLLINK["FREELANCER_FEE_BPS"])


def rates() -> list[Rate]:
    """A fee is taken only inside a release: so there is one to set, and nothing else costs anything."""
    return [
        Rate("freelancer", _("Freelancers, of what is released to them"), freelancer_bps()),
        Rate("client", _("Clients, on top of what they hold"), 0),
        Rate("tip", _("Tips after a release"), 0),
        Rate("donation", _("Donations to people and causes"), 0),
    ]


def examples() -> list[Quote]:
    """Two for every currency that is dealt in: a plain one, and one that is rounded."""
    return [quote(gross, name) for name in settings.CURRENCIES for gross in EXAMPLES[money.exponent(name)]]


def in_parts(whole: Quote) -> list[Quote]:
    """The same amount released in three parts: fees on the running total, so that they sum to the fee on the whole."""
    if whole.gross < PARTS:
        return [whole]
    parts, before = [], 0
    for number in range(1, PARTS + 1):
        upto = whole.gross * number // PARTS
        fee = money.fee_on(upto, whole.bps) - money.fee_on(before, whole.bps)
        parts.append(Quote(upto - before, fee, upto - before - fee, whole.currency, whole.bps))
        before = upto
    return parts


def published() -> dict[str, Any]:
    """Everything the page says besides the calculator."""
    return {"rates": rates(), "examples": examples(), "bps": freelancer_bps()}
