"""What a payment gateway does for us, in our words. The three steps: our row, the call with a key, our row again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Unanswered(Exception):
    """It may have done what was asked, or not: ask again under the same key, never anew."""


class Rejected(Exception):
    """It refused the request itself, so that nothing was done. The text is the gateway's own."""


class Unknown(Rejected):
    """It knows no such object."""


class BadSignature(Exception):
    """An event that isn't the gateway's, or is too old, or from the future."""


@dataclass(frozen=True)
class Refund:
    """Money on its way back to a card. `status` is `pending`, `paid` or `failed`; `reference` our own, if it is ours."""

    id: str
    amount: int
    status: str
    reference: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Contest:
    """A chargeback that took money. `status` is `open`, `won` or `lost`."""

    id: str
    amount: int
    currency: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Payment:
    """All that the gateway knows about one payment now. Amounts in minor units.

    `status` is `open` (nothing charged, a card may still come), `needs_confirmation`, `succeeded` or `failed`.
    """

    id: str
    status: str
    amount: int
    currency: str
    reference: str = ""
    fee: int = 0
    error: str = ""
    refunds: tuple[Refund, ...] = ()
    contests: tuple[Contest, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page of the gateway's own, where the card is typed."""

    id: str
    url: str


@dataclass(frozen=True)
class Sent:
    """A payout at the gateway. `status` is `pending`, `paid` or `failed`."""

    id: str
    amount: int
    currency: str
    status: str
    failure: str = ""


@dataclass(frozen=True)
class Event:
    """What a signed event is about: `object` is its snapshot, `reference` our own row, if it names one.

    `account` is the connected account it happened on.
    """

    id: str
    kind: str
    object: dict[str, Any]
    reference: str = ""
    account: str = ""


class Gateway(Protocol):
    """Amounts in minor units. `reference` names our own row: the same one always leads to the same object there.

    Every method but `verify` and `read` may raise Unanswered, and Rejected for what the gateway will not do.
    """

    name: str
    hosted: bool
    """Cards and bank accounts are typed on the gateway's pages, never on ours."""

    def step(self, currency: str) -> int:
        """Amounts in this currency are multiples of so many minor units."""

    def open(self, reference: str, amount: int, currency: str) -> Payment: ...

    def pay(self, payment_id: str, *, method: str, key: str) -> Payment: ...

    def cancel(self, payment_id: str) -> Payment: ...

    def payment(self, payment_id: str) -> Payment: ...

    def page(self, reference: str, amount: int, currency: str, *, back: str) -> Page: ...

    def payment_of_page(self, page_id: str) -> Payment | None: ...

    def give_back(self, reference: str, payment_id: str, amount: int) -> Refund: ...

    def contest(self, contest_id: str, evidence: str) -> None: ...

    def account(self, reference: str, *, email: str, holder: str, currency: str, number: str) -> str: ...

    def onboarding(self, account_id: str, *, back: str) -> str: ...

    def takes_payouts(self, account_id: str) -> bool: ...

    def send(self, reference: str, account_id: str, amount: int, currency: str) -> Sent: ...

    def sent(self, payout_id: str, account_id: str) -> Sent: ...

    def void(self, reference: str, account_id: str, amount: int, currency: str) -> None: ...

    def events(self, since: datetime, account: str) -> Iterator[str]:
        """The bodies of all events since then, as webhooks have them; of a connected account, or our own ("")."""

    def verify(self, body: bytes, signature: str) -> None: ...

    def read(self, body: str) -> Event: ...
