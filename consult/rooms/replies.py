"""What a command is answered with where it is not refused: one type a reply, and which command has which."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import MOST
from consult.rooms.commands.tools import TOOLS
from consult.rooms.shapes import Empty, Head, Limits, Mode, RoomState, Seq, Shape, Time


class Ok(Shape):
    """Done: committed, where it writes."""

    type: Literal["ok"]
    ref: Annotated[int, Field(ge=1, le=MOST)]


class Me(Shape):
    id: str
    name: str
    profession: str | None
    specialty: str | None
    roles: list[str]


class PersonalRoom(Shape):
    room: str
    head: Head


class HelloOk(Ok):
    """The connection is open: who one is, the limits to obey, and the personal room, which is entered."""

    protocol: int
    server: str
    features: list[str]
    session: str
    me: Me
    personal: PersonalRoom
    limits: Limits
    heartbeat_ms: int
    server_time: Time


class EnterOk(Ok):
    """A run of deliveries begins; `mode` says what follows (section 5)."""

    room: str
    head: Head
    mode: Mode
    state: RoomState | Empty


class PostOk(Ok):
    """The message's place in the log; `duplicate` where this client id was posted before, `held` where a rule keeps it hidden until a moderator has read it."""

    seq: Seq
    message: str
    duplicate: Literal[True] | None = None
    held: Literal[True] | None = None


class ChangeOk(Ok):
    """The `seq` of the event; with `unchanged`, of the last one, for nothing was added."""

    seq: Seq
    unchanged: Literal[True] | None = None


class DifferentialOk(ChangeOk):
    """As the others, and which diagnosis it is."""

    differential: str


class ReferenceOk(ChangeOk):
    """As the others, and which reference it is."""

    reference: str


class ToolOk(Ok):
    """The `seq` of the event and the act on the record; with `unchanged`, of what stood already (`act` is null where that is on no record)."""

    seq: Seq
    act: str | None
    unchanged: Literal[True] | None = None


class MarkOk(Ok):
    """The `seq` of `mark.added`, and the mark's id."""

    seq: Seq
    mark: str


class PingOk(Ok):
    server_time: Time


REPLIES: dict[str, type[Ok]] = {
    "hello": HelloOk,
    "room.enter": EnterOk,
    "room.leave": Ok,
    "message.post": PostOk,
    "message.edit": ChangeOk,
    "message.retract": ChangeOk,
    "reaction.add": ChangeOk,
    "reaction.remove": ChangeOk,
    "answer.accept": ChangeOk,
    "answer.unaccept": ChangeOk,
    "vote.give": ChangeOk,
    "vote.withdraw": ChangeOk,
    "differential.propose": DifferentialOk,
    "differential.withdraw": ChangeOk,
    "differential.back": ChangeOk,
    "differential.unback": ChangeOk,
    "reference.add": ReferenceOk,
    "reference.remove": ChangeOk,
    "outcome.tell": PostOk,
    "read.mark": ChangeOk,
    "typing": Ok,
    "pointer": Ok,
    "mark.add": MarkOk,
    "mark.remove": ChangeOk,
    "ping": PingOk,
    **{tool.model_fields["type"].annotation.__args__[0]: ToolOk for tool in TOOLS},  # type: ignore[union-attr]
}
