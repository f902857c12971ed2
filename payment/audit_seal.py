"""L17: the seal against the books, the chain against itself, the anchors outside against both.

Lines, leaves, roots and heads are computed anew from the rows as they stand: an edited, deleted, inserted or swapped
transfer no longer is what was sealed, and a tail that was cut is still known to the audits and to the anchors.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max

from payment import ledger, seal, seal_anchor, seal_tree
from payment.audit_scope import CHUNK, Scope, Violation
from payment.audit_sql import lines, read_lines
from payment.models import AuditRun, Batch, Seal, Transfer
from payment.seal import Facts, Lines

Found = Iterator[Violation]


def seal_holds(scope: Scope) -> Found:
    """Every number, line, leaf, root and head from the scope's first to the end of the books."""
    last = Seal.objects.aggregate(last=Max("number"))["last"] or 0
    yield from _tail(last)
    since = 0 if scope.whole else min(scope.since, last)
    walk = _Walk(since, Batch.objects.filter(last=since).first() if since else None)
    for low in range(since, last, CHUNK):
        yield from walk.chunk(low, min(low + CHUNK, last))
    yield from walk.end(last)


def nothing_slipped_in(scope: Scope) -> Found:
    """What is not sealed is what it was asked to be, and no older than the seal allows."""
    waiting = Transfer.objects.filter(seal__isnull=True)
    yield from _as_asked(waiting if scope.whole else waiting.filter(pk__gte=seal.floor()))
    if scope.whole:
        for pk in seal.overdue().values_list("pk", flat=True).iterator(CHUNK):
            yield Violation("L17", f"transfer {pk}", "was slipped in: what came long after it is sealed, this is not")


def anchors_agree(scope: Scope) -> Found:
    """What was written down outside the database is what the database says; the newest alone unless all is examined."""
    newest = Batch.objects.aggregate(last=Max("number"))["last"] or 0
    for path in seal_anchor.kept() if scope.whole else seal_anchor.kept()[-1:]:
        said = seal_anchor.read(path)
        if said is None:
            yield Violation("L17", f"anchor {path.name}", "can't be read")
            continue
        batch = Batch.objects.filter(pk=said["batch"]).first()
        if batch is None:
            found = f"says batch {said['batch']} up to transfer number {said['last']}; the seal ends at batch {newest}"
            yield Violation("L17", f"anchor {path.name}", found)
        elif (batch.head, batch.root, batch.last) != (said["head"], said["root"], said["last"]):
            yield Violation("L17", f"anchor {path.name}", f"says another head than batch {batch.number}")


def _tail(last: int) -> Found:
    """Numbers that an audit has seen are not taken back."""
    seen = AuditRun.objects.aggregate(last=Max("upto"))["last"] or 0
    if seen > last:
        yield Violation("L17", _numbers(last + 1, seen), "were examined by an audit and are gone")


class Sealed(NamedTuple):
    """A seal's row."""

    number: int
    transfer_id: UUID
    batch_id: int
    line: str
    leaf: str


