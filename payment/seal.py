"""Sealing: committed transfers get a number, a canonical line and its hash, batch by batch, a few seconds later.

Nobody waits for it: what is sealed is read and hashed outside any transaction, and the rows are added in a short one
whose primary keys let one sealer win. A batch follows the order in which entries were written, so that whatever a
transfer built on has a smaller number.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring_ascii as _json
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone

from payment import seal_tree
from payment.models import Batch, Entry, Seal, Transfer
from skilllink.realtime.push import push
from skilllink.transactions import verb

BATCH = 1024  # transfers in one tree
READ = 20 * BATCH  # how many waiting ones are looked up at once
TOPIC = "books:all"
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)

Lines = list[Any]  # (account, currency, signed minor units), in account order


class Facts(NamedTuple):
    """A transfer as it stands in the books."""

    id: UUID
    kind: str
    key: str
    at: datetime
    escrow: UUID | None
    reverses: UUID | None
    reason: str
    fingerprint: str

    @classmethod
    def columns(cls, path: str = "") -> list[str]:
        """The names of its columns, seen from a table that reaches transfers by `path`."""
        return [
            path + name for name in ("id", "kind", "key", "at", "escrow_id", "reverses_id", "reason", "fingerprint")
        ]


def line(number: int, facts: Facts, lines: Iterable[tuple[int, str, int]]) -> str:
    """The canonical text of a transfer: JSON in one line, keys sorted, no name and no word of a person in it.

    Written piece by piece, because the audit writes it anew for every transfer there is.
    """
    entries = ",".join([f"[{account},{_json(currency)},{amount}]" for account, currency, amount in lines])
    at = facts.at.astimezone(UTC).isoformat(timespec="microseconds")[:26]
    reason = "null"
    if facts.reason:  # the id keeps equal reasons apart
        said = f"{facts.id}\n{facts.reason}"
        reason = f'"{hashlib.sha256(said.encode()).hexdigest()}"'
    return (
        f'{{"at":"{at}Z","entries":[{entries}],'
        f'"escrow":{_id(facts.escrow)},"id":{_id(facts.id)},"key":{_json(facts.key)},"kind":{_json(facts.kind)},'
        f'"number":{number},"reason":{reason},"reverses":{_id(facts.reverses)}}}'
    )


def _id(value: UUID | None) -> str:
    return f'"{value}"' if value else "null"


def run() -> int:
    """Seal what is committed and not sealed; returns how many transfers. Beside another sealer one of them wins.

    It ends however fast others write: what comes meanwhile is the next run's, but for a backlog of more than `READ`.
    """
    done = 0
    while True:
        waiting = list(unsealed().values_list("pk", flat=True)[:READ])
        for start in range(0, len(waiting), BATCH):
            ids = waiting[start : start + BATCH]
            if not _seal(ids):
                return done
            done += len(ids)
        if len(waiting) < READ:
            return done


def unsealed() -> Any:
    """Transfers without a seal that are no older than what was sealed allows, in the order of their entries."""
    return _waiting().annotate(entry=Min("entries")).order_by("entry")


def waiting() -> list[UUID]:
    """The same in no order: what the audit counts beside what is sealed. Mostly nothing."""
    return list(_waiting().order_by().values_list("pk", flat=True))


def overdue() -> Any:
    """Transfers without a seal although later ones were sealed long after them: nobody posts like that (L17)."""
    return _without_seal(Transfer.objects.filter(pk__lt=floor())).order_by("pk")


def floor() -> UUID:
    """The smallest id that may still lack a seal: ids begin with the time at which they were made.

    Counted from the last transfer that was sealed, not from when that was: however long nobody sealed, what waits is
    newer than what was done.
    """
    newest = Seal.objects.order_by("-number").values_list("transfer_id", "batch__at").first()
    if newest is None:
        return UUID(int=0)
    last, at = newest
    made = min(last.int >> 80, (at - EPOCH) // MILLISECOND)
    return UUID(int=max(0, made - settings.SKILLLINK["SEAL_LOOKBACK"] // MILLISECOND) << 80)


def entries_of(rows: Any) -> dict[UUID, Lines]:
    """Transfer → lines, of the transfers whose entries are `rows`."""
    found: dict[UUID, Lines] = {}
    wanted = rows.order_by("account_id").values_list("transfer_id", "account_id", "account__currency", "amount")
    for transfer, *line in wanted:
        found.setdefault(transfer, []).append(line)
    return found


def _waiting() -> Any:
    return _without_seal(Transfer.objects.filter(pk__gte=floor()))


def _without_seal(rows: Any) -> Any:
    return rows.filter(~Exists(Seal.objects.filter(transfer=OuterRef("pk"))))


def _seal(ids: list[UUID]) -> bool:
    """One batch. False when another sealer was faster."""
    before = Batch.objects.order_by("-number").first()
    facts = {row.id: row for row in map(Facts._make, Transfer.objects.filter(pk__in=ids).values_list(*Facts.columns()))}
    lines = entries_of(Entry.objects.filter(transfer__in=ids))
    first = before.last + 1 if before else 1
    texts = [line(number, facts[pk], lines.get(pk, [])) for number, pk in enumerate(ids, first)]
    leaves = [seal_tree.leaf(text) for text in texts]
    batch = _batch(before, first, leaves)
    seals = [
        Seal(number=number, transfer_id=pk, batch=batch, line=text, leaf=leaf)
        for number, (pk, text, leaf) in enumerate(zip(ids, texts, leaves, strict=True), first)
    ]
    try:
        _append(batch, seals)
    except IntegrityError:
        return False
    return True


def _batch(before: Batch | None, first: int, leaves: list[str]) -> Batch:
    number, previous = (before.number + 1, before.head) if before else (1, seal_tree.NOTHING)
    last, root = first + len(leaves) - 1, seal_tree.root(leaves)
    head = seal_tree.head(number, first, last, root, previous)
    # the real time, not one that is pretended: ids are compared with it
    return Batch(number=number, first=first, last=last, root=root, previous=previous, head=head, at=timezone.now())


@verb
def _append(batch: Batch, seals: list[Seal]) -> None:
    batch.save(force_insert=True)
    Seal.objects.bulk_create(seals)
    push(TOPIC, {"type": "books.sealed"})
