"""A room's record of moderation, for whoever may read the room: who did what, why, until when, and how it was reversed."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.rooms import access, wire

_ACTS = """
SELECT a.id, a.at, a.kind, a.message_id, a.image_id, a.person_id, a.reason, a.until, a.reversed_at, a.reversal_reason, a.room_id, a.data->'owner' IS NOT NULL,
       a.data->>'differential', a.data->>'reference',
       p.id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level,
       b.id, b.title, b.given_name, b.family_name, b.profession, b.specialty, b.level
FROM (SELECT * FROM rooms_act WHERE room_id = %(room)s UNION ALL SELECT * FROM rooms_act WHERE other_room_id = %(room)s AND room_id <> %(room)s) a
LEFT JOIN clinicians_person p ON p.id = a.moderator_id LEFT JOIN clinicians_person b ON b.id = a.reversed_by
WHERE %(before)s::uuid IS NULL OR (a.at, a.id) < (SELECT x.at, x.id FROM rooms_act x WHERE x.id = %(before)s::uuid)
ORDER BY a.at DESC, a.id DESC LIMIT %(limit)s"""


def of_room(*, person: uuid.UUID, room: uuid.UUID, before: str | None, limit: int) -> dict[str, Any]:
    """{"acts", "more"}, the latest first; `before` is the id of an act (one that does not exist has none before it). Raises Refusal room.*"""
    access.may_write(access.may_read(person=person, room=room))
    limit = max(1, min(limit, 200))
    try:
        after = access.id_of(before) if before else None
    except ValueError:
        return {"acts": [], "more": False}
    with connection.cursor() as cursor:
        cursor.execute(_ACTS, {"room": room, "before": after, "limit": limit + 1})
        rows = cursor.fetchall()
    return {"acts": [_act(row) for row in rows[:limit]], "more": len(rows) > limit}


def _act(row: tuple[Any, ...]) -> dict[str, Any]:
    id, at, kind, message, image, person, reason, until, reversed_at, reversal_reason, room, owner, differential, reference = row[:14]
    return {
        "act": str(id),
        "at": wire.time(at),
        "kind": kind,
        "room": str(room),
        "moderator": _actor(row[14:21], None if owner else "moderator"),
        "message": str(message) if message else None,
        "image": str(image) if image else None,
        "differential": differential,
        "reference": reference,
        "person": str(person) if person else None,
        "reason": reason,
        "until": wire.time(until) if until else None,
        "reversed": {"at": wire.time(reversed_at), "by": _actor(row[21:28], None if owner else "moderator"), "reason": reversal_reason} if reversed_at else None,
    }


def _actor(names: tuple[Any, ...], acting: str | None) -> dict[str, Any] | None:
    return {**access.card(*names), "as": acting} if names[0] else None
