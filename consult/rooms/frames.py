"""The frames of the server other than replies: refusals, events, signals, and what becomes of a room; `check()` holds any frame against its type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, create_model

from consult.rooms.commands.fields import MOST
from consult.rooms.events import EVENTS
from consult.rooms.events.data import Data
from consult.rooms.events.pictures import Drawn, Spot
from consult.rooms.replies import REPLIES
from consult.rooms.shapes import Actor, Count, Empty, Head, Lost, Mode, Present, RoomState, Seq, Shape, Time


class TypingData(Data):
    """The actor is writing."""


class PointerData(Data):
    """Where the actor points on a picture, and what they draw there; no `at`: nowhere any more."""

    image: str
    at: Spot | None
    drawn: Drawn | None


SIGNALS: dict[str, type[Shape]] = {"typing": TypingData, "pointer": PointerData, "presence": Present}


class IdentifierAt(Shape):
    """What may identify a patient: by code points of the field of the command that holds it."""

    field: str
    category: Literal["nir", "birth_date", "nir_like", "phone", "email", "address", "record", "name", "rpps"]
    start: Count
    length: Count


class RefusedFrame(Shape):
    """Not done, nothing changed. `ref` is null where the frame had none that is valid."""

    type: Literal["refused"]
    ref: Annotated[int, Field(ge=1, le=MOST)] | None
    code: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$")]
    message: str
    temporary: bool
    retry_after_ms: Count
    fields: list[str] | None = None
    until: Time | None = None
    protocols: list[int] | None = None
    identifiers: list[IdentifierAt] | None = None


class EnteredFrame(Shape):
    """A room was entered by `resume`; its events follow."""

    type: Literal["entered"]
    room: str
    head: Head
    mode: Mode
    state: RoomState | Empty


class LeftFrame(Shape):
    """A room was lost: the last frame for it. The client deletes its copy."""

    type: Literal["left"]
    room: str
    code: Lost


class HeadsFrame(Shape):
    """Heads of the entered rooms that changed since the last `heads`; sent also when empty."""

    type: Literal["heads"]
    rooms: dict[str, Seq]


class ReconnectFrame(Shape):
    """This node is draining: connect again, no sooner than after the delay."""

    type: Literal["reconnect"]
    after_ms: Count


class EventFrame(Shape):
    """An entry of a room's log."""

    type: Literal["event"]
    room: str
    epoch: str
    seq: Annotated[int, Field(ge=1, le=MOST)]
    kind: str
    at: Time
    actor: Actor | None
    data: Any


class SignalFrame(Shape):
    """Ephemeral: no `seq`, may be dropped."""

    type: Literal["signal"]
    room: str
    kind: str
    actor: Actor | None
    data: Any


def _of(base: type[Shape], kind: str, data: type[Shape]) -> type[Shape]:
    """The frame of one kind. Its name is the kind's, so that documents can point at it."""
    name = "".join(part.title() for part in kind.replace("_", ".").split(".")) + base.__name__.removesuffix("Frame")
    return create_model(name, __base__=base, __doc__=data.__doc__, __module__=__name__, kind=(Literal[kind], ...), data=(data, ...))  # type: ignore[arg-type]


EVENT_FRAMES: dict[str, type[Shape]] = {kind: _of(EventFrame, kind, data) for kind, data in EVENTS.items()}
SIGNAL_FRAMES: dict[str, type[Shape]] = {kind: _of(SignalFrame, kind, data) for kind, data in SIGNALS.items()}
FRAMES: dict[str, type[Shape]] = {"refused": RefusedFrame, "entered": EnteredFrame, "left": LeftFrame, "heads": HeadsFrame, "reconnect": ReconnectFrame}


def shape_of(frame: Any, *, answers: str | None = None) -> type[Shape]:
    """The type that a frame of the server must have. An `ok` says not what it answers: `answers` is the command's type.

    Raises KeyError for a frame or kind that is not of the protocol.
    """
    match frame["type"]:
        case "event":
            return EVENT_FRAMES[frame["kind"]]
        case "signal":
            return SIGNAL_FRAMES[frame["kind"]]
        case "ok":
            return REPLIES[answers or "room.leave"]
        case other:
            return FRAMES[other]


def check(text: str | bytes, *, answers: str | None = None) -> Shape:
    """One frame of the server, as it goes over the wire, held against its type. For tests: raises where it does not fit."""
    return shape_of(orjson.loads(text), answers=answers).model_validate_json(text)
