"""The test cards and bank accounts of the sandbox: Stripe's own numbers, and two for what no test mode offers."""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed, Sentence


class Card(NamedTuple):
    """`method` is what the gateway gets instead of the number, which is never kept."""

    method: str
    label: Sentence


GOOD, DECLINED, UNSURE = "4242424242424242", "4000000000000002", "4000002500003155"
CONTESTED, SILENT = "4000000000000259", "4000000000004087"
CARDS = {
    GOOD: Card("pm_card_visa", _("Success")),
    DECLINED: Card("pm_card_visa_chargeDeclined", _("Declined by the bank")),
    UNSURE: Card("pm_card_authenticationRequired", _("Needs your confirmation")),
    CONTESTED: Card("pm_card_createDispute", _("Success, charged back later")),
    SILENT: Card("pm_card_timeout", _("Success, but the answer gets lost")),
}

GOOD_BANK, CLOSED_BANK, SILENT_BANK = "000123456789", "000111111113", "000999999991"
BANKS = {
    GOOD_BANK: _("Payouts arrive"),
    CLOSED_BANK: _("Payouts fail: the account is closed"),
    SILENT_BANK: _("Payouts arrive, but the first answer gets lost"),
}


class UnknownCard(Malformed):
    code = "card.unknown"
    sentence = _("That isn't one of the test cards. Nothing was charged; pick one from the list.")


class UnknownBank(Malformed):
    code = "bank.unknown"
    sentence = _("That isn't one of the test accounts. Nothing was added; pick one from the list.")


def method_of(number: str) -> str:
    """The payment method of a card's number. Raises UnknownCard."""
    digits = "".join(number.split())
    if digits not in CARDS:
        raise UnknownCard(fields={"card": UnknownCard.sentence})
    return CARDS[digits].method


def bank(number: str) -> str:
    """The digits of a test account. Raises UnknownBank."""
    digits = "".join(number.split())
    if digits not in BANKS:
        raise UnknownBank(fields={"number": UnknownBank.sentence})
    return digits
