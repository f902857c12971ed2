"""Durations, money, refusals, transactions, identifiers: what everything stands on."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from skilllink import env, ids, money
from skilllink.errors import Conflict, Malformed
from skilllink.transactions import NoTransaction, inside_transaction, verb
from users.models import User

BAD_FIGURES = [
    "-1",
    "0",
    "0.001",
    "1e309",
    "NaN",
    "１００",
    "1,000",
    "",
    "  ",
    "1.",
    ".5",
    "+1",
    "0x10",
    "10" * 16,
    True,
    [],
    5,
    None,
]


@pytest.mark.parametrize(
    ("text", "seconds"), [("14d", 1209600), ("48h", 172800), ("20s", 20), ("1d12h", 129600), ("1.5s", 1.5)]
)
def test_durations_are_read_as_they_are_written(text: str, seconds: float) -> None:
    assert env.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "14", "d", "14 d", "-1d", "0s", "1y", "tomorrow"])
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        env.duration(text)


def test_a_rule_of_the_environment_replaces_the_default_and_a_bad_one_is_named() -> None:
    defaults = {"REVIEW_WINDOW": timedelta(days=14), "REVISIONS": 2}
    assert env.rules(defaults, {"SKILLLINK_REVIEW_WINDOW": "20s"})["REVIEW_WINDOW"] == timedelta(seconds=20)
    with pytest.raises(ValueError, match="SKILLLINK_REVISIONS"):
        env.rules(defaults, {"SKILLLINK_REVISIONS": "two"})


@pytest.mark.parametrize("figure", BAD_FIGURES)
def test_a_figure_that_is_none_is_refused_and_names_its_field(figure: Any) -> None:
    with pytest.raises(Malformed) as refusal:
        money.parse(figure, "USD", field="budget")
    assert "budget" in refusal.value.fields


def test_yen_have_no_decimals_and_dinars_have_three() -> None:
    assert money.parse("1600", "JPY") == 1600
    assert money.parse("1.234", "KWD") == 1234
    with pytest.raises(Malformed):
        money.parse("1600.5", "JPY")
    with pytest.raises(Malformed):
        money.parse("1", "usd")


@given(minor=st.integers(1, money.LARGEST), currency=st.sampled_from(["USD", "EUR", "JPY", "KWD"]))
def test_what_is_written_plainly_reads_back_to_the_unit(minor: int, currency: str) -> None:
    assert money.parse(money.plain(minor, currency), currency) == minor


@pytest.mark.parametrize("value", [0, -1, 2**63, 1.0, "5", True, None, [1]])
def test_the_api_takes_whole_minor_units_alone(value: Any) -> None:
    with pytest.raises(Malformed):
        money.check_minor(value)


def test_identifiers_are_in_order_of_time_and_never_the_same() -> None:
    made = [ids.uuid7() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert [uuid.int >> 80 for uuid in made] == sorted(uuid.int >> 80 for uuid in made)
    assert {uuid.version for uuid in made} == {7}


def test_a_refusal_carries_code_sentence_and_fields() -> None:
    refusal = Conflict("Only {rest} is left.", fields={"amount": "Too much."}, rest="$5")
    assert refusal.as_dict() == {"code": "conflict", "sentence": "Only $5 is left.", "fields": {"amount": "Too much."}}


def test_a_step_refuses_to_run_without_a_transaction(committed_db: None) -> None:
    @inside_transaction
    def step() -> None:
        raise AssertionError("ran")

    with pytest.raises(NoTransaction):
        step()


def test_a_verb_that_refuses_leaves_nothing_behind(committed_db: None) -> None:
    @verb
    def write_and_refuse() -> None:
        User.objects.create_user("half@skilllink.test", "x", name="Half Done")
        raise Conflict()

    with pytest.raises(Conflict):
        write_and_refuse()
    assert not User.objects.exists()


def test_a_verb_called_plainly_inside_a_transaction_is_refused(committed_db: None) -> None:
    @verb
    def outer() -> None:
        raise AssertionError("ran")

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        outer()
