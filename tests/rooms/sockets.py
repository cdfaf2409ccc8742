"""A client of the socket for tests: speaks frames to the whole ASGI application, and remembers what it heard."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from channels.testing import WebsocketCommunicator
from django.db import connection

from consult.clinicians.models import Person
from consult.standing import tickets
from tests import people

HOST = (b"host", b"localhost")
PATIENCE_S = 5.0


async def db(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Runs something that reads or writes the database on a thread of its own."""

    def run() -> Any:
        try:
            return call(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(run)


def ticket_of(person: Person) -> str:
    return tickets.issue(person_id=person.pk, session_key=people.session_of(person))[0]


class Closed(Exception):
    """The server closed; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Socket:
    """One connection. `heard` holds every frame in order; `ask` sends a command and returns its answer."""

    def __init__(self, *headers: tuple[bytes, bytes], host: tuple[bytes, bytes] = HOST) -> None:
        from consult.asgi import application

        self.communicator = WebsocketCommunicator(application, "/ws/v1/", headers=[host, *headers])
        self.heard: list[dict[str, Any]] = []
        self.read = 0  # of `heard`, by frame()
        self.code: int | None = None
        self.ref = 0
        self.ok: dict[str, Any] = {}

    @classmethod
    async def of(cls, person: Person, **hello: Any) -> Socket:
        """Opened with a ticket, greeted."""
        socket = await cls().connect()
        socket.ok = await socket.ask("hello", protocols=[1], client="test/1", ticket=await db(ticket_of, person), **hello)
        assert socket.ok["type"] == "ok", socket.ok
        return socket

    async def connect(self) -> Socket:
        accepted, code = await self.communicator.connect(timeout=PATIENCE_S)
        if not accepted:
            raise Closed(int(code or 0))
        return self

    async def say(self, text: str | bytes) -> None:
        await self.communicator.send_to(text_data=text) if isinstance(text, str) else await self.communicator.send_to(bytes_data=text)

    async def send(self, type: str, **fields: Any) -> int:
        """Sends a command without waiting; its ref."""
        self.ref += 1
        await self.say(orjson.dumps({"type": type, "ref": self.ref, **fields}).decode())
        return self.ref

    async def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        return await self.answer(await self.send(type, **fields))

    async def answer(self, ref: int | None) -> dict[str, Any]:
        return await self.until(lambda f: f["type"] in ("ok", "refused") and f["ref"] == ref)

    async def until(self, wanted: Callable[[dict[str, Any]], Any], patience: float = PATIENCE_S) -> dict[str, Any]:
        """The first frame, heard already or still to come, that is wanted."""
        seen = 0
        async with asyncio.timeout(patience):
            while True:
                for frame in self.heard[seen:]:
                    if wanted(frame):
                        return frame
                seen = len(self.heard)
                await self._hear()

    async def event(self, room: Any, seq: int, patience: float = PATIENCE_S) -> dict[str, Any]:
        return await self.until(lambda f: f["type"] == "event" and f["room"] == str(room) and f["seq"] == seq, patience)

    async def _hear(self) -> None:
        if self.code is not None:
            raise Closed(self.code)
        output = await self.communicator.output_queue.get()
        if output["type"] == "websocket.close":
            self.code = output["code"]
            raise Closed(self.code)
        frames = orjson.loads(output["text"])
        self.heard += frames if isinstance(frames, list) else [frames]

    async def closed(self, patience: float = PATIENCE_S) -> int:
        """The code the server closes with."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    await self._hear()
        except Closed as closed:
            return closed.code

    async def quiet(self, seconds: float = 0.3) -> None:
        """Hears whatever comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._hear()
        except TimeoutError:
            pass

    def seqs(self, room: Any) -> list[int]:
        return [f["seq"] for f in self.events(room)]

    def events(self, room: Any) -> list[dict[str, Any]]:
        return [f for f in self.heard if f["type"] == "event" and f["room"] == str(room)]

    async def enter(self, room: Any, after: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self.ask("room.enter", room=str(room), after=after)

    async def post(self, room: Any, body: str, **fields: Any) -> dict[str, Any]:
        return await self.ask("message.post", room=str(room), id=fields.pop("id", str(uuid.uuid4())), body=body, **fields)

    async def leave(self) -> None:
        await self.communicator.disconnect()
