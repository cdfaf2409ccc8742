"""What an open connection asks: each command as a write of a lane, or as a task, answered in the order that its room's line keeps."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError

from consult.errors import OutcomeUnknown, Refusal
from consult.rooms import access, carrying, greeting, lanes, typists, wire
from consult.rooms.actions import changes, marks, messages, posts, reading, tools
from consult.rooms.commands import COMMANDS
from consult.rooms.commands.cases import CaseCommand
from consult.rooms.commands.connection import Hello, Ping, RoomEnter, RoomLeave
from consult.rooms.commands.fields import Command
from consult.rooms.commands.messages import MessageEdit, MessagePost, MessageRetract, ReactionAdd, ReactionRemove, ReadMark, Typing
from consult.rooms.commands.pictures import MarkAdd, MarkRemove, Pointer
from consult.rooms.commands.tools import Tool
from consult.rooms.connection import Connection
from consult.rooms.entering import Ask, Entry, Visit
from consult.rooms.hub import Hub
from consult.rooms.order import Lines, Slot

logger = logging.getLogger("consult.socket")


Write = Callable[[Any, uuid.UUID, uuid.UUID], tuple[lanes.RunMany, Any]]  # of a command, its room and who asks: the action, and what it is given
_WRITES: dict[type[Command], Write] = {
    MessagePost: lambda c, room, person: (messages.post_many, posts.of_command(c, room, person)),
    MessageEdit: lambda c, room, person: (changes.edit_many, changes.Edit(room, person, c.message, c.base, c.body, c.mentions or (), c.confirmed)),
    MessageRetract: lambda c, room, person: (changes.retract_many, changes.Retraction(room, person, c.message)),
    ReactionAdd: lambda c, room, person: (changes.react_many, changes.React(room, person, c.message, c.reaction, True)),
    ReactionRemove: lambda c, room, person: (changes.react_many, changes.React(room, person, c.message, c.reaction, False)),
    ReadMark: lambda c, room, person: (reading.mark_many, reading.Mark(room, person, c.seq)),
    MarkAdd: lambda c, room, person: (marks.add_many, marks.Adding(room, person, uuid.UUID(c.id), c.message, c.image, c.drawn.model_dump())),
    MarkRemove: lambda c, room, person: (marks.remove_many, marks.Removal(room, person, c.mark)),
    CaseCommand: lambda c, room, person: (carrying.carrier(c), carrying.Asked(room, person, c)),
    Tool: lambda c, room, person: (tools.use_many, tools.of_command(c, room, person)),
}
# By the command's own type: asking each of a dozen pydantic types whether it is one took a twentieth of a post's time.
WRITES = {kind: write for kind in COMMANDS.values() for base, write in _WRITES.items() if issubclass(kind, base)}


class Obeying:
    """The commands of one connection, from the first after its hello to the last before it closes."""

    def __init__(self, hub: Hub, connection: Connection) -> None:
        self.hub, self.connection = hub, connection
        self.refs: set[int] = set()  # of what is not answered yet
        self.lines = Lines()
        self.tasks: set[asyncio.Task[None]] = set()
        self.ended = False

    def end(self) -> None:
        """Nothing more is answered. What a lane has is written all the same."""
        self.ended = True
        for task in self.tasks:
            task.cancel()

    def _task(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _say(self, frame: bytes) -> None:
        self.hub.send(self.connection, frame)

    def _refuse(self, refusal: Refusal, ref: int) -> None:
        self.connection.refuse(self.hub, refusal, ref)

    def obey(self, command: Command) -> None:
        self.connection.spoke_at = self.hub.loop.time()
        if type(command) is Hello:
            return self._refuse(Refusal("hello.repeated"), command.ref)
        if command.ref in self.refs:
            return self._refuse(Refusal("frame.ref_reused"), command.ref)
        if type(command) is Ping:
            return self._say(wire.frame(type="ok", ref=command.ref, server_time=wire.time(greeting.now())))
        self.refs.add(command.ref)
        start, barrier = self._plan(command)
        self.lines.add(Slot(command.room, start, barrier))  # type: ignore[attr-defined]

    def _plan(self, c: Any) -> tuple[Callable[[Slot], None], bool]:
        """How a command is carried out: as a write of a lane, or (a barrier) as a task once all before it are answered."""
        kind = type(c)
        if kind is RoomEnter:
            return lambda slot: self._task(self._later(slot, c, self._enter)), True
        if kind is RoomLeave:
            return lambda slot: self._leave_room(slot, c), True
        if kind is Typing or kind is Pointer:
            return lambda slot: self._task(self._later(slot, c, self._tell)), True
        try:
            room = access.room_id(c.room)
        except Refusal as refusal:
            no = refusal
            return lambda slot: self._answer(slot, c, no), False
        run, item = WRITES[kind](c, room, self.connection.person)
        together = run is messages.post_many
        return lambda slot: lanes.submit(room, run, item, together=together, done=lambda result: self._answer(slot, c, result), loop=self.hub.loop), False

    def _answer(self, slot: Slot, command: Any, result: Any) -> None:
        if self.ended:
            return
        if isinstance(result, OutcomeUnknown):
            return self.connection.close(4004, "outcome unknown")  # nothing is answered: the client sends the same id again

        def emit() -> None:
            self.refs.discard(command.ref)
            if isinstance(result, Refusal):
                self._refuse(result, command.ref)
            elif result is not None:
                self._say(wire.frame(type="ok", ref=command.ref, **result))

        self.lines.answer(slot, emit)

    async def _later(self, slot: Slot, command: Any, act: Callable[[Any], Any]) -> None:
        """A barrier's work; whatever becomes of it, it is answered."""
        try:
            result = await act(command)
        except Refusal as refusal:
            result = refusal
        except (OperationalError, InterfaceError):
            result = Refusal("service.unavailable", retry_after_ms=1000)
        except Exception:
            logger.exception("a command failed")
            result = Refusal("request.failed")
        self._answer(slot, command, result)

    async def _enter(self, c: RoomEnter) -> dict[str, Any] | None:
        id = access.room_id(c.room)
        if id not in self.connection.entered and len(self.connection.entered) >= settings.LIMITS["rooms"]:
            raise Refusal("room.limit")
        ask = Ask(id, c.after.epoch if c.after else None, c.after.seq if c.after else 0)
        room = self.hub.hold(id)
        try:
            serial = self.hub.rights.serial
            (entry,) = await self.hub.visit(Visit(self.connection.person, [ask]))
            if isinstance(entry, Entry):
                no = await self.join(entry, lambda e: wire.frame(type="ok", ref=c.ref, **e.told()), serial)
                if no is None:
                    return None  # answered inside, before the first event
                raise no
            raise entry[1]
        finally:
            self.hub.release(room)

    def _leave_room(self, slot: Slot, c: RoomLeave) -> None:
        if access.is_room_id(c.room):
            id = access.room_id(c.room)
            if id == self.connection.personal:
                return self._answer(slot, c, Refusal("room.read_only"))
            self.hub.leave(self.connection, id)
            self.connection.outbox.drop(id)
        self._answer(slot, c, {})

    async def _tell(self, c: Typing | Pointer) -> dict[str, Any]:
        id = access.room_id(c.room)
        card, until = self.connection.cards.get(id), self.connection.silenced.get(id)
        if id == self.connection.personal:
            raise Refusal("room.read_only")
        if card is None:
            grant = await self.hub.read(access.may_read, person=self.connection.person, room=id)
            access.may_write(grant)
            card, until = grant.card, grant.silenced_until
        if until and until > greeting.now():
            raise Refusal("room.silenced", until=wire.time(until))
        pause, at_once, data = typists.PAUSE_S, 1, {}
        if isinstance(c, Pointer):  # leaving a picture is always told, or a pointer would stay where nobody points
            pause, at_once = typists.POINTING_S if c.at else 0.0, typists.POINTING_AT_ONCE
            data = {"image": c.image[:36], "at": c.at and c.at.model_dump(), "drawn": c.drawn and c.drawn.model_dump()}
        if typists.may_tell(self.connection.person, id, pause, at_once):
            self.hub.signals.send(id, wire.frame(type="signal", room=str(id), kind=c.type, actor=card, data=data), but=self.connection.person)
        return {}

    async def join(self, entry: Entry | tuple[Any, Refusal], answer: Callable[[Entry], bytes], serial: int) -> Refusal | None:
        """Makes a room live; reads anew where rights changed since they were read. Returns the Refusal where they are gone."""
        room = self.hub.hold(entry.room if isinstance(entry, Entry) else entry[0])
        try:
            ask = None
            while isinstance(entry, Entry):
                ask = ask or entry.ask
                if await self.hub.join(self.connection, room, entry, answer, serial):
                    return None
                serial = self.hub.rights.serial
                (entry,) = await self.hub.visit(Visit(self.connection.person, [ask]))
            return entry[1]
        finally:
            self.hub.release(room)
