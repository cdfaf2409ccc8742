"""The connection: opening it, entering rooms and leaving them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import Command, Frame, Seq


class Cursor(Frame):
    """A place in a room's log: everything after `seq` is missing."""

    epoch: str
    seq: Seq


class Resume(Frame):
    room: str
    after: Cursor | None


class Hello(Command):
    """Opens the connection: who, which protocols, and the rooms to resume."""

    type: Literal["hello"]
    protocols: Annotated[list[int], Field(min_length=1, max_length=50)]
    client: Annotated[str, Field(max_length=100)]
    ticket: str | None = None
    locale: Annotated[str, Field(max_length=20)] | None = None
    resume: Annotated[list[Resume], Field(max_length=2000)] | None = None


class RoomEnter(Command):
    """Begins a new run of deliveries for this room on this connection."""

    type: Literal["room.enter"]
    room: str
    after: Cursor | None


class RoomLeave(Command):
    """Stops deliveries on this connection; membership stays."""

    type: Literal["room.leave"]
    room: str


class Ping(Command):
    """Answers `server_time`."""

    type: Literal["ping"]
