"""A mail server that keeps what it is sent."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller

from tests.services.processes import free_port


class Mailbox:
    """Listens on `url` until `stop`; `messages` holds every mail, oldest first."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        port = free_port()
        self.url = f"smtp://127.0.0.1:{port}"
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=60)
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(cast(EmailMessage, mail))
        return "250 Kept"

    def stop(self) -> None:
        self.controller.stop()
