"""Opening a room of a million messages beside one of a hundred, and searching in it. BENCH_MESSAGES makes it smaller."""

import os
import time
from typing import Any

from benchmarks.report import Result

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
FEW, TIMES = 100, 15
RARE = "needle"


def run() -> list[Result]:
    from benchmarks.chats import people
    from benchmarks.money import version

    # each room has a reader of its own: a page also says what is unread in all their rooms
    of_few, of_many, writer = people(3)
    few, many = _room(of_few, writer, FEW), _room(of_many, writer, MESSAGES)
    _analyze()
    took = _opened((of_few, few), (of_many, many))
    seconds = _searched(of_many, many)
    print(
        f"room of {FEW}: {took[few.pk]:.1f} ms, of {MESSAGES:,}: {took[many.pk]:.1f} ms; a search in it {seconds * 1000:.1f} ms"
    )
    about = {"postgresql": version(), "messages": str(MESSAGES), "search_ms": f"{seconds * 1000:.1f}"}
    return [
        Result("chat.open_million.vs_hundred", took[many.pk], took[few.pk], 1.2, "ms", better="lower", versions=about)
    ]


def _room(reader: Any, writer: Any, number: int) -> Any:
    """A room of both with so many messages, which both have read: one is said, the others are copies of its rows."""
    from django.db import connection, transaction

    from chat import groups, members, message_index, messages
    from chat.models import Membership, Message, Room
    from skilllink.ids import uuid7

    room = groups.create(reader, f"Room of {number}", public=True)
    members.join(room, writer)
    said = messages.post(room, writer, f"The first of them is no {RARE}", client_id=uuid7().hex)
    room = Room.objects.get(pk=room.pk)
    copies = number - 1
    own = {
        # in the order of time, as real ones are
        "id": "(lpad(to_hex(%(first)s + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid",
        "seq": "%(seq)s + n",
        "client_id": "'copy-' || lpad(n::text, 8, '0')",
        "body": f"'What was said as number ' || n || CASE WHEN n %% 100000 = 7 THEN ' {RARE}' ELSE '' END",
        "at": "m.at + n * interval '1 millisecond'",
    }
    columns = [field.column for field in Message._meta.concrete_fields]
    values = ", ".join(own.get(column, f'm."{column}"') for column in columns)
    facts = {
        "first": said.pk.int >> 80, "seq": room.seq, "copies": copies, "message": said.pk, "room": room.pk,
        "key": message_index.word_of(room.pk),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        names = ", ".join(f'"{column}"' for column in columns)
        cursor.execute(
            f"INSERT INTO chat_message ({names}) SELECT {values} "  # noqa: S608
            "FROM chat_message m, generate_series(1, %(copies)s) n WHERE m.id = %(message)s",
            facts,
        )
        cursor.execute(
            "INSERT INTO chat_roomevent (room_id, seq, kind, message_id, user_id, at) "
            "SELECT room_id, seq, 'message.posted', id, author_id, at FROM chat_message "
            "WHERE room_id = %(room)s AND seq > %(seq)s",
            facts,
        )
        cursor.execute(
            "INSERT INTO chat_message_words SELECT id, setweight(to_tsvector('simple', %(key)s), 'A') "
            "|| setweight(to_tsvector('simple', lower(body)), 'B') FROM chat_message "
            "WHERE room_id = %(room)s AND seq > %(seq)s",
            facts,
        )
    Room.objects.filter(pk=room.pk).update(seq=room.seq + copies)
    Membership.objects.filter(room=room).update(joined_seq=0, read_seq=room.seq + copies)
    return Room.objects.get(pk=room.pk)


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("ANALYZE")


def _opened(*rooms: tuple[Any, Any]) -> dict[Any, float]:
    """Milliseconds that each (reader, room) takes to open, the median; they take turns, and the first times don't count."""
    from django.test import Client
    from django.urls import reverse

    browsers = []
    for reader, room in rooms:
        browser = Client(headers={"host": "localhost"})
        browser.force_login(reader)
        browsers.append((browser, room))
    took: dict[Any, list[float]] = {room.pk: [] for _reader, room in rooms}
    for turn in range(TIMES + 3):
        for browser, room in browsers:
            began = time.monotonic()
            answer = browser.get(reverse("chat:room", args=[room.pk]))
            took[room.pk].append((time.monotonic() - began) * 1000 if turn >= 3 else 0)
            if answer.status_code != 200:
                raise RuntimeError(f"The room answered {answer.status_code}.")
    return {pk: sorted(times[3:])[TIMES // 2] for pk, times in took.items()}


def _searched(reader: Any, room: Any) -> float:
    """Seconds of a search in a room. Raises RuntimeError unless it is one query that reads indexes alone."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from chat import search

    found = search.find(reader, text=RARE, room=room).prefetch_related(None)[:50]
    began = time.monotonic()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        rows = list(found)
    took = time.monotonic() - began
    plan = found.explain()
    if len(rows) != 1 + len(range(7, MESSAGES, 100_000)) or len(asked) != 1 or "Seq Scan on chat_message" in plan:
        raise RuntimeError(f"{len(rows)} messages in {len(asked)} queries:\n{plan}")
    return took
