"""Causes: verified by somebody else, a goal, an account of its own, a ledger that everyone may read."""

import re
from typing import Any

import pytest
from django.core.signing import Signer
from django.db import transaction
from django.test import Client

from payment import accounts, audit, causes, donations, donations_recurring, ledger
from payment.models import Account, Cause, Donation, Pledge
from skilllink.errors import Malformed
from skilllink.ids import uuid7
from tests.abuse.proof import nothing_changes
from tests.abuse.test_bad_figures import SENT, TYPED
from tests.abuse.world import signed_in
from tests.builders.books import frozen
from tests.builders.payment import put_in_wallet
from users.models import Notification, User

pytestmark = pytest.mark.django_db
WORDS = {"title": "Seeds for school gardens", "summary": "Seeds for forty schools.", "story": "We buy **seeds**."}


@pytest.fixture
def cause(outsider: User, moderator: User) -> Cause:
    row = causes.propose(outsider, goal=10_000, currency="USD", **WORDS)
    return causes.verify(row, by=moderator, reason="The association’s register and its last report.")


def test_what_is_given_stands_in_the_causes_own_account(cause: Cause, client_person: User) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, cause, 2_000, "USD")
    assert Account.objects.get(cause=cause).balance == 2_000
    assert accounts.balances(client_person)["USD"]["wallet"] == 3_000
    assert causes.sums(cause) == {"given": 2_000, "leaving": 0, "paid": 0, "left": 2_000}
    assert audit.run() == []
    sums = audit.standing()["USD"]
    assert (sums["cause"], sums["owed"]) == (2_000, 5_000)


def test_an_account_of_a_cause_never_goes_below_zero(cause: Cause, client_person: User) -> None:
    put_in_wallet(client_person, 5_000)
    donations.give(client_person, cause, 2_000, "USD")
    lines = [(accounts.of_cause(cause), -2_001), (accounts.wallet(client_person, "USD"), 2_001)]
    with nothing_changes(), pytest.raises(ledger.Overdrawn), transaction.atomic():
        ledger.post.within("test:too much", "payout", lines)


def test_nobody_gives_before_it_is_verified_after_it_is_closed_or_in_another_currency(
    outsider: User, moderator: User, client_person: User
) -> None:
    put_in_wallet(client_person, 5_000)
    put_in_wallet(client_person, 5_000, "EUR")
    row = causes.propose(outsider, goal=10_000, currency="USD", **WORDS)
    with nothing_changes(), pytest.raises(donations.NotVerified):
        donations.give(client_person, row, 100, "USD")
    causes.verify(row, by=moderator, reason="Seen")
    with nothing_changes(), pytest.raises(donations.WrongCurrency) as caught:
        donations.give(client_person, row, 100, "EUR")
    assert "currency" in caught.value.fields
    pledge = donations.give(client_person, row, 100, "USD", every="month").pledge
    causes.close(row, by=outsider)
    assert Pledge.objects.get(pk=pledge.pk).status == "stopped"
    with nothing_changes(), pytest.raises(donations.NotVerified):
        donations.give(client_person, row, 100, "USD")
    assert audit.run() == []


def test_only_a_moderator_who_does_not_keep_it_decides_and_only_once(
    outsider: User, moderator: User, finance: User
) -> None:
    row = causes.propose(outsider, goal=10_000, currency="USD", **WORDS)
    own = causes.propose(moderator, goal=10_000, currency="USD", **WORDS)
    for person, about in ((outsider, row), (finance, row), (moderator, own)):
        with nothing_changes(), pytest.raises(causes.NotModerator):
            causes.verify(about, by=person, reason="Fine")
    with nothing_changes(), pytest.raises(causes.Incomplete):
        causes.verify(row, by=moderator, reason=" ")
    causes.refuse(row, by=moderator, reason="No word on who decides.")
    with nothing_changes(), pytest.raises(causes.NotNow):
        causes.verify(row, by=moderator, reason="Fine")
    causes.ask_again(row, by=outsider, **WORDS | {"story": "The board decides."})
    assert causes.verify(row, by=moderator, reason="Fine").status == "verified"
    assert own.slug != row.slug


def test_its_keeper_and_who_is_in_dispute_with_them_give_nothing(
    cause: Cause, outsider: User, client_person: User
) -> None:
    put_in_wallet(outsider, 5_000)
    with nothing_changes(), pytest.raises(donations.ToOneself):
        donations.give(outsider, cause, 100, "USD")
    frozen(client_person, outsider, 1_000)
    put_in_wallet(client_person, 5_000)
    with nothing_changes(), pytest.raises(donations.InDispute):
        donations.give(client_person, cause, 100, "USD")


