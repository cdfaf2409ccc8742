"""Connections of a thread's own, outside the pool, and prepared statements: what the live core asks of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, LiteralString

import psycopg
from django.db import connection, connections


def own_connection() -> None:
    """Gives the calling thread its own lasting connection.

    The pool's reconnection backs off for seconds after an outage; a lane has to know within OUTCOME_S what became of a commit,
    so it connects by itself, at once, each time it tries.
    """
    settings = deepcopy(connections.settings["default"])
    settings["OPTIONS"].pop("pool", None)
    settings["CONN_MAX_AGE"] = None
    template = connections.create_connection("default")
    connections["default"] = type(template)(settings, alias="default")


@contextmanager
def hot() -> Iterator[HotCursor]:
    """A cursor for statements on the path of a message: prepared once a connection, parameters bound by the server.

    Django's own cursor writes the parameters into the text, so PostgreSQL parses and plans each statement anew: measured at
    two thirds of the time of a batch. Errors are Django's, as anywhere.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, HotCursor(connection.connection) as cursor:
        yield cursor


class HotCursor(psycopg.Cursor[tuple[Any, ...]]):
    def run(self, query: LiteralString, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Executes a prepared statement; its rows, or none where it returns nothing."""
        self.execute(query, params, prepare=True, binary=True)
        return self.fetchall() if self.description else []


def read_only(error: BaseException) -> bool:
    """PostgreSQL takes no writes for now (SQLSTATE 25006, which Django calls an InternalError): as temporary as a database that is away."""
    return getattr(error.__cause__, "sqlstate", None) == "25006"
