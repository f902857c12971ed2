#!/usr/bin/env python3
"""Follow a SkillLink room and talk in it, through drops, restarts and reloads. Needs `pip install websockets`.

    SKILLLINK_TOKEN=… python3 chat_client.py https://skilllink.example ROOM state.json

Each line typed is said; each message is printed once, as `number name: words`. A token has the scopes read and write and
is made under Settings, API tokens; ROOM is the id in the room's address. state.json keeps the last number that was seen
and the outbox: what was typed and isn't known to have arrived goes again under the same id, and is said once.

docs/realtime.md is the protocol.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import threading
import urllib.error
import urllib.request
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

FIRST_WAIT, LONGEST_WAIT, FLOODED_WAIT = 0.5, 15, 60  # seconds
ENDS = {4401: "The token has ended.", 4403: "This account can't act now."}
FLOODED = 4429
FRAME = 2**20  # the server's frames have at most 1 MiB
NOT_NOW = ("unavailable", "busy", "outcome_unknown", "too_many")  # refusals that say nothing about the message


class Api:
    """The HTTP half: tickets, and single messages."""

    def __init__(self, site, token):
        self.site, self.headers = site.rstrip("/"), {"Authorization": f"Token {token}"}

    def call(self, method, path):
        request = urllib.request.Request(f"{self.site}/api/v1/{path}", method=method, headers=self.headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)

    def socket_address(self):
        """Good for one connection within 30 seconds."""
        return f"{self.site.replace('http', 'ws', 1)}/ws/?ticket={self.call('POST', 'ws-tickets/')['ticket']}"

    def message(self, pk):
        """A message as it stands, or None where it is none of ours (said before we came)."""
        try:
            return self.call("GET", f"messages/{pk}/")
        except urllib.error.HTTPError as refusal:
            if refusal.code != 404:
                raise
            return None


class Kept:
    """What outlives the program: the last number that was seen, and the outbox, oldest first."""

    def __init__(self, path):
        self.path, self.seq, self.outbox = path, 0, []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
            self.seq, self.outbox = state["seq"], state["outbox"]

    def write(self):
        """Whole or not at all: a crash in between leaves the file as it was."""
        with open(f"{self.path}.new", "w", encoding="utf-8") as file:
            json.dump({"seq": self.seq, "outbox": self.outbox}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{self.path}.new", self.path)

    def say(self, words):
        self.outbox.append({"client_id": str(uuid.uuid4()), "body": words})
        self.write()

    def forget(self, client_id):
        self.outbox = [message for message in self.outbox if message["client_id"] != client_id]
        self.write()


class Client:
    """One room over one socket at a time."""

    def __init__(self, api, room, kept, show=print):
        self.api, self.room, self.topic, self.kept, self.show = api, room, f"room:{room}", kept, show
        self.socket = None
        self.wait = FIRST_WAIT
        self.asked = None  # while a question for the log is under way, what was wanted when it was asked
        self.sending = None  # the client_id that waits for its ack
        self.wanted = 0  # the highest number that was heard of
        self.known = set()  # ids of messages that were shown

    async def run(self):
        """Stay connected, whatever happens, until the right to be here has ended."""
        while True:
            code = 0
            try:
                address = await asyncio.to_thread(self.api.socket_address)
                async with connect(address, max_size=FRAME, compression=None) as self.socket:
                    await self.serve()
            except urllib.error.HTTPError as refusal:
                code = 4401 if refusal.code == 401 else 0
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 0
            except (OSError, WebSocketException) as error:  # not there, or not answering: the next attempt may
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
            self.socket = None
            if code in ENDS:
                sys.exit(ENDS[code])
            await asyncio.sleep((FLOODED_WAIT if code == FLOODED else self.wait) * random.uniform(0.7, 1.3))
            self.wait = min(LONGEST_WAIT, self.wait * 2)

    async def serve(self):
        """Read until the connection ends, or says nothing for three pulses."""
        self.asked, self.sending = None, None
        silence = 10
        while True:
            frame = json.loads(await asyncio.wait_for(self.socket.recv(), silence))
            if frame["type"] == "hello":
                silence, self.wait = max(10, 3 * frame["pulse"]), FIRST_WAIT
                await self.ask()
                await self.send_next()
            else:
                await self.take(frame)

    async def take(self, frame):
        kind, ref = frame["type"], frame.get("ref")
        if kind == "event" and frame["topic"] == self.topic:
            await self.hear(frame["event"])
        elif kind == "pulse":
            self.wanted = max(self.wanted, frame["heads"].get(self.topic, 0))
            await self.ask_if_behind()
            await self.send_next()
        elif kind == "revoked" and frame["topic"] == self.topic:
            sys.exit("You are no longer in this room.")
        elif kind in ("ack", "error") and ref == "log":
            await self.page(frame)
        elif kind in ("ack", "error") and ref == self.sending:
            await self.answered(frame)

    # what is said here

    async def hear(self, event):
        """seq = last + 1 apply · seq <= last ignore · anything larger: fetch what is missing."""
        seq = event.get("seq")
        if seq is None:
            return  # typing, presence, read marks: hints without a number
        self.wanted = max(self.wanted, seq)
        if seq == self.kept.seq + 1:
            await self.apply([event])
            self.reach(seq)
        await self.ask_if_behind()

    async def ask_if_behind(self):
        if self.wanted > self.kept.seq:
            await self.ask()

    async def ask(self):
        if self.asked is None:
            self.asked = self.wanted
            await self.write({"type": "subscribe", "topic": self.topic, "after": self.kept.seq, "ref": "log"})

    async def page(self, answer):
        """The log after the number that was asked for; what came live meanwhile is in it once more."""
        wanted, self.asked = self.asked, None
        if answer["type"] == "error":
            if answer["code"] == "missing":
                sys.exit(answer["sentence"])
            return  # asked again with the next pulse
        before = self.kept.seq
        await self.apply([event for event in answer["events"] if event["seq"] > before])
        self.reach(answer["upto"] if answer["more"] else max(answer["upto"], answer["head"]))
        if answer["more"]:
            self.wanted = max(self.wanted, answer["head"])
        if self.kept.seq > before or self.wanted > wanted:  # else the next pulse asks
            await self.ask_if_behind()

    async def apply(self, events):
        """The log names a message where it was last touched, so its own number is the order to show."""
        told = [(event["type"], await self.whole(event["message"])) for event in events if "message" in event]
        for kind, message in sorted((one for one in told if one[1]), key=lambda one: one[1]["seq"]):
            name = message["author"]["name"] if message["author"] else "SkillLink"
            words = message["notice"]["text"] if message["notice"] else message["body"]
            if message["deleted"]:
                self.show(f"{message['seq']} {name} deleted a message")
            elif message["id"] not in self.known and (kind == "message.posted" or message["seq"] > self.kept.seq):
                self.show(f"{message['seq']} {name}: {words}")
            elif kind == "message.edited":
                self.show(f"{message['seq']} {name} now says: {words}")
            self.known.add(message["id"])

    async def whole(self, message):
        """Of a message from before somebody came, an event only says which one it is: whoever may read it asks."""
        return message if "body" in message else await asyncio.to_thread(self.api.message, message["id"])

    def reach(self, seq):
        self.kept.seq = max(self.kept.seq, seq)
        self.kept.write()

    # what we say

    async def say(self, words):
        self.kept.say(words)
        await self.send_next()

    async def send_next(self):
        """One after the other, so that they arrive in the order they were written."""
        if self.socket and not self.sending and self.kept.outbox:
            message = self.kept.outbox[0]
            self.sending = message["client_id"]
            await self.write({"type": "message.send", "room": self.room, "ref": self.sending, **message})

    async def answered(self, frame):
        """The ack comes after the commit. A message whose ack was lost is sent again and answered with its stored row."""
        client_id, self.sending = self.sending, None
        if frame["type"] == "error" and frame["code"] in NOT_NOW:
            return  # again with the next pulse
        if frame["type"] == "error":
            print(f"Not sent: {frame['sentence']}", file=sys.stderr)
        self.kept.forget(client_id)
        await self.send_next()

    async def write(self, frame):
        with contextlib.suppress(ConnectionClosed):  # `serve` sees it too, and all of this is asked and sent again
            await self.socket.send(json.dumps(frame))


async def main(site, room, path):
    client = Client(Api(site, os.environ["SKILLLINK_TOKEN"]), room, Kept(path), lambda line: print(line, flush=True))
    loop = asyncio.get_running_loop()

    def listen():  # a thread of its own: reading the keyboard must not hold up the socket
        for line in sys.stdin:
            if line.strip():
                asyncio.run_coroutine_threadsafe(client.say(line.strip()), loop)

    threading.Thread(target=listen, daemon=True).start()
    await client.run()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
