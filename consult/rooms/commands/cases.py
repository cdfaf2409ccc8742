"""What is done in a case's room: the app of cases carries it out (rooms/carrying.py)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from consult.rooms.commands.fields import ClientUuid, Command, Seq

Vote = Literal["agree", "disagree"]
Verdict = Literal["confirmed", "other", "unclear"]


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
