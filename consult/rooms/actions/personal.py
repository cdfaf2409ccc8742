"""The personal room: one a person, with ids only, heard on all their devices."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from consult.rooms import log
from consult.rooms.models import Kind, Room


@lru_cache(maxsize=50_000)
def room_of(person: uuid.UUID) -> uuid.UUID:
    """The id of this person's personal room, which is made on first use and never changes."""
    room, _ = Room.objects.get_or_create(owner_id=person, defaults={"kind": Kind.PERSONAL})
    return room.id


def rooms_of(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """person -> personal room. Asked before the locks are taken, so that all are taken in one order."""
    return {p: room_of(p) for p in people}


def tell(*, person_id: uuid.UUID, kind: str, data: dict[str, Any], by: uuid.UUID | None = None) -> int:
    """Appends one event to a person's room in a transaction of its own, and returns its seq. `data` holds ids and codes."""
    room = room_of(person_id)
    with log.writing([room]) as made:
        return made.append(room, kind, actor=by or person_id, data=data)
