"""The contract's terms, pages, files, live topic and API, and that strangers meet nothing."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects import contracts, disputes, live, milestones
from projects.models import Activity, DeliveryFile
from skilllink.transactions import NoTransaction
from tests.builders.projects_contracts import picture, signed_contract, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(client_person, freelancer):
    return signed_contract(client_person, freelancer, amounts=(120000, 160000, 80000, 120000))


@pytest.fixture
def step(contract):
    return contract.milestones.get(position=1)


def test_the_terms_are_frozen_with_their_fingerprint(contract):
    terms = contract.terms.get()
    assert terms.sha256 == contracts.fingerprint(terms.text)
    content = json.loads(terms.text)
    assert contracts.canonical(content) == terms.text
    assert content["amount"] == sum(row["amount"] for row in content["milestones"]) == contract.amount
    assert terms.client_signed_at
    assert terms.freelancer_signed_at


def test_a_contract_starts_only_inside_the_accepting_transaction(contract):
    if not connection.in_atomic_block:
        with pytest.raises(NoTransaction):
            contracts.start.within(contract.offer)


def test_the_workspace_needs_at_most_twenty_queries(contract, step, client_person, freelancer, client):
    milestones.deliver(step, by=freelancer, note="Here", files=[picture("a.png")])
    milestones.request_changes(step, by=client_person, reason="x", items=["x"])
    milestones.deliver(step, by=freelancer, note="Again", files=[picture("b.png")])
    disputes.open(contract.milestones.get(position=2), by=client_person, reason="x")
    client.force_login(client_person)
    client.get(contract.get_absolute_url())  # the first request of a session also writes the session's own rows
    with CaptureQueriesContext(connection) as queries:
        response = client.get(contract.get_absolute_url())
    assert response.status_code == 200
    asked = [row["sql"][:150] for row in queries if "SAVEPOINT" not in row["sql"]]
    assert len(asked) <= 20, "\n".join(asked)


def test_both_parties_see_what_is_next_and_what_silence_does(contract, step, client_person, freelancer, client):
    milestones.deliver(step, by=freelancer, note="Here")
    client.force_login(client_person)
    page = client.get(contract.get_absolute_url()).content.decode()
    assert "Your move: review delivery 1" in page
    assert "If you do nothing" in page
    assert page.count("btn sign") <= 3  # rail and bar repeat the one act; the composer may add its own
    client.force_login(freelancer)
    page = client.get(contract.get_absolute_url()).content.decode()
    assert "If Ines does nothing" in page or "does nothing" in page


PAGES = ["", "terms/", "calendar.ics", "propose/", "end/", "review/", "rail/", "timeline/", "folio/", "bar/", "?all"]


def test_a_stranger_meets_the_same_404_everywhere(contract, step, freelancer, client_person, outsider, client):
    milestones.deliver(step, by=freelancer, note="Here", files=[picture("a.png")])
    dispute = disputes.open(contract.milestones.get(position=2), by=client_person, reason="x")
    file = DeliveryFile.objects.get()
    nothing = uuid.uuid4()
    client.force_login(outsider)
    pairs = [(f"/contracts/{contract.pk}/{page}", f"/contracts/{nothing}/{page}") for page in PAGES]
    pairs += [
        (f"/milestones/{step.pk}/release/", f"/milestones/{nothing}/release/"),
        (file.get_absolute_url(), f"/deliveries/files/{nothing}/"),
        (dispute.get_absolute_url(), f"/disputes/{nothing}/"),
        (f"/api/v1/contracts/{contract.pk}/", f"/api/v1/contracts/{nothing}/"),
        (f"/api/v1/milestones/{step.pk}/", f"/api/v1/milestones/{nothing}/"),
        (f"/api/v1/disputes/{dispute.pk}/", f"/api/v1/disputes/{nothing}/"),
    ]
    for real, unknown in pairs:
        assert client.get(real).status_code == client.get(unknown).status_code == 404, real
    before = snapshot(contract)
    for url in (f"/milestones/{step.pk}/release/", f"/api/v1/milestones/{step.pk}/release/"):
        assert client.post(url).status_code == 404
    assert snapshot(contract) == before
    assert not live.may_listen(outsider, str(contract.pk))
    assert live.resume(outsider, str(contract.pk), 0) is None
    assert not live.may_listen(outsider, "'; --")


def test_anonymous_people_are_asked_to_sign_in(contract, client):
    assert client.get(contract.get_absolute_url()).status_code == 302
    assert client.get(f"/api/v1/contracts/{contract.pk}/").status_code in (401, 403)


def test_a_file_is_downloaded_by_a_party(contract, step, freelancer, client_person, client):
    milestones.deliver(step, by=freelancer, note="Here", files=[picture("a.png")])
    client.force_login(client_person)
    response = client.get(DeliveryFile.objects.get().get_absolute_url())
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]


def test_nothing_changes_by_get(contract, step, freelancer, client_person, client):
    milestones.deliver(step, by=freelancer, note="Here")
    before = snapshot(contract)
    for person in (client_person, freelancer):
        client.force_login(person)
        for name in (
            "release",
            "refund",
            "fund",
            "deliver",
            "changes",
            "extend",
            "cancel",
            "keep",
            "agree",
            "dispute",
            "object",
        ):
            assert client.get(f"/milestones/{step.pk}/{name}/").status_code == 200
            api = client.get(f"/api/v1/milestones/{step.pk}/{name}/")
            assert api.status_code == (404 if name == "dispute" else 405)  # disputes are a collection there
        assert client.get(f"/milestones/{step.pk}/paid/").status_code == 404
    assert snapshot(contract) == before


def test_a_stale_page_gets_409_and_nothing_happens(contract, step, freelancer, client_person, client):
    seen = step.version
    milestones.deliver(step, by=freelancer, note="Here")
    client.force_login(client_person)
    before = snapshot(contract)
    for url in (f"/milestones/{step.pk}/release/", f"/api/v1/milestones/{step.pk}/release/"):
        kind = {"content_type": "application/json"} if "api" in url else {}
        response = client.post(url, {"version": seen}, **kind)
        assert response.status_code == 409, url
    assert client.post(f"/milestones/{step.pk}/release/", {}).status_code == 409  # no version seen is stale too
    assert snapshot(contract) == before


def test_the_confirm_page_says_net_fee_and_consequence(contract, step, client_person, client):
    client.force_login(client_person)
    page = client.get(f"/milestones/{step.pk}/release/").content.decode()
    assert "$1,140.00" in page
    assert "5\xa0%" in page
    assert "can’t be undone" in page


def test_typed_text_is_kept_when_refused(contract, step, freelancer, client_person, client):
    milestones.deliver(step, by=freelancer, note="Here")
    step.refresh_from_db()
    client.force_login(client_person)
    response = client.post(
        f"/milestones/{step.pk}/changes/", {"reason": "My long reason", "items": "", "version": step.version}
    )
    assert response.status_code == 422
    assert "My long reason" in response.content.decode()


def test_the_api_releases_with_minor_units(contract, step, client_person, freelancer, client):
    client.force_login(freelancer)
    assert client.post(f"/api/v1/milestones/{step.pk}/release/", {}, "application/json").status_code == 403
    client.force_login(client_person)
    for body in ({"amount": 0}, {"amount": -1}, {"amount": 1.5}, {"amount": "5"}, {"status": "released"}, [1], 7):
        response = client.post(f"/api/v1/milestones/{step.pk}/release/", json.dumps(body), "application/json")
        assert response.status_code == 400, body
    response = client.post(
        f"/api/v1/milestones/{step.pk}/release/", {"amount": 20000, "version": step.version}, "application/json"
    )
    assert response.status_code == 200
    assert (response.json()["released"], response.json()["rest"]) == (20000, 100000)


def test_the_same_key_releases_once(contract, step, client_person, client):
    client.force_login(client_person)
    headers = {"HTTP_IDEMPOTENCY_KEY": "one-click"}
    url = f"/api/v1/milestones/{step.pk}/release/"
    first = client.post(url, {"amount": 20000}, "application/json", **headers)
    second = client.post(url, {"amount": 20000}, "application/json", **headers)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    step.refresh_from_db()
    assert step.released == 20000


def test_a_contract_ends_and_closes(contract, client_person, freelancer):
    contracts.end(contract, by=client_person, reason="We stop here")
    contract.refresh_from_db()
    assert contract.status == "ending"
    for step in contract.milestones.filter(status="funded"):
        milestones.refund(step, by=freelancer)
    contract.refresh_from_db()
    assert (contract.status, contract.result) == ("closed", "terminated")


def test_the_live_topic_numbers_every_event(contract, client_person):
    events = live.resume(client_person, str(contract.pk), 0)["events"]
    assert [row["seq"] for row in events] == list(range(1, live.head(str(contract.pk)) + 1))
    assert Activity.objects.filter(subject_id=contract.pk).count() == len(events)
