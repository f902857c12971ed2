"""Files from people: what may come in, what is done to it, how it goes out.

A file is judged by its bytes; its name only has to agree with them. Pictures are decoded and written anew, so that
nothing but the picture is kept. Files leave only through an authorised view and `serve`.
"""

import codecs
import io
import re
import unicodedata
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from skilllink import errors
from skilllink.errors import Missing

NAME_CHARACTERS = 120
PREVIEW = 480  # pixels
PIECE = 64 * 1024
ZIP_ENTRIES, ZIP_BYTES, ZIP_RATIO = 10_000, 1024**3, 200
ASPECT = 60  # a picture sixty times wider than high is an attack on whoever lays it out
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class TooLarge(errors.TooLarge):
    code, sentence = "file.too_large", _("This file is larger than {megabytes} MB. It was not kept.")


class UnsupportedFile(errors.UnsupportedFile):
    code = "file.unsupported"


class EmptyFile(errors.Malformed):
    code, sentence = "file.empty", _("This file is empty. It was not kept.")


class WrongContent(UnsupportedFile):
    code, sentence = "file.wrong_content", _("This file isn't what its name says. It was not kept.")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a checked file is. `kind` is image, document, archive, text or media; `size` is in bytes."""

    kind: str
    mime: str
    name: str
    size: int


class Taken(File):
    """A file that was checked, a picture written anew; `facts` say what it is."""

    def __init__(self, content: File, facts: FileFacts) -> None:
        super().__init__(content, name=facts.name)
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Type:
    kind: str
    mime: str
    is_it: Callable[[bytes, IO[bytes]], bool]


def check_upload(file: File, *, max_bytes: int | None = None) -> FileFacts:
    """Judge an uploaded file by its size (bytes, default FILE_BYTES), its name's ending and its content.

    Raises TooLarge, EmptyFile or UnsupportedFile; leaves the file at its start.
    """
    limit = settings.SKILLLINK["FILE_BYTES"] if max_bytes is None else max_bytes
    if file.size > limit:
        raise TooLarge(megabytes=limit // 1024**2)
    if not file.size:
        raise EmptyFile()
    name = clean_name(file.name or "")
    type_ = TYPES.get(name.rpartition(".")[2].lower() if "." in name else "")
    if type_ is None:
        raise UnsupportedFile(_("Files of this type aren't taken. Pictures, PDF, text, office files and ZIP are."))
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if not type_.is_it(head, file):
        raise WrongContent()
    file.seek(0)
    return FileFacts(kind=type_.kind, mime=type_.mime, name=name, size=file.size)


def take(file: File, *, max_bytes: int | None = None) -> Taken:
    """Check a file and write it anew if it is a picture; one that was taken is answered as it is.

    Decoding takes seconds: edges do it before the verb's transaction, in which others would wait for it.
    Raises as `check_upload` and `reencode_image` do.
    """
    if isinstance(file, Taken):
        return file
    facts = check_upload(file, max_bytes=max_bytes)
    return Taken(reencode_image(file) if facts.kind == "image" else file, facts)


def clean_name(name: str) -> str:
    """A name that is safe to show and to save anywhere: no folders, control or direction characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    if not name or RESERVED.fullmatch(name):
        name = f"file-{name}" if name else "file"
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:NAME_CHARACTERS]
    return f"{stem[: NAME_CHARACTERS - len(ending[:16]) - 1]}.{ending[:16]}"


