"""Reads history from a streaming replica once it has replayed all that the primary had on disk; else from the primary.

The primary is asked two things: how far its log reaches, and which database it is. A replica that has replayed to there shows whatever was
acknowledged before this request: the newest post, a retraction, a new name, an erasure, whichever table holds it. The second
tells a replica of another database, or one that a promotion left behind (decision 0006). Rights are the caller's: decided on the
primary, before or after.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from consult import figures
from consult.database import own_connection, together

logger = logging.getLogger("consult.replica")
T = TypeVar("T")

CATCH_UP_S = 0.05  # a page waits so long for the replica to replay what was written a moment ago
STEP_S = 0.002
REST_S = 1.0  # a replica that was not there in time is left alone for so long

# The same on both: the database's own number, and an epoch, which a promotion replaces (manage.py new_epoch).
SAME = "SELECT d.oid || ':' || r.epoch FROM pg_database d, rooms_room r WHERE d.datname = current_database() AND r.owner_id = %s"

_rests_until = 0.0


class _Behind(Exception):
    """The replica does not know, in time, all that the primary knows."""


def read(person: uuid.UUID, call: Callable[..., T], /, *args: Any, confirm: Callable[[T], bool] = lambda _: True, **kwargs: Any) -> T:
    """What `call` returns, read from the replica or, wherever that is in doubt, from the primary.

    `confirm` is asked on the primary about what the replica gave, where the call itself decides what may be seen.
    """
    if settings.REPLICA_URL:
        outcome, found = _from_replica(person, lambda: call(*args, **kwargs))
        if outcome == "served" and not confirm(found):
            outcome = "behind"
        figures.replica_reads.labels(outcome).inc()
        if outcome == "served":
            return found  # type: ignore[no-any-return]
    return call(*args, **kwargs)


def _from_replica(person: uuid.UUID, call: Callable[[], Any]) -> tuple[str, Any]:
    global _rests_until
    if time.monotonic() < _rests_until:
        return "resting", None
    (((reached, same),),) = together((f"SELECT pg_current_wal_flush_lsn()::text, ({SAME})", (person,)))
    if same is None:  # nobody's epoch to compare: an account without a personal room
        return "behind", None
    held: list[Any] = []
    job = _threads().submit(_on_replica, held, person, reached, same, call)
    try:
        return "served", job.result(settings.REPLICA_WAIT_S)
    except _Behind:
        outcome = "behind"
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        job.cancel()
        _hang_up(held)
        outcome = "failed"
        logger.warning("the replica did not answer", extra={"why": type(error).__name__})
    _rests_until = time.monotonic() + REST_S
    return outcome, None


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads whose database is the replica: what runs there asks nothing else."""
    return ThreadPoolExecutor(settings.READERS, thread_name_prefix="replica", initializer=own_connection, initargs=(settings.REPLICA,))


def _hang_up(held: list[Any]) -> None:
    """Breaks the connection under a thread that waits for a server which says nothing: libpq itself would wait for ever."""
    for raw in held:
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)


def _on_replica(held: list[Any], person: uuid.UUID, reached: str, same: str, call: Callable[[], Any]) -> Any:
    try:
        connection.ensure_connection()
        held.append(connection.connection)
        _catch_up(person, reached, same)
        return call()
    except (DatabaseError, InterfaceError):
        connection.close()  # the next read begins on a new one
        raise


def _catch_up(person: uuid.UUID, reached: str, same: str) -> None:
    """Returns once the replica has replayed `reached`. Raises _Behind where that takes too long.

    Outside of a transaction, so that the snapshot of what is read next is taken after.
    """
    deadline = time.monotonic() + CATCH_UP_S
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn AND ({SAME}) = %s", (reached, person, same))
            (there,) = cursor.fetchone()
        if there:
            return
        if time.monotonic() > deadline:
            raise _Behind  # or no replica of this database, which never is there
        time.sleep(STEP_S)
