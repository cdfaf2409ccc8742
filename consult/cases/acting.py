"""An act on a case: a vote, a mark, a diagnosis, a reference, the outcome. One transaction, one event, the same for socket and HTTP.

Here is what all acts share: the locks, the client id, the rights. What each does stands in the module of its noun.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from consult.cases import answers, differentials, outcome, references, votes
from consult.cases.models import Case
from consult.errors import Refusal
from consult.rooms import access, identifying, lanes, limits, log, receipts
from consult.rooms.access import Grant
from consult.rooms.actions import accepting, personal
from consult.rooms.carrying import Asked
from consult.rooms.commands import cases as commands
from consult.rooms.models import Kind


@dataclass(slots=True)
class Act:
    """One act under the locks of the case's room, of the asker's personal room and of the actor's."""

    made: log.Writing
    case: Case
    grant: Grant
    person: uuid.UUID
    client_id: uuid.UUID
    command: Any
    asker_room: uuid.UUID  # the asker's personal room

    @property
    def room(self) -> uuid.UUID:
        return self.case.room_id

    def look(self, field: str, text: str) -> None:
        """Looks for what may identify a patient in words that this act brings. Raises Refusal content.identifier."""
        seen = identifying.look([(field, text)], confirmed=None)
        if seen and seen.refusal:
            raise seen.refusal
        if seen:
            self.made.later.append(identifying.recorded([(self.person, self.room, seen)]))


DOES: dict[type[commands.CaseCommand], Callable[[Act], dict[str, Any]]] = {
    commands.AnswerAccept: answers.accept,
    commands.AnswerUnaccept: answers.unaccept,
    commands.VoteGive: votes.give,
    commands.VoteWithdraw: votes.withdraw,
    commands.DifferentialPropose: differentials.propose,
    commands.DifferentialWithdraw: differentials.withdraw,
    commands.DifferentialBack: differentials.back,
    commands.DifferentialUnback: differentials.unback,
    commands.ReferenceAdd: references.add,
    commands.ReferenceRemove: references.remove,
    commands.OutcomeTell: outcome.tell,
}
ASKERS = (commands.AnswerAccept, commands.AnswerUnaccept, commands.OutcomeTell)
# A lock or a sanction does not keep in the room what its author takes back.
TAKES_BACK = (commands.AnswerUnaccept, commands.VoteWithdraw, commands.DifferentialWithdraw, commands.DifferentialUnback, commands.ReferenceRemove)


def act_many(items: Sequence[Asked]) -> list[dict[str, Any] | Refusal]:
    """For a lane: each answer is what the command's reply says (rooms/replies.py), or a Refusal."""
    return [answer if isinstance(answer, Refusal) else {name: value for name, value in answer.items() if name != "created"} for answer in created_many(items)]


def created_many(items: Sequence[Asked]) -> list[dict[str, Any] | Refusal]:
    """The same with "created": false where this client id had been used for the same before."""
    return lanes.each(act, items)


def act(item: Asked) -> dict[str, Any]:
    """Carries out one act. Answers {"seq","created"} of its event, with "unchanged" where all was so already.

    Raises Refusal request.id_reused, room.*, case.not_found, case.not_asker, case.no_words, vote.visitor, rate.posts, and those of the noun.
    """
    command = item.command
    asker = Case.objects.filter(room_id=item.room).values_list("asker_id", flat=True).first()
    rooms_of = personal.rooms_of([item.person, *([asker] if asker else [])])
    with log.writing([item.room, *rooms_of.values()]) as made:
        request = receipts.before(sender=item.person, client_id=uuid.UUID(command.id), act=command.type, **command.model_dump(exclude={"ref", "id", "type"}))
        if request.answer is not None:
            return request.answer
        grant = access.may_read(person=item.person, room=item.room)
        access.may_write(grant)
        if grant.kind != Kind.CASE or asker is None:
            raise Refusal("case.not_found")
        case = Case.objects.select_related("question").get(room_id=item.room)
        _may(item, case, grant, made)
        answer = DOES[type(command)](Act(made, case, grant, item.person, uuid.UUID(command.id), command, rooms_of[asker]))
        return request.keep(answer)


def _may(item: Asked, case: Case, grant: Grant, made: log.Writing) -> None:
    command, head = item.command, made.heads[item.room]
    if isinstance(command, ASKERS) and not grant.asker:
        raise Refusal("case.not_asker")
    if isinstance(command, TAKES_BACK):
        return
    if grant.visiting:
        raise Refusal("vote.visitor")
    accepting.may_write_now(grant, head, made.now)
    if head.closed and not grant.asker and not grant.moderates:
        raise Refusal("room.closed")
    if case.question.withheld:
        raise Refusal("case.no_words")
    if not item.charged:
        wait, _ = limits.posts.take(item.person)
        if wait:
            raise Refusal("rate.posts", retry_after_ms=wait)
        item.charged = True
