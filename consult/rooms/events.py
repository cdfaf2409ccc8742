"""What a room may hear: one type a kind of event, a signal or a frame of the server.

docs/protocol.md, the JSON Schema, the AsyncAPI file and protocol.ts are generated from these types and from commands.py.
The tests check every frame that the code sends against them, and forbid unknown fields; a client ignores those.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, create_model

from consult.rooms.commands import MOST, TOOLS, ReactionCode, Verdict, Vote

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


# --- the parts -------------------------------------------------------------------


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
    reason: str | None
    actor: Actor | None


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


# --- kinds: the `data` of an event ------------------------------------------------


class Data(Shape):
    """Ids, codes and numbers; content only where a kind says so."""


class AboutMessage(Data):
    message: str


class AboutPerson(Data):
    person: str


class MessagePosted(AboutMessage):
    """A message was written. `post_no` counts messages alone; unread is the difference of two of them."""

    client_id: str | None
    post_no: Count
    body: str | None
    mentions: list[Mention] | None
    reply_to: str | None
    images: list[str]
    form: Form
    withheld: Withheld | None


class MessageEdited(AboutMessage):
    """Its author replaced the words; `base` is the `seq` of the version before."""

    base: Seq
    body: str | None
    mentions: list[Mention] | None
    withheld: Withheld | None


class MessageGone(AboutMessage):
    withheld: Withheld | None = None


class MessageRetracted(MessageGone):
    """Its author took the words back."""


class MessageHidden(MessageGone):
    """A moderator withheld the words."""


class MessageRestored(AboutMessage):
    """The words are shown again; read the message anew, for the event does not carry them."""


class MessageWithdrawn(MessageGone):
    """The patient's consent was withdrawn: the words and pictures are gone for everyone."""


class ReactionAdded(AboutMessage):
    """Somebody put one of the four words on a message."""

    reaction: ReactionCode


class ReactionRemoved(AboutMessage):
    """Somebody took their reaction back."""

    reaction: ReactionCode


class MemberJoined(AboutPerson):
    """A person became a member; `actor` is who joined or who invited."""


class MemberLeft(AboutPerson):
    """A member left by choice."""


class MemberRemoved(AboutPerson):
    """A member was removed."""


class MemberRoleChanged(AboutPerson):
    """A member's role is now `role`."""

    role: Literal["member", "owner", "moderator"]


class MemberSilenced(AboutPerson):
    """A member may not write until `until`; null ends it."""

    until: Time | None


class PersonSuspended(AboutPerson):
    """A person is suspended from the whole service until `until`; null: until it is lifted. In their personal room, and in the room whose events led to it."""

    until: Time | None


class PersonReinstated(AboutPerson):
    """The suspension was lifted before its time."""


class RoomLocked(Data):
    """Only moderators may write. `state.lock` and the room's item hold the reason."""

    reason: str | None = None


class RoomUnlocked(Data):
    """Members may write again."""


class RoomSlowed(Data):
    """One message each `seconds` a person, but for who answers somebody where `answers_exempt`; 0 ends it."""

    seconds: Count
    answers_exempt: bool = False


class PinAdded(AboutMessage):
    """A message is kept in sight of the room."""


class PinRemoved(AboutMessage):
    """A message is no longer pinned."""


class ModeratorJoined(AboutPerson):
    """A moderator is in the room, and why."""

    reason: str | None
    withheld: Withheld | None = None


class ModeratorLeft(AboutPerson):
    """The moderator left the room."""


class ModeratorCalled(Data):
    """A moderator was called in, or (null) all of those whose remit the room is."""

    person: str | None = None


class MemberReadmitted(AboutPerson):
    """A removed person may come in again; who was a member is one again."""


class AboutImage(AboutMessage):
    image: str


class ImageHidden(AboutImage):
    """A moderator withheld a picture of a message."""


class ImageRestored(AboutImage):
    """The picture is shown again."""


class ImageMaskAsked(AboutImage):
    """The author is asked to mask what the picture shows; it is hidden until then."""


Share = Annotated[float, Field(ge=0, le=1)]


