"""How far a case has got: what its asker says. What the number of answers says is the worker's (followups.py)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.audit.models import record
from consult.cases.models import Case, Differential, Status
from consult.errors import Refusal
from consult.rooms import access, log, receipts
from consult.rooms.access import Grant
from consult.rooms.actions import personal
from consult.rooms.models import Kind, Message, Room

NEXT = {  # what the asker may turn a status into; answered and consensus need an answer
    Status.OPEN: {Status.ANSWERED, Status.CONSENSUS, Status.CLOSED},
    Status.ANSWERED: {Status.OPEN, Status.CONSENSUS, Status.CLOSED},
    Status.CONSENSUS: {Status.OPEN, Status.ANSWERED, Status.CLOSED},
    Status.CLOSED: {Status.OPEN, Status.ANSWERED},
}
_ANSWERS = "SELECT count(*) FROM rooms_message WHERE room_id = %s AND form = 'answer' AND withheld IS NULL"


def set_status(
    *, person_id: uuid.UUID, client_id: uuid.UUID, room_id: uuid.UUID, status: str, message_id: uuid.UUID | None = None, differential_id: uuid.UUID | None = None
) -> dict[str, Any]:
    """The asker says how far the case has got; a moderator of the room may too, but for a consensus. Answers {"seq","created"} of `case.updated`.

    A consensus may name the answer or the diagnosis on which it rests. The same status again is answered without an event. Raises Refusal
    request.id_reused, room.*, case.not_asker, case.status, frame.invalid, answer.not_found, differential.not_found.
    """
    group = Case.objects.filter(room_id=room_id).values_list("group_id", flat=True).first()
    with log.writing([personal.room_of(person_id), room_id, *([group] if group else [])]) as made:
        request = receipts.before(
            sender=person_id, client_id=client_id, act="status", room=str(room_id), status=status, message=str(message_id or ""), differential=str(differential_id or "")
        )
        if request.answer is not None:
            return request.answer
        grant = access.may_read(person=person_id, room=room_id)
        _may(grant, status)
        case = Case.objects.select_related("question").get(room_id=room_id)
        if case.question.withheld == "withdrawn":
            raise Refusal("case.no_words")
        rests = _rests(room_id, status, message_id, differential_id)
        if case.status == status and all(getattr(case, name) == value for name, value in rests.items()):
            return {**request.keep({"seq": made.heads[room_id].seq}), "created": False}
        with connection.cursor() as cursor:
            cursor.execute(_ANSWERS, (room_id,))
            answers = cursor.fetchone()[0]
        if case.merged_into_id or status not in {*NEXT[Status(case.status)], case.status} or (status in (Status.ANSWERED, Status.CONSENSUS) and not answers):
            raise Refusal("case.status")
        declared = {"consensus_at": case.consensus_at} if status == Status.CLOSED else {"consensus_at": made.now if status == Status.CONSENSUS else None}
        Case.objects.filter(room_id=room_id).update(status=status, answers=answers, status_at=made.now, status_by_id=person_id, **declared, **rests)
        Room.objects.filter(pk=room_id).update(closed=status == Status.CLOSED)
        acting = None if grant.asker else "moderator"
        if acting:
            record(act="case.status", person=person_id, room=room_id, object=str(room_id), reason=status)
        return request.keep({"seq": updated(made, case, status=status, answers=answers, by=person_id, acting=acting)})


def _may(grant: Grant, status: str) -> None:
    access.may_write(grant)
    if grant.kind != Kind.CASE:
        raise Refusal("room.not_found")
    if not grant.asker and (not grant.moderates or status == Status.CONSENSUS):
        raise Refusal("case.not_asker")
    if status not in Status.values:
        raise Refusal("frame.invalid", fields=["status"])


def _rests(room: uuid.UUID, status: str, message: uuid.UUID | None, differential: uuid.UUID | None) -> dict[str, uuid.UUID | None]:
    """On what a consensus rests; what is closed keeps the one it had."""
    if status != Status.CONSENSUS:
        if message or differential:
            raise Refusal("frame.invalid", fields=["message" if message else "differential"])
        return {} if status == Status.CLOSED else {"consensus_answer_id": None, "consensus_differential_id": None}
    if message and not Message.objects.filter(pk=message, room_id=room, form="answer", withheld=None).exists():
        raise Refusal("answer.not_found")
    if differential and not Differential.objects.filter(pk=differential, case_id=room, withheld=None).exists():
        raise Refusal("differential.not_found")
    return {"consensus_answer_id": message, "consensus_differential_id": differential}


def updated(made: log.Writing, case: Case, *, status: str, answers: int, by: uuid.UUID | None, acting: str | None = None) -> int:
    """Appends `case.updated` to the case's log, where it is a line of its own, and to the group's, where it belongs to the card."""
    room, group, card = case.room_id, case.group_id, case.card_id
    data = {"case": str(room), "status": str(status), "answers": answers}
    if group in made.heads and card:
        seq = made.append(group, "case.updated", actor=by, acting=acting, message=card, data=data)
        Message.objects.filter(pk=card).update(last_event_seq=seq)
    return made.append(room, "case.updated", actor=by, acting=acting, data={**data, "message": str(case.question_id)})
