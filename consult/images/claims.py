"""A message takes pictures: each once, by their owner, whole and in time. Read and written inside the batch of posts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consult.database import Rows, Statement
from consult.errors import Refusal
from consult.images.models import State

_ASKED = """
SELECT id, owner_id, state, message_id, coalesce(expires_at <= clock_timestamp(), false) FROM images_image
WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"""
_TAKEN = """
UPDATE images_image i SET message_id = q.message, room_id = q.room, expires_at = NULL
FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[]) AS q(id, message, room) WHERE i.id = q.id"""


@dataclass(slots=True)
class Found:
    owner: uuid.UUID
    state: str
    message: uuid.UUID | None
    late: bool


def asking(ids: Iterable[uuid.UUID]) -> Statement:
    """Locks the rows, in one order for all, until the batch has committed."""
    return _ASKED, (sorted(set(ids)),)


def found(rows: Rows) -> dict[uuid.UUID, Found]:
    return {id: Found(*rest) for id, *rest in rows}


def claim(wanted: Sequence[uuid.UUID | None], *, person: uuid.UUID, known: dict[uuid.UUID, Found], message: uuid.UUID) -> list[uuid.UUID]:
    """Takes them for one message, all or none, in `known`; None is an id that cannot be one. Raises Refusal image.*."""
    ids: list[uuid.UUID] = []
    for id in wanted:
        image = known.get(id) if id else None
        if id is None or image is None or image.owner != person:
            raise Refusal("image.not_found")
        if image.message is not None or id in ids:
            raise Refusal("image.claimed")
        if image.late or image.state in (State.EXPIRED, State.ERASED):
            raise Refusal("image.expired")
        if image.state in (State.UPLOADING, State.WORKING):
            raise Refusal("image.not_ready", retry_after_ms=1000)
        if image.state == State.REFUSED:
            raise Refusal("image.refused")
        ids.append(id)
    for id in ids:
        known[id].message = message
    return ids


def taking(taken: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]) -> Statement:
    """Writes what `claim` took: (image, message, room)."""
    return _TAKEN, ([t[0] for t in taken], [t[1] for t in taken], [t[2] for t in taken])
