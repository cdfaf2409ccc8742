"""One device of a person: keeps a cursor a room and an outbox, comes back as the protocol says, and journals all that passes.

It believes nothing: what it was told is for the checker to judge. Here is only what a faithful client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import socket
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import connect

from .journal import Journal
from .tally import Tally

STOP = {4400, 4401, 4403, 4413, 4426}
BASE_S, CAP_S = 0.5, 30.0
ANSWER_S = 6.0  # a frame or a request that waits longer is asked again
Sent = dict[str, Any]


@dataclass
class Person:
    id: str
    token: str
    http: httpx.AsyncClient


@dataclass
class Device:
    """`name` is unique in the run; a socket's name adds a number for each connection."""

    name: str
    person: Person
    port: int
    rooms: list[str]
    journal: Journal
    tally: Tally
    rng: random.Random
    cursors: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    own: dict[str, dict[str, int]] = field(default_factory=dict)  # room -> own message -> seq of its latest version
    seen: dict[str, list[str]] = field(default_factory=dict)  # room -> messages
    outbox: list[Sent] = field(default_factory=list)  # unanswered, in their order
    posted: list[Sent] = field(default_factory=list)
    waiting: dict[int, Sent] = field(default_factory=dict)
    stands: dict[str, int] = field(default_factory=dict)  # room -> the last seq of what this connection hears of it
    ready: bool = False
    stopped: int | None = None
    ending: bool = False

    def __post_init__(self) -> None:
        self.cursors = dict.fromkeys(self.rooms)
        self.wanted = set(self.rooms)
        self.ws: Any = None
        self.socket = ""
        self.numbers, self.refs = itertools.count(1), itertools.count(1)
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.heard = 0.0
        self.silence = 50.0
        self.reconnect_at: float | None = None
        self.not_before = 0.0

    # --- connections ---------------------------------------------------------------

    async def live(self) -> None:
        """Until `ending`, or a close code that says stop."""
        tries = 0
        while not self.ending and self.stopped is None:
            began = time.monotonic()
            code = await self._connection()
            if self.ending:
                return
            if code in STOP:
                self.stopped = code
                return
            steady = self.said_hello and time.monotonic() - began > 30
            tries = 0 if steady else tries + 1
            # n goes back to 0 once hello was ok and 30 s passed: a run is shorter, so a first loss counts as one.
            wait = self.rng.uniform(0, min(CAP_S, BASE_S * 2 ** min(tries - 1, 4)))
            await asyncio.sleep(max(wait, self.not_before - time.monotonic()))

    async def _connection(self) -> int:
        self.ready = self.said_hello = False
        self.shut = True  # what leaves then leaves nowhere
        self.reconnect_at = None
        ticket = await self._ticket()
        if ticket is None:
            return self.stopped or 0
        self.tally.knocking(+1)
        try:
            if not await self._knock():
                return 0
            return await self._talk(ticket)
        finally:
            if not self.said_hello:
                self.tally.knocking(-1)

    async def _ticket(self) -> str | None:
        try:
            answer = await self.person.http.post("/api/v1/tickets")
        except httpx.HTTPError:
            return None
        self.tally.status(answer)
        if answer.status_code in (401, 403):
            self.stopped = 4403 if answer.status_code == 403 else 4401
        return str(answer.json()["ticket"]) if answer.status_code == 200 else None

    async def _knock(self) -> bool:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # a reader that stops is felt soon
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
            self.ws = await connect(
                f"ws://127.0.0.1:{self.port}/ws/v1/", sock=sock, compression=None, max_size=None, max_queue=4, ping_interval=None, open_timeout=5, close_timeout=1, proxy=None
            )
        except websockets.InvalidStatus as refused:
            self._turned_away(refused)
            return False
        except (OSError, TimeoutError, websockets.WebSocketException, EOFError):
            sock.close()
            return False
        self.socket = f"{self.name}.{next(self.numbers)}"
        self.journal.write("open", socket=self.socket, person=self.person.id)
        return True

    def _turned_away(self, refused: websockets.InvalidStatus) -> None:
        self.tally.handshake(refused.response.status_code)
        after = refused.response.headers.get("Retry-After")
        if refused.response.status_code == 503 and after is not None:
            # Spread: who is told the same second would come back in the same second.
            self.not_before = time.monotonic() + float(after) * self.rng.uniform(1, 2)

    async def _talk(self, ticket: str) -> int:
        watch = asyncio.create_task(self._watch())
        self.heard = time.monotonic()
        self.shut = False
        code = 1006
        try:
            self.resumed = set(self.wanted)
            resume = [{"room": room, "after": self.cursors[room]} for room in self.rooms if room in self.resumed]
            await self._send({"type": "hello", "protocols": [1], "ticket": ticket, "client": "chaos/1", **({"resume": resume} if resume else {})})
            while True:
                await self.flowing.wait()
                text = await self.ws.recv()
                self.heard = time.monotonic()
                message = json.loads(text)
                for frame in message if isinstance(message, list) else [message]:
                    self.journal.write("got", socket=self.socket, person=self.person.id, frame=frame)
                    await self._take(frame)
        except websockets.ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd else (end.sent.code if end.sent and self.ending else 1006)
        finally:
            self.ready, self.shut = False, True
            watch.cancel()
            self.waiting.clear()
            self.entered.clear()
            self.stands.clear()
            self.ws.transport.abort()
            self.journal.write("closed", socket=self.socket, person=self.person.id, code=code)
            self.tally.closed(code)
        return code

    async def _watch(self) -> None:
        """Drops a connection that went silent, and comes back when a draining node said so."""
        while True:
            await asyncio.sleep(0.1)
            now = time.monotonic()
            if self.flowing.is_set() and now - self.heard > self.silence:
                self.tally.silent += 1
                self.ws.transport.abort()
            elif self.reconnect_at is not None and now >= self.reconnect_at:
                await self.ws.close()

    # --- the wire -------------------------------------------------------------------

    async def _send(self, command: Sent) -> None:
        if self.shut:  # whoever sends had not heard of it yet; nothing would leave, and the outbox keeps it
            return
        ref = next(self.refs)
        frame = {**{k: v for k, v in command.items() if not k.startswith("_")}, "ref": ref}
        self.waiting[ref] = command
        command["_sent"] = time.monotonic()
        self.journal.write("sent", socket=self.socket, person=self.person.id, frame=frame)
        with contextlib.suppress(websockets.ConnectionClosed):  # the reader hears of it too, and the outbox keeps it
            await self.ws.send(json.dumps(frame))

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "ok":
                await self._ok(self.waiting.pop(frame["ref"], {}), frame)
            case "refused":
                await self._refused(self.waiting.pop(frame["ref"], {}), frame)
            case "event":
                self._event(frame)
            case "entered":
                await self._positioned(frame)
            case "left":
                self._lose(frame["room"])
            case "reconnect":
                self.tally.told_to_reconnect += 1
                self.reconnect_at = time.monotonic() + frame["after_ms"] / 1000

    async def _ok(self, asked: Sent, frame: dict[str, Any]) -> None:
        match asked.get("type"):
            case "hello":
                self.said_hello = self.ready = True
                self.stands[frame["personal"]["room"]] = frame["personal"]["head"]["seq"]
                self.tally.knocking(-1)
                self.silence = 2 * frame["heartbeat_ms"] / 1000
                for room in sorted(self.wanted - self.resumed):  # changed its mind while it connected
                    await self._send({"type": "room.enter", "room": room, "after": self.cursors[room]})
                for room in sorted(self.resumed - self.wanted):
                    if room in self.cursors:
                        await self._send({"type": "room.leave", "room": room})
                for command in list(self.outbox):
                    await self._send(command)
            case "room.enter":
                await self._positioned(frame)
            case "room.leave":
                self.entered.discard(asked["room"])
                self.stands.pop(asked["room"], None)
            case _:
                self.tally.answered(asked)
        self._settle(asked)

    async def _refused(self, asked: Sent, frame: dict[str, Any]) -> None:
        self.tally.refused(frame)
        if frame.get("retry_after_ms"):
            self.not_before = time.monotonic() + frame["retry_after_ms"] / 1000 if frame["code"] == "frame.flood" else self.not_before
        if not frame["temporary"]:
            self._settle(asked)
            if asked.get("type") == "room.enter" and frame["code"] in ("room.not_found", "room.not_member"):
                self._lose(asked["room"])
        elif asked in self.outbox or asked.get("type") == "room.enter":
            asyncio.get_running_loop().call_later(max(0.2, frame["retry_after_ms"] / 1000), self._again, asked, self.socket)

    def _again(self, command: Sent, socket: str) -> None:
        if self.socket == socket and self.ready and (command in self.outbox or command.get("type") == "room.enter"):
            self.tally.keep(asyncio.create_task(self._send(command)))

    def _settle(self, command: Sent) -> None:
        if command in self.outbox:
            self.outbox.remove(command)

    async def _positioned(self, frame: dict[str, Any]) -> None:
        """ok of room.enter, or `entered`: what follows begins after the cursor (replay) or after the head (page, reset)."""
        room, head = frame["room"], frame["head"]
        self.entered.add(room)
        self.tally.modes[frame["mode"]] += 1
        known = self.cursors.get(room)
        self.stands[room] = known["seq"] if frame["mode"] == "replay" and known else head["seq"]
        if frame["mode"] == "replay":
            return
        after = self.cursors.get(room) if frame["mode"] == "page" else None
        self.cursors[room] = head
        self.tally.keep(asyncio.create_task(self._pages(room, after, head)))

    async def _pages(self, room: str, after: dict[str, Any] | None, head: dict[str, Any]) -> None:
        """Mode page: every event from the cursor to the head; reset: the newest page."""
        seq = after["seq"] if after else max(0, head["seq"] - 100)
        while seq < head["seq"]:
            answer = await self.patiently("GET", f"/api/v1/rooms/{room}/events", params={"after": seq, "limit": 200})
            if answer is None or answer.status_code != 200:
                return
            events = [event for event in answer.json()["events"] if event["seq"] <= head["seq"]]
            for event in events:
                self._note(event)
            seq = events[-1]["seq"] if events else head["seq"]

    def _event(self, frame: dict[str, Any]) -> None:
        room, cursor = frame["room"], self.cursors.get(frame["room"])
        if room in self.stands:
            self.stands[room] = frame["seq"]
        if room not in self.wanted:
            return
        if cursor is None or frame["epoch"] != cursor["epoch"] or frame["seq"] > cursor["seq"]:
            self.cursors[room] = {"epoch": frame["epoch"], "seq": frame["seq"]}
            self._note(frame)

    def _note(self, event: dict[str, Any]) -> None:
        room, message = event["room"], event["data"].get("message")
        if event["kind"] == "message.posted":
            self.seen.setdefault(room, []).append(message)
        mine = event["actor"] and event["actor"]["id"] == self.person.id
        if mine and event["kind"] in ("message.posted", "message.edited"):
            self.own.setdefault(room, {})[message] = event["seq"]
        elif event["kind"] == "message.retracted":
            self.own.get(room, {}).pop(message, None)

    def _lose(self, room: str) -> None:
        """The client deletes its copy, and what it would have sent there."""
        self.wanted.discard(room)
        self.entered.discard(room)
        for copy in (self.cursors, self.own, self.seen, self.stands):
            copy.pop(room, None)
        self.outbox = [command for command in self.outbox if command.get("room") != room]

    # --- what a person does -----------------------------------------------------------

    async def put(self, command: Sent) -> None:
        """Into the outbox, and out at once where the connection is ready."""
        if self.stopped is not None or (command["room"] not in self.wanted and command["type"] != "message.post"):
            return
        self.outbox.append(command)
        if command["type"] == "message.post":
            self.posted.append(command)
        if self.ready:
            await self._send(command)

    async def enter(self, room: str) -> None:
        if self.ready and room in self.cursors:
            self.wanted.add(room)
            await self._send({"type": "room.enter", "room": room, "after": self.cursors[room]})
        elif room in self.cursors:
            self.wanted.add(room)

    async def leave(self, room: str) -> None:
        if room in self.wanted:
            self.wanted.discard(room)
            if self.ready:
                await self._send({"type": "room.leave", "room": room})

    async def resend(self) -> None:
        """Everything it ever posted, acknowledged or not, with the same ids."""
        for command in list(self.posted):
            if self.ready:
                await self._send(dict(command))

    async def stall(self, seconds: float) -> None:
        self.flowing.clear()
        await asyncio.sleep(seconds)
        self.heard = time.monotonic()
        self.flowing.set()

    async def patiently(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """A request as a client makes it: what has no answer, or a temporary refusal, is asked again. None: not any more."""
        tries = 0
        while not self.ending:
            try:
                answer = await self.person.http.request(method, path, **more)
                self.tally.status(answer)
                if answer.status_code not in (429, 502, 503, 504):
                    return answer
            except httpx.HTTPError:
                self.tally.unanswered += 1
            tries += 1
            await asyncio.sleep(self.rng.uniform(0.05, min(2.0, 0.1 * 2**tries)))
        return None

    async def close(self) -> None:
        self.ending = True
        if self.ready:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.ws.close(), 2)
