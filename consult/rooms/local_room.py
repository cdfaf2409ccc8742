"""A room that someone on this process has entered, as the hub holds it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from consult.rooms import wire
from consult.rooms.connection import Connection
from consult.rooms.ring import Ring


class LocalRoom:
    """The head delivered here, its latest encoded events, and who hears it."""

    def __init__(self, id: uuid.UUID) -> None:
        self.id = id
        self.epoch: str | None = None
        self.head = 0
        self.ring = Ring(id)
        self.recalling = asyncio.Lock()
        self.live: dict[Connection, float] = {}  # who hears it, and since when (the loop's time)
        self.entering = 0  # connections on their way in: the room stays meanwhile
        self.healing: asyncio.Task[None] | None = None
        self.known = 0  # the highest seq heard of: a heal goes up to there
        self.early: dict[int, wire.Frame] = {}  # heard before what comes between
        self.patience: asyncio.TimerHandle | None = None
        self.presence_due = False
        self.counted: tuple[float, dict[str, Any]] = (0.0, {})  # who was present, and when that was counted
        self.personal = False
