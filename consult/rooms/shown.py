"""Who may see a picture: its owner until a message carries it, then whoever may read that message, as long as nothing withholds it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from consult.errors import Refusal
from consult.images.models import State
from consult.rooms import access
from consult.rooms.access import Grant

_QUERY = """
SELECT i.id, i.owner_id, i.state, i.code, i.width, i.height, i.sizes::text, i.report::text, i.folder, i.released, i.description, i.message_id, m.room_id, m.seq, m.withheld, v.why
FROM images_image i LEFT JOIN rooms_message m ON m.id = i.message_id
LEFT JOIN rooms_pictureveil v ON v.image_id = i.id AND v.message_id = i.message_id WHERE i.id = ANY(%s)"""


@dataclass(frozen=True, slots=True)
class Picture:
    id: uuid.UUID
    owner: uuid.UUID
    state: str
    code: str
    width: int
    height: int
    sizes: dict[str, list[int]]
    report: dict[str, Any]
    folder: str
    released: bool
    description: str
    message: uuid.UUID | None
    room: uuid.UUID | None
    seq: int | None
    withheld: str | None
    veil: str | None  # a moderator withholds it: hidden, or mask, until its owner has masked it


def known_to(person: uuid.UUID, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Picture]:
    """Those of these pictures that this person may know of: their own, and those of messages they may read, shown or not."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, (list(ids),))
        found = [Picture(*(orjson.loads(value) if at in (6, 7) else value for at, value in enumerate(row))) for row in cursor.fetchall()]
    grants = access.grants([(p.room, person) for p in found if p.room is not None])
    return {p.id: p for p in found if _readable(p, person, grants.get((p.room, person)) if p.room else None)}


def _readable(picture: Picture, person: uuid.UUID, grant: Grant | Refusal | None) -> bool:
    if picture.message is None:
        return picture.owner == person
    return isinstance(grant, Grant) and picture.seq is not None and picture.seq >= grant.first_seq and picture.withheld is None


def visible(picture: Picture, person: uuid.UUID) -> bool:
    """Whether its pixels are shown to this person, who may know of it."""
    if picture.veil == "hidden" or (picture.veil == "mask" and picture.owner != person):
        return False
    return picture.state == State.READY or (picture.state == State.HELD and picture.owner == person)


def may_see(*, person: uuid.UUID, image: uuid.UUID) -> Picture:
    """Raises Refusal image.not_found: whatever the reason, alike."""
    picture = known_to(person, [image]).get(image)
    if picture is None or not visible(picture, person):
        raise Refusal("image.not_found")
    return picture
