"""Connections of a thread's own, outside the pool, and prepared statements: what the live core asks of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, LiteralString

import psycopg
from django.db import InterfaceError, OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

Statement = tuple[LiteralString, Sequence[Any]]
Rows = list[tuple[Any, ...]]
COMMIT: Statement = ("COMMIT", ())


def own_connection(other: dict[str, Any] | None = None) -> None:
    """Gives the calling thread its own lasting connection, to the database or to the one that `other` names.

    The pool's reconnection backs off for seconds after an outage; a lane has to know within OUTCOME_S what became of a commit,
    so it connects by itself, at once, each time it tries.
    """
    settings = deepcopy({**connections.settings["default"], **(other or {})})
    settings["OPTIONS"].pop("pool", None)
    # Its statements are few, prepared, and lookups by key: planning each anew for its parameters took longer than running it, and a
    # plan that does not know how many keys it will get must not read a whole table to join it.
    settings["OPTIONS"]["options"] = f"{settings['OPTIONS'].get('options', '')} -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off".strip()
    settings["CONN_MAX_AGE"] = None
    connections["default"] = Lasting(settings, alias="default")


class Lasting(DatabaseWrapper):
    """A connection whose BEGIN travels with the first statement of its transaction, and so costs no round trip."""

    due: LiteralString | None = None  # the BEGIN that was not sent yet

    def _set_autocommit(self, autocommit: bool) -> None:
        self.due = None if autocommit else "BEGIN"
        if not self.connection.autocommit:  # psycopg's own BEGIN is never used
            with self.wrap_database_errors:
                self.connection.autocommit = True

    def create_cursor(self, name: str | None = None) -> Any:
        if self.due is not None:
            begin, self.due = self.due, None
            self.connection.execute(begin)
        return super().create_cursor(name)


def one_snapshot() -> None:
    """Makes the transaction that was just opened see one state of the database, and write nothing."""
    if isinstance(own := connections["default"], Lasting):
        own.due = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def together(*statements: Statement) -> list[Rows]:
    """Runs statements in one round trip, in their order; the rows of each. For what is on the path of a message.

    They are prepared once a connection, their parameters bound by the server: Django's own cursor writes the parameters into
    the text, so PostgreSQL parses and plans each statement anew, measured at two thirds of the time of a batch. Errors are Django's.
    Each sees what was committed before it began, as if it had been sent alone. One that fails fails those after it: a COMMIT
    at the end commits all or nothing.
    """
    own = connections["default"]
    own.ensure_connection()
    line: psycopg.Connection[Any] = own.connection
    begin: list[Statement] = []
    if isinstance(own, Lasting) and own.due is not None:
        begin, own.due = [(own.due, ())], None
    with own.wrap_database_errors:
        try:
            with line.pipeline() as trip:
                trip._communicate_gen = _collect  # type: ignore[method-assign,assignment]
                try:
                    cursors = [psycopg.Cursor(line) for _ in (*begin, *statements)]
                    for cursor, (query, params) in zip(cursors, (*begin, *statements), strict=True):
                        cursor.execute(query, params, prepare=True, binary=True)
                finally:
                    del trip._communicate_gen
        except psycopg.errors.PipelineAborted as aborted:
            # The answers came in more than one part, and psycopg raised the last one's: the statement that failed is in the first.
            raise (aborted.__context__ or aborted) from None
        return [c.fetchall() if c.pgresult is not None and c.pgresult.nfields else [] for c in cursors[len(begin) :]]


def _collect() -> Iterator[None]:
    """In place of psycopg's own, while statements are queued: that sends each as it comes and waits until the socket is ready, and
    at each wait a lane gives the interpreter away to a loop that is busy delivering. So all leave together when the pipeline ends."""
    yield from ()


def read_only(error: BaseException) -> bool:
    """PostgreSQL takes no writes for now (SQLSTATE 25006, which Django calls an InternalError): as temporary as a database that is away."""
    return getattr(error.__cause__, "sqlstate", None) == "25006"


def away(error: BaseException) -> bool:
    """The database is away or busy, or takes no writes: nothing was done, and whoever asked waits. Any other error is about what was asked."""
    return isinstance(error, OperationalError | InterfaceError) or read_only(error)
