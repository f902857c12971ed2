"""Papers, statement and forecast over the API: the same rows and refusals as on the pages."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from payment import escrow, forecast, statement, tax
from tests.builders.books import filled, released
from tests.payment.test_papers import CURRENCIES, made
from users.models import User

API = "/api/v1/"


def client_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def asked(user: User, path: str, **params: Any) -> Any:
    answer = client_of(user).get(API + path, params)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("currency", CURRENCIES)
def test_papers_statement_and_year_tell_whole_minor_units(client_person: User, freelancer: User, currency: str) -> None:
    released(client_person, freelancer, 1_234_567, currency=currency)
    invoice, fee = made()
    listed = asked(freelancer, "papers/")["results"]
    assert [(row["number"], row["amount"], row["currency"]) for row in listed] == [
        (fee.code, fee.amount, currency), (invoice.code, 1_234_567, currency),
    ]  # fmt: skip
    assert listed[1]["issuer"]["name"] == "Tomasz Okoro" and listed[1]["credits"] == []
    [line] = asked(freelancer, "wallet/statement/", currency=currency)["results"]
    net = 1_234_567 - fee.amount
    assert (line["amount"], line["balance"], line["kind"], line["account"]) == (net, net, "release", "pending")
    [year] = asked(freelancer, "wallet/year/")
    assert year["earned"] == {"gross": 1_234_567, "back": 0, "fee": fee.amount, "net": net}
    [expected] = asked(freelancer, "wallet/forecast/")
    assert (expected["place"], expected["amount"]) == ("available", net)


def test_the_file_is_the_one_of_the_page_and_open_to_its_parties_alone(
    client_person: User, freelancer: User, outsider: User
) -> None:
    released(client_person, freelancer, 9_000)
    invoice, fee = made()
    mine = client_of(client_person).get(f"{API}papers/{invoice.pk}.pdf")
    assert mine.content == client_of(freelancer).get(f"/wallet/papers/{invoice.pk}.pdf").content
    for path in (f"papers/{invoice.pk}.pdf", f"papers/{invoice.pk}/"):
        answer = client_of(outsider).get(API + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "missing")
    assert client_of(client_person).get(f"{API}papers/{fee.pk}/").status_code == 404
    assert asked(outsider, "papers/")["results"] == []
    for year in ("soon", "20266", "-1", "２０２６"):
        assert client_of(outsider).get(f"{API}wallet/year/", {"year": year}).status_code == 400


def test_filters_are_those_of_the_page(client_person: User, freelancer: User, outsider: User) -> None:
    for payee in (freelancer, outsider):
        filled(client_person, payee, 3_000)
    rows = asked(client_person, "wallet/statement/", person=str(outsider.pk))["results"]
    assert [row["amount"] for row in rows] == [-3_000]
    assert [row["id"] for row in rows] == [
        row.pk for row in statement.entries(client_person, statement.Filters(person=outsider.pk))
    ]
    refused = client_of(client_person).get(f"{API}wallet/statement/", {"since": "soon"})
    assert refused.status_code == 400 and set(refused.json()["fields"]) == {"since"}
    file = client_of(client_person).get(f"{API}wallet/statement.csv", {"kind": "hold"})
    assert b"".join(file.streaming_content).count(b"\r\n") == 3


def test_tax_details_are_written_once_under_a_key_and_refused_by_their_field(freelancer: User) -> None:
    given = {"name": "Okoro Ltd", "address": "Lagos", "tax_number": "NG-1"}
    browser = client_of(freelancer)

    def post(body: dict[str, Any], key: str) -> Any:
        return browser.post(f"{API}tax-details/", body, "application/json", headers={"Idempotency-Key": key})

    first = post(given, "one")
    tax.change(freelancer, name="Later", address="", tax_number="")
    assert post(given, "one").content == first.content and first.json() == given
    assert tax.of(freelancer)["name"] == "Later"
    assert post(given | {"name": "Other"}, "one").status_code == 409
    wrong = post(given | {"tax_number": "1" * 41}, "two")
    assert wrong.status_code == 400 and set(wrong.json()["fields"]) == {"tax_number"}
    assert tax.of(freelancer)["name"] == "Later" == asked(freelancer, "tax-details/")["name"]


def test_what_went_back_is_a_credit_note_that_names_its_invoice(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    with transaction.atomic():
        escrow.refund_released(row, 4_000, key="test:back")
    invoice, _fee, credit, _fee_credit = made()
    told = asked(client_person, f"papers/{credit.pk}/")
    assert (told["kind"], told["amount"]) == ("credit_note", 4_000)
    assert told["credits"] == [{"number": invoice.code, "amount": 4_000}]
    assert [one.amount for one in forecast.of(freelancer)] == [4_750]


def test_finance_looks_at_papers_and_changes_none(client_person: User, freelancer: User, finance: User) -> None:
    released(client_person, freelancer, 9_000)
    invoice, _fee = made()
    page = client_of(finance).get("/admin/payment/paper/")
    assert page.status_code == 200 and invoice.code in page.content.decode()
    assert client_of(finance).get(f"/admin/payment/paper/{invoice.pk}/change/").status_code == 200
    assert client_of(finance).post(f"/admin/payment/paper/{invoice.pk}/change/", {"amount": 1}).status_code == 403
    assert client_of(finance).get("/admin/payment/paper/add/").status_code == 403
    assert client_of(finance).get("/admin/payment/series/").status_code == 200