def test_the_goal_is_told_once_when_it_is_reached(cause: Cause, outsider: User, client_person: User) -> None:
    put_in_wallet(client_person, 50_000)
    for amount in (9_999, 1, 500):
        donations.give(client_person, cause, amount, "USD")
    assert Notification.objects.filter(recipient=outsider, event="cause.reached").count() == 1


def test_the_public_ledger_shows_each_giver_as_they_chose(cause: Cause, client_person: User, freelancer: User) -> None:
    for person in (client_person, freelancer):
        put_in_wallet(person, 10_000)
    donations.give(client_person, cause, 1_111, "USD", visibility="anonymous", note="Grow")
    donations.give(freelancer, cause, 2_222, "USD", visibility="hidden")
    text = Client().get(cause.get_absolute_url()).content.decode()
    ledger = text[text.index('id="ledger"') :]
    assert ("Ines" in ledger, "Tomasz" in ledger) == (False, True)
    assert ("$11" in ledger, "$22" in ledger, "$33" in ledger) == (True, False, True)
    answer = signed_in(client_person).get(f"/api/v1/causes/{cause.pk}/entries/").json()["results"]
    assert [(row["who"], row["amount"]) for row in answer] == [
        ({"id": str(freelancer.pk), "name": freelancer.name}, None), (None, 1_111),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "figure", [-1, 0, 0.001, float("1e309"), float("nan"), "１００", "1,000", True, [], 2**63, None], ids=str
)
def test_a_goal_that_is_none_makes_no_cause(outsider: User, figure: Any) -> None:
    with nothing_changes(), pytest.raises(Malformed) as caught:
        causes.propose(outsider, goal=figure, currency="USD", **WORDS)
    assert "goal" in caught.value.fields


@pytest.mark.parametrize("figure", [*TYPED, "1.5"])
def test_a_typed_figure_that_is_none_gives_nothing_and_makes_no_cause(
    cause: Cause, client_person: User, freelancer: User, figure: str
) -> None:
    put_in_wallet(client_person, 5_000, "JPY")
    ines = signed_in(client_person)
    wish = {"amount": figure, "currency": "JPY", "visibility": "public", "every": "", "token": uuid7().hex}
    refused = [
        (f"/people/{freelancer.profile.slug}/support/", wish),
        (f"/causes/{cause.slug}/give/", wish | ({"amount": "0.001"} if figure == "1.5" else {})),
        ("/causes/new/", {**WORDS, "goal": figure, "currency": "JPY"}),
    ]
    for address, body in refused:
        with nothing_changes():
            answer = ines.post(address, body)
        assert answer.status_code in (400, 422), address
        assert 'class="error' in answer.content.decode()


@pytest.mark.parametrize("figure", SENT)
def test_a_sent_figure_that_is_none_gives_nothing_and_makes_no_cause(
    cause: Cause, client_person: User, freelancer: User, figure: str
) -> None:
    put_in_wallet(client_person, 5_000)
    ines = signed_in(client_person)
    words = ", ".join(f'"{name}": "{text}"' for name, text in WORDS.items())
    for address, body in (
        ("donations", f'{{"person": "{freelancer.pk}", "amount": {figure}, "currency": "USD"}}'),
        ("donations", f'{{"cause": "{cause.pk}", "amount": {figure}, "currency": "USD"}}'),
        ("causes", f'{{{words}, "goal": {figure}, "currency": "USD"}}'),
    ):
        with nothing_changes():
            answer = ines.post(f"/api/v1/{address}/", body, content_type="application/json")
        assert answer.status_code == 400, answer.content
        if figure != "NaN":  # which is no JSON at all
            assert {"amount", "goal"} & set(answer.json()["fields"])


