"""Says that a room's log has grown: to the hub of this process at once, to the other processes through the channel layer.

Ringing never waits and never fails a write: whoever misses a bell finds the missing rows in the log (decision 0002).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

from consult.rooms.wire import Frame

logger = logging.getLogger("consult.doorbell")


class Bell(NamedTuple):
    """New events of one room, consecutive and ascending."""

    room: uuid.UUID
    epoch: str
    frames: Sequence[Frame]


_listener: Callable[[list[Bell]], None] | None = None
_access_listener: Callable[[], None] | None = None


def listen(bells: Callable[[list[Bell]], None], access: Callable[[], None]) -> None:
    """The hub of this process asks to hear every bell; both callables may be called from any thread."""
    global _listener, _access_listener
    _listener, _access_listener = bells, access


def ring(bells: list[Bell]) -> None:
    """After a commit. Without a hub in this process (the worker, a command) the sweep of the web processes finds the rows."""
    if _listener is not None:
        try:
            _listener(bells)
        except Exception:
            logger.exception("a bell was not heard")


def ring_access() -> None:
    """After a commit that changed rights: hubs read the access_change log now rather than at their next poll."""
    if _access_listener is not None:
        try:
            _access_listener()
        except Exception:
            logger.exception("a bell was not heard")
