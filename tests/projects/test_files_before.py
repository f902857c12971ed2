"""Uploads are checked and written anew before the verb's transaction: nobody waits for the decoding of a picture."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from projects.models import BidFile, GigFile
from skilllink import files
from tests.abuse.proof import nothing_changes
from tests.builders.projects_gigs import LETTER, live_bid, open_gig
from users.models import User


def picture(name: str = "sign.png") -> SimpleUploadedFile:
    output = BytesIO()
    Image.new("RGB", (30, 20), "teal").save(output, "PNG")
    return SimpleUploadedFile(name, output.getvalue(), "image/png")


@pytest.fixture
def decoded(committed_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> list[bool]:
    """Whether a transaction was open, for each picture that is written anew."""
    settings.MEDIA_ROOT = tmp_path
    seen: list[bool] = []
    real = files.reencode_image

    def noted(file: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return real(file)

    monkeypatch.setattr(files, "reencode_image", noted)
    return seen


def bid_on_a_page(browser: Client, client: User, freelancer: User) -> None:
    browser.force_login(freelancer)
    typed = {"amount": "2950", "days": "20", "letter": LETTER, "files": [picture()]}
    assert browser.post(f"/gigs/{open_gig(client).pk}/bids/new/", typed).status_code == 303


def bid_over_the_api(browser: Client, client: User, freelancer: User) -> None:
    browser.force_login(freelancer)
    bid = live_bid(open_gig(client), freelancer)
    key = {"Idempotency-Key": "one"}
    assert browser.post(f"/api/v1/bids/{bid.pk}/files/", {"files": [picture()]}, headers=key).status_code == 200


def gig_on_a_page(browser: Client, client: User, freelancer: User) -> None:
    browser.force_login(client)
    typed = {"title": "Photographs of bowls", "keep": "1", "files": [picture()]}
    assert browser.post("/gigs/new/", typed).status_code == 303


def gig_over_the_api(browser: Client, client: User, freelancer: User) -> None:
    browser.force_login(client)
    assert browser.post(f"/api/v1/gigs/{open_gig(client).pk}/files/", {"files": [picture()]}).status_code == 200


@pytest.mark.parametrize("way", [bid_on_a_page, bid_over_the_api, gig_on_a_page, gig_over_the_api])
def test_a_picture_is_written_anew_once_before_the_transaction(
    decoded: list[bool], client_person: User, freelancer: User, client: Client, way: Callable[..., None]
) -> None:
    way(client, client_person, freelancer)
    assert decoded == [False]
    kept = [*BidFile.objects.all(), *GigFile.objects.all()]
    assert [(row.name, row.mime) for row in kept] == [("sign.png", "image/png")]
    assert kept[0].size == kept[0].file.size > 0


def test_a_file_that_is_refused_before_the_transaction_changes_nothing(
    decoded: list[bool], client_person: User, freelancer: User, client: Client
) -> None:
    gig = open_gig(client_person)
    client.force_login(freelancer)
    wrong = SimpleUploadedFile("sign.png", b"<script>", "image/png")
    typed = {"amount": "2950", "days": "20", "letter": LETTER}
    for given, status in (([wrong], 415), ([picture() for _n in range(6)], 422)):
        with nothing_changes():
            answer = client.post(f"/gigs/{gig.pk}/bids/new/", {**typed, "files": given})
        assert answer.status_code == status
        assert LETTER in answer.content.decode()
    assert decoded == []
