"""What time brings to a case: nobody answered within what its urgency allows; the asker is asked how it ended.

The rows are written when the case opens and taken away in the transaction that holds their effect, so each is done once, whatever dies in between.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from consult.cases.models import Case, Due, Outcome, Status, Urgency
from consult.rooms import log
from consult.rooms.actions import personal, storing

BATCH = 20  # a transaction: it holds the locks of their rooms and of their askers' personal rooms
UNANSWERED, OUTCOME = "unanswered", "outcome"

_WAITING = "SELECT d.id, d.case_id, c.asker_id FROM cases_due d JOIN cases_case c ON c.room_id = d.case_id WHERE d.at <= %s ORDER BY d.at LIMIT %s"
_CLAIM = "DELETE FROM cases_due WHERE id IN (SELECT id FROM cases_due WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED) RETURNING case_id, what, weeks, at"


def wait_of(urgency: str) -> timedelta | None:
    """How long a question of this urgency may stay without an answer before its asker is told what to do; None: they are not."""
    minutes = {Urgency.HOUR: settings.UNANSWERED_HOUR_MIN, Urgency.TODAY: settings.UNANSWERED_TODAY_MIN, Urgency.WEEK: settings.UNANSWERED_WEEK_MIN}.get(Urgency(urgency), 0)
    return timedelta(minutes=minutes) if minutes else None


def plan(case: Case, now: datetime) -> None:
    """Writes down what a case that opens now will be reminded of."""
    wait = wait_of(case.urgency)
    rows = [Due(case=case, what=UNANSWERED, at=now + wait)] if wait else []
    weeks = [int(w) for w in settings.OUTCOME_WEEKS] if case.urgency != Urgency.TEACHING else []
    Due.objects.bulk_create([*rows, *(Due(case=case, what=OUTCOME, weeks=w, at=now + timedelta(weeks=w)) for w in weeks)])


def run_once(now: datetime | None = None) -> int:
    """Does up to BATCH of what is due at `now`; how many rows it was."""
    now = now or datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, (now, BATCH))
        waiting = cursor.fetchall()
    if not waiting:
        return 0
    rooms_of = personal.rooms_of({asker for _, _, asker in waiting})
    with log.writing([*(room for _, room, _ in waiting), *rooms_of.values()]) as made:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, ([id for id, _, _ in waiting],))
            claimed = cursor.fetchall()
        _remind(made, claimed, rooms_of)
    return len(claimed)


def _remind(made: log.Writing, claimed: Sequence[tuple[uuid.UUID, str, int, datetime]], rooms_of: dict[uuid.UUID, uuid.UUID]) -> None:
    cases = {c.room_id: c for c in Case.objects.select_related("question").filter(room_id__in={row[0] for row in claimed})}
    told = set(Outcome.objects.filter(case_id__in=cases).values_list("case_id", flat=True))
    for room, what, weeks, _ in sorted(claimed, key=lambda row: row[3]):
        case = cases[room]
        if case.question.withheld or (room in told if what == OUTCOME else case.status != Status.OPEN):
            continue
        if what == OUTCOME:
            seq = made.append(room, "outcome.due", actor=None, message=case.question_id, data={"weeks": weeks})
        else:
            seq = made.append(room, "case.unanswered", actor=None, message=case.question_id)
        made.append(rooms_of[case.asker_id], "case.attention", actor=None, data={"room": str(room), "seq": seq, "why": what})
        made.later.append(storing.wake(room, seq, made.now))
