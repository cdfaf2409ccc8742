"""What a client may ask: one type a command, and `parse()`, which refuses everything that is not one.

The same types check the socket's frames and the bodies of their HTTP twins; docs/protocol.md, the JSON Schema and
protocol.ts are generated from them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consult.errors import Refusal
from consult.rooms.identifying import Confirmable

MOST = 2**53 - 1
DEEPEST = 16

Ref = Annotated[int, Field(ge=1, le=MOST, description="Number of the command, unique while unanswered.")]
Seq = Annotated[int, Field(ge=0, le=MOST, description="A position in a room's log.")]
ClientUuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", description="A lower-case UUID made by the client.")]
Confirmed = Annotated[list[Confirmable], Field(max_length=20, description="Feature `identifiers`: kinds of identifiers that the author says are none, or may stay.")]
ReactionCode = Literal["agree", "useful", "thanks", "discuss"]
Vote = Literal["agree", "disagree"]
Verdict = Literal["confirmed", "other", "unclear"]


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Cursor(Frame):
    """A place in a room's log: everything after `seq` is missing."""

    epoch: str
    seq: Seq


class Resume(Frame):
    room: str
    after: Cursor | None


class MentionAt(Frame):
    """A person named in the body, by code points."""

    person: str
    start: Seq
    length: Annotated[int, Field(ge=1, le=MOST)]


class Command(Frame):
    ref: Ref


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


class CaseCommand(Command):
    """What is done in a case's room. The client's `id` makes a repeated send harmless."""

    room: str
    id: ClientUuid


class AnswerAccept(CaseCommand):
    """The asker marks the answer that helped, in place of the one before; `base` is the seq of the version seen."""

    type: Literal["answer.accept"]
    message: str
    base: Seq


class AnswerUnaccept(CaseCommand):
    """The asker takes the mark back."""

    type: Literal["answer.unaccept"]
    message: str


class VoteGive(CaseCommand):
    """Agrees or disagrees with an answer by somebody else, in place of one's vote before; `base` is the seq of the version seen."""

    type: Literal["vote.give"]
    message: str
    base: Seq
    vote: Vote


class VoteWithdraw(CaseCommand):
    """Takes one's vote back."""

    type: Literal["vote.withdraw"]
    message: str


class DifferentialPropose(CaseCommand):
    """Proposes a diagnosis, and backs it; one that was proposed before is backed."""

    type: Literal["differential.propose"]
    label: Annotated[str, Field(max_length=400)]


class DifferentialWithdraw(CaseCommand):
    """Takes back a diagnosis that one proposed oneself."""

    type: Literal["differential.withdraw"]
    differential: str


class DifferentialBack(CaseCommand):
    """Backs a proposed diagnosis; several may be backed."""

    type: Literal["differential.back"]
    differential: str


class DifferentialUnback(CaseCommand):
    """Backs it no longer."""

    type: Literal["differential.unback"]
    differential: str


class ReferenceAdd(CaseCommand):
    """Hangs a DOI or the https link of a guideline on an answer."""

    type: Literal["reference.add"]
    message: str
    link: Annotated[str, Field(max_length=1000)]


class ReferenceRemove(CaseCommand):
    """Takes away a reference that one added, or that hangs on one's own answer."""

    type: Literal["reference.remove"]
    reference: str


class OutcomeTell(CaseCommand):
    """The asker tells how it ended: a message of the form `outcome`, and whether what was thought proved right."""

    type: Literal["outcome.tell"]
    body: str
    verdict: Verdict


class ReadMark(Command):
    """Says how far one has read; never goes back."""

    type: Literal["read.mark"]
    room: str
    seq: Seq


class Typing(Command):
    """Tells the others that one is writing; not stored."""

    type: Literal["typing"]
    room: str


Share = Annotated[float, Field(ge=0, le=1, description="A share of the picture's width or height, from its upper left.")]


class Place(Frame):
    x: Share
    y: Share


class Arrow(Frame):
    kind: Literal["arrow"]
    start: Place
    end: Place


class Ellipse(Frame):
    kind: Literal["ellipse"]
    x: Share
    y: Share
    w: Share
    h: Share


class Number(Frame):
    kind: Literal["number"]
    at: Place
    n: Annotated[int, Field(ge=1, le=99)]


Drawn = Annotated[Arrow | Ellipse | Number, Field(discriminator="kind")]


class Pointer(Command):
    """Shows the others in the room where one points on a picture, and what one draws; not stored. No `at`: nowhere any more."""

    type: Literal["pointer"]
    room: str
    image: str
    at: Place | None = None
    drawn: Drawn | None = None


class MarkAdd(Command):
    """Keeps a mark on a picture of a message. The client's `id` makes a repeat harmless."""

    type: Literal["mark.add"]
    room: str
    id: ClientUuid
    message: str
    image: str
    drawn: Drawn


class MarkRemove(Command):
    """Takes a mark away: one's own, any on one's own message; moderators any."""

    type: Literal["mark.remove"]
    room: str
    mark: str


