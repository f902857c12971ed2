"""A deposit that the bank takes back: from the wallet what is there, the rest is owed. Won, it comes back; what is lost
and can't be recovered is written off by two people of finance (payment/movements.py).
"""

from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from payment import accounts, finance, gateways, ledger, wishes
from payment.gateways.base import Contest, Unanswered
from payment.mismatch import Mismatch
from payment.models import Account, Chargeback, Deposit, Transfer
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Unprocessable
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.moderation import audit as staff_log
from users.notifications import inbox
from users.standing import require_active

Status = Chargeback.Status
EVIDENCE = 5000  # characters


class NotOwed(Conflict):
    code = "chargeback.not_owed"
    sentence = _("You owe {owed} and your wallet has {wallet}: no more than that can be paid back. Nothing was moved.")


class NotOpen(Conflict):
    code = "chargeback.ended"
    sentence = _("This chargeback has ended. Nothing was sent.")


@inside_transaction
def record(deposit: Deposit, contests: tuple[Contest, ...]) -> None:
    """What the gateway says about a deposit's chargebacks. `deposit` is locked.

    Raises Mismatch beyond what came in, Unanswered while a return that is on its way decides what is left.
    """
    for contest in sorted(contests, key=lambda found: found.id):
        row = Chargeback.objects.select_for_update(of=("self",)).filter(gateway_id=contest.id).first()
        if row is None:
            row = _open(deposit, contest)
        elif (row.deposit_id, row.amount) != (deposit.pk, contest.amount):
            raise Mismatch(_("The bank charges back another amount."))
        _end(deposit, row, contest.status)


@verb
def repay(user: Any, amount: int, currency: str, *, token: str) -> Transfer:
    """wallet → what is owed: `amount` minor units. `token` names the wish: the same one twice pays once.

    Raises NotOwed when more than is owed, or than is in the wallet.
    """
    require_active(user)
    money.exponent(currency)
    money.check_minor(amount)
    wishes.require_token(token)
    key = f"receivable:{user.pk}:{token}:repay"
    wallet, debt = _locked(user, currency)
    owed, there = -_balance(debt), _balance(wallet)
    if amount > min(owed, there) and not Transfer.objects.filter(key=key).exists():
        raise NotOwed(owed=money.format_money(owed, currency), wallet=money.format_money(there, currency))
    transfer = ledger.post.within(key, "repay", [(wallet, -amount), (debt, amount)])
    accounts.tell_owners(user.pk)
    return transfer


def answer(chargeback: Chargeback, *, by: Any, evidence: str) -> None:
    """Send evidence to the bank. For people of finance who are no party. Raises Forbidden, NotOpen, gateway's Unanswered."""
    if not finance.is_one(by) or by.pk == chargeback.deposit.user_id:
        raise Forbidden()
    words = evidence.strip()
    if not 1 <= len(words) <= EVIDENCE:
        raise Unprocessable(fields={"evidence": _("Write the evidence in up to 5,000 characters.")})
    if chargeback.status != Status.OPEN:
        raise NotOpen()
    gateways.of(chargeback.deposit.gateway).contest(chargeback.gateway_id, words)
    _note_answer(chargeback, by, words)


@inside_transaction
def write_off(chargeback: Chargeback, amount: int, *, key: str) -> Transfer:
    """receivable → loss: `amount` minor units of what a lost chargeback left owed. A movement by hand calls it (L16)."""
    row = Chargeback.objects.select_for_update(of=("self",)).select_related("deposit").get(pk=chargeback.pk)
    _wallet, debt = _locked(row.deposit.user, row.deposit.currency)
    owed = min(row.owed, -_balance(debt))
    if row.status != Status.LOST or amount > owed:
        sentence = _("Of this chargeback {owed} is owed and lost: no more can be written off. Nothing was moved.")
        left = owed if row.status == Status.LOST else 0
        raise NotOwed(sentence, owed=money.format_money(left, row.deposit.currency))
    transfer = ledger.post.within(key, "write_off", [(debt, amount), (accounts.loss(row.deposit.currency), -amount)])
    row.written_off += amount
    row.save(update_fields=["written_off"])
    return transfer


def _open(deposit: Deposit, contest: Contest) -> Chargeback:
    if contest.currency != deposit.currency:
        raise Mismatch(_("The bank charges back another currency."))
    if contest.amount > deposit.left:
        leaving = deposit.returns.filter(status="requested").aggregate(total=Sum("amount"))["total"] or 0
        if contest.amount <= deposit.left + leaving:
            raise Unanswered("A return of this deposit is on its way: first its end, then the chargeback.")
        raise Mismatch(_("The bank charges back more than is left of the deposit."))
    wallet, debt = _locked(deposit.user, deposit.currency)
    there = min(_balance(wallet), contest.amount)
    row = Chargeback.objects.create(
        deposit=deposit, gateway_id=contest.id, amount=contest.amount, from_wallet=there, reason=contest.reason[:80]
    )
    lines = [(accounts.gateway(deposit.currency), row.amount), (wallet, -there), (debt, there - row.amount)]
    ledger.post.within(f"chargeback:{row.pk}:open", "chargeback", [line for line in lines if line[1]])
    _change(deposit, row.amount)
    _notify(deposit, row, "chargeback.opened", owed=money.format_money(row.owed, deposit.currency))
    return row


def _end(deposit: Deposit, row: Chargeback, status: str) -> None:
    if status == row.status:
        return
    if row.status != Status.OPEN:
        raise Mismatch(_("The bank changed its mind about a chargeback that has ended."))
    if status == Status.WON:
        _give_back(deposit, row)
        _change(deposit, -row.amount)
    row.status, row.ended_at = status, now()
    row.save(update_fields=["status", "ended_at"])
    _notify(deposit, row, f"chargeback.{status}")


def _give_back(deposit: Deposit, row: Chargeback) -> None:
    """The exact opposite of its opening, unless some of the debt was paid since: that part returns to the wallet."""
    opened = Transfer.objects.get(key=f"chargeback:{row.pk}:open")
    wallet, debt = _locked(deposit.user, deposit.currency)
    owed = min(row.owed, -_balance(debt))
    lines = [(accounts.gateway(deposit.currency), -row.amount), (wallet, row.amount - owed), (debt, owed)]
    opposite = owed == row.owed
    ledger.post.within(
        f"chargeback:{row.pk}:won", "chargeback_won", [line for line in lines if line[1]],
        reverses=opened if opposite else None,
    )  # fmt: skip


def _locked(user: Any, currency: str) -> tuple[Account, Account]:
    """The wallet and what is owed, locked in the order of the ledger, with their balances of this moment."""
    pair = [accounts.wallet(user, currency).pk, accounts.receivable(user, currency).pk]
    fresh = {row.pk: row for row in Account.objects.select_for_update(of=("self",)).filter(pk__in=pair).order_by("pk")}
    return fresh[pair[0]], fresh[pair[1]]


def _balance(account: Account) -> int:
    return account.balance or 0


def _change(deposit: Deposit, amount: int) -> None:
    deposit.charged_back += amount
    deposit.status = deposit.standing
    deposit.save(update_fields=["charged_back", "status"])


@verb
def _note_answer(chargeback: Chargeback, by: Any, words: str) -> None:
    staff_log.record(by, "chargeback.answered", subject=chargeback, reason=words[:1000])


def _notify(deposit: Deposit, row: Chargeback, event: str, **facts: Any) -> None:
    figure = money.format_money(row.amount, deposit.currency)
    inbox.notify(deposit.user, event, url="/wallet/", amount=figure, **facts)
    push(f"user:{deposit.user_id}", {"type": "deposit.changed"})
