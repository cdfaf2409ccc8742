"""Messages: writing and changing them, reactions, how far one has read, and that one is writing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import MOST, ClientUuid, Command, Confirmed, Frame, Seq

ReactionCode = Literal["agree", "useful", "thanks", "discuss"]


class MentionAt(Frame):
    """A person named in the body, by code points."""

    person: str
    start: Seq
    length: Annotated[int, Field(ge=1, le=MOST)]


class MessagePost(Command):
    """Writes a message. The client's `id` makes a repeated send harmless."""

    type: Literal["message.post"]
    room: str
    id: ClientUuid
    body: str
    reply_to: str | None = None
    images: Annotated[list[str], Field(max_length=20)] | None = None
    mentions: Annotated[list[MentionAt], Field(max_length=50)] | None = None
    confirmed: Confirmed | None = None


class MessageEdit(Command):
    """Replaces the words of one's own message; `base` is the seq of the version seen."""

    type: Literal["message.edit"]
    room: str
    message: str
    base: Seq
    body: str
    mentions: Annotated[list[MentionAt], Field(max_length=50)] | None = None
    confirmed: Confirmed | None = None


class MessageRetract(Command):
    """Withdraws one's own words; the place stays."""

    type: Literal["message.retract"]
    room: str
    message: str


class ReactionAdd(Command):
    """Puts one of four words on a message."""

    type: Literal["reaction.add"]
    room: str
    message: str
    reaction: ReactionCode


class ReactionRemove(Command):
    """Takes one's reaction back."""

    type: Literal["reaction.remove"]
    room: str
    message: str
    reaction: ReactionCode


class ReadMark(Command):
    """Says how far one has read; never goes back."""

    type: Literal["read.mark"]
    room: str
    seq: Seq


class Typing(Command):
    """Tells the others that one is writing; not stored."""

    type: Literal["typing"]
    room: str
