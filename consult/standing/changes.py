"""Reads the access_change log without ever skipping a row, though transactions commit out of order.

Each row carries the transaction that wrote it. Everything below the oldest transaction still running (`xmin` of a snapshot)
is decided and was visible to that read; so the next read asks for what is at or above it, less what it has seen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connection

# One statement is one snapshot: rows and xmin belong together. The left join gives xmin also where nothing changed.
_READ = """
WITH snapshot AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin)
SELECT snapshot.xmin, c.id, c.xid, c.kind, c.person_id, c.room_id, c.session
FROM snapshot LEFT JOIN standing_accesschange c ON c.xid >= %s AND c.id <> ALL(%s) ORDER BY c.id
"""
_XMIN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is standing, account, session, membership, audience, room, remit or visit; `session` is a session's digest or empty."""

    kind: str
    person_id: uuid.UUID | None
    room_id: uuid.UUID | None
    session: str


class Reader:
    """A position in the log, for one thread at a time. It begins now: what was committed before is not read.

    Memory: one number for every change since the oldest transaction that still writes. Errors are the database's;
    after one the position stands, and the next read makes up for it.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_XMIN)
            self.xmin: int = cursor.fetchone()[0]
        self._seen: dict[int, int] = {}  # id -> xid
        self.read()

    def read(self) -> list[Change]:
        """What was committed since the last read, in order of ids; each row once."""
        with connection.cursor() as cursor:
            cursor.execute(_READ, [self.xmin, list(self._seen)])
            rows = cursor.fetchall()
            xmin = rows[0][0]
            if xmin < self.xmin:  # another cluster: a restore under our feet counts transactions from a lower number
                cursor.execute(_READ, [xmin, list(self._seen)])
                rows = cursor.fetchall()
        fresh = [row for row in rows if row[1] is not None]
        self._seen.update((row[1], row[2]) for row in fresh)
        self._seen = {id: xid for id, xid in self._seen.items() if xid >= xmin}
        self.xmin = xmin
        return [Change(*row[3:]) for row in fresh]


def purge(older_than_days: float) -> int:
    """Deletes old rows; how many. A process that has not read for so long has closed its sockets (ACCESS_STALE_S)."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM standing_accesschange WHERE at < now() - %s * interval '1 day'", [older_than_days])
        return int(cursor.rowcount)
