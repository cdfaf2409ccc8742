"""How many jobs wait, and for how long, for those who watch: looked at, because a worker that is down cannot tell."""

from __future__ import annotations

from django.db import connection

COUNTED = 10_000
_WAITING = """
SELECT (SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now() LIMIT %(most)s) x),
       (SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status = 'failed' LIMIT %(most)s) x),
       (SELECT extract(epoch FROM clock_timestamp() - min(coalesce(j.scheduled_at, (SELECT min(e.at) FROM procrastinate_events e WHERE e.job_id = j.id))))::float8
        FROM (SELECT id, scheduled_at FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now() ORDER BY id LIMIT 100) j)"""


def look() -> tuple[int, int, float]:
    """(due and not begun, failed for good, seconds that the oldest due one has waited)."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"most": COUNTED})
        waiting, failed, oldest = cursor.fetchone()
    return waiting, failed, max(0.0, oldest or 0.0)
