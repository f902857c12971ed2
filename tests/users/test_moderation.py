"""Sanctions: with a rule, a reason and an end; by moderators, on others; and what they stop."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from chat import groups, messages, openings
from projects import milestones
from skilllink import clocks
from skilllink.clocks import now
from skilllink.errors import Refusal
from skilllink.ids import uuid7
from skilllink.moments import written
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import live_bid, open_gig
from tests.cast import PASSWORD, staff
from users.models import Appeal, Sanction, StaffAction, User
from users.moderation import appeals, sanctions
from users.standing import Banned, Limited, Suspended, require_active, require_may_begin, sentence

FACTS: dict[str, Any] = {"reason": "Asked three people to pay outside.", "rule": "Pay here"}


def test_a_suspended_person_is_told_why_and_until_when_and_it_ends_by_itself(
    client_person: User, moderator: User
) -> None:
    sanctions.suspend(client_person, by=moderator, until=now() + timedelta(days=3), **FACTS)
    with pytest.raises(Suspended, match="Asked three people"):
        require_active(client_person)
    assert StaffAction.objects.get().action == "sanction.suspend"
    assert client_person.notifications.get().event == "sanction.suspend"
    Sanction.objects.update(until=now() - timedelta(seconds=1))
    require_active(client_person)


@pytest.mark.parametrize("who", ["outsider", "finance", "client_person"])
def test_only_moderators_sanction_and_never_themselves(who: str, request: Any, client_person: User) -> None:
    with pytest.raises(Refusal):
        sanctions.warn(client_person, by=request.getfixturevalue(who), **FACTS)
    assert not Sanction.objects.exists()


def test_a_suspension_needs_an_end_that_lies_ahead_and_a_reason(client_person: User, moderator: User) -> None:
    with pytest.raises(Refusal):
        sanctions.suspend(client_person, by=moderator, until=now() - timedelta(days=1), **FACTS)
    with pytest.raises(Refusal):
        sanctions.suspend(client_person, by=moderator, until=now() + timedelta(days=1), rule="x", reason=" ")
    assert not Sanction.objects.exists()


def test_a_moderator_suspends_in_the_admin_with_a_reason(client_person: User, moderator: User, client: Client) -> None:
    client.force_login(moderator)
    chosen = {"action": "suspend", "_selected_action": [str(client_person.pk)]}
    page = client.post("/admin/users/user/", chosen)
    assert b"Reason" in page.content
    assert not Sanction.objects.exists()
    client.post("/admin/users/user/", {**chosen, "apply": "1", "days": "3", **FACTS})
    assert Sanction.objects.get().user == client_person


def test_nobody_adds_changes_or_deletes_by_hand_not_even_a_superuser(rf: Any, database: None) -> None:
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("root@skilllink.test", PASSWORD, name="Root")
    own = [m for m in admin.site._registry if m._meta.app_label in ("users", "payment", "projects")]
    assert own
    for model in own:
        shown = admin.site._registry[model]
        for may in (shown.has_add_permission, shown.has_change_permission, shown.has_delete_permission):
            assert not may(request), f"{model} {may}"


def test_finance_sees_the_ledger_and_moderators_do_not(finance: User, moderator: User, client: Client) -> None:
    client.force_login(finance)
    assert client.get("/admin/payment/transfer/").status_code == 200
    client.force_login(moderator)
    assert client.get("/admin/payment/transfer/").status_code == 403


def test_a_limited_person_begins_nothing_new_and_their_contracts_go_on(
    client_person: User, freelancer: User, outsider: User, moderator: User
) -> None:
    gig, contract = open_gig(client_person), signed_contract(client_person, freelancer)
    known = openings.direct(freelancer, client_person)
    for person in (client_person, freelancer):
        sanctions.limit(person, by=moderator, until=now() + timedelta(days=3), **FACTS)
    for new in (
        lambda: open_gig(client_person),
        lambda: live_bid(gig, freelancer),
        lambda: openings.direct(freelancer, outsider),
        lambda: groups.create(freelancer, "Tea"),
    ):
        with pytest.raises(Limited, match="Asked three people"):
            new()
    assert openings.direct(freelancer, client_person) == known
    messages.post(known, freelancer, "The work goes on.", client_id=uuid7().hex)
    milestone = contract.milestones.first()
    milestones.deliver(milestone, by=freelancer, note="Done as agreed.")
    Sanction.objects.update(until=now() - timedelta(seconds=1))
    live_bid(gig, freelancer)


def test_the_gravest_measure_speaks(client_person: User, moderator: User) -> None:
    sanctions.limit(client_person, by=moderator, until=now() + timedelta(days=3), **FACTS)
    sanctions.suspend(client_person, by=moderator, until=now() + timedelta(days=1), **FACTS)
    with pytest.raises(Suspended):
        require_may_begin(client_person)
    sanctions.ban(client_person, by=moderator, **FACTS)
    with pytest.raises(Banned, match="closed for good"):
        require_active(client_person)


@pytest.mark.parametrize("verb", [sanctions.limit, sanctions.suspend])
def test_a_machine_takes_no_measure_and_each_but_a_ban_ends(verb: Any, client_person: User, moderator: User) -> None:
    with pytest.raises(sanctions.NotModerator):
        verb(client_person, by=None, until=now() + timedelta(hours=48), **FACTS)
    with pytest.raises(sanctions.NeedsEnd):
        verb(client_person, by=moderator, until=None, **FACTS)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sanction.objects.create(user=client_person, by=moderator, kind=verb.__name__, rule="x", reason="x")


def test_whoever_is_suspended_is_signed_out_and_told_at_sign_in_why_until_when_and_how_to_object(
    client_person: User, moderator: User, client: Client
) -> None:
    who = {"login": client_person.email, "password": PASSWORD}
    client.post("/accounts/login/", who)
    assert client.get("/settings/").status_code == 200
    sanction = sanctions.suspend(client_person, by=moderator, until=now() + timedelta(days=3), **FACTS)
    assert client.get("/settings/")["Location"].startswith("/accounts/login/")
    page = client.post("/accounts/login/", who, follow=True).content.decode()
    told = sentence(sanction)
    assert "Asked three people to pay outside." in told and written(sanction.until) in told and "object" in told
    assert escape(told) in page
    assert reverse("users:appeal", args=[sanction.pk]) in client.get("/settings/").content.decode()


def test_an_appeal_is_filed_once_in_time_and_decided_by_somebody_else(
    client_person: User, outsider: User, moderator: User, client: Client
) -> None:
    other = staff("Otto Other", "Moderator")
    sanction = sanctions.suspend(client_person, by=moderator, until=now() + timedelta(days=30), **FACTS)
    client.force_login(outsider)
    page = reverse("users:appeal", args=[sanction.pk])
    assert client.get(page).status_code == 404
    client.force_login(client_person)
    assert client.post(page, {"text": "No."}).status_code == 422
    assert client.post(page, {"text": "I never asked anyone to pay outside, see the room."}).status_code == 302
    with pytest.raises(appeals.Twice):
        appeals.file(sanction, by=client_person, text="I never asked anyone to pay outside.")
    appeal = Appeal.objects.get()
    for somebody in (moderator, client_person, outsider):
        with pytest.raises(Refusal):
            appeals.decide(appeal, by=somebody, grant=True, reason="They are right.")
    with pytest.raises(Suspended):
        require_active(client_person)

    client.force_login(other)
    chosen = {"action": "grant", "_selected_action": [str(appeal.pk)]}
    client.post("/admin/users/appeal/", {**chosen, "apply": "1", "reason": "The room shows it."})
    require_active(client_person)
    assert client_person.notifications.filter(event="appeal.granted").exists()
    with pytest.raises(appeals.Decided):
        appeals.decide(appeal, by=other, grant=False, reason="After all not.")


def test_the_time_to_object_ends_and_an_answer_is_due_in_five_working_days(
    client_person: User, moderator: User
) -> None:
    sanction = sanctions.warn(client_person, by=moderator, **FACTS)
    with clocks.at(now() + timedelta(days=14, seconds=1)), pytest.raises(appeals.TooLate):
        appeals.file(sanction, by=client_person, text="I was on holiday for two weeks.")
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert appeals.answer_due(friday) == friday + timedelta(days=7)


MONEY = [
    ("payment", "account"), ("payment", "transfer"), ("payment", "escrow"), ("payment", "clearing"),
    ("payment", "deposit"), ("projects", "contract"), ("projects", "milestone"), ("projects", "dispute"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["moderator", "finance", "root"])
def test_money_and_states_have_no_form_and_a_post_changes_nothing(
    who: str, client_person: User, freelancer: User, moderator: User, finance: User, client: Client
) -> None:
    contract = signed_contract(client_person, freelancer)
    people = {"moderator": moderator, "finance": finance}
    client.force_login(people.get(who) or User.objects.create_superuser("root@skilllink.test", PASSWORD, name="Root"))
    checked = 0
    for app, name in MONEY:
        model = apps.get_model(app, name)
        row = model.objects.first()
        if row is None:
            continue
        before = list(model.objects.values())
        fields = {field: "1" for field in ("status", "balance", "amount", "held", "released", "kind", "result")}
        base = f"/admin/{app}/{name}/"
        for url in (f"{base}{row.pk}/change/", f"{base}add/", f"{base}{row.pk}/delete/"):
            assert (
                client.post(url, {**fields, "status": "closed", "post": "yes", "_save": "Save"}).status_code == 403
            ), url
        page = client.get(f"{base}{row.pk}/change/")
        if page.status_code == 200:
            assert b'name="_save"' not in page.content
            assert not re.search(rb'<(input|select|textarea)[^>]+name="(status|amount|held|balance)"', page.content)
        client.post(base, {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
        assert list(model.objects.values()) == before, name
        checked += 1
    assert checked >= 5
    contract.refresh_from_db()
    assert contract.status == "active"


def test_finance_reads_the_ledger_and_its_entries(
    finance: User, client_person: User, freelancer: User, client: Client
) -> None:
    signed_contract(client_person, freelancer)
    client.force_login(finance)
    for name in ("account", "transfer", "escrow", "clearing", "deposit"):
        assert client.get(f"/admin/payment/{name}/").status_code == 200, name
    transfer = apps.get_model("payment", "transfer").objects.first()
    assert client.get(f"/admin/payment/transfer/{transfer.pk}/change/").status_code == 200
    assert client.get("/admin/users/report/").status_code == 403


def test_a_hidden_gig_is_nothing_to_strangers_and_its_author_reads_why(
    client_person: User, outsider: User, moderator: User, client: Client
) -> None:
    gig = open_gig(client_person)
    client.force_login(moderator)
    client.post(f"/admin/projects/gig/{gig.pk}/moderate/", {"reason": "Asks for unpaid samples."})
    client.force_login(outsider)
    assert client.get(gig.get_absolute_url()).status_code == 404
    client.logout()
    assert client.get(gig.get_absolute_url()).status_code == 404
    client.force_login(client_person)
    assert "Asks for unpaid samples." in client.get(gig.get_absolute_url()).content.decode()
    assert StaffAction.objects.get(action="gig.hidden").by == moderator
