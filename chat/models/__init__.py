from chat.models.message import Attachment, Message, MessageVersion, Reaction
from chat.models.room import Membership, Room, RoomEvent

__all__ = ["Attachment", "Membership", "Message", "MessageVersion", "Reaction", "Room", "RoomEvent"]