class Spot(Shape):
    """In shares of a picture's width and height, from its upper left."""

    x: Share
    y: Share


class ArrowDrawn(Shape):
    kind: Literal["arrow"]
    start: Spot
    end: Spot


class EllipseDrawn(Shape):
    kind: Literal["ellipse"]
    x: Share
    y: Share
    w: Share
    h: Share


class NumberDrawn(Shape):
    kind: Literal["number"]
    at: Spot
    n: Annotated[int, Field(ge=1, le=99)]


Drawn = Annotated[ArrowDrawn | EllipseDrawn | NumberDrawn, Field(discriminator="kind")]


class MarkAdded(AboutImage):
    """A mark stays on a picture, in shares of its width and height."""

    mark: str
    drawn: Drawn


class MarkRemoved(AboutImage):
    """A mark was taken away."""

    mark: str


class ThreadMoved(AboutMessage):
    """The message and the replies to it go on in another room: `to`, where the message is `as_message`."""

    to: str
    as_message: str | None = None
    origin: Annotated[str | None, Field(alias="from")] = None


class CaseMoved(Data):
    """The case is addressed to another group."""

    case: str
    origin: Annotated[str | None, Field(alias="from")]
    to: str | None


class CaseMerged(Data):
    """The case was asked twice: the answers go on in `into`. In the log of that one it says the same."""

    case: str
    into: str


class ExpertAsked(Data):
    """An expert is asked for; of any specialty where that is null."""

    specialty: str | None


class ExpertUnasked(Data):
    """No expert is asked for any more."""


class CaseOpened(Data):
    """In a group's log, after the message that is its card: a question opened a case room."""

    case: str
    message: str | None
    specialty: str | None
    urgency: Urgency
    status: CaseStatus
    answers: Count


class CaseUpdated(Data):
    """A case's status or number of answers changed. In the log of its group `message` is the card, in its own the question."""

    case: str
    message: str | None
    status: CaseStatus
    answers: Count
    specialty: str | None = None
    urgency: Urgency | None = None


class AnswerAccepted(AboutMessage):
    """The asker marked this answer as the one that helped, in place of any before."""

    version: Seq


class AnswerUnaccepted(AboutMessage):
    """The answer is no longer marked: its asker says so, or the words have changed (`why`)."""

    why: Literal["asker", "edited", "retracted", "withdrawn", "erased"]


class AnswerAmended(AboutMessage):
    """An answer on which somebody relied has changed: `former` is the version they saw. Votes for that version count no longer."""

    former: Seq
    accepted: bool
    doubt: Doubt | None


class VoteCast(AboutMessage):
    """Somebody agrees or disagrees with an answer. `doubt` is what is to be said beside the answer from now on."""

    vote: Vote
    doubt: Doubt | None


class VoteWithdrawn(AboutMessage):
    """Somebody took their vote back."""

    doubt: Doubt | None


class AboutDifferential(Data):
    differential: str


class DifferentialProposed(AboutDifferential):
    """A diagnosis was proposed, and is backed by who proposed it; read the case for its words."""


class DifferentialWithdrawn(AboutDifferential):
    """Who proposed it took it back."""


class DifferentialBacked(AboutDifferential):
    """Somebody backs a diagnosis."""


class DifferentialUnbacked(AboutDifferential):
    """Somebody backs it no longer."""


class DifferentialHidden(AboutDifferential):
    """A moderator withheld a diagnosis."""


class DifferentialRestored(AboutDifferential):
    """The diagnosis is shown again, with those who back it."""


class ReferenceAdded(AboutMessage):
    """A reference hangs on an answer; read the case for it."""

    reference: str


class ReferenceRemoved(AboutMessage):
    """A reference was taken away."""

    reference: str


class ReferenceHidden(AboutMessage):
    """A moderator withheld a reference."""

    reference: str


class ReferenceRestored(AboutMessage):
    """The reference is shown again."""

    reference: str


class ConsentRecorded(Data):
    """The asker stated what the patient was told, and how their consent is recorded."""


class ConsentWithdrawn(Data):
    """The patient's consent was withdrawn: `message.withdrawn` follows for each message that rested on it. Drop what you hold of the case."""


