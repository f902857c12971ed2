"""Papers: each payment has its invoices, what goes back its credit notes, numbered without a gap and never changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.test import Client
from structlog.testing import capture_logs

from payment import audit, audit_papers, escrow, paper_pdf, papers, pdf, seal, tax
from payment.audit_scope import Scope
from payment.models import AuditRun, Escrow, Paper, PaperReach, Series, Transfer
from skilllink import clocks
from skilllink.money import format_money
from tests.builders.books import filled, frozen, released, unguarded
from tests.builders.payment import put_in_wallet
from tests.races.together import race
from users.models import User

CURRENCIES = ["JPY", "USD", "EUR", "KWD"]


def made() -> list[Paper]:
    """Every paper, once all transfers are sealed and swept."""
    seal.run()
    while papers.sweep():
        pass
    return list(Paper.objects.order_by("pk"))


def figures(rows: list[Paper]) -> list[tuple[str, int]]:
    return [(row.kind, row.amount) for row in rows]


def release(row: Escrow, amount: int, key: str) -> Transfer:
    with transaction.atomic():
        return escrow.release(row, amount, key=key).transfer


def test_a_release_makes_an_invoice_of_the_freelancer_and_one_for_the_fee(
    client_person: User, freelancer: User
) -> None:
    released(client_person, freelancer, 160_000)
    invoice, fee = made()
    assert (invoice.kind, invoice.amount, invoice.issuer, invoice.recipient) == (
        "invoice", 160_000, freelancer, client_person,
    )  # fmt: skip
    assert (fee.kind, fee.amount, fee.issuer, fee.recipient) == ("fee_invoice", 8_000, None, freelancer)
    assert invoice.code == f"{freelancer.pk.hex[-6:].upper()}-{invoice.at.year}-0001"
    assert fee.code == f"SL-{fee.at.year}-0001"
    assert (invoice.content["fee_bps"], invoice.content["gross"]) == (500, 160_000)
    assert audit.run() == []


def test_the_same_transfer_asked_for_again_has_the_papers_it_had(client_person: User, freelancer: User) -> None:
    transfer = released(client_person, freelancer, 9_000).clearings.get().transfer
    first = papers.issue(transfer)
    assert papers.issue(transfer) == first == made()
    assert papers.sweep() == 0
    assert set(Series.objects.values_list("last", flat=True)) == {1}


def test_what_pays_nobody_has_no_paper(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 9_000)
    with transaction.atomic():
        escrow.refund(row, 9_000, key="test:refund")
    _row, dispute = frozen(client_person, freelancer, 5_000)
    with transaction.atomic():
        escrow.split(dispute, 0, key="test:split")
    assert made() == []
    assert Transfer.objects.filter(kind="resolution").exists()


def test_no_fee_invoice_where_no_fee_was_taken(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 9_000, bps=0)
    released(client_person, freelancer, 9)  # 5 % of 9 units rounds to none
    assert figures(made()) == [("invoice", 9_000), ("invoice", 9)]


def test_what_goes_back_is_credited_against_the_last_invoices_first(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 10_000)
    release(row, 6_000, "test:1")
    release(row, 4_000, "test:2")
    with transaction.atomic():
        escrow.refund_released(row, 5_000, key="test:3")
        escrow.refund_released(row, 2_000, key="test:4")
    one, _fee1, two, fee2, credit, fee_credit, last, _fee_credit = made()
    assert (credit.kind, credit.amount, credit.issuer, credit.recipient) == (
        "credit_note", 5_000, freelancer, client_person,
    )  # fmt: skip
    assert credit.content["credits"] == [{"number": two.code, "amount": 4_000}, {"number": one.code, "amount": 1_000}]
    assert last.content["credits"] == [{"number": one.code, "amount": 2_000}]
    assert (fee_credit.kind, fee_credit.amount) == ("fee_credit_note", 250)
    assert fee_credit.content["credits"][0] == {"number": fee2.code, "amount": 200}
    row.refresh_from_db()
    signed = sum(-p.amount if p.is_credit else p.amount for p in Paper.objects.filter(issuer=freelancer))
    fees = sum(-p.amount if p.is_credit else p.amount for p in Paper.objects.filter(issuer=None))
    assert (signed, fees) == (row.released, row.fee_taken) == (3_000, 150)
    assert audit.run() == []


def test_a_dispute_over_released_money_credits_it_and_its_outcome_is_invoiced(
    client_person: User, freelancer: User
) -> None:
    row = released(client_person, freelancer, 20_000)
    with transaction.atomic():
        dispute = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.claw_back(row, dispute, 20_000, key="test:claw")
        escrow.split(dispute, 12_000, key="test:split")
    assert figures(made()) == [
        ("invoice", 20_000), ("fee_invoice", 1_000), ("credit_note", 20_000), ("fee_credit_note", 1_000),
        ("invoice", 12_000), ("fee_invoice", 600),
    ]  # fmt: skip


def test_asked_for_a_later_transfer_the_earlier_ones_of_its_escrow_come_first(
    client_person: User, freelancer: User
) -> None:
    row = filled(client_person, freelancer, 10_000)
    first = release(row, 6_000, "test:1")
    second = release(row, 4_000, "test:2")
    assert figures(papers.issue(second)) == [("invoice", 4_000), ("fee_invoice", 200)]
    assert [p.number for p in papers.issue(first)] == [1, 1]
    assert [p.number for p in papers.issue(second)] == [2, 2]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_parts_are_invoiced_to_the_unit_in_every_currency(client_person: User, freelancer: User, currency: str) -> None:
    row = filled(client_person, freelancer, 1_001, currency=currency)
    for n, amount in enumerate((333, 333, 335)):
        release(row, amount, f"test:{n}")
    rows = made()
    assert {p.currency for p in rows} == {currency}
    assert sum(p.amount for p in rows if p.kind == "invoice") == 1_001
    assert sum(p.amount for p in rows if p.kind == "fee_invoice") == escrow.fee_on(1_001, 500)
    assert audit.run() == []


def test_a_paper_keeps_what_its_parties_were_called(client_person: User, freelancer: User) -> None:
    tax.change(freelancer, name="Okoro Systems Ltd", address="12 Marina Rd\nLagos", tax_number="NG-123")
    released(client_person, freelancer, 9_000)
    invoice = made()[0]
    tax.change(freelancer, name="Another Name", address="", tax_number="")
    client_person.name = "Renamed"
    client_person.save()
    invoice.refresh_from_db()
    assert invoice.content["from"] == {
        "name": "Okoro Systems Ltd", "address": "12 Marina Rd\nLagos", "tax_number": "NG-123",
    }  # fmt: skip
    assert invoice.content["to"]["name"] == "Ines Varga"
    released(client_person, freelancer, 9_000)
    assert made()[-2].content["from"]["name"] == "Another Name"


def _dated(transfer: Transfer, at: datetime) -> Transfer:
    """The transfer as if it were of another time; nobody moves the clock of a PostgreSQL."""
    with unguarded():
        Transfer.objects.filter(pk=transfer.pk).update(at=at)
    transfer.refresh_from_db()
    return transfer


def test_every_year_begins_at_one_and_no_date_goes_back(
    committed_db: None, client_person: User, freelancer: User
) -> None:
    eve = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    moments = (eve, eve - timedelta(hours=5), eve + timedelta(minutes=2))
    first, second, third = (
        _dated(released(client_person, freelancer, amount).clearings.get().transfer, at)
        for amount, at in zip((9_000, 8_000, 7_000), moments, strict=True)
    )
    rows = [papers.issue(one)[0] for one in (first, second, third)]
    assert [(p.series.year, p.number) for p in rows] == [(2025, 1), (2025, 2), (2026, 1)]
    assert rows[1].at == rows[0].at == eve  # a number after it bears no date before it
    assert audit.run() == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE payment_paper SET amount = 1", "DELETE FROM payment_paper", "UPDATE payment_paper SET content = '{}'"],
)
def test_the_database_refuses_to_change_or_lose_a_paper(
    committed_db: None, client_person: User, freelancer: User, statement: str
) -> None:
    released(client_person, freelancer, 9_000)
    before = list(Paper.objects.values()) or made()
    with pytest.raises(DatabaseError, match="ledger"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert len(made()) == len(before)


def test_the_audit_names_a_changed_paper_a_gap_and_a_wrong_party(
    committed_db: None, client_person: User, freelancer: User, outsider: User
) -> None:
    for amount in (9_000, 8_000, 7_000):
        released(client_person, freelancer, amount)
    first, fee, second, _fee, _third, last_fee = made()
    assert audit.run() == []
    with unguarded() as cursor:
        cursor.execute("UPDATE payment_paper SET amount = 9001 WHERE code = %s", [first.code])
        cursor.execute("DELETE FROM payment_paper WHERE code = %s", [second.code])
        cursor.execute("DELETE FROM payment_paper WHERE code = %s", [last_fee.code])
        theirs = outsider.pk.hex if connection.vendor == "sqlite" else outsider.pk
        cursor.execute("UPDATE payment_paper SET recipient_id = %s WHERE code = %s", [theirs, fee.code])
    found = {(row.invariant, row.row) for row in audit.run()}
    assert found == {
        ("P1", f"paper {first.pk}"), ("P1", f"paper {fee.pk}"),
        ("P2", f"series {first.series}"), ("P2", f"series {fee.series}"),
    }  # fmt: skip


def test_what_is_new_is_audited_alone(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 9_000)
    made()
    since = clocks.now()
    released(client_person, freelancer, 8_000)
    newest = made()[-2]
    scope = Scope(whole=False, since=0, upto=10**6, at=since)
    assert list(audit_papers.numbers_without_gap(scope)) == []
    Series.objects.filter(pk=newest.series_id).update(last=3)
    assert [row.invariant for row in audit_papers.numbers_without_gap(scope)] == ["P2"]


def test_one_that_fails_stops_no_other_and_is_told_when_it_lasts(
    client_person: User, freelancer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = released(client_person, outsider, 9_000).clearings.get().transfer
    for _n in range(2):
        released(client_person, freelancer, 5_000)
    real = tax.of

    def fails(user: User) -> dict[str, str]:
        if user == outsider:
            raise RuntimeError("The disk is full.")
        return real(user)

    with monkeypatch.context() as patch, capture_logs() as logged:
        patch.setattr(tax, "of", fails)
        assert len(made()) == 4
        assert {line["transfer"] for line in logged if line["event"] == "paper.failed"} == {str(sick.pk)}
    with clocks.at(clocks.now() + timedelta(hours=2)):
        run: AuditRun = audit.examine()
        assert run.violations == []
        assert [row["row"] for row in run.alerts if row["invariant"] == "P3"] == [f"transfer {sick.pk}"]
    assert len(made()) == 6
    assert not papers.missing().exists()
    assert PaperReach.objects.get().number == 9


def test_numbers_have_no_gap_when_many_make_papers_at_once(
    committed_db: None, client_person: User, freelancer: User, outsider: User
) -> None:
    put_in_wallet(client_person, 100_000)
    transfers = [
        released(client_person, payee, 5_000).clearings.get().transfer
        for payee in (freelancer, outsider)
        for _n in range(12)
    ]

    def make(number: int) -> None:
        for transfer in transfers[number % 3 :] + transfers[: number % 3]:
            papers.issue(transfer)

    assert race([lambda n=n: make(n) for n in range(8)]) == [None] * 8
    assert Paper.objects.count() == 48
    for series in Series.objects.all():
        numbers = sorted(series.papers.values_list("number", flat=True))
        assert numbers == list(range(1, series.last + 1))
    per_issuer = (
        Series.objects.values("issuer").order_by().annotate(papers=Sum("last"))
    )  # a new year begins a new series
    assert sorted(row["papers"] for row in per_issuer) == [12, 12, 24]
    assert audit.run() == []


def test_a_number_whose_paper_failed_is_given_to_the_next(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = released(client_person, freelancer, 9_000).clearings.get().transfer

    def fails(*_args: Any, **_facts: Any) -> Any:
        raise RuntimeError("The disk is full.")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError), transaction.atomic():
        patch.setattr(Paper.objects, "create", fails)
        papers.issue.within(transfer)
    assert [paper.number for paper in papers.issue(transfer)] == [1, 1]


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_the_two_parties_have_the_page_and_the_file_and_nobody_else_has_anything(
    client_person: User, freelancer: User, outsider: User, finance: User, moderator: User
) -> None:
    released(client_person, freelancer, 9_000)
    invoice, fee = made()
    for person, paper, status in (
        (client_person, invoice, 200), (freelancer, invoice, 200), (outsider, invoice, 404), (finance, invoice, 404),
        (moderator, invoice, 404), (client_person, fee, 404), (freelancer, fee, 200), (outsider, fee, 404),
        (finance, fee, 200), (moderator, fee, 404),
    ):  # fmt: skip
        for address in (f"/wallet/papers/{paper.pk}/", f"/wallet/papers/{paper.pk}.pdf"):
            assert browser_of(person).get(address).status_code == status, (person.name, paper.kind)
    assert Client().get(f"/wallet/papers/{invoice.pk}.pdf").status_code == 302
    listed = [browser_of(person).get("/wallet/papers/").context["page"] for person in (client_person, outsider)]
    assert [list(page) for page in listed] == [[invoice], []]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_the_file_is_the_same_for_both_and_for_ever(client_person: User, freelancer: User, currency: str) -> None:
    released(client_person, freelancer, 1_234_567, currency=currency)
    invoice, fee = made()
    mine, theirs = (
        browser_of(person).get(f"/wallet/papers/{invoice.pk}.pdf") for person in (freelancer, client_person)
    )
    assert mine.content == theirs.content and mine.content.startswith(b"%PDF-")
    assert mine["Content-Disposition"] == f'attachment; filename="invoice-{invoice.code}.pdf"'
    tax.change(freelancer, name="Somebody Else", address="", tax_number="")
    assert browser_of(client_person).get(f"/wallet/papers/{invoice.pk}.pdf").content == mine.content
    assert paper_pdf.rows(fee) == [(paper_pdf.rows(fee)[0][0], escrow.fee_on(1_234_567, 500))]
    assert format_money(1_234_567, currency) in paper_pdf.rows(fee)[0][0]


def test_names_in_other_scripts_and_without_end_stand_on_the_sheet(client_person: User, freelancer: User) -> None:
    tax.change(freelancer, name="大田 순 Łódź Жуков", address="x" * 300, tax_number="")
    released(client_person, freelancer, 9_000)
    assert paper_pdf.draw(made()[0]).startswith(b"%PDF-")
    assert [font for font, _text in pdf.runs("Łódź 大田순", pdf.TEXT)] == [pdf.TEXT, pdf.HAN, pdf.HANGUL]
    assert all(pdf.width(line, pdf.TEXT, 10) <= 100 for line in pdf.wrapped("x" * 300, pdf.TEXT, 10, 100))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "x" * 121), ("name", "two\nlines"), ("name", "\x00"), ("address", "x" * 401),
        ("address", "\n".join("abcdefg")), ("address", "a\x1bb"), ("tax_number", "1" * 41), ("tax_number", "\u202e1"),
    ],
)  # fmt: skip
def test_tax_details_that_cannot_stand_on_a_paper_are_refused_by_their_field(
    freelancer: User, field: str, text: str
) -> None:
    kept = {"name": "Okoro Ltd", "address": "Lagos", "tax_number": "NG-1"}
    tax.change(freelancer, **kept)
    with pytest.raises(tax.Unwritable) as refusal:
        tax.change(freelancer, **{**kept, field: text})
    assert set(refusal.value.fields) == {field}
    answer = browser_of(freelancer).post("/settings/tax/", {**kept, field: text})
    assert answer.status_code == 422
    assert tax.of(freelancer) == kept


def test_tax_details_are_kept_as_typed_and_begin_with_the_persons_name(freelancer: User) -> None:
    browser = browser_of(freelancer)
    assert 'value="Tomasz Okoro"' in browser.get("/settings/tax/").content.decode()
    given = {"name": " Okoro Ltd ", "address": "12 Marina Rd\r\nLagos\r\n", "tax_number": "NG-1"}
    assert browser.post("/settings/tax/", given).status_code == 302
    assert tax.of(freelancer) == {"name": "Okoro Ltd", "address": "12 Marina Rd\nLagos", "tax_number": "NG-1"}
