"""The personal room: one a person, with ids only, heard on all their devices."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from consult.rooms import log
from consult.rooms.models import Kind, Room

_known: dict[uuid.UUID, uuid.UUID] = {}  # person -> room: made on first use, it never changes
MOST_KNOWN = 50_000


def room_of(person: uuid.UUID) -> uuid.UUID:
    """The id of this person's personal room, which is made on first use and never changes."""
    return rooms_of([person])[person]


def rooms_of(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """person -> personal room. Asked before the locks are taken, so that all are taken in one order."""
    wanted = list(dict.fromkeys(people))
    found = {p: _known[p] for p in wanted if p in _known}
    if missing := [p for p in wanted if p not in found]:
        fresh = dict(Room.objects.filter(owner_id__in=missing).values_list("owner_id", "id"))
        for person in missing:
            if person not in fresh:
                fresh[person] = Room.objects.get_or_create(owner_id=person, defaults={"kind": Kind.PERSONAL})[0].id
        if len(_known) > MOST_KNOWN:
            _known.clear()
        _known.update(fresh)
        found |= fresh
    return found


def tell(*, person_id: uuid.UUID, kind: str, data: dict[str, Any], by: uuid.UUID | None = None) -> int:
    """Appends one event to a person's room in a transaction of its own, and returns its seq. `data` holds ids and codes."""
    room = room_of(person_id)
    with log.writing([room]) as made:
        return made.append(room, kind, actor=by or person_id, data=data)
