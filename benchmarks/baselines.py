"""What others do for the same: the posting in seven ORM statements, a hundred lines of which every tutorial has.

Kept simple on purpose and correct in what it does: key, lock in order, entries, balances; the sum is proved by the same
trigger as ours. It is the baseline of `money.post.vs_orm`.
"""

import hashlib

from django.db import connection, transaction
from django.db.models import F

from payment.models import Account, Entry, Transfer
from skilllink.ids import uuid7


class Overdrawn(Exception):
    pass


def post_in_seven_statements(key: str, kind: str, source: int, target: int, amount: int) -> Transfer:
    """Two balances and two entries: BEGIN and COMMIT aside, seven statements."""
    with transaction.atomic():
        text = f"{kind}\n\n{source} {-amount}\n{target} {amount}"
        transfer = Transfer(id=uuid7(), key=key, kind=kind, fingerprint=hashlib.sha256(text.encode()).hexdigest())
        if Transfer.objects.filter(key=key).exists():  # 1
            return Transfer.objects.get(key=key)
        transfer.save(force_insert=True)  # 2
        rows = Account.objects.select_for_update().in_bulk(sorted((source, target)))  # 3
        if rows[source].balance < amount:
            raise Overdrawn
        Account.objects.filter(pk=source).update(balance=F("balance") - amount)  # 4
        Account.objects.filter(pk=target).update(balance=F("balance") + amount)  # 5
        with connection.cursor() as cursor:  # entries are taken only by the transfer that is being written
            cursor.execute("SELECT set_config('ledger.posting', %s, true)", [str(transfer.pk)])  # 6
        Entry.objects.bulk_create(  # 7
            [
                Entry(transfer=transfer, account_id=source, amount=-amount),
                Entry(transfer=transfer, account_id=target, amount=amount),
            ]
        )
        return transfer
