"""The statement: narrowed by day, contract and person it stays true, and its files are safe to open."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from payment import escrow, papers, statement, statement_csv, statement_pdf, summary
from payment.models import Entry, Paper
from projects import milestones
from projects.models import Contract
from skilllink import clocks
from skilllink.money import EXPONENTS, plain
from tests.builders.books import filled, released
from tests.builders.payment import put_in_wallet
from tests.builders.projects_contracts import signed_contract
from tests.payment.test_papers import CURRENCIES, made, release
from users.models import User

ALL = statement.Filters()


def rows_of(answer: Any) -> list[dict[str, str]]:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(content.decode())))


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    """Its first milestone is released, its second held."""
    found = signed_contract(client_person, freelancer)
    first = found.milestones.get(position=1)
    milestones.release(first, by=client_person, version=first.version)
    return found


def test_oldest_first_and_newest_first_agree_on_every_balance(
    client_person: User, freelancer: User, outsider: User
) -> None:
    for payee in (freelancer, outsider):
        released(client_person, payee, 9_000)
    put_in_wallet(client_person, 700)
    for chosen in (ALL, statement.Filters(kind="hold"), statement.Filters(person=outsider.pk)):
        newest = statement.lines(statement.entries(client_person, chosen), client_person)
        oldest = list(statement.oldest_first(client_person, chosen))
        assert newest[::-1] == oldest and oldest
    last = {row.account: row.balance for row in statement.oldest_first(freelancer, ALL)}
    assert last == {"clearing": 8_550}


def test_a_contract_and_a_person_narrow_what_is_shown(
    contract: Contract, client_person: User, freelancer: User, outsider: User
) -> None:
    released(client_person, outsider, 3_000)
    browser = signed_in(client_person)
    page = browser.get("/wallet/statement/", {"contract": contract.pk})
    assert {line.other for line in page.context["lines"]} == {freelancer.name}
    assert all(str(contract.pk) in line.url or "/offers/" in line.url for line in page.context["lines"])
    other = browser.get("/wallet/statement/", {"person": outsider.pk}).context["lines"]
    assert [line.amount for line in other] == [-3_000]
    assert browser.get("/wallet/statement/").context["people"] == [outsider, freelancer]


def test_a_strangers_contract_is_not_there(contract: Contract, outsider: User) -> None:
    for address in ("/wallet/statement/", "/wallet/statement.csv", "/wallet/statement.pdf"):
        assert signed_in(outsider).get(address, {"contract": contract.pk}).status_code == 404
    nothing = signed_in(outsider).get("/wallet/statement/", {"contract": uuid4()})
    assert nothing.status_code == 404


def test_days_are_the_readers(client_person: User) -> None:
    put_in_wallet(client_person, 5_000)
    at = Entry.objects.filter(account__user=client_person).get().transfer.at
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # no day is the same in both
        with timezone.override(zone):
            day = timezone.localtime(at).date()
            shown = [statement.Filters(since=a, until=b) for a, b in ((day, day), (day, None), (None, day))]
            assert [statement.entries(client_person, one).count() for one in shown] == [1, 1, 1]
            gone = statement.Filters(since=day + timedelta(days=1)), statement.Filters(until=day - timedelta(days=1))
            assert [statement.entries(client_person, one).count() for one in gone] == [0, 0]
            assert statement.edges(client_person, shown[0])[0]["after"] == 5_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"), ("since", "2026-02-30"), ("until", "2026-13-01"), ("contract", "1"), ("person", "x"),
        ("kind", "theft"), ("currency", "XXX"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_by_its_name(client_person: User, name: str, value: str) -> None:
    for address in ("/wallet/statement/", "/wallet/statement.csv", "/wallet/statement.pdf"):
        assert signed_in(client_person).get(address, {name: value}).status_code == 400
    with pytest.raises(statement.Malformed) as refusal:
        statement.read({name: value})
    assert set(refusal.value.fields) == {name}


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"])
def test_no_cell_begins_as_a_formula(begin: str) -> None:
    assert statement_csv.cell(f"{begin}cmd|' /C calc'!A0") == f"'{begin}cmd|' /C calc'!A0"


@pytest.mark.parametrize("amount", ["-12.00", "0", "-1", "1234567.125"])
def test_an_amount_stays_a_number(amount: str) -> None:
    assert statement_csv.cell(amount) == amount


@pytest.mark.parametrize("text", ["-1+1", "-1.0.0", "- 5", "-²", "+5"])
def test_what_only_looks_like_a_number_is_a_text(text: str) -> None:
    assert statement_csv.cell(text) == f"'{text}"


def test_a_name_that_is_a_formula_is_harmless_in_the_file(contract: Contract, client_person: User) -> None:
    User.objects.filter(pk=contract.freelancer_id).update(name='=HYPERLINK("https://example.test","x")')
    rows = rows_of(signed_in(client_person).get("/wallet/statement.csv"))
    assert {row["with"][:2] for row in rows if row["with"]} == {"'="}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("currency", CURRENCIES)
def test_the_files_tell_each_amount_in_the_decimals_of_its_currency(
    client_person: User, freelancer: User, currency: str
) -> None:
    row = filled(client_person, freelancer, 1_234_567, currency=currency)
    release(row, 1_234_567, f"test:{row.pk}")
    made()
    told = rows_of(signed_in(freelancer).get("/wallet/statement.csv"))
    net = 1_234_567 - escrow.fee_on(1_234_567, 500)
    assert [(line["amount"], line["balance"], line["currency"]) for line in told] == [
        (plain(net, currency), plain(net, currency), currency)
    ]
    assert len(told[0]["amount"].partition(".")[2]) == EXPONENTS[currency]
    assert told[0]["papers"].split() == list(Paper.objects.order_by("pk").values_list("code", flat=True))
    assert statement_pdf.draw(freelancer, ALL).startswith(b"%PDF-")
    year = rows_of(signed_in(freelancer).get(f"/wallet/years/{clocks.now().year}.csv"))
    found = {(line["what"], line["with"]): line["amount"] for line in year}
    assert found[("earned: gross", "")] == found[("earned: gross", client_person.name)] == plain(1_234_567, currency)
    assert found[("earned: fees", "")] == plain(1_234_567 - net, currency)
    assert found[("earned: net", "")] == plain(net, currency)


def test_a_year_counts_what_went_back_and_what_went_out(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 10_000)
    with clocks.at(row.clearings.get().due_at):
        clocks.sweep()
    with transaction.atomic():
        escrow.refund_released(row, 4_000, key="test:back")
    year = clocks.now().year
    mine = next(line for line in summary.of(freelancer, year))
    assert (mine.earned.gross, mine.earned.back, mine.earned.fee, mine.earned.net) == (10_000, 4_000, 300, 5_700)
    assert sum(mine.months) == 5_700
    theirs = next(line for line in summary.of(client_person, year))
    assert (theirs.spent.gross, theirs.spent.back, theirs.deposited, theirs.paid_out) == (10_000, 4_000, 10_000, 0)
    assert [work.other for _title, group in theirs.groups for work in group] == [freelancer]
    assert summary.of(freelancer, year - 1) == []
    signed = sum(paper.signed for paper in (made() and Paper.objects.filter(issuer=freelancer)))
    assert signed == mine.earned.gross - mine.earned.back  # the year is the sum of its papers


def test_years_that_cannot_be_are_not_there(client_person: User) -> None:
    browser = signed_in(client_person)
    for year in (0, 1999, 9001, 99999999999999999999):
        for form in ("/", ".csv", ".pdf"):
            assert browser.get(f"/wallet/years/{year}{form}").status_code == 404
    assert browser.get(f"/wallet/years/{clocks.now().year}/").status_code == 200


def test_a_pdf_of_too_many_lines_is_refused_and_says_what_to_do(
    client_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_wallet(client_person, 500)
    put_in_wallet(client_person, 500)
    monkeypatch.setattr(statement_pdf, "MOST", 1)
    answer = signed_in(client_person).get("/wallet/statement.pdf")
    assert answer.status_code == 422 and "take the CSV" in answer.content.decode()


def test_a_long_statement_fills_pages_and_is_the_same_bytes_each_time(
    client_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _n in range(60):
        put_in_wallet(client_person, 500)
    with clocks.at(clocks.now()):
        first, again = (statement_pdf.draw(client_person, ALL) for _n in range(2))
    assert first == again
    assert first.count(b"/Type /Page\n") == 4


def test_a_page_asks_the_database_as_often_for_thirty_lines_as_for_three(
    client_person: User, freelancer: User, django_assert_max_num_queries: Any
) -> None:
    for _n in range(12):
        released(client_person, freelancer, 900)
    made()
    rows = list(statement.entries(client_person)[:30])
    with django_assert_max_num_queries(9):
        assert len(statement.lines(rows, client_person)) == 24


def test_lines_lead_to_their_deposit_contract_and_papers(contract: Contract, client_person: User) -> None:
    made()
    found = {line.kind: line for line in statement.lines(statement.entries(client_person), client_person)}
    assert found["Deposit"].url.startswith("/wallet/deposit/")
    earned = statement.lines(statement.entries(contract.freelancer), contract.freelancer)[0]
    first = contract.milestones.get(position=1)
    assert earned.url == f"{contract.get_absolute_url()}#milestone-{first.pk}"
    assert len(earned.papers) == 2 and papers.issue(Paper.objects.all()[0].transfer)
    browser = signed_in(contract.freelancer)
    for address in (earned.url.split("#", maxsplit=1)[0], *(url for _code, url in earned.papers), found["Deposit"].url):
        expected = 404 if "deposit" in address else 200
        assert browser.get(address).status_code == expected, address


def test_filters_are_kept_in_the_files_addresses(client_person: User) -> None:
    put_in_wallet(client_person, 500)
    page = signed_in(client_person).get(
        "/wallet/statement/", {"kind": "deposit", "since": date(2026, 1, 1), "page": "1"}
    )
    assert '/wallet/statement.csv?kind=deposit&amp;since=2026-01-01"' in page.content.decode()


def test_who_gave_something_is_not_named_by_the_statement(
    client_person: User, freelancer: User, outsider: User
) -> None:
    put_in_wallet(outsider, 5_000)
    with transaction.atomic():
        gift = escrow.open("donation", payer=outsider, payee=freelancer, currency="USD", fee_bps=0)
        escrow.bonus(gift, 5_000, key="test:gift")
    assert made() == []  # and nothing given is invoiced
    [line] = statement.lines(statement.entries(freelancer), freelancer)
    assert (line.amount, line.other) == (5_000, "")
    assert statement.people(freelancer) == []
    for form in ("", ".csv"):
        page = signed_in(freelancer).get(f"/wallet/statement{form or '/'}")
        told = b"".join(page.streaming_content) if page.streaming else page.content
        assert outsider.name.encode() not in told and str(outsider.pk).encode() not in told
    assert not statement.entries(freelancer, statement.Filters(person=outsider.pk)).exists()
    assert statement.entries(outsider, statement.Filters(person=freelancer.pk)).count() == 1
    assert statement.lines(statement.entries(outsider)[:1], outsider)[0].other == freelancer.name