def reencode_image(file: File) -> ContentFile:
    """The picture alone, written anew in its own format: no place, camera, comment or hidden payload.

    Raises UnsupportedFile when it is no picture, or one too large to be decoded safely (IMAGE_PIXELS).
    """
    file.seek(0)
    try:
        with Image.open(file, formats=["PNG", "JPEG", "GIF", "WEBP"]) as image:
            _check_measures(image)
            name, content = clean_name(file.name or "picture"), _written_anew(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UnsupportedFile(_("This picture can't be read. It was not kept.")) from error
    return ContentFile(content, name=name)


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture of a picture; its measures in pixels."""

    content: ContentFile
    width: int
    height: int


def preview(file: File) -> Preview:
    """A still of at most PREVIEW pixels in each direction of a picture that was written anew, as WebP."""
    file.seek(0)
    with Image.open(file) as image:
        image.seek(0)
        small = image.convert("RGBA" if image.mode in ("RGBA", "LA", "PA", "P") else "RGB")
    small.thumbnail((PREVIEW, PREVIEW))
    output = io.BytesIO()
    _bare(small).save(output, "WEBP", quality=80)
    file.seek(0)
    return Preview(ContentFile(output.getvalue(), name="preview.webp"), *small.size)


def measures(file: File) -> tuple[int, int]:
    """Width and height in pixels of a picture that was checked before."""
    file.seek(0)
    with Image.open(file) as image:
        size = image.size
    file.seek(0)
    return size


def _check_measures(image: Image.Image) -> None:
    width, height = image.size
    if width * height > settings.SKILLLINK["IMAGE_PIXELS"]:
        raise UnsupportedFile(_("This picture has too many pixels. Make it smaller and try again."))
    if max(width, height) > ASPECT * max(1, min(width, height)):
        raise UnsupportedFile(_("This picture is too long and thin to be shown."))


def _written_anew(image: Image.Image) -> bytes:
    output, format_ = io.BytesIO(), image.format
    pixels = image.width * image.height * getattr(image, "n_frames", 1)
    if getattr(image, "is_animated", False) and pixels <= 2 * settings.SKILLLINK["IMAGE_PIXELS"]:
        durations = [int(frame.info.get("duration", 100)) for frame in ImageSequence.Iterator(image)]
        first, *rest = [_bare(frame.copy()) for frame in ImageSequence.Iterator(image)]
        first.save(output, format_, save_all=True, append_images=rest, duration=durations, loop=0)
        return output.getvalue()
    still = _bare(ImageOps.exif_transpose(image))
    options: dict[str, Any] = {"JPEG": {"quality": 88, "optimize": True}, "WEBP": {"quality": 88}}.get(
        format_ or "", {}
    )
    still.save(output, format_, **options)
    return output.getvalue()


def _bare(image: Image.Image) -> Image.Image:
    kept = {key: image.info[key] for key in ("transparency", "icc_profile") if key in image.info}
    image.info.clear()
    image.info.update(kept)
    image.getexif().clear()
    return image


def serve(
    request: HttpRequest, field_file: Any, name: str, *, mime: str = "application/octet-stream"
) -> StreamingHttpResponse:
    """Send a stored file to someone who was found to be allowed it.

    Always as a download that no browser runs or guesses about. An `<img>` may still show it when `mime` is a picture's.
    Raises Missing when the bytes are gone.
    """
    try:
        source = field_file.storage.open(field_file.name, "rb")
    except FileNotFoundError as error:
        raise Missing() from error
    pieces: Any = _pieces_async(source) if isinstance(request, ASGIRequest) else _pieces(source)
    response = StreamingHttpResponse(pieces, content_type=mime if mime.startswith("image/") else None)
    response["Content-Type"] = mime if mime.startswith("image/") else "application/octet-stream"
    response["Content-Length"] = str(source.size)
    response["Content-Disposition"] = content_disposition_header(True, clean_name(name)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _pieces(source: File) -> Iterator[bytes]:
    with source:
        while piece := source.read(PIECE):
            yield piece


async def _pieces_async(source: File) -> AsyncIterator[bytes]:
    read = sync_to_async(source.read, thread_sensitive=False)
    try:
        while piece := await read(PIECE):
            yield piece
    finally:
        source.close()


def _starts(*signatures: bytes) -> Callable[[bytes, IO[bytes]], bool]:
    return lambda head, file: head.startswith(signatures)


def _is_webp(head: bytes, file: IO[bytes]) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _is_wave(head: bytes, file: IO[bytes]) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _is_mp4(head: bytes, file: IO[bytes]) -> bool:
    return head[4:8] == b"ftyp"


def _is_mp3(head: bytes, file: IO[bytes]) -> bool:
    return head[:3] == b"ID3" or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6))


def _is_pdf(head: bytes, file: IO[bytes]) -> bool:
    """A PDF that is not a ZIP at the same time."""
    return head.startswith(b"%PDF-") and not zipfile.is_zipfile(file)


def _is_text(head: bytes, file: IO[bytes]) -> bool:
    """UTF-8 without control characters, all of it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(PIECE):
            if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", decoder.decode(piece)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _zip_entries(head: bytes, file: IO[bytes]) -> list[zipfile.ZipInfo] | None:
    """The entries of an honest archive, or None. Nothing is unpacked; only the directory is read."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    # what zipfile raises for an archive it can't read: broken, encrypted or of a later version, split, with a bad date
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError):
        return None
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if len(entries) > ZIP_ENTRIES or unpacked > ZIP_BYTES or unpacked > ZIP_RATIO * max(packed, 64 * 1024):
        return None
    return None if any(map(_escapes, entries)) else entries


def _escapes(entry: zipfile.ZipInfo) -> bool:
    """A path that leaves the folder it is unpacked into, or a symbolic link."""
    path = entry.filename.replace("\\", "/")
    link = (entry.external_attr >> 16) & 0o170000 == 0o120000
    return link or path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path) is not None


def _is_zip(head: bytes, file: IO[bytes]) -> bool:
    return _zip_entries(head, file) is not None


def _is_office(folder: str) -> Callable[[bytes, IO[bytes]], bool]:
    def is_it(head: bytes, file: IO[bytes]) -> bool:
        names = {entry.filename for entry in _zip_entries(head, file) or []}
        return "[Content_Types].xml" in names and any(name.startswith(f"{folder}/") for name in names)

    return is_it


def _is_open_document(head: bytes, file: IO[bytes]) -> bool:
    names = {entry.filename for entry in _zip_entries(head, file) or []}
    return {"mimetype", "content.xml"} <= names


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_JPEG = Type("image", "image/jpeg", _starts(b"\xff\xd8\xff"))
TYPES: dict[str, Type] = {
    "png": Type("image", "image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "gif": Type("image", "image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": Type("image", "image/webp", _is_webp),
    "pdf": Type("document", "application/pdf", _is_pdf),
    "docx": Type("document", f"{_OFFICE}.wordprocessingml.document", _is_office("word")),
    "xlsx": Type("document", f"{_OFFICE}.spreadsheetml.sheet", _is_office("xl")),
    "pptx": Type("document", f"{_OFFICE}.presentationml.presentation", _is_office("ppt")),
    "odt": Type("document", f"{_OPEN}.text", _is_open_document),
    "ods": Type("document", f"{_OPEN}.spreadsheet", _is_open_document),
    "odp": Type("document", f"{_OPEN}.presentation", _is_open_document),
    "zip": Type("archive", "application/zip", _is_zip),
    "txt": Type("text", "text/plain", _is_text),
    "md": Type("text", "text/markdown", _is_text),
    "csv": Type("text", "text/csv", _is_text),
    "json": Type("text", "application/json", _is_text),
    "mp3": Type("media", "audio/mpeg", _is_mp3),
    "wav": Type("media", "audio/wav", _is_wave),
    "mp4": Type("media", "video/mp4", _is_mp4),
}
ACCEPT = ",".join(f".{ending}" for ending in TYPES)  # for `<input type=file accept>`
