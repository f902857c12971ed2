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


@inside_transaction
def attach(owner: Any, model: Any, link: str, given: Sequence[Any], *, limit: int) -> None:
    """Add uploaded files to `owner` through `model` (whose foreign key is `link`). All or none.

    Raises TooManyFiles, TooLarge or UnsupportedFile. Pictures are written anew without their hidden data.
    """
    if not given:
        return
    if model.objects.filter(**{link: owner}).count() + len(given) > limit:
        raise TooManyFiles(limit=limit)
    checked = [(upload, uploads.check_upload(upload, max_bytes=rule("FILE_BYTES"))) for upload in given]
    for upload, facts in checked:
        content = uploads.reencode_image(upload) if facts.kind == "image" else upload
        row = model(id=uuid7(), name=facts.name, mime=facts.mime, size=content.size, **{link: owner})
        row.file.save(facts.name, content, save=False)
        row.save(force_insert=True)
