"""A file that is not what it says is refused with a sentence, and nothing of it is kept; a picture is only a picture."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skilllink import files
from tests.abuse.proof import nothing_changes
from tests.abuse.world import World, signed_in

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8), **options: Any) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, "white").save(output, kind, **options)
    return output.getvalue()


def archive(*names: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return output.getvalue()


LIES = {
    "an SVG called PNG": ("a.png", SVG, 415),
    "an SVG": ("a.svg", SVG, 415),
    "a page called text of another type": ("a.html", b"<script>1</script>", 415),
    "a PNG's head before a page": ("a.png", b"\x89PNG\r\n\x1a\n<script>1</script>", 415),
    "a PDF that is a ZIP too": ("a.pdf", b"%PDF-1.7\n" + archive("a.txt"), 415),
    "a ZIP that leaves its folder": ("a.zip", archive("../../etc/passwd"), 415),
    "a program called PDF": ("a.pdf", b"MZ\x90\x00", 415),
    "text with NUL": ("a.txt", b"one\0two", 415),
    "a name without an ending": ("README", b"words", 415),
    "too many pixels": ("a.png", picture(size=(12_000, 12_000)), 415),
    "nothing": ("a.txt", b"", 400),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_what_it_says_is_refused_and_not_kept(world: World, lie: str) -> None:
    name, content, status = LIES[lie]
    with nothing_changes():
        answer = signed_in(world.client).post(
            f"/messages/{world.room.pk}/files/",
            {"file": SimpleUploadedFile(name, content, content_type="image/png")},
            headers={"accept": "application/json"},
        )
    assert answer.status_code == status
    assert len(answer.json()["sentence"]) > 15


def test_where_and_with_what_a_picture_was_taken_is_gone_and_so_is_what_hid_behind_it() -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x8825] = "secret place", {1: "N", 2: (47.0, 3.0, 1.0)}
    source = picture("JPEG", exif=exif) + b"<script>hidden</script>" + archive("hidden.txt")
    clean = files.reencode_image(ContentFile(source, "photo.jpg")).read()
    assert b"secret" not in clean
    assert b"hidden" not in clean
    assert not Image.open(io.BytesIO(clean)).getexif()


def test_a_moving_picture_is_written_anew_with_its_frames() -> None:
    output = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=90, comment=b"secret")
    clean = files.reencode_image(ContentFile(output.getvalue() + b"hidden", "moving.gif")).read()
    assert b"secret" not in clean
    assert b"hidden" not in clean
    assert getattr(Image.open(io.BytesIO(clean)), "n_frames", 1) == 3


@settings(max_examples=300)
@given(
    name=st.text(max_size=300)
    | st.sampled_from(["../../x", "..\\x", "a\0.jpg", "con", "nul.txt", "a\r\nb.png", "\u202egnp.exe"])
)
def test_a_name_is_one_that_any_folder_takes(name: str) -> None:
    clean = files.clean_name(name)
    assert 1 <= len(clean) <= files.NAME_CHARACTERS
    assert not set(clean) & set('/\\<>:"|?*\r\n\0\u202e')
    assert clean not in (".", "..")
    assert not files.RESERVED.fullmatch(clean)
