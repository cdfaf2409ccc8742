"""What waits in the live core of this process, and for how long: looked at every few seconds, never on the path of a message.

A gauge that is set where things happen says nothing while nothing happens, and that is the trouble to be seen: a commit that
does not end, a read that does not come back. So these are looked at from outside.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from consult import figures
from consult.jobs import waiting as jobs
from consult.push import fates
from consult.rooms import lanes

if TYPE_CHECKING:
    from consult.rooms.hub import Hub

logger = logging.getLogger("consult.depths")

LOOK_S = 2.0
FOLLOWUPS_S = 5.0
COUNTED = 10_000  # follow-ups; beyond, their age says it

_FOLLOWUPS = """
SELECT (SELECT count(*) FROM (SELECT FROM rooms_followup LIMIT %s) x),
       (SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM rooms_followup ORDER BY id LIMIT 1)"""

# What quiet hours hold, and what is on its way, is due later.
_NOTICES = """
SELECT (SELECT count(*) FROM (SELECT FROM push_notice WHERE due_at <= clock_timestamp() LIMIT %s) x),
       (SELECT extract(epoch FROM clock_timestamp() - min(due_at))::float8 FROM push_notice)"""


def start(hub: Hub) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(_look(hub)), asyncio.create_task(_ask(hub))]


async def _look(hub: Hub) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            _outboxes(hub)
            _healing(hub)
            _queues(hub)
        except Exception:  # a figure that fails must not end the others for good
            logger.exception("the depths could not be seen")


def _outboxes(hub: Hub) -> None:
    """About 0.3 µs a connection, on the loop: its transport may be asked nowhere else."""
    total = largest = slow = 0
    much = settings.OUTBOX_BYTES // 8
    for one in hub.connections.values():
        waiting = one.outbox.bytes + one.outbox.unsent()
        if waiting:
            total += waiting
            largest = max(largest, waiting)
            slow += waiting > much
    figures.outbox_waiting.set(total)
    figures.outbox_largest.set(largest)
    figures.slow_readers.set(slow)


def _healing(hub: Hub) -> None:
    now = time.monotonic()
    figures.rooms_behind.set(sum(room.head < room.known for room in hub.rooms.values()))
    figures.sweep_age.set(now - hub.healing.swept_at)
    figures.access_age.set(now - hub.rights.read_at)


def _queues(hub: Hub) -> None:
    figures.lanes_waiting.set(lanes.waiting())
    figures.commit_running.set(lanes.longest_running())
    figures.readers_waiting.set(hub.readers._work_queue.qsize() + len(hub.identify.waiting) + len(hub.visit.waiting))
    figures.bus_waiting.set(hub.bus.waiting)


async def _ask(hub: Hub) -> None:
    """The worker's queue, because a worker that is down cannot tell of itself. Apart: the database may keep it waiting."""
    while True:
        try:
            waiting, oldest = await hub.read(_followups)
            figures.followups_waiting.set(waiting)
            figures.followups_oldest.set(max(0.0, oldest or 0.0))
            waiting, oldest = await hub.read(_notices)
            figures.notices_waiting.set(waiting)
            figures.notices_oldest.set(max(0.0, oldest or 0.0))
            for labels, count in (await hub.read(fates.counted)).items():
                figures.notices_fates.labels(*labels).set(count)
            due, failed, age = await hub.read(jobs.look)
            figures.jobs_waiting.set(due)
            figures.jobs_failed.set(failed)
            figures.jobs_oldest.set(age)
        except Exception as error:  # PostgreSQL away: other figures say so
            logger.warning("the worker's queue could not be read", extra={"why": type(error).__name__})
        await asyncio.sleep(FOLLOWUPS_S)


def _followups() -> tuple[int, float | None]:
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWUPS, [COUNTED])
        row: tuple[int, float | None] = cursor.fetchone()
        return row


def _notices() -> tuple[int, float | None]:
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES, [COUNTED])
        row: tuple[int, float | None] = cursor.fetchone()
        return row
