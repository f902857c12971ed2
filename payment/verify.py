"""Evidence: every transfer of somebody's contract or statement, with what proves that it stands in the sealed books as it was.

Payment knows escrows; what they belong to, and who may see it, is known to the app above (`register`).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from payment import seal_tree
from payment.models import Account, Batch, Entry, Escrow, Seal, Transfer
from skilllink.clocks import now
from skilllink.errors import Missing

FORMAT = "skilllink.evidence.1"


class Subject(NamedTuple):
    """What evidence is about: its escrows hold, or held, the money; or `picked` transfers on the accounts of `owner`.

    Of what was asked for, `anonymous` transfers would say too much of somebody else, and `older` ones are too many.
    """

    kind: str
    id: UUID
    title: str
    url: str
    escrows: list[UUID]
    owner: UUID | None = None
    picked: Sequence[UUID] = ()
    anonymous: int = 0
    older: int = 0


Finder = Callable[[Any, UUID], Subject | None]
_finders: dict[str, Finder] = {}


def register(kind: str, find: Finder) -> None:
    """`find(user, id)` gives the subject if it is any of this person's business. Called from an app's `ready()`."""
    _finders[kind] = find


def subject(kind: str, user: Any, pk: UUID) -> Subject:
    """Raises Missing for what is not there and for what is none of this person's business, alike."""
    found = _finders[kind](user, pk)
    if found is None:
        raise Missing()
    return found


def transfers(about: Subject) -> Any:
    """Every transfer of these escrows' money, and those picked, oldest first; nothing else of whom they belong to."""
    touched = Entry.objects.filter(account__escrow__in=about.escrows).values("transfer")
    rows = Transfer.objects.filter(Q(escrow__in=about.escrows) | Q(pk__in=touched) | Q(pk__in=about.picked))
    return rows.select_related("seal").order_by("at", "pk")


def evidence(about: Subject) -> dict[str, Any]:
    """What `docs/examples/verify_evidence.py` and the page verify; transfers of the last seconds may still wait."""
    rows = list(transfers(about))
    seals = sorted((row.seal for row in rows if hasattr(row, "seal")), key=lambda one: one.number)
    batches = Batch.objects.filter(pk__in={one.batch_id for one in seals}).order_by("number")
    content = {
        "format": FORMAT,
        "site": settings.SITE_URL,
        "made_at": now().astimezone(UTC).isoformat(),
        "about": {"kind": about.kind, "id": str(about.id), "title": about.title},
        "escrows": sorted(str(pk) for pk in about.escrows),
        "accounts": _accounts(about, rows),
        "transfers": _proofs(seals),
        "not_sealed_yet": len(rows) - len(seals),
        "left_out": {"anonymous": about.anonymous, "older": about.older},
        "batches": [_figures(row) for row in batches],
    }
    return content | {"digest": digest(content)}


def written(content: dict[str, Any]) -> str:
    """The one form in which evidence is written: a changed blank is a changed file."""
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of everything but the digest itself."""
    return hashlib.sha256(written({name: content[name] for name in content if name != "digest"}).encode()).hexdigest()


def places(about: Subject, rows: Any) -> dict[int, tuple[str, str]]:
    """Account → (kind, whose) of every account that these transfers touched.

    Whose: `payer`, `payee` or `platform`; where it is about one person's accounts `mine`, `other` or `platform`.
    """
    accounts = Account.objects.filter(entries__transfer__in=[row.pk for row in rows]).distinct()
    if about.owner is None:
        first, second = "payer", "payee"
        firsts = set(Escrow.objects.filter(pk__in=about.escrows).values_list("payer", flat=True))
    else:
        first, second, firsts = "mine", "other", {about.owner}
    return {
        row.pk: (row.kind, "platform" if row.user_id is None else first if row.user_id in firsts else second)
        for row in accounts
    }


def _accounts(about: Subject, rows: Any) -> list[dict[str, Any]]:
    return [{"account": pk, "kind": kind, "of": of} for pk, (kind, of) in sorted(places(about, rows).items())]


def _proofs(seals: list[Seal]) -> list[dict[str, Any]]:
    trees: dict[int, list[str]] = {}
    leaves = Seal.objects.filter(batch__in={one.batch_id for one in seals}).order_by("number")
    for batch, leaf in leaves.values_list("batch", "leaf"):
        trees.setdefault(batch, []).append(leaf)
    firsts = dict(Batch.objects.filter(pk__in=trees).values_list("pk", "first"))
    return [
        {
            "line": one.line,
            "leaf": one.leaf,
            "batch": one.batch_id,
            "index": one.number - firsts[one.batch_id],
            "proof": seal_tree.path(trees[one.batch_id], one.number - firsts[one.batch_id]),
        }
        for one in seals
    ]


def _figures(row: Batch) -> dict[str, Any]:
    names = ("number", "first", "last", "root", "previous", "head")
    return {name: getattr(row, name) for name in names}
