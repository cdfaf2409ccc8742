"""What follows when an answer changes that somebody relied on: its mark and votes end, and the asker and every voter are told.

The change itself is a plain edit or retraction; it left a row in rooms_followup, and the worker comes here with the rooms it claimed. Between
the two nothing false is shown: a mark or a vote holds for the version it was given to and for no other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from consult.cases import answers
from consult.cases.models import Amendment, AnswerVote
from consult.rooms import log
from consult.rooms.actions import storing

# What a moderator hid may come back as it was: it only waits, and says that it is hidden.
_RELIED = """
SELECT q.room, q.message, q.person, q.version, q.accepted, m.author_id, m.withheld FROM (
    SELECT v.case_id AS room, v.message_id AS message, v.person_id AS person, v.version, false AS accepted FROM cases_answervote v WHERE v.case_id = ANY(%(rooms)s) AND v.live
    UNION ALL SELECT c.room_id, c.accepted_id, c.asker_id, c.accepted_version, true FROM cases_case c WHERE c.room_id = ANY(%(rooms)s) AND c.accepted_id IS NOT NULL
) q JOIN rooms_message m ON m.id = q.message
WHERE q.version <> coalesce(m.edited_seq, m.seq) OR m.withheld IN ('retracted', 'withdrawn', 'erased') ORDER BY q.message"""
_ASKERS = "SELECT room_id, asker_id FROM cases_case WHERE room_id = ANY(%s)"


class Amended(NamedTuple):
    """One answer that changed, and who relied on it."""

    room: uuid.UUID
    message: uuid.UUID
    author: uuid.UUID | None
    why: str  # edited, retracted, withdrawn, erased
    former: int
    accepted: bool
    people: frozenset[uuid.UUID]  # the asker and every voter


def found(rooms: Sequence[uuid.UUID]) -> list[Amended]:
    """The answers in these cases that changed and whose people were not told yet."""
    with connection.cursor() as cursor:
        cursor.execute(_RELIED, {"rooms": list(rooms)})
        rows = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(_ASKERS, (list(rooms),))
        askers = dict(cursor.fetchall())
    by_message: dict[uuid.UUID, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_message.setdefault(row[1], []).append(row)
    return [_amended(message, those, askers) for message, those in by_message.items()]


def _amended(message: uuid.UUID, those: list[tuple[Any, ...]], askers: Mapping[uuid.UUID, uuid.UUID]) -> Amended:
    room, _, _, _, _, author, withheld = those[0]
    people = frozenset({askers[room], *(person for _, _, person, *_ in those)})
    return Amended(room, message, author, withheld or "edited", max(t[3] for t in those), any(t[4] for t in those), people)


def settle(made: log.Writing, rooms: Sequence[uuid.UUID], rooms_of: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Under the locks of these rooms and of the personal rooms given; who was not known before the locks is told in the next round."""
    for one in found(rooms):
        if one.people <= rooms_of.keys():
            _settle(made, one, rooms_of)
        else:
            made.later.append(("INSERT INTO rooms_followup (room_id, seq, at, tally, wake) VALUES (%s, %s, now(), true, false)", (one.room, one.former)))


def _settle(made: log.Writing, one: Amended, rooms_of: Mapping[uuid.UUID, uuid.UUID]) -> None:
    if one.accepted:
        made.append(one.room, "answer.unaccepted", actor=one.author, message=one.message, data={"why": one.why})
        answers.clear(one.room)
    AnswerVote.objects.filter(message_id=one.message, live=True).update(live=False)
    before = Amendment.objects.filter(message_id=one.message).first()  # who relied on it first saw the words before the first change
    Amendment.objects.update_or_create(
        message_id=one.message,
        defaults={
            "case_id": one.room,
            "former": before.former if before and before.accepted and not one.accepted else one.former,
            "accepted": one.accepted or bool(before and before.accepted),
            "at": made.now,
        },
    )
    data = {"former": one.former, "accepted": one.accepted, "doubt": answers.doubt(one.message)}
    seq = made.append(one.room, "answer.amended", actor=one.author, message=one.message, data=data)
    for person in one.people - {one.author}:
        made.append(rooms_of[person], "case.attention", actor=one.author, data={"room": str(one.room), "seq": seq, "why": "amended"})
    made.later.append(storing.wake(one.room, seq, made.now))
