"""Dry runs: what a rule would have found among the messages of the last thirty days, room by room, without doing anything.

Reads groups and cases alone, as live rules do. Messages are read in chunks by their place in the log, so memory stays the same however
much was said; the counts are written after each room, for whoever waits.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import connection

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import log

from . import counting, matching, rules
from .models import Rule, Trial

DAYS = 30
CHUNK = 500
SAMPLE = 20
RUNNING = timedelta(minutes=10)  # without an end a trial is taken for dead

_ROOMS = "SELECT id FROM rooms_room WHERE kind IN ('group', 'case') AND last_at > %s ORDER BY id"
_MESSAGES = """
SELECT m.id, m.seq, m.at, m.author_id, m.body, s.verified_at FROM rooms_message m LEFT JOIN standing_standing s ON s.person_id = m.author_id
WHERE m.room_id = %s AND m.seq > %s AND m.at > %s AND m.withheld IS DISTINCT FROM 'erased' ORDER BY m.seq LIMIT %s"""


def start(*, person_id: uuid.UUID, rule: str) -> Trial:
    """A trial of the rule as it is now, yet to be run; the one that runs, where one does. Raises Refusal moderation.administrator, rule.not_found."""
    rules.require_administrator(person_id)
    found = Rule.objects.filter(pk=rules.rule_id(rule)).first()
    if found is None:
        raise Refusal("rule.not_found")
    running = found.trials.filter(version=found.version, finished_at=None, at__gt=log.utc_now() - RUNNING).first()
    if running is not None:
        return running
    record(act="rule.tried", person=person_id, object=str(found.pk), reason=f"version {found.version}")
    return Trial.objects.create(rule=found, version=found.version)


def run(trial: Trial, *, now: datetime | None = None, progress: Callable[[int, int], None] = lambda done, of: None) -> Trial:
    """Carries out a trial; `progress` hears how many rooms of how many are done. A rule that was changed meanwhile ends it as failed."""
    since = (now or log.utc_now()) - timedelta(days=DAYS)
    rule = trial.rule
    if rule.version != trial.version:
        return _end(trial, failed=True)
    finds = _finder(rule)
    with connection.cursor() as cursor:
        cursor.execute(_ROOMS, (since,))
        rooms = [row[0] for row in cursor.fetchall()]
    trial.rooms = len(rooms)
    for done, room in enumerate(rooms, 1):
        for row in _messages(room, since):
            _look(trial, finds, row, room)
        trial.rooms_done = done
        trial.save(update_fields=["rooms", "rooms_done", "seen", "found", "slowest_ms", "sample"])
        progress(done, len(rooms))
    return _end(trial, failed=False)


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


def _end(trial: Trial, *, failed: bool) -> Trial:
    trial.finished_at, trial.failed = log.utc_now(), failed
    trial.save()
    return trial
