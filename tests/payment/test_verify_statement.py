"""Check it yourself, of a statement: the lines a person reads verify without us, and say nothing more of anybody else."""

import json
from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse

from payment import clearing, donations, seal, statement, statement_evidence
from payment.models import Account, Entry
from projects import milestones
from projects.models import Contract
from skilllink import clocks
from tests.builders.payment import put_in_wallet
from tests.builders.projects_contracts import signed_contract
from tests.payment.test_verify import roots, script
from users.models import User

ADDRESSES = ("payment:statement_evidence", "api:statement_evidence")


@pytest.fixture
def contract(client_person: User, freelancer: User, outsider: User) -> Contract:
    """A deposit, holds and a release of two people between other people's money, sealed in several batches."""
    put_in_wallet(outsider, 4_400)
    made = signed_contract(client_person, freelancer, amounts=(9_000, 4_000))
    seal.run()
    milestones.release(made.milestones.order_by("position")[0], by=client_person)
    put_in_wallet(outsider, 5_500)
    seal.run()
    return made


def file_of(person: User, client: Client, name: str = ADDRESSES[0], **narrowed: str) -> str:
    client.force_login(person)
    return client.get(reverse(name), narrowed).content.decode()


def transfers_in(text: str) -> set[str]:
    return {json.loads(one["line"])["id"] for one in json.loads(text)["transfers"]}


def on_statement(person: User) -> set[str]:
    return {str(line.transfer_id) for line in statement.entries(person)}


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_line_of_a_statement_verifies_offline(
    contract: Contract, client_person: User, freelancer: User, client: Client, name: str
) -> None:
    for person in (client_person, freelancer):
        text = file_of(person, client, name)
        found = script.verify(text, roots(client))
        assert transfers_in(text) == on_statement(person)
        assert found[0].startswith(f"{len(on_statement(person))} transfers stand in")
        assert json.loads(text)["about"] == {"kind": "wallet", "id": str(person.pk), "title": "Statement"}


def test_whose_each_account_is_is_said_and_nothing_of_a_third_person_is_in_it(
    contract: Contract, client_person: User, freelancer: User, outsider: User, client: Client
) -> None:
    text = file_of(freelancer, client)
    mine = set(Account.objects.filter(user=freelancer).values_list("pk", flat=True))
    said = {row["account"]: row["of"] for row in json.loads(text)["accounts"]}
    assert {pk for pk, of in said.items() if of == "mine"} == mine
    assert "other" not in said.values()
    assert not set(Account.objects.filter(user__in=[outsider, client_person]).values_list("pk", flat=True)) & set(said)
    for person in User.objects.exclude(pk=freelancer.pk):
        assert person.email not in text and person.name not in text and str(person.pk) not in text


def test_it_is_narrowed_as_the_statement_is_and_somebody_elses_contract_is_none(
    contract: Contract, client_person: User, outsider: User, client: Client
) -> None:
    deposits = file_of(client_person, client, kind="deposit")
    chosen = statement.entries(client_person, statement.Filters(kind="deposit"))
    assert transfers_in(deposits) == {str(line.transfer_id) for line in chosen} < on_statement(client_person)
    assert transfers_in(file_of(client_person, client, until="2000-01-01")) == set()
    client.force_login(outsider)
    for name in (*ADDRESSES, "payment:statement_verify"):
        assert client.get(reverse(name), {"contract": str(contract.pk)}).status_code == 404
        assert client.get(reverse(name), {"since": "soon"}, headers={"Accept": "application/json"}).status_code == 400
        client.logout()
        assert client.get(reverse(name)).status_code in (302, 401)
        client.force_login(outsider)


def test_the_newest_are_shown_and_how_many_are_older_is_said(
    contract: Contract, client_person: User, client: Client
) -> None:
    newest = Entry.objects.filter(account__user=client_person).order_by("-pk")[0]
    with mock.patch.object(statement_evidence, "MOST", 1):
        text = file_of(client_person, client)
        page = client.get(reverse("payment:statement_verify")).content.decode()
    assert transfers_in(text) == {str(newest.transfer_id)}
    left = len(on_statement(client_person)) - 1
    assert json.loads(text)["left_out"] == {"anonymous": 0, "older": left}
    assert f"{left} older movement" in page and page.count("data-leaf=") == 1
    assert script.verify(text, roots(client))


def test_no_two_gifts_of_an_anonymous_giver_can_be_told_to_be_the_same_persons(
    freelancer: User, outsider: User, client: Client
) -> None:
    put_in_wallet(outsider, 9_000)
    open_, *secret = [
        donations.give(outsider, freelancer, amount, "USD", visibility=seen, token=seen + str(amount))
        for amount, seen in ((500, "public"), (600, "anonymous"), (700, "anonymous"))
    ]
    seal.run()
    text = file_of(freelancer, client)
    assert transfers_in(text) == {str(open_.transfer_id)}
    assert json.loads(text)["left_out"] == {"anonymous": len(secret), "older": 0}
    assert "2 anonymous gifts are left out" in client.get(reverse("payment:statement_verify")).content.decode()
    theirs = file_of(outsider, client)
    assert {str(one.transfer_id) for one in (open_, *secret)} < transfers_in(theirs)
    assert json.loads(theirs)["left_out"]["anonymous"] == 0


def test_a_cleared_gift_says_nothing_of_its_anonymous_giver(freelancer: User, outsider: User, client: Client) -> None:
    put_in_wallet(outsider, 9_000)
    donations.give(outsider, freelancer, 600, "USD", visibility="anonymous")
    with clocks.at(clocks.now() + timedelta(days=30)):
        assert clearing.sweep() == 1
    seal.run()
    text = file_of(freelancer, client)
    theirs = set(Account.objects.filter(user=outsider).values_list("pk", flat=True))
    assert [json.loads(one["line"])["kind"] for one in json.loads(text)["transfers"]] == ["clear"]
    assert not {row["account"] for row in json.loads(text)["accounts"]} & theirs


def test_the_page_shows_what_the_statement_says_and_asks_for_the_same_evidence(
    contract: Contract, client_person: User, client: Client
) -> None:
    client.force_login(client_person)
    for page in (reverse("payment:statement"), reverse("payment:wallet")):
        assert f'href="{reverse("payment:statement_verify")}"' in client.get(page).content.decode()
    narrowed = client.get(reverse("payment:statement"), {"kind": "hold"}).content.decode()
    assert f'href="{reverse("payment:statement_verify")}?kind=hold"' in narrowed
    page = client.get(reverse("payment:statement_verify"), {"kind": "hold"}).content.decode()
    assert f'data-evidence="{reverse("payment:statement_evidence")}?kind=hold"' in page
    assert page.count("data-leaf=") == len(transfers_in(file_of(client_person, client, kind="hold"))) > 0


def test_what_is_not_sealed_yet_is_said(contract: Contract, client_person: User, client: Client) -> None:
    put_in_wallet(client_person, 5_000)
    text = file_of(client_person, client)
    assert script.verify(text)[1] == "1 more were not sealed yet."
    assert len(transfers_in(text)) == len(on_statement(client_person)) - 1