def test_the_api_gives_once_under_a_key_and_names_exactly_one_target(
    cause: Cause, client_person: User, freelancer: User
) -> None:
    put_in_wallet(client_person, 5_000)
    ines = signed_in(client_person)
    body = {"cause": str(cause.pk), "amount": 100, "currency": "USD", "every": "month"}
    send = lambda data, key: ines.post(  # noqa: E731
        "/api/v1/donations/", data, content_type="application/json", headers={"Idempotency-Key": key}
    )
    first, again = send(body, "a"), send(body, "a")
    assert (first.status_code, first.content) == (201, again.content)
    assert Donation.objects.count() == 1
    assert send(body | {"amount": 101}, "a").status_code == 409
    for data in ({}, {"person": str(freelancer.pk)}):
        target = body | data if data else {name: body[name] for name in ("amount", "currency")}
        assert send(target, "b").status_code == 400
    assert send({**body, "cause": str(uuid7())}, "c").status_code == 404
    pledge = ines.get("/api/v1/pledges/").json()["results"][0]
    assert (pledge["status"], len(pledge["renewals"])) == ("active", 0)
    assert signed_in(freelancer).post(f"/api/v1/pledges/{pledge['id']}/stop/").status_code == 404
    stop = f"/api/v1/pledges/{pledge['id']}/stop/"
    assert ines.post(stop, "{}", content_type="application/json").json()["status"] == "stopped"


def test_support_is_given_from_the_page_once_and_shown_on_the_profile(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    ines, address = signed_in(client_person), f"/people/{freelancer.profile.slug}/support/"
    token = re.search(r'name="token" value="(\w+)"', ines.get(address).content.decode())
    assert token
    wish = {
        "amount": "12.34",
        "currency": "USD",
        "visibility": "public",
        "every": "",
        "note": "Thanks",
        "token": token[1],
    }
    for _press in range(2):
        assert ines.post(address, wish).status_code == 302
    assert Donation.objects.get().amount == 1_234
    text = Client().get(freelancer.profile.get_absolute_url()).content.decode()
    assert "“Thanks”" in text
    short = ines.post(address, wish | {"amount": "100", "token": "other"})
    assert short.status_code == 409
    assert "/wallet/deposit/?amount=62.34" in short.content.decode()
    assert ines.get(f"/people/{client_person.profile.slug}/support/").status_code == 404


def test_the_mail_says_when_and_its_link_stops_with_one_press_and_does_nothing_by_itself(
    client_person: User, freelancer: User
) -> None:
    put_in_wallet(client_person, 5_000)
    pledge = donations.give(client_person, freelancer, 100, "USD", every="week").pledge
    notice = Notification.objects.get(recipient=client_person, event="donation.announced")
    assert notice.url == donations_recurring.link(pledge)
    nobody = Client()
    with nothing_changes():
        page = nobody.get(notice.url).content.decode()
    assert "If you do nothing, it is given then" in page
    for forged in ("x", f"{pledge.pk}:x", Signer(salt="unsubscribe").sign(str(pledge.pk))):
        with nothing_changes():
            assert nobody.post(f"/donations/stop/{forged}/").status_code == 404
    for _press in range(2):
        assert "It has stopped" in nobody.post(notice.url).content.decode()
    assert Pledge.objects.get().status == "stopped"


def test_my_donations_say_when_the_next_one_is_and_stop_in_one_click(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 5_000)
    pledge = donations.give(client_person, freelancer, 100, "USD", every="week").pledge
    ines = signed_in(client_person)
    assert "If you do nothing, it is given then" in ines.get("/donations/").content.decode()
    stop = f"/donations/pledges/{pledge.pk}/stop/"
    assert signed_in(freelancer).post(stop).status_code == 404
    assert ines.post(stop).status_code == 302
    assert "Nothing more is given" in ines.get("/donations/").content.decode()


def test_a_cause_is_proposed_verified_in_the_admin_mended_and_closed(outsider: User, moderator: User) -> None:
    olga, mira = signed_in(outsider), signed_in(moderator)
    made = olga.post("/causes/new/", {**WORDS, "goal": "1500", "currency": "JPY"})
    row = Cause.objects.get()
    assert (made.status_code, row.goal, row.currency) == (302, 1_500, "JPY")
    assert Client().get(row.get_absolute_url()).status_code == 404
    decide = f"/admin/payment/cause/{row.pk}/decide/"
    assert mira.get(f"{decide}verify/").status_code == 200
    assert mira.post(f"{decide}refuse/", {"reason": "Who decides?"}).status_code == 302
    edit = f"/causes/{row.slug}/edit/"
    assert olga.post(edit, {**WORDS, "story": "The board."}).status_code == 302
    assert mira.post(f"{decide}verify/", {"reason": "Seen"}).status_code == 302
    assert Client().get(row.get_absolute_url()).status_code == 200
    assert b"Seeds for school gardens" in Client().get("/causes/").content
    assert olga.get(f"/causes/{row.slug}/close/").status_code == 200
    assert olga.post(f"/causes/{row.slug}/close/").status_code == 302
    assert Cause.objects.get().status == "closed"
