"""Connections of a thread's own, outside the pool, and prepared statements: what the live core asks of the database."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, LiteralString

import psycopg
from django.db import InterfaceError, OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.pq import TransactionStatus

from consult import pipeline
from consult.pipeline import Rows, Statement

__all__ = ["BY_KEY", "COMMIT", "PLANS", "Lasting", "Rows", "Statement", "away", "one_snapshot", "own_connection", "read_only", "together"]

COMMIT: Statement = ("COMMIT", ())
# Of a lasting connection, whose statements are few and prepared: planning each anew for its parameters took longer than running it, and a plan
# that does not know how many keys it will get must not read a whole table to join it.
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_hashjoin": "off", "enable_mergejoin": "off"}
# Of one that does nothing but look up by key: nor because the table was nearly empty when the plan was made, which is kept for a minute and more.
BY_KEY = {**PLANS, "enable_seqscan": "off"}


def own_connection(other: dict[str, Any] | None = None, *, plans: dict[str, str] = PLANS) -> None:
    """Gives the calling thread its own lasting connection, to the database or to the one that `other` names; `plans` are PLANS or BY_KEY.

    The pool's reconnection backs off for seconds after an outage; a lane has to know within OUTCOME_S what became of a commit,
    so it connects by itself, at once, each time it tries.
    """
    settings = deepcopy({**connections.settings["default"], **(other or {})})
    settings["OPTIONS"].pop("pool", None)
    settings["OPTIONS"]["options"] = " ".join([settings["OPTIONS"].get("options", ""), *(f"-c {name}={value}" for name, value in plans.items())]).strip()
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
    if isinstance(own, Lasting):
        if own.due is not None:
            begin, own.due = [(own.due, ())], None
    elif not line.autocommit and line.pgconn.transaction_status == TransactionStatus.IDLE:
        begin = [("BEGIN", ())]  # which psycopg says of itself before what its own cursors send
    with own.wrap_database_errors:
        return pipeline.run(line, [*begin, *statements])[len(begin) :]


def read_only(error: BaseException) -> bool:
    """PostgreSQL takes no writes for now (SQLSTATE 25006, which Django calls an InternalError): as temporary as a database that is away."""
    return getattr(error.__cause__, "sqlstate", None) == "25006"


def away(error: BaseException) -> bool:
    """The database is away or busy, or takes no writes: nothing was done, and whoever asked waits. Any other error is about what was asked."""
    return isinstance(error, OperationalError | InterfaceError) or read_only(error)
