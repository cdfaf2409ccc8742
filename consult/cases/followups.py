"""What follows a post or a change in a case's room, off the path of the message: the number of answers, the status, the card, the marks.

The post leaves one row in rooms_followup, in its own transaction. `run_once` takes such rows in the transaction that holds
their effect: whatever happens in between, each is done once. Many posts to one case become one `case.updated`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from consult.cases import amendments, words
from consult.cases.models import Case, Status
from consult.cases.status import updated
from consult.database import away
from consult.rooms import log
from consult.rooms.actions import changes, membership, personal
from consult.rooms.models import Role

logger = logging.getLogger("consult.cases")
BATCH = 20  # cases a transaction: it holds the locks of their rooms and groups

_WAITING = """
SELECT f.room_id, c.group_id
FROM (SELECT room_id, min(id) AS oldest FROM (SELECT id, room_id FROM rooms_followup WHERE tally ORDER BY id LIMIT 1000) x GROUP BY room_id ORDER BY 2 LIMIT %s) f
LEFT JOIN cases_case c ON c.room_id = f.room_id"""
# A row whose people are still to be woken stays for the one who wakes them.
_CLAIM = """
WITH mine AS MATERIALIZED (SELECT id, wake FROM rooms_followup WHERE tally AND room_id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED),
handed AS (UPDATE rooms_followup f SET tally = false FROM mine WHERE f.id = mine.id AND mine.wake RETURNING f.room_id),
done AS (DELETE FROM rooms_followup f USING mine WHERE f.id = mine.id AND NOT mine.wake RETURNING f.room_id)
SELECT room_id FROM handed UNION ALL SELECT room_id FROM done"""
# By the hour: the room list asks for the last 30 days. It is an index entry, so not one for each post.
_MOVED = """
UPDATE rooms_audience a SET moved_at = r.last_at FROM rooms_room r WHERE r.id = a.room_id AND a.room_id = ANY(%s) AND a.moved_at < r.last_at - interval '1 hour'"""
_TALLY = """
SELECT c.room_id, n.answers, n.first, q.withheld, k.withheld,
       coalesce((SELECT a.author_id FROM rooms_message a WHERE a.room_id = c.room_id AND a.form = 'answer' ORDER BY a.seq DESC LIMIT 1), c.asker_id)
FROM cases_case c JOIN rooms_message q ON q.id = c.question_id LEFT JOIN rooms_message k ON k.id = c.card_id
CROSS JOIN LATERAL (SELECT count(*) AS answers, min(a.at) AS first FROM rooms_message a WHERE a.room_id = c.room_id AND a.form = 'answer' AND a.withheld IS NULL) n
WHERE c.room_id = ANY(%s)"""


class _Tally(NamedTuple):
    room: uuid.UUID
    answers: int
    first: datetime | None
    question: str | None  # why its words are withheld
    card: str | None
    by: uuid.UUID  # whose post it follows


def run_once() -> int:
    """Does what waits for up to BATCH cases, in one transaction; how many rows it was. 0: nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, (BATCH,))
        waiting = cursor.fetchall()
    if not waiting:
        return 0
    try:
        return _together(waiting)
    except Exception as error:
        if away(error):
            raise
        logger.exception("follow-ups failed together")
    return sum(_alone(*one) for one in waiting)


def _alone(room: uuid.UUID, group: uuid.UUID | None) -> int:
    """One case that fails must not keep the others waiting: it is given up, and counted anew at its next post."""
    try:
        return _together([(room, group)])
    except Exception as error:
        if away(error):
            raise
        logger.exception("a follow-up failed", extra={"room": str(room)})
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, ([room],))
        return len(cursor.fetchall())


def _together(waiting: Sequence[tuple[uuid.UUID, uuid.UUID | None]]) -> int:
    rooms = [room for room, _ in waiting]
    newcomers = _newcomers(rooms)
    rooms_of = personal.rooms_of({*(person for _, person in newcomers), *(person for one in amendments.found(rooms) for person in one.people)})
    with log.writing([*rooms, *(group for _, group in waiting if group), *rooms_of.values()]) as made:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, (rooms,))
            claimed = [room for (room,) in cursor.fetchall()]
            cursor.execute(_MOVED, (claimed,))
        _settle(made, list(dict.fromkeys(claimed)))
        amendments.settle(made, claimed, rooms_of)
        words.index(list(dict.fromkeys(claimed)))
        for room, person in set(newcomers) & set(_newcomers(claimed)):
            membership.admit(made, rooms_of, room=room, roles={person: Role.MEMBER}, by=person, from_start=True)
    return len(claimed)


def _newcomers(rooms: Sequence[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(case, person) for who has answered a case by its audience rule and does not follow it yet: from then on they do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.room_id, a.author_id FROM rooms_message a LEFT JOIN rooms_membership m ON m.room_id = a.room_id AND m.person_id = a.author_id "
            "WHERE a.room_id = ANY(%s) AND a.form = 'answer' AND m.id IS NULL",
            (list(rooms),),
        )
        rows: list[tuple[uuid.UUID, uuid.UUID]] = cursor.fetchall()
        return rows


def _settle(made: log.Writing, rooms: Sequence[uuid.UUID]) -> None:
    cases = Case.objects.in_bulk(rooms)
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, (list(rooms),))
        tallies = [_Tally(*row) for row in cursor.fetchall()]
    for tally in tallies:
        case = cases[tally.room]
        _withhold_both(made, case, tally)
        status = _status(case, tally.answers)
        if (status, tally.answers) == (case.status, case.answers):
            continue
        first = case.first_answer_at or tally.first if tally.answers else None
        moved = {} if status == case.status else {"status_at": made.now, "status_by": None}
        Case.objects.filter(room_id=tally.room).update(status=status, answers=tally.answers, first_answer_at=first, **moved)
        updated(made, case, status=status, answers=tally.answers, by=tally.by)


def _status(case: Case, answers: int) -> str:
    """A new answer answers an open case; without any it is open again. The rest is the asker's to say."""
    if case.status == Status.OPEN and answers > case.answers:
        return str(Status.ANSWERED)
    if case.status == Status.ANSWERED and not answers:
        return str(Status.OPEN)
    return case.status


def _withhold_both(made: log.Writing, case: Case, tally: _Tally) -> None:
    """The question and its card are the same words: who takes back one takes back the other."""
    group, card, question, asker = case.group_id, case.card_id, case.question_id, case.asker_id
    if card is None or group not in made.heads:
        return
    room, message = (group, card) if tally.question == "retracted" else (case.room_id, question)
    if {tally.question, tally.card} in ({"retracted", None}, {"retracted", "hidden"}):
        changes.withhold(message, "retracted", made.append(room, "message.retracted", actor=asker, message=message))
