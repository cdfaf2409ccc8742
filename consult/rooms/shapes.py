"""The parts that what the server says is made of: a head, an actor, a message, the state of a room."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from consult.rooms.commands.fields import MOST
from consult.rooms.commands.messages import ReactionCode

Seq = Annotated[int, Field(ge=0, le=MOST)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="RFC 3339, UTC, milliseconds.")]
Withheld = Literal["retracted", "superseded", "hidden", "withdrawn", "erased"]
Form = Literal["text", "question", "answer", "outcome"]
Doubt = Literal["amended", "disputed"]
CaseStatus = Literal["open", "answered", "consensus", "closed"]
Urgency = Literal["hour", "today", "week", "teaching"]
Mode = Literal["replay", "page", "reset"]
Lost = Literal["room.left", "room.removed", "room.deleted", "room.not_found"]
VerificationStatus = Literal["incomplete", "pending", "verified", "expired"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class Head(Shape):
    """The end of a room's log, or any place in it."""

    epoch: str
    seq: Seq


class Actor(Shape):
    """Who did it, by the name of today; null where empty. A frame's `actor` is itself null where the system acts."""

    id: str
    name: str | None
    profession: str | None
    specialty: str | None
    level: str | None
    acting: Annotated[Literal["moderator"] | None, Field(alias="as")]


class Mention(Shape):
    """A person named in the body, by code points."""

    person: str
    start: Seq
    length: Annotated[int, Field(ge=1, le=MOST)]


class Limits(Shape):
    """What a client obeys; told in `hello` and by /api/v1/meta."""

    frame_bytes: int
    body_chars: int
    replay_events: int
    resume_events: int
    rooms: int
    connections: int
    commands_burst: int
    commands_per_second: float
    posts_burst: int
    posts_per_second: float
    image_bytes: int


class Present(Shape):
    """Who has the room open: how many, how many of each specialty, and some of them by name."""

    count: Count
    by_specialty: dict[str, Count]
    sample: list[Actor]


class PinnedAt(Shape):
    message: str
    seq: Seq


class Lock(Shape):
    """Only moderators write; it ends by itself where `until` is not null."""

    reason: str | None
    actor: Actor | None
    until: Time | None


class Expert(Shape):
    """An expert is asked for; of any specialty where that is null."""

    specialty: str | None


class RoomState(Shape):
    """What a client needs to draw a room at `head`. Of the personal room it is `{}`."""

    role: str | None
    read_seq: Seq
    unread: Count
    mentions: Count
    pins: list[PinnedAt]
    lock: Lock | None
    slow_mode: Count
    answers_exempt: bool
    expert: Expert | None
    moderators: list[Actor]
    silenced_until: Time | None
    silence_reason: str | None
    first_seq: Seq
    present: Present


class CaseCard(Shape):
    """The case that a message opened, as its card shows it."""

    room: str
    status: CaseStatus
    answers: Count
    specialty: str | None
    urgency: Urgency


class MessageItem(Shape):
    """A message in its current state, as the HTTP pages give it."""

    message: str
    seq: Seq
    post_no: Count
    at: Time
    actor: Actor | None
    client_id: str | None
    body: str | None
    mentions: list[Mention] | None
    reply_to: str | None
    images: list[str]
    form: Form
    edited_seq: Seq | None
    withheld: Withheld | None
    reactions: dict[ReactionCode, Count]
    mine: list[ReactionCode]
    case: CaseCard | None
    doubt: Doubt | None


class Empty(Shape):
    """`{}`"""
