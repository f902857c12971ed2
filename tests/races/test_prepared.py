"""Prepared statements on connections of their own: how they begin transactions, wait, and lose the server."""

from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, connections, transaction

from skilllink.postgresql import libpq
from skilllink.prepared import ask, prepared, prepared_update
from tests.cast import make
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")


@prepared
def locked(pk: Any) -> Any:
    return User.objects.select_for_update().filter(pk=pk)


@prepared_update
def rename(pk: Any, name: Any) -> Any:
    return User.objects.filter(pk=pk), {"name": name}


def twice(act: Any) -> None:
    """The second time a statement is known, and takes its BEGIN along."""
    for _time in range(2):
        act()


def test_who_waits_for_a_lock_with_its_first_statement_holds_up_no_other_thread() -> None:
    person = make("Ines Varga", client=True)
    heard = []

    def wait() -> None:
        try:
            for _time in range(2):
                with transaction.atomic():
                    heard.append(locked(pk=person.pk)[0].name)
        finally:
            connections.close_all()

    def hold() -> None:
        waiting = Thread(target=wait)
        with transaction.atomic():
            assert locked(pk=person.pk) == [person]
            waiting.start()
            # runs while the other thread waits for this transaction: neither ends before the other is let go on
            while not ask("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = %s", ["Lock"]):
                continue
            rename(pk=person.pk, name="Ines Horvat")
        waiting.join(60)
        assert not waiting.is_alive()

    twice(hold)
    assert heard == ["Ines Horvat"] * 4


def test_a_transaction_that_begins_with_its_statement_is_undone_as_one() -> None:
    person = make("Ines Varga", client=True)

    def undo() -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert rename(pk=person.pk, name="Somebody else") == 1
            1 / 0  # noqa: B018
        person.refresh_from_db()
        assert person.name == "Ines Varga"

    twice(undo)


def test_a_refusal_of_the_first_statement_is_the_databases_and_the_connection_goes_on() -> None:
    person = make("Ines Varga", client=True)

    def refused() -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            rename(pk=person.pk, name=None)
        assert locked_in_one(person) == [person]

    twice(refused)


def locked_in_one(person: User) -> list[Any]:
    with transaction.atomic():
        return locked(pk=person.pk)


def test_a_transaction_keeps_the_isolation_that_its_connection_was_given() -> None:
    from psycopg import IsolationLevel

    def levels() -> list[Any]:
        with transaction.atomic():
            return ask("SELECT current_setting('transaction_isolation') WHERE %s = 1", [1])

    twice(levels)
    connection.connection.isolation_level = IsolationLevel.SERIALIZABLE
    try:
        assert levels() == [("serializable",)]
    finally:
        connection.connection.isolation_level = None
    assert levels() == [("read committed",)]


def test_a_connection_keeps_the_statements_that_are_used_and_gives_up_those_that_are_not() -> None:
    def of(number: int) -> list[Any]:
        return ask(f"SELECT {', '.join(['%s::int'] * number)}", list(range(number)))

    for number in range(1, libpq.MOST + 20):
        with transaction.atomic():
            assert of(1) == [(0,)]
            assert of(number) == [tuple(range(number))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE statement = 'SELECT $1::int') FROM pg_prepared_statements"
        )
        assert cursor.fetchone() == (libpq.MOST, 1)
    assert of(2) == [(0, 1)]


def test_a_server_that_ends_the_connection_is_said_as_the_driver_says_it() -> None:
    person = make("Ines Varga", client=True)
    twice(lambda: locked_in_one(person))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with transaction.atomic():
        before = locked(pk=person.pk)

    def end() -> None:
        try:
            ask("SELECT pg_terminate_backend(%s::int)::int", [backend])
        finally:
            connections.close_all()

    ending = Thread(target=end)
    ending.start()
    ending.join(60)
    with pytest.raises(OperationalError), transaction.atomic():
        locked(pk=person.pk)
    connection.close()
    assert locked_in_one(person) == before


def test_what_waits_goes_before_what_is_asked_by_another_way() -> None:
    person = make("Ines Varga", client=True)
    with transaction.atomic():
        changed = rename.soon(pk=person.pk, name="First")
        assert User.objects.get(pk=person.pk).name == "First"  # Django's own cursor
        rename.soon(pk=person.pk, name="Second")
        last = locked.soon(pk=person.pk)
        User.objects.filter(pk=person.pk).update(name="Third")
        assert (changed(), last()[0].name) == (1, "Second")
    person.refresh_from_db()
    assert person.name == "Third"


def test_a_commit_takes_along_what_nobody_asked_after() -> None:
    person = make("Ines Varga", client=True)
    for name in ("Once", "Again"):
        with transaction.atomic():
            rename.soon(pk=person.pk, name=name)
        person.refresh_from_db()
        assert person.name == name


def test_a_commit_whose_last_statement_is_refused_keeps_nothing() -> None:
    person, other = make("Ines Varga", client=True), make("Moses Otieno", client=True)
    for _time in range(2):
        with pytest.raises(IntegrityError), transaction.atomic():
            rename.soon(pk=person.pk, name="Somebody else")
            rename.soon(pk=other.pk, name=None)
        person.refresh_from_db()
        assert person.name == "Ines Varga" and locked_in_one(other) == [other]


def test_a_rollback_forgets_what_waits_as_far_as_it_goes() -> None:
    person, other = make("Ines Varga", client=True), make("Moses Otieno", client=True)
    with transaction.atomic():
        rename.soon(pk=person.pk, name="Kept")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            rename.soon(pk=other.pk, name="Forgotten")
            1 / 0  # noqa: B018
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rename.soon(pk=other.pk, name="Forgotten")
        1 / 0  # noqa: B018
    assert [locked_in_one(one)[0].name for one in (person, other)] == ["Kept", "Moses Otieno"]


def test_an_answer_that_was_given_up_says_so() -> None:
    person = make("Ines Varga", client=True)
    with transaction.atomic():
        answer = locked.soon(pk=person.pk)
        transaction.set_rollback(True)
    with pytest.raises(ProgrammingError, match="given up"):
        answer()


def test_a_connection_that_is_closed_takes_what_waits_with_it() -> None:
    person = make("Ines Varga", client=True)
    connection.set_autocommit(False)
    try:
        rename.soon(pk=person.pk, name="Nobody")
    finally:
        connection.close()
    assert locked_in_one(person)[0].name == "Ines Varga"
