"""SkillLink itself, and one frame more: `bench.say` pushes a room's event to the hubs through the channel layer.

The peers keep nothing either. What `message.send` costs, with rights, number and COMMIT, is measured beside it.
"""

import json
from typing import Any

from skilllink.asgi import application as skilllink

from channels.layers import get_channel_layer  # isort: skip

from skilllink.realtime.push import group_name

SAY = '{"type": "bench.say"'


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    async def heard() -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await receive()
            text = message.get("text")
            if text is None or not text.startswith(SAY):
                return message
            said = json.loads(text)
            event = {"type": "bench.said", "message": said["message"]}
            await get_channel_layer().group_send(
                group_name(said["topic"]), {"type": "hub.event", "topic": said["topic"], "event": event}
            )

    await skilllink(scope, heard, send)
