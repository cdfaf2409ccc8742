"""Votes on answers: one clinician, one vote, counted as people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consult.cases import answers, consensus
from consult.cases.models import AnswerVote
from consult.errors import Refusal

if TYPE_CHECKING:
    from consult.cases.acting import Act


def give(act: Act) -> dict[str, Any]:
    """Agrees or disagrees. Raises Refusal answer.not_found, message.retracted, message.changed, vote.own."""
    message = answers.find(act)
    if message.author_id == act.person:
        raise Refusal("vote.own")
    wanted = {"vote": act.command.vote, "version": answers.version(message), "live": True}
    mine = AnswerVote.objects.filter(message=message, person_id=act.person).first()
    if mine and all(getattr(mine, name) == value for name, value in wanted.items()):
        return {"seq": mine.seq, "unchanged": True}
    seq = act.made.heads[act.room].seq + 1
    AnswerVote.objects.bulk_create(
        [AnswerVote(message=message, person_id=act.person, case=act.case, seq=seq, at=act.made.now, **wanted)],
        update_conflicts=True,
        unique_fields=["message_id", "person_id"],
        update_fields=["vote", "version", "live", "seq", "at"],
    )
    act.made.append(act.room, "vote.cast", actor=act.person, message=message.id, data={"vote": act.command.vote, "doubt": answers.doubt(message.id)})
    consensus.propose_answer(act, message)
    return {"seq": seq}


def withdraw(act: Act) -> dict[str, Any]:
    """Takes one's vote back. Raises Refusal answer.not_found."""
    message = answers.find(act, readable=False)
    if not AnswerVote.objects.filter(message=message, person_id=act.person).delete()[0]:
        return {"seq": act.made.heads[act.room].seq, "unchanged": True}
    return {"seq": act.made.append(act.room, "vote.withdrawn", actor=act.person, message=message.id, data={"doubt": answers.doubt(message.id)})}
