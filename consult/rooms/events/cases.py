"""What happens to a case: its status, its answers, its diagnoses and references, its outcome."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.cases import Verdict, Vote
from consult.rooms.events.data import AboutMessage, Data
from consult.rooms.shapes import CaseStatus, Count, Doubt, Seq, Urgency


class CaseMoved(Data):
    """The case is addressed to another group."""

    case: str
    origin: Annotated[str | None, Field(alias="from")]
    to: str | None


class CaseMerged(Data):
    """The case was asked twice: the answers go on in `into`. In the log of that one it says the same."""

    case: str
    into: str


class CaseParted(Data):
    """The merge was undone: answers to `case` go on in its own room. In the log of `into` it says the same."""

    case: str
    into: str


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
