"""Dry runs: what a rule would have found among the messages of the last thirty days, room by room, without doing anything.

Reads groups and cases alone, as live rules do. Messages are read in chunks by their place in the log, so memory stays the same however
much was said; the counts are written after each room, for whoever waits, and for a worker that goes on after another one was stopped.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from consult.audit.models import record
from consult.errors import Refusal
from consult.jobs.declared import defer
from consult.rooms import log

from . import counting, jobs, matching, rules
from .models import Rule, Trial

DAYS = 30
CHUNK = 500
SAMPLE = 20

_ROOMS = "SELECT id FROM rooms_room WHERE kind IN ('group', 'case') AND last_at > %s AND created_at < %s ORDER BY created_at, id"
_MESSAGES = """
SELECT m.id, m.seq, m.at, m.author_id, m.body, s.verified_at FROM rooms_message m LEFT JOIN standing_standing s ON s.person_id = m.author_id
WHERE m.room_id = %s AND m.seq > %s AND m.at > %s AND m.withheld IS DISTINCT FROM 'erased' ORDER BY m.seq LIMIT %s"""


def start(*, person_id: uuid.UUID, rule: str) -> dict[str, Any]:
    """Puts a trial of the rule as it is now in line: {"trial","created"}; where one is under way already, that one.

    Raises Refusal moderation.administrator, rule.not_found.
    """
    rules.require_administrator(person_id)
    with transaction.atomic():
        found = Rule.objects.select_for_update().filter(pk=rules.rule_id(rule)).first()
        if found is None:
            raise Refusal("rule.not_found")
        trial = found.trials.filter(version=found.version, finished_at=None).first()
        if trial is not None:
            return {"trial": rules.trial_shown(trial), "created": False}
        trial = Trial.objects.create(rule=found, version=found.version)
        record(act="rule.tried", person=person_id, object=str(found.pk), reason=f"version {found.version}")
        defer(jobs.try_rule, trial=trial.pk)
    return {"trial": rules.trial_shown(trial), "created": True}


def run(trial: Trial, *, after_each: Callable[[], None] = lambda: None) -> None:
    """Carries out a trial, from where it was interrupted. One whose rule was changed meanwhile has failed.

    `after_each` is called between two rooms, when what was counted is written down; what it raises interrupts the trial.
    """
    since = trial.at - timedelta(days=DAYS)
    if trial.rule.version != trial.version:
        end(trial, failed=True)
        return
    finds = _finder(trial.rule)
    with connection.cursor() as cursor:
        cursor.execute(_ROOMS, (since, trial.at))
        rooms = [row[0] for row in cursor.fetchall()]
    trial.rooms = len(rooms)
    for room in rooms[trial.rooms_done :]:
        for row in _messages(room, since):
            _look(trial, finds, row, room)
        trial.rooms_done += 1
        trial.save()
        after_each()
    end(trial, failed=False)


Row = tuple[uuid.UUID, int, datetime, uuid.UUID | None, str, datetime | None]


def _finder(rule: Rule) -> Callable[[Row, uuid.UUID], bool]:
    if rule.kind in matching.TEXTS:
        matches = matching.matcher(rule.kind, rule.data)
        return lambda row, room: matches(row[4])
    counter = counting.Counter(**rule.data)

    def counted(row: Row, room: uuid.UUID) -> bool:
        _, _, at, author, _, verified_at = row
        return author is not None and counter.over(room, author, at.timestamp(), verified_at.timestamp() if verified_at else None)

    return counted


def _messages(room: uuid.UUID, since: datetime) -> Iterator[Row]:
    seq = _first(room, since)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_MESSAGES, (room, seq, since, CHUNK))
            rows: list[Row] = cursor.fetchall()
        yield from rows
        if len(rows) < CHUNK:
            return
        seq = rows[-1][1]


def _first(room: uuid.UUID, since: datetime) -> int:
    """The place in the log after which everything is younger: found by halving, for times never go back and have no index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_seq FROM rooms_room WHERE id = %s", (room,))
        row = cursor.fetchone()
        low, high = 0, row[0] if row else 0
        while low < high:
            middle = (low + high) // 2
            cursor.execute("SELECT at FROM rooms_event WHERE room_id = %s AND seq > %s ORDER BY seq LIMIT 1", (room, middle))
            found = cursor.fetchone()
            if found is not None and found[0] <= since:
                low = middle + 1
            else:
                high = middle
    return low


def _look(trial: Trial, finds: Callable[[Row, uuid.UUID], bool], row: Row, room: uuid.UUID) -> None:
    began = time.thread_time()
    found = finds(row, room)
    trial.slowest_ms = max(trial.slowest_ms, round((time.thread_time() - began) * 1000, 3))
    trial.seen += 1
    if found:
        trial.found += 1
        if len(trial.sample) < SAMPLE:
            trial.sample.append(row[0])


def end(trial: Trial, *, failed: bool) -> None:
    """Writes down that a trial is over."""
    trial.finished_at, trial.failed = log.utc_now(), failed
    trial.save()
