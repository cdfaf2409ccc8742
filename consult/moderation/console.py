"""The console's room: one room of kind console, entered by everyone who has a remit; its log holds ids of items alone."""

from __future__ import annotations

import uuid

from consult.rooms.log import Writing
from consult.rooms.models import Kind, Room

ROOM = uuid.UUID("c0500000-0000-4000-8000-000000000001")  # the same in every installation: it is never looked for


def room() -> uuid.UUID:
    """The console's room, made on first use. Asked before the locks are taken."""
    Room.objects.get_or_create(id=ROOM, defaults={"kind": Kind.CONSOLE, "title": "Console"})
    return ROOM


def tell(made: Writing, kind: str, item: uuid.UUID, by: uuid.UUID | None = None) -> int:
    """Appends `item.opened`, `item.claimed`, `item.released` or `item.decided`. The caller's transaction holds the console's lock."""
    return made.append(ROOM, kind, actor=by, acting="moderator" if by else None, data={"item": str(item)})