class ConsensusProposed(Data):
    """The stated rule is met by an answer or a diagnosis: the asker may declare a consensus, and nobody else does."""

    message: str | None = None
    differential: str | None = None


class CaseUnanswered(AboutMessage):
    """Nobody answered within the time stated for its urgency; the asker is told what to do next."""


class OutcomeDue(AboutMessage):
    """The asker is asked how it ended."""

    weeks: Count


class OutcomeTold(AboutMessage):
    """The asker told how it ended, in this message."""

    verdict: Verdict


# In the personal room.


class CaseAttention(Data):
    """A case asks something of me: at `seq` of its log, and why."""

    room: str
    seq: Seq
    why: Literal["amended", "consensus", "unanswered", "outcome"]


class RoomJoined(Data):
    """I became a member of a room."""

    room: str


class RoomLeft(Data):
    """I am no longer a member, and how that came."""

    room: str
    code: Lost


class RoomRenamed(Data):
    """A room of mine has another title; read its item."""

    room: str


class MentionReceived(Data):
    """Somebody named me."""

    room: str
    seq: Seq


class ReadMarked(Data):
    """I have read a room up to `seq`, on whichever device."""

    room: str
    seq: Seq


class ImageReady(Data):
    """My image can be shown."""

    image: str


class ImageHeld(Data):
    """My image shows a face or words: it is for me alone until I mask or release it."""

    image: str


class ImageRefused(Data):
    """My image cannot be used; `code` is one of the refusals' `image.*`."""

    image: str
    code: str


class ImageShown(Data):
    """A picture of a message was masked or released, and can be seen by its readers from now on."""

    message: str
    image: str


class VerificationDecided(Data):
    """My verification has another state."""

    status: VerificationStatus


class SessionRevoked(Data):
    """A session of mine was ended."""


class PageAsked(Data):
    """Somebody asks me to look at a case."""

    room: str


class ReportDecided(Data):
    """What I reported was decided."""

    report: str


class RoomRead(Data):
    """Over a report and with the agreement of a second one, a moderator read a private room of mine; it is over."""

    room: str


# In the console's room, which moderators enter.


class AboutItem(Data):
    item: str


class ItemOpened(AboutItem):
    """Something waits for a moderator; ask the queue for it."""


class ItemClaimed(AboutItem):
    """The actor works on it."""


class ItemReleased(AboutItem):
    """Nobody works on it any more."""


class ItemDecided(AboutItem):
    """It was decided, and leaves the queue."""


