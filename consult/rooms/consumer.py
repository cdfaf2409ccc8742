"""The WebSocket door: who comes in, limits, parse, hand over. No rule of a room stands here; obeying.py carries out what is asked."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError

from consult import figures
from consult.database import read_only
from consult.errors import Refusal
from consult.rooms import access, greeting, limits, parsing, wire
from consult.rooms.commands.connection import Hello, RoomEnter
from consult.rooms.commands.fields import Command
from consult.rooms.connection import Connection, refused
from consult.rooms.entering import Ask, Entry, Visit
from consult.rooms.hub import Hub, hub
from consult.rooms.obeying import Obeying
from consult.standing.draining import draining

logger = logging.getLogger("consult.socket")

INVALID_IN_A_ROW = 10
WAITING_FOR_HELLO = 100  # frames a client may send on before its hello is answered


class Consumer(AsyncConsumer):
    channel_layer_alias = None  # the hub delivers; nothing is dispatched to a consumer per message

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.opened = False  # a valid hello was taken up
        self.early: list[Command] = []
        self.invalid = 0
        self.obeying: Obeying | None = None  # with the connection
        self.hello: asyncio.Task[None] | None = None
        self.locale = "fr"
        self.ended = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """One loop over what the server brings: Channels' own makes tasks for each frame, to listen to a layer as well."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Without Channels' thread hop to close old connections: no ORM runs on this thread.
        await {"websocket.connect": self.connect, "websocket.receive": self.receive, "websocket.disconnect": self.disconnect}[message["type"]](message)

    # --- opening ---------------------------------------------------------------

    async def connect(self, message: dict[str, Any]) -> None:
        self.door = greeting.Door(self.scope)
        if not self.door.host_known or self.door.foreign_with_cookie:
            await self.send({"type": "websocket.close", "code": 4403})  # before accepting: HTTP 403
            raise StopConsumer
        if draining() or not greeting.admit():
            await greeting.turn_away(self.scope, self.send)
            raise StopConsumer
        greeting.knock(self)
        self.locale = self.door.locale
        await self.send({"type": "websocket.accept"})
        self.hub: Hub = hub()
        self.outbox, self.transport = greeting.way_out(self.scope, self.base_send, self._too_slow)
        if self.transport is not None:
            self.transport.on_message, self.transport.on_too_large = self._heard, self._too_large
        self.timer = self.hub.loop.call_later(settings.HELLO_S, self._end, 4005, "no hello in time")

    async def disconnect(self, message: dict[str, Any]) -> None:
        self._leave()
        self.outbox.ended = True
        if hasattr(self.outbox, "task"):
            self.outbox.task.cancel()
        raise StopConsumer

    def _leave(self) -> None:
        if not self.ended:
            self.ended = True
            self.timer.cancel()
            greeting.release(self)
            if self.hello:
                self.hello.cancel()
            if self.connection and self.obeying:
                self.obeying.end()
                self.hub.remove(self.connection)

    def _too_slow(self) -> None:
        figures.outbox_overflows.inc()
        self._end(4002, "reader too slow")

    def _end(self, code: int, reason: str) -> None:
        if self.connection:
            self.connection.close(code, reason)
        elif not self.ended:
            figures.closes.labels(str(code)).inc()
            self.outbox.close(code, reason)
        self._leave()

    def _say(self, *frames: bytes) -> None:
        if self.connection:
            self.hub.send(self.connection, *frames)
        else:
            self.outbox.put(wire.Chunk(None, frames))
            self.outbox.flush()

    def _refuse(self, refusal: Refusal, ref: int | None) -> None:
        figures.refusals.labels(refusal.code).inc()
        self._say(refused(refusal, ref, self.locale))

    # --- frames ------------------------------------------------------------------

    async def receive(self, message: dict[str, Any]) -> None:
        self._heard(message.get("text"), message.get("bytes"))

    def _heard(self, text: str | None, data: bytes | None) -> None:
        """One message of the client, from ASGI or straight from our own server class."""
        try:
            if not self.ended:
                self._take(text, data)
        except Exception:
            logger.exception("a message failed")
            self._end(1011, "internal error")

    def _take(self, text: str | None, data: bytes | None) -> None:
        size = len(text) if text is not None else len(data or b"")
        most = limits.LIMITS["frame_bytes"]
        if size > most or (text is not None and size * 4 > most and len(text.encode()) > most):
            return self._too_large()
        command, invalid = None, None
        if text is None:
            invalid = parsing.Invalid(["frame"])
        else:
            try:
                command = parsing.parse(text)
            except parsing.Invalid as refusal:
                invalid = refusal
        if self.connection and not self._within_limits(command, invalid):
            return
        if invalid:
            return self._on_invalid(invalid, text)
        assert command is not None
        self.invalid = 0
        figures.command[command.type].inc()  # type: ignore[attr-defined]
        if self.obeying is None:
            self._before_hello(command)
        else:
            self.obeying.obey(command)

    def _too_large(self) -> None:
        if not self.ended:
            self._refuse(Refusal("frame.too_large"), None)
            self._end(4413, "frame too large")

    def _within_limits(self, command: Command | None, invalid: parsing.Invalid | None) -> bool:
        assert self.connection
        if type(command) is RoomEnter:
            wait, _ = limits.enters.take(self.connection.person)
            owed = 0.0
        else:
            wait, owed = limits.commands.take(self.connection.person)
        if not wait:
            return True
        self._refuse(Refusal("frame.flood", retry_after_ms=wait), command.ref if command else invalid.ref if invalid else None)
        if owed >= 2 * limits.LIMITS["commands_burst"]:
            self._end(4429, "flood")
        return False

    def _on_invalid(self, refusal: parsing.Invalid, text: str | None) -> None:
        if self.connection is None and not self.opened and text is not None and _other_type(text):
            self._refuse(Refusal("hello.expected"), refusal.ref)
            return self._end(4400, "hello expected")
        self.invalid += 1
        self._refuse(refusal, refusal.ref)
        if self.invalid >= INVALID_IN_A_ROW:
            self._end(4400, "malformed frames")

    def _before_hello(self, command: Command) -> None:
        if self.opened:
            if len(self.early) >= WAITING_FOR_HELLO:
                return self._end(4429, "flood")
            self.early.append(command)
        elif not isinstance(command, Hello):
            self._refuse(Refusal("hello.expected"), command.ref)
            self._end(4400, "hello expected")
        elif 1 not in command.protocols:
            self._refuse(Refusal("hello.protocol", protocols=[1]), command.ref)
            self._end(4426, "protocol version")
        elif len({r.room for r in command.resume or ()}) != len(command.resume or ()):
            self._on_invalid(parsing.Invalid(["resume"], command.ref), None)
        else:
            self.opened = True
            self.timer.cancel()
            if command.locale:
                self.locale = "en" if command.locale.lower().startswith("en") else "fr"
            self.hello = asyncio.create_task(self._hello(command))

    # --- hello ---------------------------------------------------------------------

    async def _hello(self, command: Hello) -> None:
        began = self.hub.loop.time()
        held, rooms = [], [r for r in command.resume or () if access.is_room_id(r.room)]
        asks = [Ask(access.room_id(r.room), r.after.epoch if r.after else None, r.after.seq if r.after else 0) for r in rooms]
        try:
            # Whoever holds the session, then the rooms: subscribed before their logs are read.
            await asyncio.wait_for(self.hub.rights.ready.wait(), settings.ACCESS_STALE_S)
            serial = self.hub.rights.serial
            speaker = await self.hub.identify((self.door, command.ticket))
            if isinstance(speaker, greeting.Unwelcome):
                raise speaker
            for id in dict.fromkeys([speaker.personal, *(a.room for a in asks)]):
                held.append(self.hub.hold(id))
            await self._welcome(command, speaker, asks, serial)
        except greeting.Unwelcome as no:
            self._refuse(no.refusal, command.ref)
            self._end(no.close, no.refusal.code)
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError | TimeoutError) or read_only(error):  # read-only: its ticket could not be redeemed
                self._refuse(Refusal("service.unavailable", retry_after_ms=1000), command.ref)
                return self._end(1013, "try again later")
            logger.exception("hello failed")
            self._end(1011, "internal error")
        finally:
            for room in held:
                self.hub.release(room)
            greeting.release(self)
            figures.hello_seconds.observe(self.hub.loop.time() - began)

    async def _welcome(self, command: Hello, speaker: greeting.Speaker, asks: list[Ask], serial: int) -> None:
        named = any(a.room == speaker.personal for a in asks)
        wanted = asks if named else [Ask(speaker.personal, None, 0), *asks]
        unseen = [r.room for r in command.resume or () if not access.is_room_id(r.room)]
        answers = await self.hub.visit(Visit(speaker.person, wanted, speaker.personal, settings.LIMITS["resume_events"]))
        if self.ended:
            return
        self.connection = Connection(
            person=speaker.person,
            card=speaker.card,
            session_key=speaker.session_key,
            session_digest=speaker.session_digest,
            session_ends=speaker.session_ends,
            personal=speaker.personal,
            locale=self.locale,
            outbox=self.outbox,
            transport=self.transport,
            on_close=lambda code: self._leave(),
            next_beat=self.hub.loop.time() + settings.HEARTBEAT_MS / 1000,
        )
        self.obeying = obeying = Obeying(self.hub, self.connection)
        self.hub.add(self.connection)
        if self.hub.rights.serial != serial:  # a session that ended before it was added was not found among the connections
            await self.hub.rights.look_again([self.connection])
            if self.connection.closed is not None:
                return
        own = next(a for a in answers if isinstance(a, Entry) and a.room == speaker.personal)
        if named:
            self._say(greeting.ok(command.ref, speaker, own))
        for answer in answers:
            if not isinstance(answer, Entry):
                self._say(wire.frame(type="left", room=str(answer[0]), code="room.not_found"))
            elif answer is own and not named:
                # Where rights changed meanwhile it is read anew: the head that is told is the one that its events follow.
                await obeying.join(answer, lambda entry: greeting.ok(command.ref, speaker, entry), serial)
            else:
                await obeying.join(answer, lambda entry: wire.frame(type="entered", **entry.told()), serial)
        for room in unseen:
            self._say(wire.frame(type="left", room=room, code="room.not_found"))
        early, self.early = self.early, []
        for waiting in early:
            if not self.ended and self._within_limits(waiting, None):
                obeying.obey(waiting)


def _other_type(text: str) -> bool:
    """Whether an invalid first frame names a command other than hello."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(frame, dict) and isinstance(frame.get("type"), str) and frame["type"] != "hello"
