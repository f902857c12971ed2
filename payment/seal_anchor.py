"""Anchors: the newest head of the seal, written down where the database can't reach: a file, and a mail to finance."""

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from payment import finance
from payment.models import Batch
from users import letters

log = structlog.get_logger(__name__)


def anchor() -> Path | None:
    """Write down the newest batch, once: the file is never written over. None when there is nothing new."""
    newest = Batch.objects.order_by("-number").first()
    if newest is None or not (path := _write(newest)):
        return None
    _mail(newest)
    return path


def kept() -> list[Path]:
    """Every anchor's file, oldest first."""
    return sorted(_folder().glob("batch-*.json"))


def read(path: Path) -> dict[str, Any] | None:
    """What an anchor says, or None when it can't be read as one."""
    try:
        content = json.loads(path.read_text())
        return {name: content[name] for name in ("batch", "last", "root", "head", "at")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(batch: Batch) -> Path | None:
    path = _folder() / f"batch-{batch.number:012}.json"
    content = {
        "batch": batch.number, "last": batch.last, "root": batch.root, "head": batch.head,
        "at": batch.at.astimezone(UTC).isoformat(),
    }  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(json.dumps(content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return None
    return path


def _mail(batch: Batch) -> None:
    """Tell finance; a mail server that is away leaves the file, and the next hour's mail."""
    people = [person.email for person in finance.people()]
    if not people:
        return
    subject = _("The ledger’s head after batch {number}").format(number=batch.number)
    words = _(
        "Keep this mail: whoever changed the ledger’s past could not change it.\n\n"
        "Batch {number}, transfers up to {last}.\n\nRoot\n    {root}\n\nHead\n    {head}\n\n"
        "The same stands on the transparency page:\n{url}"
    ).format(
        number=batch.number, last=batch.last, root=batch.root, head=batch.head, url=f"{settings.SITE_URL}/transparency/"
    )
    try:
        letters.compose(people, subject, words).send()
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("anchor.mail_failed", batch=batch.number, error=str(error))


def _folder() -> Path:
    return Path(settings.ANCHOR_DIR)
