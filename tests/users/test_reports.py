"""Reports: about anything one can see, to the moderators' queue, with an outcome that is told."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat import groups, members, messages, openings
from skilllink.errors import Refusal
from skilllink.ids import uuid7
from tests.builders.projects_gigs import live_bid, open_gig
from users import blocks
from users.models import Report, StaffAction, User
from users.moderation import reports, subjects

WORDS = {"reason": "scam", "text": "Wants the money by wire."}


def report_of(kind: str, pk: Any) -> str:
    return reverse("users:report", args=[kind, pk])


def test_a_gig_is_reported_reaches_the_queue_and_the_outcome_is_told(
    client_person: User, freelancer: User, moderator: User, client: Client
) -> None:
    gig = open_gig(client_person)
    client.force_login(freelancer)
    page = client.get(gig.get_absolute_url())
    assert report_of("gig", gig.pk) in page.content.decode()
    form = client.get(report_of("gig", gig.pk)).content.decode()
    assert form.count('type="radio"') == len(Report.Reason.choices) == 10
    assert client.post(report_of("gig", gig.pk), WORDS)["Location"] == gig.get_absolute_url()
    assert "reported this already" in client.get(report_of("gig", gig.pk)).content.decode()

    client.force_login(moderator)
    assert gig.get_absolute_url() in client.get("/admin/users/report/").content.decode()
    chosen = {"action": "acted", "_selected_action": [str(Report.objects.get().pk)]}
    client.post("/admin/users/report/", {**chosen, "apply": "1", "reason": "The gig is hidden."})
    assert Report.objects.get().status == "acted"
    assert freelancer.notifications.get().sentence == "Your report was looked at: The gig is hidden."
    assert not client_person.notifications.filter(event="report.answered").exists()
    assert StaffAction.objects.get().action == "report.acted"


def test_every_kind_has_its_address_and_a_stranger_finds_only_what_they_may_see(
    client_person: User, freelancer: User, outsider: User, client: Client
) -> None:
    bid = live_bid(open_gig(client_person), freelancer)
    room = openings.direct(client_person, freelancer)
    message = messages.post(room, freelancer, "Pay me outside.", client_id=uuid7().hex)
    for kind, pk in (("person", freelancer.pk), ("bid", bid.pk), ("message", message.pk)):
        client.force_login(client_person)
        assert client.get(report_of(kind, pk)).status_code == 200, kind
        client.force_login(freelancer)
        assert client.get(report_of(kind, pk)).status_code == 404, f"one's own {kind}"
        client.force_login(outsider)
        assert client.get(report_of(kind, pk)).status_code == (200 if kind == "person" else 404), kind
    assert subjects.find("nothing", client_person, freelancer.pk) is None
    assert client.get(report_of("message", uuid7())).status_code == 404


def test_without_a_reason_of_the_list_nothing_is_filed(client_person: User, freelancer: User, client: Client) -> None:
    client.force_login(client_person)
    answer = client.post(report_of("person", freelancer.pk), {"reason": "because"})
    assert answer.status_code == 422
    assert not Report.objects.exists()


def test_a_report_is_answered_once_and_by_moderators_alone(
    client_person: User, freelancer: User, finance: User, moderator: User
) -> None:
    facts = {"subject_kind": "person", "subject_id": freelancer.pk, "subject_url": "/people/x/", "reason": "spam"}
    report = reports.file(client_person, **facts)
    for somebody in (client_person, finance):
        with pytest.raises(Refusal):
            reports.answer(report, by=somebody, status="dismissed", outcome="No.")
    reports.answer(report, by=moderator, status="dismissed", outcome="It was a joke between friends.")
    with pytest.raises(reports.Answered):
        reports.answer(report, by=moderator, status="acted", outcome="After all.")
    assert reports.file(client_person, **facts).status == "open"


def test_what_stood_around_a_message_is_frozen_with_its_report_in_its_own_words(
    client_person: User, freelancer: User, moderator: User, client: Client
) -> None:
    room = openings.direct(client_person, freelancer)
    said = [
        messages.post(room, (client_person, freelancer)[n % 2], f"Line {n}", client_id=uuid7().hex) for n in range(14)
    ]
    reported = messages.edit(said[7], by=freelancer, body="Pay me at tomasz@okoro.example")
    client.force_login(client_person)
    form = client.get(report_of("message", reported.pk)).content.decode()
    assert "tomasz@okoro.example" not in form
    client.post(report_of("message", reported.pk), WORDS)
    messages.delete(reported, by=freelancer)

    frozen = Report.objects.get().context
    assert [piece["words"] for piece in frozen] == [
        *(f"Line {n}" for n in range(2, 7)),
        "Pay me at tomasz@okoro.example",
        *(f"Line {n}" for n in range(8, 13)),
    ]
    assert [piece["words"] for piece in frozen if piece["reported"]] == ["Pay me at tomasz@okoro.example"]
    assert frozen[5]["earlier"][0]["words"] == "Line 7"
    client.force_login(moderator)
    page = client.get(f"/admin/users/report/{Report.objects.get().pk}/change/").content.decode()
    assert "Pay me at tomasz@okoro.example" in page
    assert "Line 7" in page


def test_a_report_freezes_nothing_that_its_author_cannot_read(
    client_person: User, freelancer: User, outsider: User
) -> None:
    group = groups.create(client_person, "Glaze talk")
    messages.post(group, client_person, "Before you came", client_id=uuid7().hex)
    members.join(group, outsider)
    after = messages.post(group, client_person, "Since then", client_id=uuid7().hex)
    subject = subjects.find("message", outsider, after.pk)
    assert subject
    assert [piece["words"] for piece in subject.freeze()] == ["Since then"]


def test_with_a_report_its_author_blocks_the_person_or_neither_happens(
    client_person: User, freelancer: User, client: Client
) -> None:
    client.force_login(client_person)
    client.post(report_of("person", freelancer.pk), WORDS)
    assert blocks.of(client_person) == set()
    again = client.post(report_of("person", freelancer.pk), {**WORDS, "block": "on"})
    assert again.status_code == 409
    assert blocks.of(client_person) == set()
    Report.objects.all().delete()
    client.post(report_of("person", freelancer.pk), {**WORDS, "block": "on"})
    assert blocks.of(client_person) == {freelancer.pk}
