"""Sanctions: with a rule, a reason and an end; by moderators, on others; and what they stop."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from skilllink.clocks import now
from skilllink.errors import Refusal
from tests.cast import PASSWORD
from users.models import Sanction, StaffAction, User
from users.moderation import sanctions
from users.standing import Suspended, require_active

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
