"""When a consensus is proposed to the asker: a stated rule over people. Arithmetic proposes; only the asker declares.

The rule, for an answer in its current words: at least CONSENSUS_AGREE clinicians beside its author and the asker agree, and at most
CONSENSUS_DISAGREE disagree. For a diagnosis: as many back it, and at most so many back others without backing it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from consult.cases.models import Differential, Status
from consult.rooms.actions import storing
from consult.rooms.models import Message

if TYPE_CHECKING:
    from consult.cases.acting import Act

_ANSWER = """
SELECT count(*) FILTER (WHERE v.vote = 'agree' AND v.person_id <> %(asker)s AND v.person_id IS DISTINCT FROM m.author_id), count(*) FILTER (WHERE v.vote = 'disagree')
FROM rooms_message m JOIN cases_answervote v ON v.message_id = m.id AND v.live AND v.version = coalesce(m.edited_seq, m.seq) WHERE m.id = %(message)s"""
_DIFFERENTIAL = """
SELECT count(DISTINCT b.person_id) FILTER (WHERE d.id = %(differential)s AND b.person_id <> %(asker)s),
       count(DISTINCT b.person_id) FILTER (WHERE b.person_id NOT IN (SELECT person_id FROM cases_backing WHERE differential_id = %(differential)s))
FROM cases_differential d JOIN cases_backing b ON b.differential_id = d.id WHERE d.case_id = %(case)s AND d.withheld IS NULL"""
_ONCE = """
INSERT INTO cases_proposal (case_id, message_id, version, differential_id, at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id"""


def rule() -> dict[str, int]:
    """The rule's two figures, as the API states them."""
    return {"agree": settings.CONSENSUS_AGREE, "disagree": settings.CONSENSUS_DISAGREE}


def _met(query: str, **params: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        agree, disagree = cursor.fetchone()
    return bool(agree >= settings.CONSENSUS_AGREE and disagree <= settings.CONSENSUS_DISAGREE)


def propose_answer(act: Act, message: Message) -> None:
    if _met(_ANSWER, message=message.id, asker=act.case.asker_id):
        _propose(act, message=message.id, version=message.edited_seq or message.seq)


def propose_differential(act: Act, differential: Differential) -> None:
    if _met(_DIFFERENTIAL, differential=differential.id, case=act.room, asker=act.case.asker_id):
        _propose(act, differential=differential.id)


def _propose(act: Act, *, message: uuid.UUID | None = None, version: int | None = None, differential: uuid.UUID | None = None) -> None:
    """Once for the same words, and never where the asker has said so already or is done."""
    if act.case.status in (Status.CONSENSUS, Status.CLOSED):
        return
    with connection.cursor() as cursor:
        cursor.execute(_ONCE, (act.room, message, version, differential, act.made.now))
        if cursor.fetchone() is None:
            return
    data = {} if differential is None else {"differential": str(differential)}
    seq = act.made.append(act.room, "consensus.proposed", actor=None, message=message, data=data)
    act.made.append(act.asker_room, "case.attention", actor=None, data={"room": str(act.room), "seq": seq, "why": "consensus"})
    act.made.later.append(storing.wake(act.room, seq, act.made.now))
