"""Work by the hour: a week is held when it begins, logged in, handed in when it is over, and paid; the rest goes back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.html import strip_tags

from payment import accounts, halt, ledger
from payment.models import Entry, Escrow, Halt, Transfer
from projects import contracts, disputes, hours, milestones, pro_bono, profile, ranking, schedule, sweeps, weeks
from projects.models import Contract, Milestone, TimeEntry
from projects.rules import rule
from skilllink import clocks
from skilllink.errors import Missing, Refusal, Unprocessable
from skilllink.money import BadAmount
from tests.abuse.proof import nothing_changes
from tests.builders.payment import put_in_wallet
from tests.builders.pro_bono import cause_of, donated_contract
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import live_bid, open_gig
from tests.builders.projects_hours import MONDAY, MOST, RATE, WEEK, week
from tests.cast import staff
from users.models import Notification, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_wednesday")]

MEMO = "Drew the second sheet."


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    """A contract that both have agreed to go on with by the hour; the client has money for two weeks."""
    made = signed_contract(client_person, freelancer, amounts=(9_000,), spare=2 * WEEK)
    milestones.agree(hours.propose(made, by=client_person, rate=RATE, hours=MOST), by=freelancer)
    return made


def at(moment: datetime) -> Any:
    return clocks.at(moment)


def ring(moment: datetime) -> None:
    with at(moment):
        while sweeps.sweep():
            continue


def work(contract: Contract, begins: datetime, minutes: int, number: int = 1) -> TimeEntry:
    ends = begins + timedelta(minutes=minutes)
    with at(ends):
        return hours.log(
            week(contract, number), by=contract.freelancer, begins_at=begins, ends_at=ends, memo=MEMO
        )  # fmt: skip


def wallet(contract: Contract) -> int:
    return accounts.balances(contract.client)["USD"]["wallet"]


def earned(contract: Contract) -> int:
    return accounts.balances(contract.freelancer).get("USD", {"pending": 0})["pending"]


def entries(kind: str, row: Milestone) -> list[dict[str, int]]:
    found = Transfer.objects.filter(kind=kind, escrow=row.escrow).order_by("pk")
    return [dict(Entry.objects.filter(transfer=one).values_list("account__kind", "amount")) for one in found]


def told(person: User) -> list[str]:
    return list(Notification.objects.filter(recipient=person).order_by("seq").values_list("event", flat=True))


# --- the whole way --------------------------------------------------------------------------------


def test_a_week_is_held_logged_handed_in_and_paid_in_silence_and_the_unused_part_goes_back(contract: Contract) -> None:
    assert (week(contract).status, week(contract).week, wallet(contract)) == ("agreed", MONDAY.date(), 2 * WEEK)
    ring(MONDAY - timedelta(seconds=1))
    assert week(contract).status == "agreed"
    ring(MONDAY)
    assert (week(contract).status, week(contract).rest, wallet(contract)) == ("funded", WEEK, WEEK)
    work(contract, MONDAY + timedelta(hours=9), 240)
    work(contract, MONDAY + timedelta(days=2, hours=9), 185)
    over = MONDAY + timedelta(days=7)
    ring(over + rule("WEEK_EDIT") - timedelta(seconds=1))
    assert week(contract).status == "funded"
    ring(over + rule("WEEK_EDIT"))
    row, worked = week(contract), round(RATE * 425 / 60)
    assert (row.status, row.rest, row.refunded) == ("submitted", worked, WEEK - worked)
    assert entries("refund", row) == [{"escrow": worked - WEEK, "wallet": WEEK - worked}]
    assert row.review_due_at == over + rule("WEEK_REVIEW") == datetime(2026, 3, 20, 23, 59, tzinfo=UTC)
    for person in (contract.client, contract.freelancer):
        assert "milestone.timesheet" in told(person)
    for day in range(1, 6):
        ring(over + timedelta(days=day))
    assert week(contract).status == ("released" if over + timedelta(days=5) >= row.review_due_at else "submitted")
    ring(row.review_due_at)
    row = week(contract)
    assert (row.status, row.released, row.released_by_clock) == ("released", worked, True)
    fee = round(worked * 0.05)
    assert entries("release", row) == [{"escrow": -worked, "pending": worked - fee, "fees": fee}]


def test_the_client_pays_a_week_by_hand_once_it_is_handed_in_and_not_before(contract: Contract) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    with nothing_changes():
        for amount in (None, 100):
            with pytest.raises(hours.ByTheHour):
                milestones.release(week(contract), by=contract.client, amount=amount)
        with pytest.raises(hours.ByTheHour):
            milestones.deliver(week(contract), by=contract.freelancer, note="Here")
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    with nothing_changes(), pytest.raises(hours.ByTheHour):
        milestones.request_changes(week(contract), by=contract.client, reason="Less.", items=["Less"])
    milestones.release(week(contract), by=contract.client)
    assert (week(contract).status, week(contract).released, earned(contract)) == ("released", RATE, RATE - RATE // 20)


def test_a_week_without_an_hour_goes_back_whole_and_the_next_one_is_held(contract: Contract) -> None:
    ring(MONDAY)
    ring(MONDAY + timedelta(days=7))
    assert (week(contract, 2).status, week(contract, 2).week) == ("funded", (MONDAY + timedelta(days=7)).date())
    assert wallet(contract) == 0
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    assert (week(contract).status, week(contract).refunded, wallet(contract)) == ("refunded", WEEK, WEEK)
    assert week(contract, 3).status == "agreed"


def test_a_week_that_the_wallet_cannot_hold_is_skipped_told_and_followed_by_the_next(contract: Contract) -> None:
    ring(MONDAY)
    ring(MONDAY + timedelta(days=7))
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    assert [week(contract, number).status for number in (1, 2, 3)] == ["refunded", "funded", "agreed"]
    put_away(contract)
    ring(MONDAY + timedelta(days=14))
    skipped, following = week(contract, 3), week(contract, 4)
    assert (skipped.status, skipped.escrow, following.status) == ("cancelled", None, "agreed")
    assert not Escrow.objects.filter(held=0, milestone=None, kind="milestone").exists()
    for person in (contract.client, contract.freelancer):
        assert told(person).count("milestone.skipped") == 1
    put_in_wallet(contract.client, WEEK)
    ring(MONDAY + timedelta(days=21))
    assert week(contract, 4).status == "funded"


def put_away(contract: Contract) -> None:
    """The client spends what is in the wallet."""
    mine, theirs = (accounts.wallet(person, "USD") for person in (contract.client, contract.freelancer))
    with transaction.atomic():
        ledger.post.within("test:spent", "test", [(mine, -wallet(contract)), (theirs, wallet(contract))])


def test_a_contract_that_ends_begins_no_further_week_and_the_running_one_is_paid(contract: Contract) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    with at(MONDAY + timedelta(days=1)):
        contracts.end(contract, by=contract.client, reason="Enough.")
    assert (week(contract).status, week(contract, 2).status) == ("funded", "cancelled")
    for days in range(7, 30):
        ring(MONDAY + timedelta(days=days, hours=12))
    assert week(contract).status == "released" and contract.milestones.filter(week__isnull=False).count() == 2


def test_dropping_the_next_week_by_both_ends_the_hours(contract: Contract) -> None:
    ring(MONDAY)
    milestones.cancel(week(contract, 2), by=contract.client)
    milestones.cancel(week(contract, 2), by=contract.freelancer)
    ring(MONDAY + timedelta(days=7))
    assert (week(contract, 2).status, contract.milestones.filter(week__isnull=False).count()) == ("cancelled", 2)
    with at(MONDAY + timedelta(days=8)):
        hours.propose(contract, by=contract.freelancer, rate=RATE + 500, hours=MOST)


def test_after_a_standstill_weeks_that_are_over_are_skipped_and_the_present_one_is_held(contract: Contract) -> None:
    ring(MONDAY + timedelta(days=15))
    assert [week(contract, number).status for number in (1, 2, 3, 4)] == ["cancelled", "cancelled", "funded", "agreed"]
    assert wallet(contract) == WEEK
    for person in (contract.client, contract.freelancer):  # nothing was missing in the wallet
        assert told(person).count("milestone.cancelled") == 2 and "milestone.skipped" not in told(person)


def test_while_money_stands_still_a_week_waits_and_begins_afterwards(contract: Contract, finance: User) -> None:
    halt.stop([{"invariant": "L1", "row": "transfer x", "found": "y"}])
    ring(MONDAY)
    assert (week(contract).status, wallet(contract)) == ("agreed", 2 * WEEK)
    for person in (finance, staff("Felix Ahn", "Finance")):
        halt.lift(Halt.objects.get(), by=person, reason="Compared with the bank; a test wrote this itself.")
    ring(MONDAY + timedelta(hours=1))
    assert (week(contract).status, wallet(contract)) == ("funded", WEEK)


def test_a_dispute_over_handed_in_hours_freezes_them(contract: Contract) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    with at(MONDAY + timedelta(days=8)):
        disputes.open(week(contract), by=contract.client, reason="I saw no sheet.")
    ring(MONDAY + timedelta(days=12))
    assert (week(contract).status, earned(contract)) == ("disputed", 0)


def test_a_refund_that_nobody_answers_takes_no_logged_hours_it_becomes_a_dispute(contract: Contract) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    with at(MONDAY + timedelta(days=1)):
        milestones.request_refund(week(contract), by=contract.client, reason="I changed my mind.")
        answer = next(one for one in schedule.upcoming(contract, now=clocks.now()) if one.act in ("refund", "dispute"))
    assert answer.act == "dispute"
    ring(answer.at)
    assert (week(contract).status, week(contract).refunded, wallet(contract)) == ("disputed", 0, 0)


def test_a_refund_of_a_week_without_an_hour_that_nobody_answers_goes_back(contract: Contract) -> None:
    ring(MONDAY)
    with at(MONDAY + timedelta(days=1)):
        milestones.request_refund(week(contract), by=contract.client, reason="I changed my mind.")
    ring(MONDAY + timedelta(days=8))
    assert (week(contract).status, week(contract).refunded) == ("refunded", WEEK)


def test_after_a_refund_was_refused_there_is_time_to_log_what_could_not_be_logged_meanwhile(contract: Contract) -> None:
    ring(MONDAY)
    with at(MONDAY + timedelta(days=5)):
        milestones.request_refund(week(contract), by=contract.client, reason="I changed my mind.")
    refused = MONDAY + timedelta(days=8)
    with at(refused):
        milestones.object_to_refund(week(contract), by=contract.freelancer)
    ring(refused + rule("WEEK_EDIT") - timedelta(minutes=1))
    assert week(contract).status == "funded"
    with at(refused + timedelta(hours=1)):
        begins = MONDAY + timedelta(hours=9)
        ends = begins + timedelta(hours=2)
        hours.log(week(contract), by=contract.freelancer, begins_at=begins, ends_at=ends, memo=MEMO)
    ring(refused + rule("WEEK_EDIT"))
    assert (week(contract).status, week(contract).rest) == ("submitted", 2 * RATE)


@pytest.mark.parametrize(("worked", "after"), [(6, ("submitted", 2 * RATE)), (3, ("refunded", 0))])
def test_hours_that_a_dispute_over_a_part_has_paid_are_not_paid_again(
    contract: Contract, worked: int, after: tuple[str, int]
) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), worked * 60)
    with at(MONDAY + timedelta(days=1)):
        dispute = disputes.open(week(contract), by=contract.freelancer, amount=4 * RATE, reason="Pay me daily.")
        disputes.accept_claim(dispute, by=contract.client)
    assert (week(contract).status, week(contract).released) == ("funded", 4 * RATE)
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    row = week(contract)
    assert (row.status, row.rest, row.released) == (*after, 4 * RATE)
    assert row.released + row.refunded + row.rest == WEEK


@pytest.mark.parametrize("given_back", [False, True])
def test_hours_agreed_anew_begin_after_the_weeks_that_are_there(contract: Contract, given_back: bool) -> None:
    milestones.fund(week(contract), by=contract.client)
    if given_back:
        milestones.refund(week(contract), by=contract.freelancer)
    for person in (contract.client, contract.freelancer):
        milestones.cancel(week(contract, 2), by=person)
    anew = hours.propose(contract, by=contract.client, rate=2 * RATE, hours=5)
    milestones.agree(anew, by=contract.freelancer)
    assert week(contract, 3).week == (MONDAY + timedelta(days=7)).date()
    assert [row.status for row in (week(contract), week(contract, 3))] == [
        "refunded" if given_back else "funded",
        "agreed",
    ]


def test_hours_are_counted_as_they_pass_also_when_clocks_are_put_back(client_person: User, freelancer: User) -> None:
    melbourne = ZoneInfo("Australia/Melbourne")  # on 5 April 2026 the hour from two to three comes twice
    with at(datetime(2026, 3, 25, tzinfo=UTC)):
        contract = signed_contract(client_person, freelancer, amounts=(9_000,), spare=4 * RATE)
        milestones.agree(hours.propose(contract, by=client_person, rate=RATE, hours=4), by=freelancer)
    ring(datetime(2026, 3, 30, tzinfo=UTC))

    def log(begins_at: datetime, ends_at: datetime) -> TimeEntry:
        return hours.log(week(contract), by=freelancer, begins_at=begins_at, ends_at=ends_at, memo=MEMO)

    night = datetime(2026, 4, 5, 0, 0, tzinfo=melbourne)
    with at(datetime(2026, 4, 5, 12, tzinfo=UTC)):
        with nothing_changes(), pytest.raises(hours.OverLimit):
            log(night, night.replace(hour=4))
        assert log(night.replace(hour=2, minute=50), night.replace(hour=2, minute=10, fold=1)).minutes == 20
        assert log(night.replace(hour=1), night.replace(hour=2, minute=50)).minutes == 110
    assert weeks.logged(week(contract)) == 130


def test_a_week_handed_in_by_the_clock_says_nothing_of_punctuality(contract: Contract) -> None:
    bid = live_bid(open_gig(contract.client), contract.freelancer)
    before = ranking.rank(bid.gig, [bid])
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    assert week(contract).submitted_at is not None
    assert profile.facts(contract.freelancer)["delivered"] == 0
    assert ranking.rank(bid.gig, [bid]) == before


# --- refused, and nothing moved -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "ends", "field"),
    [
        (MONDAY - timedelta(minutes=1), MONDAY + timedelta(hours=1), "begins_at"),
        (MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=3), "ends_at"),
        (MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=2), "ends_at"),
        (MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=13), "ends_at"),
        (MONDAY + timedelta(hours=13), MONDAY + timedelta(hours=14), "begins_at"),
        (MONDAY + timedelta(days=7), MONDAY + timedelta(days=7, hours=1), "begins_at"),
    ],
)
def test_time_outside_the_week_backwards_or_to_come_is_not_logged(
    contract: Contract, begins: datetime, ends: datetime, field: str
) -> None:
    ring(MONDAY)
    with at(MONDAY + timedelta(hours=12)), nothing_changes(), pytest.raises(Unprocessable) as refusal:
        hours.log(week(contract), by=contract.freelancer, begins_at=begins, ends_at=ends, memo=MEMO)
    assert field in refusal.value.fields


def test_overlaps_more_than_the_limit_bad_words_strangers_and_other_times_are_refused(
    contract: Contract, outsider: User
) -> None:
    begins = MONDAY + timedelta(hours=1)

    def log(minutes: int = 60, by: User = contract.freelancer, memo: Any = MEMO, since: datetime = begins) -> Any:
        ends = since + timedelta(minutes=minutes)
        return hours.log(week(contract), by=by, begins_at=since, ends_at=ends, memo=memo)

    with at(MONDAY + timedelta(days=1)), nothing_changes(), pytest.raises(hours.NotByTheHour):
        log()
    ring(MONDAY)
    with at(MONDAY + timedelta(days=2)):
        first = log(MOST * 60 - 30)
        with nothing_changes():
            for kind, act in (
                (hours.Overlaps, lambda: log(30)),
                (hours.OverLimit, lambda: log(31, since=MONDAY + timedelta(days=1))),
                (Unprocessable, lambda: log(memo="Drew.")),
                (Unprocessable, lambda: log(memo="x" * 501)),
                (Unprocessable, lambda: log(memo=None)),
                (milestones.NotYours, lambda: log(by=contract.client)),
                (milestones.NotYours, lambda: log(by=outsider)),
                (milestones.NotYours, lambda: hours.unlog(week(contract), by=contract.client, entry=first.pk)),
                (Missing, lambda: hours.unlog(week(contract), by=contract.freelancer, entry=week(contract).pk)),
            ):
                with pytest.raises(kind):
                    act()
        log(30, since=MONDAY + timedelta(days=1))
        hours.unlog(week(contract), by=contract.freelancer, entry=first.pk)
        assert weeks.logged(week(contract)) == 30
    ring(MONDAY + timedelta(days=7) + rule("WEEK_EDIT"))
    with at(MONDAY + timedelta(days=8)), nothing_changes():
        with pytest.raises(hours.NotByTheHour):
            log(since=MONDAY + timedelta(days=3))
        with pytest.raises(hours.NotByTheHour):
            hours.unlog(week(contract), by=contract.freelancer, entry=TimeEntry.objects.get().pk)


def test_what_is_no_rate_or_no_limit_or_twice_or_not_theirs_is_not_proposed(
    contract: Contract, outsider: User, freelancer: User, moderator: User
) -> None:
    plain = signed_contract(contract.client, freelancer, amounts=(9_000,))
    donated = donated_contract(cause_of(outsider, moderator), freelancer)
    with nothing_changes():
        for rate in (0, -1, "50", 0.5, True, None, 10**13):
            with pytest.raises(BadAmount):
                hours.propose(plain, by=freelancer, rate=rate, hours=10)  # type: ignore[arg-type]
        for most in (0, 81, "10", 1.5, True, None):
            with pytest.raises(milestones.Incomplete):
                hours.propose(plain, by=freelancer, rate=RATE, hours=most)  # type: ignore[arg-type]
        with pytest.raises(hours.AlreadyAgreed):
            hours.propose(contract, by=freelancer, rate=RATE, hours=10)
        with pytest.raises(milestones.NotYours):
            hours.propose(plain, by=outsider, rate=RATE, hours=10)
        with pytest.raises(pro_bono.NoMoney):
            hours.propose(donated, by=freelancer, rate=RATE, hours=10)
    contracts.end(plain, by=freelancer, reason="Enough.")
    with nothing_changes(), pytest.raises(Refusal):
        hours.propose(plain, by=freelancer, rate=RATE, hours=10)


def test_no_constraint_lets_a_week_be_twice_or_without_a_limit(contract: Contract) -> None:
    row = week(contract)
    for wrong in ({"minutes": None}, {"rate": None}, {"rate": 0}, {"minutes": 7 * 24 * 60 + 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Milestone.objects.filter(pk=row.pk).update(**wrong)
    other = Milestone(contract=contract, position=99, title="x", amount=1, rate=1, minutes=1, week=row.week)
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


# --- pages and API --------------------------------------------------------------------------------


def test_what_is_announced_is_what_the_clock_does_and_the_terms_say_the_rate(contract: Contract) -> None:
    begin = next(one for one in schedule.upcoming(contract, now=clocks.now()) if one.act == "begin")
    assert (begin.at, begin.amount) == (MONDAY, WEEK)
    text = contract.terms.order_by("-version").values_list("text", flat=True)[0]
    assert (
        contracts.read(text)["milestones"][-1] | {"rate_an_hour": RATE, "minutes_a_week": MOST * 60}
        == (contracts.read(text)["milestones"][-1])
    )
    ring(MONDAY)
    with at(MONDAY):
        close = next(one for one in schedule.upcoming(contract, now=clocks.now()) if one.act == "close")
    assert close.at == MONDAY + timedelta(days=7) + rule("WEEK_EDIT")


def test_the_whole_way_on_the_pages(client_person: User, freelancer: User) -> None:
    contract = signed_contract(client_person, freelancer, amounts=(9_000,), spare=WEEK)
    ines, tomasz = Client(), Client()
    ines.force_login(client_person)
    tomasz.force_login(freelancer)
    home = contract.get_absolute_url()
    assert ines.post(f"{home}hours/", {"rate": "50.001", "hours": "10"}).status_code in (400, 422)
    assert ines.post(f"{home}hours/", {"rate": "50", "hours": "10"}).status_code == 303
    assert "$50.00" in tomasz.get(home).content.decode()
    proposed = contract.milestones.get(rate=RATE)
    assert tomasz.post(f"/milestones/{proposed.pk}/agree/", {"version": proposed.version}).status_code == 303
    assert "Begins by itself" in ines.get(home).content.decode()
    ring(MONDAY)
    with at(MONDAY + timedelta(days=1)):
        assert "Your move: log your hours" in tomasz.get(home).content.decode()
        body = {"begins_at": "2026-03-09T09:00", "ends_at": "2026-03-09T11:30", "memo": MEMO}
        assert tomasz.post(f"/milestones/{proposed.pk}/log/", body).status_code == 303
        assert tomasz.post(f"/milestones/{proposed.pk}/log/", body).status_code == 409
        for reader in (ines, tomasz):
            page = reader.get(home).content.decode()
            assert "2:30 of 10:00 hours are logged" in page and MEMO in page
        entry = TimeEntry.objects.get()
        assert MEMO in tomasz.get(f"/milestones/{proposed.pk}/unlog/").content.decode()
        assert tomasz.post(f"/milestones/{proposed.pk}/unlog/", {"entry": str(entry.pk)}).status_code == 303
        assert not TimeEntry.objects.exists()
        tomasz.post(f"/milestones/{proposed.pk}/log/", body)
    over = MONDAY + timedelta(days=7, hours=12)
    ring(over)
    with at(over):
        assert "Your move: review 2:30 hours" in ines.get(home).content.decode()
        row = week(contract)
        assert ines.post(f"/milestones/{row.pk}/release/", {"version": row.version}).status_code == 303
    assert (week(contract).status, week(contract).released) == ("released", 12_500)


def test_the_whole_way_over_the_api(client_person: User, freelancer: User) -> None:
    contract = signed_contract(client_person, freelancer, amounts=(9_000,), spare=WEEK)

    def post(person: User, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        program = Client()
        program.force_login(person)
        headers = {"Idempotency-Key": key} if key else {}
        return program.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    terms = {"rate": RATE, "hours": MOST}
    first = post(client_person, f"contracts/{contract.pk}/hours/", terms, "k")
    assert first.status_code == 201
    assert post(client_person, f"contracts/{contract.pk}/hours/", terms, "k").content == first.content
    for field, wrong in (("rate", "50"), ("rate", 0), ("hours", "10"), ("hours", 0), ("hours", 81)):
        refused = post(client_person, f"contracts/{contract.pk}/hours/", terms | {field: wrong})
        assert refused.status_code in (400, 422) and refused.json()["fields"]
    step = f"milestones/{first.json()['id']}"
    assert post(freelancer, f"{step}/agree/", {}).json()["week"] == "2026-03-09"
    ring(MONDAY)
    with at(MONDAY + timedelta(days=1)):
        body = {"begins_at": "2026-03-09T09:00Z", "ends_at": "2026-03-09T10:00Z", "memo": MEMO}
        logged = post(freelancer, f"{step}/log/", body, "l")
        assert logged.status_code == 200
        assert post(freelancer, f"{step}/log/", body, "l").content == logged.content
        refused = post(freelancer, f"{step}/log/", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "milestone.hours_overlap")
        assert post(freelancer, f"{step}/log/", body | {"begins_at": "soon"}).json()["fields"]["begins_at"]
        program = Client()
        program.force_login(client_person)
        (entry,) = program.get(f"/api/v1/{step}/entries/").json()
        assert (entry["minutes"], entry["memo"]) == (60, MEMO)
        assert post(freelancer, f"{step}/unlog/", {"entry": entry["id"]}).status_code == 200
        assert post(freelancer, f"{step}/unlog/", {"entry": entry["id"]}).status_code == 404


def test_a_week_that_is_over_says_to_each_what_was_paid_and_what_came_back(contract: Contract) -> None:
    ring(MONDAY)
    work(contract, MONDAY + timedelta(hours=9), 60)
    for days in (8, 11, 13):  # handed in, reminded, released
        ring(MONDAY + timedelta(days=days))
    assert week(contract).status == "released"
    for person, words in ((contract.freelancer, "$50.00 went to you"), (contract.client, "$450.00 to you")):
        browser = Client()
        browser.force_login(person)
        with at(MONDAY + timedelta(days=13)):
            page = browser.get(contract.get_absolute_url()).content.decode()
        assert words in strip_tags(page)
