"""Open books: what anyone may know, and that it is what the ledger says."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from payment import accounts, audit, flow, ledger, seal, seal_anchor
from payment.models import Account, Batch, Entry
from skilllink.money import format_money
from tests.builders.books import filled, released, unguarded
from tests.builders.payment import put_in_wallet
from users.models import User

ADDRESS = "/transparency/"


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path / "anchors"


def words(client: Client) -> str:
    """The page's text, without its tags."""
    page = client.get(ADDRESS)
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", "", page.content.decode()).split())


def test_anyone_reads_what_is_owed_held_and_pending_in_each_currency(
    client_person: User, freelancer: User, client: Client
) -> None:
    filled(client_person, freelancer, 5_000)
    released(client_person, freelancer, 9_000)
    put_in_wallet(client_person, 1_500, "JPY")
    text = words(client)
    held = -sum(Entry.objects.filter(account__kind="gateway", account__currency="USD").values_list("amount", flat=True))
    owed = 5_000 + 9_000 - 450
    for figure in (owed, held, 5_000, 9_000 - 450):
        assert format_money(figure, "USD") in text
    assert format_money(1_500, "JPY") in text


@pytest.mark.usefixtures("committed_db")
def test_the_figures_are_the_same_before_and_after_sealing_and_auditing(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 9_000)
    before = audit.standing()
    seal.run()
    assert audit.standing() == before
    audit.examine()
    assert audit.standing() == before
    released(client_person, freelancer, 700)
    assert audit.standing()["USD"]["fees"] == 450 + 35
    assert audit.standing()["USD"]["pending"] == 8_550 + 665


def test_a_shortfall_is_shown_and_none_is_not(client_person: User, client: Client) -> None:
    put_in_wallet(client_person, 9_000)
    assert "Less is held than owed." in words(client)
    with transaction.atomic():
        capital = Account.objects.create(kind="capital", currency="USD")
        ledger.post.within("test:capital", "capital_in", [(accounts.gateway("USD"), -900), (capital, 900)])
    assert "Less is held than owed." not in words(client)


@pytest.mark.usefixtures("committed_db")
def test_it_says_when_the_books_were_examined_and_shows_the_newest_root(client_person: User, client: Client) -> None:
    assert "The first audit comes within ten minutes." in words(client)
    assert "Nothing has been sealed yet." in words(client)
    put_in_wallet(client_person, 700)
    audit.examine()
    seal_anchor.anchor()
    text, batch = words(client), Batch.objects.get()
    assert "Every rule of the ledger was found kept." in text
    assert batch.root in text and batch.head in text
    assert "Written down outside" in text
    audit.examine(whole=True)
    assert "Everything examined" in words(client)


@pytest.mark.usefixtures("committed_db")
def test_a_visitor_reads_that_money_stands_still(client_person: User, client: Client) -> None:
    put_in_wallet(client_person, 700)
    with unguarded() as cursor:
        cursor.execute("UPDATE payment_account SET balance = balance + 1 WHERE kind = 'wallet'")
    audit.examine(whole=True)
    assert "The audit found a fault. Money stands still" in words(client)


def test_the_page_names_nobody_and_keeps_itself_up_to_date(client_person: User, client: Client) -> None:
    put_in_wallet(client_person, 700)
    page = client.get(ADDRESS).content.decode()
    assert client_person.name not in page and str(client_person.pk) not in page
    assert 'data-live="books:all"' in page


def test_all_roots_are_one_file_from_the_first_on(client_person: User, client: Client) -> None:
    for _batch in range(3):
        put_in_wallet(client_person, 700)
        seal.run()
    answer = client.get(reverse("payment:roots_file"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert [line.split() for line in lines[1:]] == [
        [str(row.number), str(row.first), str(row.last), row.root, row.head] for row in Batch.objects.all()
    ]
    assert answer["Content-Disposition"] == 'attachment; filename="roots.txt"'


def test_the_picture_has_every_place_with_its_amount_in_both_sizes_and_nothing_runs_out_of_it() -> None:
    drawn = flow.draw("KWD", {"wallet": 1, "escrow": 10**12, "pending": 0, "available": 7, "cause": 3})
    for plot in drawn["plots"]:
        figures = [place["figure"] for place in plot["stations"]]
        assert figures == [format_money(n, "KWD") for n in (1, 10**12, 0, 10, 0)]
        for place in plot["stations"]:
            assert place["x"] >= 0 and place["x"] + plot["box"]["width"] <= plot["width"]
            assert place["y"] >= 0 and place["y"] + plot["box"]["height"] < plot["height"] - 16


def test_an_account_of_a_kind_that_the_picture_leaves_out_is_not_owed() -> None:
    drawn = {kind for kinds, _look, _name in flow.STATIONS for kind in kinds}
    assert set(Account.OWED) <= drawn
