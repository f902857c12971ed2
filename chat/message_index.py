"""The words of messages and the names of their files, as the others in the room read them, for the search.

The room goes in as a word of its own: a search in one room asks the index once, however much is said elsewhere.
"""

from typing import Any

from django.db import transaction

from chat import hiding
from chat.models import Message, Room
from skilllink.full_text import Index, words
from skilllink.transactions import inside_transaction


def fill(**_: Any) -> None:
    with transaction.atomic():
        _write(Message.objects.all())


INDEX = Index("chat_message_words", fill, keyed=True)


@inside_transaction
def write(message: Message) -> None:
    INDEX.write(message.pk, word_of(message.room_id), _shown(message))


@inside_transaction
def add(message: Message) -> None:
    """The same for one that is new."""
    INDEX.add(message.pk, word_of(message.room_id), _shown(message))


@inside_transaction
def write_room(room: Room) -> None:
    """All of a room anew: from the hire on its words are read as they were written."""
    _write(Message.objects.filter(room=room))


@inside_transaction
def forget_room(room: Room) -> None:
    INDEX.forget_all(word_of(room.pk))


def has_words(text: str) -> bool:
    return bool(words(text))


def word_of(room_id: Any) -> str:
    return f"r{room_id.hex}"


def _shown(message: Message) -> str:
    texts = [message.body, *(file.name for file in message.attachments.all())]
    # each by itself, as it is shown: what stands before a number may say that it is none to call
    return " ".join(hiding.words(text, message.room) for text in texts)


def _write(messages: Any) -> None:
    said = messages.filter(deleted_at__isnull=True, notice="").select_related("room").prefetch_related("attachments")
    for message in said.iterator(chunk_size=500):
        write(message)
