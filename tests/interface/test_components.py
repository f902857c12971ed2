"""The components write what the art direction says."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, engines
from django.test import Client
from django.utils import timezone, translation

from skilllink import moments


def rendered(source: str, **values: object) -> str:
    return engines["django"].from_string(source).template.render(Context(values))


def test_money_has_its_decimals_in_a_lighter_hand() -> None:
    text = rendered('{% money 160000 "USD" %}')
    assert text == '<data class="money" value="1600.00"><bdi>$1,600<span class="cents">.00</span></bdi></data>'


def test_money_without_decimals_and_with_three() -> None:
    assert "¥1,600</bdi>" in rendered('{% money 1600 "JPY" %}')
    assert '<bdi>KWD\xa01<span class="cents">.500</span></bdi>' in rendered('{% money 1500 "KWD" %}')


def test_money_says_its_look_and_its_sign() -> None:
    assert 'class="money large in"' in rendered('{% money 5 "USD" large=True in=True %}')
    assert "+$0" in rendered('{% money 5 "USD" sign=True %}')
    assert "−$0" in rendered('{% money -5 "USD" sign=True %}')
    assert "+" not in rendered('{% money 0 "USD" sign=True %}')


def test_money_is_written_in_the_language() -> None:
    with translation.override("de"):
        assert '1.600<span class="cents">,00</span>\xa0€' in rendered('{% money 160000 "EUR" %}')


def test_the_fee_note_rounds_half_up() -> None:
    assert "you get $1,520.00" in rendered('{% fee_note 160000 "USD" %}')
    assert "you get $0.09" in rendered('{% fee_note 10 "USD" %}')


def test_a_moment_is_short_and_exact() -> None:
    at = datetime(timezone.now().year, 12, 4, 14, 0, tzinfo=UTC)
    text = rendered("{% moment at %}", at=at)
    assert f"{at:%a} 4 Dec, 14:00</time>" in text
    assert "December" in text and "UTC" in text and 'type="button"' in text


def test_a_moment_of_another_year_says_it() -> None:
    assert "2019" in rendered("{% moment at plain=True %}", at=datetime(2019, 1, 2, 3, 4, tzinfo=UTC))


def test_a_moment_tells_the_other_persons_time() -> None:
    tomasz = SimpleNamespace(timezone="Africa/Lagos", get_short_name=lambda: "Tomasz")
    assert "15:00 for Tomasz" in moments.exact(datetime(2026, 1, 5, 14, 0, tzinfo=UTC), tomasz)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(days=12, minutes=1), "in 12 days"),
        (timedelta(hours=3, seconds=9), "in 3 hours"),
        (timedelta(minutes=1, seconds=5), "in 1 minute"),
        (timedelta(seconds=3), "now"),
        (timedelta(days=-2), "2 days ago"),
    ],
)
def test_a_distance_is_in_the_largest_fitting_unit(ahead: timedelta, words: str) -> None:
    assert moments.distance(timezone.now() + ahead) == words


def test_the_clock_line_shows_elapsed_now_and_ticks() -> None:
    now = timezone.now()
    text = rendered(
        "{% clock start=a due=b reminders=r now=n %}",
        a=now - timedelta(days=1),
        b=now + timedelta(days=3),
        r=[now],
        n=now,
    )
    assert 'd="M0 9H73.0"' in text and 'd="M75.0 4V14"' in text and "1 reminder" in text


def test_the_clock_line_of_a_past_due_stays_inside() -> None:
    now = timezone.now()
    text = rendered("{% clock start=a due=b now=n %}", a=now - timedelta(days=9), b=now - timedelta(days=3), n=now)
    assert 'x="296"' in text


def test_a_name_is_never_mark_up() -> None:
    text = rendered("{% person user fact=fact %}", user='<script>"x"', fact="<b>")
    assert "<script>" not in text and "<b>" not in text


def test_initials_are_at_most_two_letters() -> None:
    assert ">OA<" in rendered('{% face "Oluwaseun of the Adebayo" %}')


def test_a_field_ties_its_error_to_its_control() -> None:
    class Sample(forms.Form):
        title = forms.CharField(help_text="Short")

    text = rendered("{% error_summary form %}{% field form.title %}", form=Sample({"title": ""}))
    assert 'id="id_title_error"' in text and "id_title_error" in text.split("<input")[1]
    assert 'href="#id_title"' in text and 'aria-invalid="true"' in text


def test_the_theme_is_kept_in_a_cookie_and_written_by_the_server(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": "dark"})
    assert answer.status_code == 303 and answer.cookies["theme"].value == "dark"
    assert b'data-theme="dark"' in client.get("/nothing-here/").content


def test_an_unknown_theme_is_refused_and_a_forged_cookie_ignored(client: Client) -> None:
    answer = client.post("/appearance/", {"theme": '"><script>'})
    assert answer.status_code == 400 and "theme" not in answer.cookies
    client.cookies["theme"] = '"><b>'
    assert b'data-theme="system"' in client.get("/nothing-here/").content


def test_the_theme_never_sends_anybody_to_another_site(client: Client) -> None:
    assert client.post("/appearance/", {"theme": "dark"}, headers={"referer": "https://evil.example/"}).url == "/"


def test_the_theme_is_not_changed_by_get(client: Client) -> None:
    assert client.get("/appearance/?theme=dark").status_code == 405


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 415, 422, 429, 503])
def test_every_refusal_has_the_sites_own_dress(status: int) -> None:
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    from skilllink import answers, errors

    kinds = {kind.status: kind for kind in errors.Refusal.__subclasses__() if kind.__module__ == errors.__name__}
    request = RequestFactory().get("/x/")
    request.user, request.COOKIES = AnonymousUser(), {}
    answer = answers.answer(request, kinds[status]())
    assert answer.status_code == status
    assert b"wordmark" in answer.content and str(kinds[status].sentence).split("'")[0].encode() in answer.content


def test_a_broken_server_answers_without_a_context() -> None:
    from django.template.loader import render_to_string

    assert "Something broke" in render_to_string("errors/500.html")
