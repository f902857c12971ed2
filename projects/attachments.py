"""Files beside a gig or a bid: checked, counted, written with the row they belong to."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.rules import rule
from skilllink import files as uploads
from skilllink.errors import Unprocessable
from skilllink.ids import uuid7
from skilllink.transactions import inside_transaction


class TooManyFiles(Unprocessable):
    code, sentence = "files.too_many", _("At most {limit} files go here. None was added.")


def taken(given: Sequence[Any], *, limit: int) -> list[Any]:
    """Uploads as edges hand them to a verb: checked and written anew before its transaction. Raises as `attach` does."""
    if len(given) > limit:
        raise TooManyFiles(limit=limit)
    return [uploads.take(file, max_bytes=rule("FILE_BYTES")) for file in given]


@inside_transaction
def attach(owner: Any, model: Any, link: str, given: Sequence[Any], *, limit: int) -> None:
    """Add files to `owner` through `model` (whose foreign key is `link`). All or none.

    Raises TooManyFiles, TooLarge or UnsupportedFile. Pictures are written anew without their hidden data.
    """
    if not given:
        return
    if model.objects.filter(**{link: owner}).count() + len(given) > limit:
        raise TooManyFiles(limit=limit)
    for file in taken(given, limit=limit):
        row = model(id=uuid7(), name=file.facts.name, mime=file.facts.mime, size=file.size, **{link: owner})
        row.file.save(file.facts.name, file, save=False)
        row.save(force_insert=True)
