"""A database connection of a thread's own, outside the pool: for threads that live as long as the process."""

from __future__ import annotations

from copy import deepcopy

from django.db import connections


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