EVENTS: dict[str, type[Data]] = {
    "message.posted": MessagePosted,
    "message.edited": MessageEdited,
    "message.retracted": MessageRetracted,
    "message.hidden": MessageHidden,
    "message.restored": MessageRestored,
    "message.withdrawn": MessageWithdrawn,
    "reaction.added": ReactionAdded,
    "reaction.removed": ReactionRemoved,
    "member.joined": MemberJoined,
    "member.left": MemberLeft,
    "member.removed": MemberRemoved,
    "member.role_changed": MemberRoleChanged,
    "member.silenced": MemberSilenced,
    "room.locked": RoomLocked,
    "room.unlocked": RoomUnlocked,
    "room.slowed": RoomSlowed,
    "pin.added": PinAdded,
    "pin.removed": PinRemoved,
    "moderator.joined": ModeratorJoined,
    "moderator.left": ModeratorLeft,
    "moderator.called": ModeratorCalled,
    "member.readmitted": MemberReadmitted,
    "person.suspended": PersonSuspended,
    "person.reinstated": PersonReinstated,
    "mark.added": MarkAdded,
    "mark.removed": MarkRemoved,
    "image.hidden": ImageHidden,
    "image.restored": ImageRestored,
    "image.mask_asked": ImageMaskAsked,
    "thread.moved": ThreadMoved,
    "case.moved": CaseMoved,
    "case.merged": CaseMerged,
    "expert.asked": ExpertAsked,
    "expert.unasked": ExpertUnasked,
    "image.shown": ImageShown,
    "case.opened": CaseOpened,
    "case.updated": CaseUpdated,
    "answer.accepted": AnswerAccepted,
    "answer.unaccepted": AnswerUnaccepted,
    "answer.amended": AnswerAmended,
    "vote.cast": VoteCast,
    "vote.withdrawn": VoteWithdrawn,
    "differential.proposed": DifferentialProposed,
    "differential.withdrawn": DifferentialWithdrawn,
    "differential.hidden": DifferentialHidden,
    "differential.restored": DifferentialRestored,
    "differential.backed": DifferentialBacked,
    "differential.unbacked": DifferentialUnbacked,
    "reference.added": ReferenceAdded,
    "reference.removed": ReferenceRemoved,
    "reference.hidden": ReferenceHidden,
    "reference.restored": ReferenceRestored,
    "consensus.proposed": ConsensusProposed,
    "consent.recorded": ConsentRecorded,
    "consent.withdrawn": ConsentWithdrawn,
    "case.unanswered": CaseUnanswered,
    "outcome.due": OutcomeDue,
    "outcome.told": OutcomeTold,
    "case.attention": CaseAttention,
    "room.joined": RoomJoined,
    "room.left": RoomLeft,
    "room.renamed": RoomRenamed,
    "mention.received": MentionReceived,
    "read.marked": ReadMarked,
    "image.ready": ImageReady,
    "image.held": ImageHeld,
    "image.refused": ImageRefused,
    "verification.decided": VerificationDecided,
    "session.revoked": SessionRevoked,
    "page.asked": PageAsked,
    "report.decided": ReportDecided,
    "room.read": RoomRead,
    "item.opened": ItemOpened,
    "item.claimed": ItemClaimed,
    "item.released": ItemReleased,
    "item.decided": ItemDecided,
}
PERSONAL = frozenset(
    {
        "case.attention",
        "room.joined",
        "room.left",
        "room.renamed",
        "mention.received",
        "read.marked",
        "image.ready",
        "image.held",
        "image.refused",
        "verification.decided",
        "session.revoked",
        "page.asked",
        "report.decided",
        "room.read",
    }
)
# Named by the protocol, not yet sent: their features are to come. A test tells when one is.
RESERVED = frozenset(
    {
        "room.renamed",
        "session.revoked",
    }
)


class TypingData(Data):
    """The actor is writing."""


class PointerData(Data):
    """Where the actor points on a picture, and what they draw there; no `at`: nowhere any more."""

    image: str
    at: Spot | None
    drawn: Drawn | None


SIGNALS: dict[str, type[Shape]] = {"typing": TypingData, "pointer": PointerData, "presence": Present}


# --- frames -----------------------------------------------------------------------


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


class Empty(Shape):
    """`{}`"""


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


class Close(NamedTuple):
    """A close code: whether the client stops or comes back, and what it says."""

    stop: bool
    why: str


CLOSES: dict[int, Close] = {
    4001: Close(False, "The node is draining, or a room's epoch was replaced."),
    4002: Close(False, "The reader was too slow: more waited for it than `OUTBOX_BYTES`."),
    4003: Close(False, "The heartbeat was missed: neither a frame nor a pong for twice `heartbeat_ms`."),
    4004: Close(False, "The outcome of a write is unknown. Send the same id again."),
    4005: Close(False, "No `hello` in time."),
    4006: Close(False, "The ticket is unknown, used or expired, or its session ended. Get a new one."),
    4007: Close(False, "Replaced: over `limits.connections` the connection longest without a client's frame goes, never the newest."),
    4429: Close(False, "Flood. Come back no sooner than the `retry_after_ms` of a frame before says."),
    1011: Close(False, "A fault of ours."),
    1013: Close(False, "The service cannot take the connection now."),
    4400: Close(True, "Malformed frames: ten in a row, or a first frame that is not `hello`."),
    4401: Close(True, "Not signed in, or the session ended."),
    4403: Close(True, "The account is suspended."),
    4413: Close(True, "A frame was larger than `limits.frame_bytes`."),
    4426: Close(True, "No protocol version in common."),
}


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
