"""The tools of moderators, all of them in TOOLS; rooms/actions/tools.py carries them out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import MOST, ClientUuid, Command

# One line with something to read in it.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=LINE, description="Why, in words that stand on the record.")]
Seconds = Annotated[int, Field(ge=0, le=MOST)]


class Tool(Command):
    """One use of a tool: the client's `id` makes a repeat harmless. `POST /api/v1/rooms/{room}/moderation` is the twin of all of them."""

    room: str
    id: ClientUuid


class Reasoned(Tool):
    reason: Reason


Lasts = Annotated[int, Field(ge=0, le=MOST, description="Seconds, from a minute to a year, after which it ends by itself; without, it lasts until somebody ends it.")]


class Lasting(Reasoned):
    lasts: Lasts | None = None


class ModeratorJoin(Reasoned):
    """Arrives in a room of one's remit, for all to see: from then on one reads, and writes as a moderator."""

    type: Literal["moderator.join"]


class ModeratorLeave(Tool):
    """Ends one's visit."""

    type: Literal["moderator.leave"]


class ModeratorCall(Reasoned):
    """Calls a moderator of the room in, or (no `person`) all of them."""

    type: Literal["moderator.call"]
    person: str | None = None


class MessageHide(Lasting):
    """Withholds a message from all alike."""

    type: Literal["message.hide"]
    message: str


class MessageRestore(Reasoned):
    """Shows a hidden message again."""

    type: Literal["message.restore"]
    message: str


class ImageHide(Lasting):
    """Withholds one picture of a message."""

    type: Literal["image.hide"]
    message: str
    image: str


class ImageRestore(Reasoned):
    """Shows a withheld picture again."""

    type: Literal["image.restore"]
    message: str
    image: str


class ImageAskMask(Reasoned):
    """Asks the author to mask what a picture shows; it is hidden until that is done."""

    type: Literal["image.ask_mask"]
    message: str
    image: str


class DifferentialHide(Lasting):
    """Withholds a proposed diagnosis of a case from all alike; who backs it is kept."""

    type: Literal["differential.hide"]
    differential: str


class DifferentialRestore(Reasoned):
    """Shows a hidden diagnosis again, with those who back it."""

    type: Literal["differential.restore"]
    differential: str


class ReferenceHide(Lasting):
    """Withholds a reference on an answer."""

    type: Literal["reference.hide"]
    reference: str


class ReferenceRestore(Reasoned):
    """Shows a hidden reference again."""

    type: Literal["reference.restore"]
    reference: str


class MemberSilence(Reasoned):
    """Keeps a person from writing here, for a minute up to a year."""

    type: Literal["member.silence"]
    person: str
    seconds: Seconds


class MemberUnsilence(Reasoned):
    """Lets a silenced person write again."""

    type: Literal["member.unsilence"]
    person: str


class MemberRemove(Lasting):
    """Puts a person out of the room; they cannot come back by themselves."""

    type: Literal["member.remove"]
    person: str


class MemberReadmit(Reasoned):
    """Lets a removed person in again."""

    type: Literal["member.readmit"]
    person: str


class RoomSlow(Lasting):
    """One message each `seconds` a person, up to an hour; 0 ends it. With `answers_exempt` not for who answers somebody."""

    type: Literal["room.slow"]
    seconds: Seconds
    answers_exempt: bool


class RoomLock(Lasting):
    """Only moderators may write from now on."""

    type: Literal["room.lock"]


class RoomUnlock(Reasoned):
    """Members may write again."""

    type: Literal["room.unlock"]


class PinAdd(Tool):
    """Keeps a message in sight of the room. Its owners may do that too."""

    type: Literal["pin.add"]
    message: str
    reason: Reason | None = None
    lasts: Lasts | None = None


class PinRemove(Tool):
    """Takes a message from among the pinned."""

    type: Literal["pin.remove"]
    message: str
    reason: Reason | None = None


class ThreadMove(Reasoned):
    """Moves a message and the replies to it to another group."""

    type: Literal["thread.move"]
    message: str
    to: str


class CaseMove(Reasoned):
    """Addresses a case to another group."""

    type: Literal["case.move"]
    to: str


class CaseMerge(Reasoned):
    """Closes a case that was asked twice, and points to the other."""

    type: Literal["case.merge"]
    into: str


class ExpertAsk(Lasting):
    """Marks a room's question as needing an expert."""

    type: Literal["expert.ask"]
    specialty: Annotated[str, Field(max_length=8)] | None = None


class ExpertUnask(Reasoned):
    """The expert was found, or is not needed."""

    type: Literal["expert.unask"]


TOOLS = (
    ModeratorJoin, ModeratorLeave, ModeratorCall, MessageHide, MessageRestore, ImageHide, ImageRestore, ImageAskMask, MemberSilence, MemberUnsilence, MemberRemove, MemberReadmit,
    DifferentialHide, DifferentialRestore, ReferenceHide, ReferenceRestore,
    RoomSlow, RoomLock, RoomUnlock, PinAdd, PinRemove, ThreadMove, CaseMove, CaseMerge, ExpertAsk, ExpertUnask,
)  # fmt: skip
