"""How news reaches a person: the bell, e-mail at once or with the digest, quiet hours on their own clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.users.news import DELAY, relay_at, tell, tell_at
from users import preferences
from users.models import Notification, Preference, QuietHours, User
from users.notifications import inbox
from users.notifications.sentences import ALWAYS, GROUPS
from users.notifications.timing import after_quiet, mail_due, next_digest

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT = (time(22), time(7))
ZONES = [
    ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe")
]
# on Lord Howe clocks move by half an hour, so that two hours a year have no beginning or two
WHOLE = [zone for zone in ZONES if zone.key != "Australia/Lord_Howe"]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
HOURS = st.tuples(st.times(), st.integers(1, 12 * 60)).map(
    lambda pair: (pair[0], (datetime.combine(datetime.min, pair[0]) + pair[1] * MINUTE).time())
)


def evening() -> datetime:
    """23:00 in Berlin, in winter."""
    return datetime(2027, 1, 12, 22, tzinfo=UTC)


@pytest.fixture
def berliner(freelancer: User) -> User:
    User.objects.filter(pk=freelancer.pk).update(timezone="Europe/Berlin")
    freelancer.refresh_from_db()
    return freelancer


@given(at=MOMENTS, zone=st.sampled_from(ZONES), quiet=HOURS)
def test_what_waits_for_the_end_of_quiet_hours_waits_less_than_a_day_and_ends_outside_them(
    at: datetime, zone: ZoneInfo, quiet: tuple[time, time]
) -> None:
    sent = after_quiet(at, zone, quiet)
    assert at <= sent < at + 14 * HOUR  # twelve, and an hour of summer time at most
    assert after_quiet(sent, zone, quiet) == sent


@given(at=MOMENTS, zone=st.sampled_from(ZONES))
def test_the_digest_comes_within_a_day_at_eight_on_the_readers_clock(at: datetime, zone: ZoneInfo) -> None:
    digest = next_digest(at, zone)
    assert digest.astimezone(zone).time() == time(8)
    assert at < digest <= at + DAY + HOUR


@given(at=MOMENTS, zone=st.sampled_from(WHOLE))
def test_the_hourly_mail_comes_with_the_hour_and_never_before_the_news_has_waited(at: datetime, zone: ZoneInfo) -> None:
    due = mail_due(Preference.Mail.HOURLY, at, zone, delay=DELAY)
    assert due is not None
    assert due.astimezone(zone).strftime("%M:%S") == "00:00"
    assert at + DELAY < due <= at + DELAY + HOUR


def test_the_night_in_which_clocks_change_is_quiet_until_its_end() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = (time(22), time(2, 30))
    back = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # 02:15 for the first time that night
    assert after_quiet(back, berlin, quiet) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    forward = datetime(2027, 3, 28, 0, 45, tzinfo=UTC)  # 01:45; there is no 02:30 that night
    assert after_quiet(forward, berlin, quiet) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_a_group_that_does_not_ring_stays_in_the_list_and_out_of_the_count(freelancer: User, client: Client) -> None:
    preferences.choose(freelancer, {"bids": {"bell": False}})
    tell(freelancer, "bids", gig="Wayfinding")
    assert (inbox.unread(freelancer), inbox.ringing(freelancer)) == (1, 0)
    client.force_login(freelancer)
    assert "Wayfinding" in client.get("/notifications/").content.decode()
    assert client.get("/notifications/bell/").content.strip() == b""


def test_money_and_security_ring_and_are_mailed_at_once_whatever_is_asked(freelancer: User) -> None:
    preferences.choose(freelancer, {group: {"bell": False, "mail": "never"} for group in GROUPS})
    at = evening()
    for group in ALWAYS:
        tell_at(at, freelancer, group)
    assert inbox.ringing(freelancer) == len(ALWAYS)
    assert relay_at(at + DELAY)["sent"] == len(ALWAYS)
    assert not Preference.objects.filter(group__in=ALWAYS).exists()


def test_a_choice_that_is_not_offered_is_refused_and_nothing_is_saved(freelancer: User) -> None:
    with pytest.raises(preferences.UnknownChoice):
        preferences.choose(freelancer, {"gigs": {"mail": "never"}, "bids": {"mail": "weekly"}})
    assert not Preference.objects.exists()


def test_the_digest_tells_all_that_is_unread_in_one_mail_at_eight(berliner: User) -> None:
    preferences.choose(berliner, {"bids": {"mail": "daily"}, "gigs": {"mail": "daily"}})
    at = evening()
    tell_at(at, berliner, "bids", gig="One")
    read = tell_at(at, berliner, "bids", gig="Two")
    tell_at(at + HOUR, berliner, "gigs", gig="Three")
    inbox.mark_read(berliner, ids=[read.pk])
    eight = datetime(2027, 1, 13, 7, tzinfo=UTC)
    assert relay_at(eight - MINUTE) == {"sent": 0, "skipped": 0, "later": 0, "failed": 0}
    assert relay_at(eight) == {"sent": 2, "skipped": 1, "later": 0, "failed": 0}
    (digest,) = mail.outbox
    assert "“One”" in digest.body
    assert "“Three”" in digest.body
    assert "“Two”" not in digest.body
    assert relay_at(eight + DAY)["sent"] == 0


def test_in_quiet_hours_only_security_is_mailed_and_the_rest_when_they_end(berliner: User) -> None:
    preferences.keep_quiet(berliner, NIGHT)
    at = evening()
    for group in ("bids", "money", "security"):
        tell_at(at, berliner, group)
    assert relay_at(at + DELAY) == {"sent": 1, "skipped": 0, "later": 2, "failed": 0}
    assert "lifted" in mail.outbox[0].subject
    seven = datetime(2027, 1, 13, 6, tzinfo=UTC)
    assert relay_at(seven - MINUTE)["sent"] == 0
    assert relay_at(seven)["sent"] == 2
    assert len(mail.outbox) == 2


def test_what_was_switched_off_meanwhile_is_not_mailed_any_more(freelancer: User) -> None:
    at = evening()
    tell_at(at, freelancer, "bids")
    preferences.choose(freelancer, {"bids": {"mail": "never"}})
    assert relay_at(at + DELAY)["skipped"] == 1
    assert not mail.outbox


def test_one_turn_makes_one_mail_of_a_person_however_much_is_due(freelancer: User, client_person: User) -> None:
    at = evening()
    for n in range(120):
        tell_at(at, freelancer, "gigs", gig=f"No {n}")
        tell_at(at, client_person, "gigs", gig=f"No {n}")
    assert relay_at(at + DELAY)["sent"] == 240
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([freelancer.email, client_person.email])


@pytest.mark.parametrize("hours", [(time(7), time(7)), (time(7), time(19, 1)), (time(22), time(21))])
def test_quiet_hours_that_would_swallow_a_deadline_are_refused(freelancer: User, hours: tuple[time, time]) -> None:
    preferences.keep_quiet(freelancer, NIGHT)
    with pytest.raises(preferences.TooQuiet):
        preferences.keep_quiet(freelancer, hours)
    assert str(QuietHours.objects.get()) == "22:00–07:00"


def test_the_page_says_what_is_chosen_saves_it_and_names_what_cannot_be_switched_off(
    freelancer: User, client: Client
) -> None:
    client.force_login(freelancer)
    page = client.get("/settings/notifications/").content.decode()
    assert page.count("Always, at once") == len(ALWAYS)
    given = {f"mail_{group}": "daily" for group in preferences.OPTIONAL} | {"bell_bids": "on", "mail_bids": "never"}
    quiet = {"quiet_hours": "on", "begins": "21:30", "ends": "06:00"}
    assert client.post("/settings/notifications/", given | quiet).status_code == 302
    chosen = {row.group: (row.bell, row.mail) for row in freelancer.preferences.all()}
    assert chosen["bids"] == (True, "never")
    assert chosen["gigs"] == (False, "daily")
    assert set(chosen) == set(preferences.OPTIONAL)
    assert str(QuietHours.objects.get()) == "21:30–06:00"
    assert not User.objects.get(pk=freelancer.pk).shows_reading
    assert client.post("/settings/notifications/", given | quiet | {"shows_reading": "on"}).status_code == 302
    assert User.objects.get(pk=freelancer.pk).shows_reading
    for wrong in (quiet | {"ends": "21:00"}, quiet | {"ends": ""}, quiet | {"begins": "25:00"}):
        assert client.post("/settings/notifications/", given | {"mail_gigs": "never"} | wrong).status_code == 422
    assert client.post("/settings/notifications/", given | quiet | {"mail_gigs": "weekly"}).status_code == 422
    assert Preference.objects.get(group="gigs").mail == "daily"
    assert client.post("/settings/notifications/", given | quiet | {"quiet_hours": ""}).status_code == 302
    assert not QuietHours.objects.exists()


def test_the_inbox_is_narrowed_by_kind_and_by_unread_together(freelancer: User, client: Client) -> None:
    old = tell(freelancer, "bids", gig="Old bid")
    tell(freelancer, "bids", gig="New bid")
    tell(freelancer, "gigs", gig="New gig")
    inbox.mark_read(freelancer, ids=[old.pk])
    client.force_login(freelancer)

    def shown(query: str) -> set[str]:
        page = client.get(f"/notifications/?{query}").content.decode()
        return {name for name in ("Old bid", "New bid", "New gig") if name in page}

    assert shown("") == {"Old bid", "New bid", "New gig"}
    assert shown("unread=1") == {"New bid", "New gig"}
    assert shown("group=bids") == {"Old bid", "New bid"}
    assert shown("group=bids&unread=1") == {"New bid"}
    assert shown("group=nonsense") == {"Old bid", "New bid", "New gig"}
    assert "Nothing of that kind" in client.get("/notifications/?group=money").content.decode()
    assert Notification.objects.unread().count() == 2


def test_news_are_the_newest_that_rings_and_how_many_more_came_after_a_number(freelancer: User, client: Client) -> None:
    client.force_login(freelancer)
    preferences.choose(freelancer, {"gigs": {"bell": False}})
    old = tell(freelancer, "bids", gig="Old bid")
    assert client.get(f"/notifications/news/?after={old.seq}").content.strip() == b""
    tell(freelancer, "bids", gig="New bid")
    newest = tell(freelancer, "bids", gig="Newest bid")
    tell(freelancer, "gigs", gig="Rings not")
    page = client.get(f"/notifications/news/?after={old.seq}").content.decode()
    assert "Newest bid" in page and "New bid" not in page and "Rings not" not in page
    assert "and 1 more" in page
    inbox.mark_read(freelancer, ids=[newest.pk])
    assert "Newest bid" not in client.get(f"/notifications/news/?after={old.seq}").content.decode()
    for wrong in ("", "-1", "x"):
        assert client.get(f"/notifications/news/?after={wrong}").status_code == 400
