"""Words can be changed for a while, and the refusal afterwards says how long that is."""

from datetime import timedelta
from typing import Any

import pytest

from chat import groups, messages
from skilllink import clocks
from skilllink.ids import uuid7
from users.models import User


def test_a_message_is_changed_for_as_long_as_the_rule_says_and_the_refusal_names_it(
    client_person: User, settings: Any
) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"MESSAGE_EDIT_WINDOW": timedelta(hours=1)}
    room = groups.create(client_person, "Glaze talk")
    message = messages.post(room, client_person, "Ash glazs", client_id=uuid7().hex)
    with clocks.at(message.at + timedelta(minutes=59)):
        messages.edit(message, by=client_person, body="Ash glaze")
    with clocks.at(message.at + timedelta(minutes=61)), pytest.raises(messages.TooLate, match="for 1 hour"):
        messages.edit(message, by=client_person, body="Salt glaze")
    message.refresh_from_db()
    assert message.body == "Ash glaze"
    assert message.versions.count() == 1