class _Walk:
    """Along the numbers, in order: what was reached, and the leaves of the batch that is being read."""

    def __init__(self, since: int, before: Batch | None) -> None:
        self.next = since + 1
        self.before = before
        self.batch: Batch | None = None
        self.leaves: list[str] = []

    def chunk(self, low: int, high: int) -> Found:
        """Numbers above `low` up to `high`."""
        columns = [*Facts.columns("transfer__"), *Sealed._fields]
        batches = Batch.objects.filter(last__gt=low, first__lte=high).in_bulk()
        rows = Seal.objects.filter(number__gt=low, number__lte=high).order_by("number")
        for values in rows.values_list(*columns).annotate(entries=lines("transfer__entries__")).iterator(CHUNK):
            facts, row = Facts._make(values[:8]), Sealed._make(values[8:13])
            yield from self._until(row.number, batches)
            yield from _compared(row, facts, read_lines(values[13]))
            yield from self._reach(row, batches)
        yield from self._until(high + 1, batches)

    def _until(self, number: int, batches: dict[Any, Batch]) -> Found:
        """Numbers whose transfer can't be read: the seal is left alone, or there is none."""
        if number == self.next:
            return
        alone = Seal.objects.filter(number__gte=self.next, number__lt=number).order_by("number")
        for row in map(Sealed._make, alone.values_list(*Sealed._fields)):
            yield from self._missing(row.number)
            yield Violation("L17", f"transfer {row.transfer_id}", f"was sealed under number {row.number} and is gone")
            yield from _leaf(row)
            yield from self._reach(row, batches)
        yield from self._missing(number)

    def _missing(self, number: int) -> Found:
        if number > self.next:
            yield Violation("L17", _numbers(self.next, number - 1), "are missing from the seal")
            self.next = number

    def _reach(self, row: Sealed, batches: dict[Any, Batch]) -> Found:
        self.next = row.number + 1
        if not (self.batch and self.batch.number == row.batch_id and row.number <= self.batch.last):
            yield from self._turn(row, batches)
        self.leaves.append(row.leaf)

    def end(self, last: int) -> Found:
        """The last batch, and batches that reach beyond the last number."""
        yield from self._close()
        for batch in Batch.objects.filter(last__gt=last).order_by("number"):
            first = max(batch.first, last + 1)
            yield Violation("L17", _numbers(first, batch.last), f"are sealed by batch {batch.number} and are gone")

    def _turn(self, row: Sealed, batches: dict[Any, Batch]) -> Found:
        """Close the batch that ends here; begin the one that the row names."""
        if self.batch is None or self.batch.pk != row.batch_id:
            yield from self._close()
            self.batch = batches.get(row.batch_id)
        if self.batch is None or not self.batch.first <= row.number <= self.batch.last:
            yield Violation("L17", f"seal {row.number}", f"names batch {row.batch_id}, which doesn't hold it")

    def _close(self) -> Found:
        batch, leaves = self.batch, self.leaves
        self.batch, self.leaves = None, []
        if batch is None:
            return
        before, self.before = self.before, batch
        if len(leaves) == batch.last - batch.first + 1 and seal_tree.root(leaves) != batch.root:
            yield Violation("L17", f"batch {batch.number}", "its transfers don't lead to its root")
        number, last, head = (before.number, before.last, before.head) if before else (0, 0, seal_tree.NOTHING)
        if (batch.number, batch.first, batch.previous) != (number + 1, last + 1, head):
            yield Violation("L17", f"batch {batch.number}", f"doesn't follow batch {number}")
        if seal_tree.head(batch.number, batch.first, batch.last, batch.root, batch.previous) != batch.head:
            yield Violation("L17", f"batch {batch.number}", "its head isn't that of its figures")


def _leaf(row: Sealed) -> Found:
    if seal_tree.leaf(row.line) != row.leaf:
        yield Violation("L17", f"seal {row.number}", "its leaf isn't its line's")


def _compared(row: Sealed, facts: Facts, lines: Lines) -> Found:
    yield from _leaf(row)
    yield from _asked(facts, lines)
    if seal.line(row.number, facts, lines) != row.line:
        yield Violation("L17", f"transfer {facts.id}", f"isn't what was sealed under number {row.number}")


def _as_asked(rows: Any) -> Found:
    """L3 of transfers that are not sealed yet."""
    columns = Facts.columns()
    for values in rows.values_list(*columns).annotate(lines=lines("entries__")).iterator(CHUNK):
        yield from _asked(Facts._make(values[:8]), read_lines(values[8]))


def _asked(facts: Facts, lines: Lines) -> Found:
    """L3: a transfer's fingerprint is that of its content, as `ledger.post` writes it."""
    if not ledger.is_fingerprint_of(facts.fingerprint, facts, lines):
        yield Violation("L3", f"transfer {facts.id}", "isn't what was asked when it was posted")


def _numbers(first: int, last: int) -> str:
    return f"transfer number {first}" if first == last else f"transfer numbers {first} to {last}"


CHECKS = (seal_holds, nothing_slipped_in, anchors_agree)
