"""Prepared statements answer as the querysets that describe them, each time with the values of that time."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from chat import groups, messages
from chat.models import Membership, Message, Room
from payment.models import Account, Escrow
from skilllink.clocks import now
from skilllink.ids import uuid7
from skilllink.prepared import insert, new, prepared, prepared_update, together
from users.models import Delivery, Notification, NotificationCounter, Sanction, User

pytestmark = pytest.mark.django_db


def accounts_of(*people: User) -> list[Account]:
    return [Account.objects.create(kind="wallet", user=one, currency="USD", balance=5) for one in people]


def test_rows_come_with_what_they_are_joined_to_and_are_of_the_value_that_is_given(
    client_person: User, freelancer: User
) -> None:
    @prepared
    def of(user: Any, currency: Any) -> "QuerySet[Account]":
        return Account.objects.select_related("user").filter(user=user, currency=currency)

    mine, theirs = accounts_of(client_person, freelancer)
    for _again in range(8):  # beyond the number of uses from which on the driver prepares
        assert of(user=client_person.pk, currency="USD") == [mine]
        (found,) = of(user=freelancer.pk, currency="USD")
        with CaptureQueriesContext(connection) as asked:
            assert found == theirs and found.user == freelancer and found.balance == 5
        assert not asked.captured_queries
        assert of(user=freelancer.pk, currency="EUR") == []


def test_a_row_becomes_what_django_makes_of_it(client_person: User) -> None:
    @prepared
    def of(pk: Any) -> "QuerySet[Membership]":
        return Membership.objects.select_related("room", "user").filter(pk=pk)

    groups.create(client_person, "Glaze talk")
    usual = Membership.objects.select_related("room", "user").get()
    (found,) = of(pk=usual.pk)
    with CaptureQueriesContext(connection) as asked:
        for mine, theirs in ((found, usual), (found.user, usual.user), (found.room, usual.room)):
            assert type(mine) is type(theirs) and mine == theirs
            assert {field.attname: getattr(mine, field.attname) for field in mine._meta.concrete_fields} == {
                field.attname: getattr(theirs, field.attname) for field in theirs._meta.concrete_fields
            }
            assert (
                (mine._state.adding, mine._state.db) == (theirs._state.adding, theirs._state.db) == (False, "default")
            )
    assert not asked.captured_queries
    found.delete()
    assert not Membership.objects.exists()


def test_an_outer_join_that_finds_nothing_gives_nothing(client_person: User) -> None:
    @prepared
    def of(pk: Any) -> "QuerySet[Message]":
        return Message.objects.select_related("reply_to", "author").filter(pk=pk)

    room = groups.create(client_person, "Glaze talk")
    message = messages.post(room, client_person, "Hello", client_id="hello-0001")
    with CaptureQueriesContext(connection) as asked:
        (found,) = of(pk=message.pk)
        assert found.reply_to is None and found.author == client_person
    assert len(asked.captured_queries) == 1


def test_a_queryset_of_anything_but_whole_models_and_lists_is_refused(client_person: User) -> None:
    wallets = Account.objects.filter(user=client_person)
    for described in (
        wallets.values("pk"),
        wallets.only("currency"),
        wallets.annotate(double=F("balance") * 2),
        wallets.prefetch_related("user"),
        wallets.values_list("pk").distinct().order_by("currency"),  # selects what it sorts by
    ):
        if connection.vendor == "postgresql":
            with pytest.raises(TypeError):
                prepared(lambda pk, rows=described: rows.filter(pk=pk))(pk=1)
        else:  # Django itself reads it
            assert prepared(lambda pk, rows=described: rows.filter(pk=pk))(pk=1) == []


def test_constants_mean_the_same_in_the_statement_as_beside_it(client_person: User) -> None:
    @prepared
    def of(user: Any) -> "QuerySet[Account]":
        return Account.objects.filter(user=user, kind=Account.Kind.WALLET, balance__gt=4).exclude(
            currency__in=("'%", "%s")
        )

    title = "100 % of \\ 'it'; %s"

    @prepared
    def named(pk: Any) -> "QuerySet[Room]":
        return Room.objects.filter(pk=pk, title=title, public=True)

    mine = accounts_of(client_person)
    assert of(user=client_person.pk) == mine
    room, other = (groups.create(client_person, name, public=True) for name in ("Glaze talk", "100 %"))
    Room.objects.filter(pk=room.pk).update(title=title)
    assert (named(pk=room.pk), named(pk=other.pk)) == ([room], [])


def test_value_lists_come_in_the_order_that_was_asked_for(client_person: User) -> None:
    @prepared
    def of(user: Any) -> "QuerySet[Any]":
        return Account.objects.filter(user=user).annotate(double=F("balance") * 2).values_list("double", "currency")

    accounts_of(client_person)
    assert of(user=client_person.pk) == [(10, "USD")]


def test_an_update_says_how_many_rows_it_changed_and_may_change_others_next_time(
    client_person: User, freelancer: User
) -> None:
    @prepared_update
    def add(pk: Any, **more: Any) -> Any:
        return Room.objects.filter(pk=pk), {name: F(name) + value for name, value in more.items()}

    room, other = (groups.create(client_person, title) for title in ("Glaze talk", "Kiln talk"))
    before = room.seq, room.version, other.seq
    assert [add(pk=room.pk, seq=more) for more in (1, 40_000, 5_000_000)] == [1, 1, 1]
    assert add(pk=room.pk, version=3) == 1
    assert add(pk=uuid7(), version=3) == 0
    room.refresh_from_db()
    other.refresh_from_db()
    assert (room.seq, room.version, other.seq) == (before[0] + 5_040_001, before[1] + 3, before[2])


def test_a_moment_that_would_stand_still_is_refused(client_person: User) -> None:
    @prepared
    def measures(user: Any) -> "QuerySet[Sanction]":
        return Sanction.objects.filter(user=user, until__gt=now())

    if connection.vendor == "postgresql":
        with pytest.raises(TypeError, match="moment"):
            measures(user=client_person.pk)
    else:  # described anew each time
        assert measures(user=client_person.pk) == []


def test_a_new_row_is_what_its_model_makes_of_the_same_values(client_person: User) -> None:
    note = Notification(recipient=client_person, seq=1, event="money.halted")
    values = {"id": note.pk, "recipient": client_person, "actor_id": None, "seq": 1, "event": "money.halted"}
    made = new(Notification, **values | {"created_at": note.created_at})
    there, here = note.__dict__.copy(), made.__dict__.copy()
    before, after = there.pop("_state"), here.pop("_state")
    assert (before.adding, before.fields_cache) == (after.adding, after.fields_cache)
    assert there == here and made.params is not note.params
    assert new(Delivery, notification=None, recipient_id=client_person.pk, due_at=now()).notification is None
    with pytest.raises(ValueError, match="AnonymousUser"):
        new(Notification, recipient=client_person, actor=AnonymousUser(), event="money.halted")
    with pytest.raises(TypeError, match="evnet"):
        new(Notification, recipient=client_person, evnet="money.halted")
    with pytest.raises(TypeError, match="account"):
        new(Message, room=None, account=Account())


@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_new_rows_are_written_however_many(client_person: User, number: int) -> None:
    NotificationCounter.objects.create(user=client_person, seq=number)
    notes = [
        Notification(recipient=client_person, seq=n, event="money.halted", params={"count": str(n)})
        for n in range(number)
    ]
    with CaptureQueriesContext(connection) as asked:
        insert(notes, [Delivery(notification=note, recipient=client_person, due_at=now()) for note in notes])
    if connection.vendor == "postgresql" and number in (1, 3):
        assert len(asked.captured_queries) == 1
    there = Notification.objects.filter(deliveries__status="waiting").order_by("seq")
    assert [(note.pk, note.params) for note in there] == [(note.pk, note.params) for note in notes]
    assert not any(note._state.adding for note in notes)


def test_rows_that_are_inserted_together_are_written_at_the_end_by_one_statement_or_not_at_all(
    client_person: User,
) -> None:
    NotificationCounter.objects.create(user=client_person, seq=2)
    notes = [Notification(recipient=client_person, seq=n, event="money.halted", params={}) for n in (1, 2)]
    with pytest.raises(ZeroDivisionError), together():
        insert(notes[:1])
        raise ZeroDivisionError
    assert not Notification.objects.exists()
    with CaptureQueriesContext(connection) as asked, together():
        insert(notes[:1])
        insert(notes[1:], [Delivery(notification=notes[1], recipient=client_person, due_at=now())])
        assert not asked.captured_queries
    if connection.vendor == "postgresql":
        assert len(asked.captured_queries) == 1
    assert list(Notification.objects.order_by("seq")) == notes
    assert Delivery.objects.get().notification == notes[1]


def test_what_is_asked_is_counted_with_all_other_statements(client_person: User) -> None:
    @prepared
    def none(pk: Any) -> "QuerySet[Escrow]":
        return Escrow.objects.filter(pk=pk)

    with CaptureQueriesContext(connection) as asked:
        none(pk=client_person.pk)
    assert len(asked.captured_queries) == 1
