"""Files of messages: ten of 25 MB, pictures written anew with a small one to look at, gone with what carried them."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from chat import groups, members, messages, uploads
from chat.formats import serialize
from chat.models import Attachment, Message, Room
from chat.reading import shown
from skilllink import clocks
from skilllink.errors import TooLarge
from skilllink.ids import uuid7
from tests.abuse.proof import nothing_changes
from users.models import User


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return Room.objects.get(pk=room.pk)


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def picture(size: tuple[int, int] = (1200, 600), kind: str = "PNG", mode: str = "RGB") -> SimpleUploadedFile:
    output = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new(mode, size).save(output, kind, exif=exif.tobytes())
    return SimpleUploadedFile(f"kiln.{kind.lower()}", output.getvalue())


def notes(n: int = 0) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"notes{n}.txt", b"kiln notes")


def send(room: Room, author: User, *files: Attachment) -> Message:
    return messages.post(room, author, "", client_id=uuid7().hex, attachments=[file.pk for file in files])


def on_disk() -> set[Path]:
    return {path for path in Path(site.MEDIA_ROOT).rglob("attachments/*/*") if path.is_file()}


def test_a_picture_has_a_small_one_which_the_room_sees_and_nobody_else(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    kept = uploads.keep(group, client_person, picture())
    address = f"/messages/files/{kept.pk}/preview/"
    assert browser_of(freelancer).get(address).status_code == 404  # not sent yet
    message = send(group, client_person, kept)
    (shown_file,) = serialize(shown().get(pk=message.pk), since=0)["attachments"]
    assert shown_file["preview"] == {"url": address, "width": 480, "height": 240}
    for door in (address, f"/api/v1/room-files/{kept.pk}/preview/"):
        answer = browser_of(freelancer).get(door)
        small = b"".join(answer.streaming_content)  # type: ignore[arg-type]
        assert Image.open(io.BytesIO(small)).size == (480, 240)
        assert b"secret" not in small
        assert browser_of(outsider).get(door).status_code == 404
    page = browser_of(freelancer).get(f"/messages/{group.pk}/").content.decode()
    assert f'<img src="{address}" width="480" height="240" alt="kiln.png"' in page


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "L"), ("WEBP", "RGB")]
)
def test_every_kind_of_picture_is_kept_without_what_hid_in_it(
    group: Room, client_person: User, kind: str, mode: str
) -> None:
    kept = uploads.keep(group, client_person, picture((20, 10), kind, mode))
    with kept.file.open() as file:
        content = file.read()
    assert b"secret" not in content
    assert kept.size == len(content)
    assert (kept.preview_width, kept.preview_height) == (20, 10)


def test_what_is_no_picture_has_no_small_one(group: Room, client_person: User) -> None:
    kept = uploads.keep(group, client_person, notes())
    assert not kept.preview
    message = send(group, client_person, kept)
    assert serialize(shown().get(pk=message.pk), since=0)["attachments"][0]["preview"] is None
    assert browser_of(client_person).get(f"/messages/files/{kept.pk}/preview/").status_code == 404


def test_ten_files_go_with_a_message_and_eleven_do_not(group: Room, client_person: User) -> None:
    kept = [uploads.keep(group, client_person, notes(n)) for n in range(11)]
    with nothing_changes(), pytest.raises(TooLarge, match="10 files"):
        send(group, client_person, *kept)
    assert send(group, client_person, *kept[:10]).attachments.count() == 10


def test_a_file_larger_than_the_rule_is_refused_and_not_kept(group: Room, client_person: User, settings: Any) -> None:
    assert site.SKILLLINK["FILE_BYTES"] == 25 * 1024**2
    settings.SKILLLINK = settings.SKILLLINK | {"FILE_BYTES": 1024**2}
    large = SimpleUploadedFile("large.txt", b"x" * (1024**2 + 1))
    with nothing_changes():
        answer = browser_of(client_person).post(
            f"/messages/{group.pk}/files/", {"file": large}, headers={"accept": "application/json"}
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "file.too_large")


def test_files_that_wait_for_a_message_are_limited_and_go_after_a_while(
    group: Room, client_person: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"FILES_UNSENT": 2, "FILES_UNSENT_KEPT": timedelta(hours=2)}
    before = on_disk()
    sent = uploads.keep(group, client_person, picture())
    waits = uploads.keep(group, client_person, picture())
    with nothing_changes(), pytest.raises(uploads.TooManyUnsent):
        uploads.keep(group, client_person, notes())
    send(group, client_person, sent)
    later = uploads.keep(group, client_person, notes())
    Attachment.objects.filter(pk=waits.pk).update(created_at=clocks.now() - timedelta(hours=3))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.sweep() == 1
    assert set(Attachment.objects.all()) == {sent, later}
    assert len(on_disk() - before) == 3  # a picture and its small one, and the notes


def test_a_deleted_message_or_room_takes_its_files_and_their_small_ones_along(
    group: Room, client_person: User, django_capture_on_commit_callbacks: Any
) -> None:
    before = on_disk()
    first = send(group, client_person, uploads.keep(group, client_person, picture()))
    send(group, client_person, uploads.keep(group, client_person, picture()))
    with django_capture_on_commit_callbacks(execute=True):
        messages.delete(first, by=client_person)
    assert len(on_disk() - before) == 2
    with django_capture_on_commit_callbacks(execute=True):
        groups.delete(group, by=client_person, title="Glaze talk")
    assert on_disk() == before
    assert not Attachment.objects.exists()
