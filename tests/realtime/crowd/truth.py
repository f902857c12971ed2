"""What the database says at the end, and how it differs from what the crowd shows and was told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.realtime.crowd.person import Person, Poller
from tests.realtime.crowd.view import Row

MEMBERS = "SELECT user_id::text, joined_seq FROM chat_membership WHERE room_id = %s AND left_at IS NULL"
EVENTS = "SELECT seq, kind, user_id::text FROM chat_roomevent WHERE room_id = %s ORDER BY seq"
MESSAGES = """
SELECT seq, author_id::text, body, edited_at IS NOT NULL, deleted_at IS NOT NULL,
  (SELECT json_agg(json_build_array(sign, people) ORDER BY sign) FROM (
    SELECT sign, json_agg(user_id::text ORDER BY user_id::text) AS people FROM chat_reaction
    WHERE message_id = chat_message.id GROUP BY sign) AS signs),
  client_id
FROM chat_message WHERE room_id = %s ORDER BY seq
"""


@dataclass
class Truth:
    """One room."""

    head: int
    members: dict[str, int]  # a person's id → the number under which they came
    events: list[tuple[int, str, str]]
    messages: list[Row]  # as `shown` has them
    numbers: dict[str, list[int]] = field(default_factory=dict)  # client_id → where it stands


def read(url: str) -> dict[str, Truth]:
    """Every room by its topic, all as of one moment."""
    found = {}
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for room, head in connection.execute("SELECT id, seq FROM chat_room").fetchall():
            members = dict(connection.execute(MEMBERS, [room]).fetchall())
            truth = Truth(head, members, connection.execute(EVENTS, [room]).fetchall(), [])
            for *row, signs, client_id in connection.execute(MESSAGES, [room]).fetchall():
                truth.messages.append((*row, sorted((sign, sorted(people)) for sign, people in signs or ())))
                truth.numbers.setdefault(client_id, []).append(row[0])
            found[f"room:{room}"] = truth
    return found


def settled(people: Iterable[Person], truths: dict[str, Truth]) -> bool:
    """Whether everyone is where they are, has heard of everything there, and has nothing left to send."""
    return all(
        not person.outbox
        and set(person.views) == {topic for topic, truth in truths.items() if person.id in truth.members}
        and all(view.last >= truths[topic].head for topic, view in person.views.items())
        for person in people
    )


def differences(people: Sequence[Person], truths: dict[str, Truth]) -> list[Any]:
    """Everything that isn't as promised."""
    found: list[Any] = []
    for topic, truth in truths.items():
        if [seq for seq, _kind, _user in truth.events] != list(range(1, truth.head + 1)):
            found.append(("a log with gaps or repetitions", topic, truth.events))
    for person in people:
        found += [("answered", person.id, wrong) for wrong in person.wrong]
        found += [("told twice on one line", person.id, told) for told in person.twice]
        for topic, truth in truths.items():
            found += _shown(person, topic, truth)
            found += _told(person, topic, truth)
        found += _said(person, truths)
    return found


def _shown(person: Person, topic: str, truth: Truth) -> list[Any]:
    """The rendered sequence of a member is the database's, each once, in order; who is none takes themselves for none."""
    since, view = truth.members.get(person.id), person.views.get(topic)
    if since is None or view is None:
        return [("a member or not", person.id, topic, since, view)] if (since is None) != (view is None) else []
    wanted, there = [row for row in truth.messages if row[0] > since], view.rendered()
    if there == wanted:
        return []
    return [
        ("shown", person.id, topic, f"to {view.last} of {truth.head}"),
        *(("  only shown", row) for row in there if row not in wanted),
        *(("  not shown", row) for row in wanted if row not in there),
        *[("  order", [row[0] for row in there])] * (sorted(map(str, there)) == sorted(map(str, wanted))),
    ]


def _told(person: Person, topic: str, truth: Truth) -> list[Any]:
    """No event from before they came or after they went, or were put out, reached them: lost or not, by any door."""
    theirs = [(seq, kind) for seq, kind, user in truth.events if user == person.id and kind.startswith("member.")]
    came, rights = 0, set[int]()
    for seq, kind in theirs:
        if kind == "member.joined":
            came = seq
        elif kind == "member.left":
            rights |= set(range(came, seq + 1))
            came = 0
    if came:
        rights |= set(range(came, truth.head + 1))
    wrongly = sorted(person.reached[topic] - rights)
    return [("told without a right to it", person.id, topic, wrongly, "came and went", theirs)] if wrongly else []


def _said(person: Person, truths: dict[str, Truth]) -> list[Any]:
    """What was acked is there, once, under that number; all else at most once; what was refused at once, not at all."""
    found: list[Any] = [("never answered", person.id, message) for message in person.outbox]
    for client_id, (topic, words) in person.sent.items():
        there = truths[topic].numbers.get(client_id, [])
        if client_id in person.acked and there != [person.acked[client_id]]:
            found.append(("acked", person.id, words, person.acked[client_id], there))
        refused = client_id in person.refused and person.tries[client_id] == 1 and not isinstance(person, Poller)
        if len(there) > (0 if refused else 1):
            found.append(("said", person.id, words, there, person.refused.get(client_id)))
    return found
