"""The limit: an ASGI application that sends what it gets to everyone on the same path, and nothing else.

Nothing is kept, nobody is asked who they are, one process hears only itself, a reader that stalls holds up all.
"""

import json
from collections import defaultdict
from typing import Any

rooms: dict[str, set[Any]] = defaultdict(set)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    room = rooms[scope["path"]]
    room.add(send)
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            said = json.loads(message["text"])["message"]
            told = {"type": "websocket.send", "text": json.dumps({"message": said})}
            for one in list(room):
                await one(told)
    finally:
        room.discard(send)
