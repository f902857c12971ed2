"""The people and rooms of a crowd, written through the verbs; run as `manage.py shell -c`, prints them as JSON."""

import json

from chat import groups, members
from tests import cast
from users import tokens


def main(people: int, rooms: int) -> None:
    """Each room has an owner of its own and two thirds of all the others."""
    everyone = [cast.make(f"Person{number} Crowd") for number in range(people)]
    facts = []
    for person in everyone:
        _row, token = tokens.create(person, name="crowd", scopes=["read", "write"])
        facts.append({"id": str(person.pk), "token": token, "topics": [], "owns": ""})
    for number in range(rooms):
        room = groups.create(everyone[number], f"Room {number}")
        facts[number]["owns"] = f"room:{room.pk}"
        for at, person in enumerate(everyone):
            if at == number or (at + number) % 3:
                members.join(room, person)
                facts[at]["topics"].append(f"room:{room.pk}")
    print(json.dumps(facts))
