"""Refused fragments land beside what was asked, whole pages in the site's dress."""

from django.test import Client


def test_a_refused_fragment_is_sent_to_the_place_for_refusals(client: Client) -> None:
    answer = client.get("/nothing-here/", headers={"HX-Request": "true"})
    assert answer.status_code == 404 and answer["HX-Retarget"] == "#refusal"
    assert b"<html" not in answer.content and b'class="refusal"' in answer.content


def test_a_refused_page_offers_a_way_out(client: Client) -> None:
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert b'id="refusal"' in answer.content and b'href="/"' in answer.content


def test_a_page_works_under_the_strict_policy(client: Client) -> None:
    answer = client.get("/offline/")
    policy = answer["Content-Security-Policy"]
    assert answer.status_code == 200 and "unsafe" not in policy and "default-src 'self'" in policy


def test_the_worker_is_script_at_the_root_and_always_asked_for_again(client: Client) -> None:
    answer = client.get("/worker.js")
    assert answer["Content-Type"].startswith("text/javascript") and answer["Cache-Control"] == "no-cache"
    assert b"/offline/" in answer.content
