from chat.models.message import Attachment, Mention, Message, MessageVersion, Reaction
from chat.models.room import Invitation, Membership, Room, RoomEvent

__all__ = [
    "Attachment",
    "Invitation",
    "Membership",
    "Mention",
    "Message",
    "MessageVersion",
    "Reaction",
    "Room",
    "RoomEvent",
]