class Ping(Command):
    """Answers `server_time`."""

    type: Literal["ping"]


# --- the tools of moderators ---------------------------------------------------------

# One line with something to read in it.
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$"
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE, description="Why, in words that stand on the record.")]
Seconds = Annotated[int, Field(ge=0, le=MOST)]


class Tool(Command):
    """One use of a tool: the client's `id` makes a repeat harmless. `POST /api/v1/rooms/{room}/moderation` is the twin of all of them."""

    room: str
    id: ClientUuid


class Reasoned(Tool):
    reason: Reason


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


class MessageHide(Reasoned):
    """Withholds a message from all alike."""

    type: Literal["message.hide"]
    message: str


class MessageRestore(Reasoned):
    """Shows a hidden message again."""

    type: Literal["message.restore"]
    message: str


class ImageHide(Reasoned):
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


class DifferentialHide(Reasoned):
    """Withholds a proposed diagnosis of a case from all alike; who backs it is kept."""

    type: Literal["differential.hide"]
    differential: str


class DifferentialRestore(Reasoned):
    """Shows a hidden diagnosis again, with those who back it."""

    type: Literal["differential.restore"]
    differential: str


class ReferenceHide(Reasoned):
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


class MemberRemove(Reasoned):
    """Puts a person out of the room; they cannot come back by themselves."""

    type: Literal["member.remove"]
    person: str


class MemberReadmit(Reasoned):
    """Lets a removed person in again."""

    type: Literal["member.readmit"]
    person: str


class RoomSlow(Reasoned):
    """One message each `seconds` a person, up to an hour; 0 ends it. With `answers_exempt` not for who answers somebody."""

    type: Literal["room.slow"]
    seconds: Seconds
    answers_exempt: bool


class RoomLock(Reasoned):
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


class ExpertAsk(Reasoned):
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
COMMANDS: dict[str, type[Command]] = {
    c.model_fields["type"].annotation.__args__[0]: c  # type: ignore[union-attr]
    for c in (
        *(Hello, RoomEnter, RoomLeave, MessagePost, MessageEdit, MessageRetract, ReactionAdd, ReactionRemove, ReadMark, Typing, Pointer, MarkAdd, MarkRemove, Ping),
        *(AnswerAccept, AnswerUnaccept, VoteGive, VoteWithdraw, DifferentialPropose, DifferentialWithdraw, DifferentialBack, DifferentialUnback),
        *(ReferenceAdd, ReferenceRemove, OutcomeTell, *TOOLS),
    )
}


class Invalid(Refusal):
    """`frame.invalid`, with the frame's `ref` where it had a valid one."""

    def __init__(self, fields: list[str], ref: int | None = None) -> None:
        # What a stranger named a field is said back, so it must be sayable: short, and valid UTF-8.
        super().__init__("frame.invalid", fields=[f[:60].encode("utf-8", "replace").decode() for f in fields[:20]])
        self.ref = ref


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def decode(text: str) -> Any:
    """Strict JSON (RFC 8259): no repeated key, NaN, BOM, lone surrogate, nesting over 16. Raises Invalid."""
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except (ValueError, RecursionError):
        raise Invalid(["frame"]) from None
    ref = ref_of(value)
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise Invalid(["frame"], ref)
    if "\\u" in text or "\\U" in text:
        try:
            orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:  # a lone surrogate, or an integer beyond 64 bits: neither is a value of any field
            raise Invalid(_unsayable(value), ref) from None
    return value


def _unsayable(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return ["frame"]
    fields = []
    for key, item in value.items():
        try:
            orjson.dumps({key: item})
        except TypeError:
            fields.append(key)
    return fields or ["frame"]


def _depth(value: Any) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, depth = todo.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            todo.extend((x, depth + 1) for x in (item.values() if isinstance(item, dict) else item))
    return deepest


def ref_of(frame: Any) -> int | None:
    ref = frame.get("ref") if isinstance(frame, dict) else None
    return ref if isinstance(ref, int) and not isinstance(ref, bool) and 1 <= ref <= MOST else None


def check(frame: Any) -> Command:
    """A decoded frame as its command. Raises Invalid naming every field that is wrong."""
    if not isinstance(frame, dict):
        raise Invalid(["frame"])
    kind, ref = frame.get("type"), ref_of(frame)
    model = COMMANDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Invalid(["type"], ref)
    try:
        return model.model_validate(frame)
    except ValidationError as error:
        raise Invalid(sorted({str(e["loc"][0]) for e in error.errors(include_url=False, include_context=False, include_input=False)}), ref) from None


def parse(text: str) -> Command:
    return check(decode(text))


def twin(text: str, **fields: Any) -> Command:
    """The body of an HTTP request as the command whose remaining fields (type, room) stand in its address."""
    body = decode(text)
    if not isinstance(body, dict) or body.keys() & {"ref", *fields}:
        raise Invalid(sorted(body.keys() & {"ref", *fields}) if isinstance(body, dict) else ["frame"])
    return check({**body, **fields, "ref": 1})
