"""Who is shut out of the service now, for whoever may end it: a suspension has no item of the queue once that is decided, and perhaps never had one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from consult.cursors import unseal
from consult.rooms import access, wire
from consult.rooms.actions import suspension

LIST = "suspended"
# Whom it ends for first comes first. One set under /admin/ or by command has no act.
_NOW = """
SELECT p.id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level, s.suspended_until, a.id, a.at, a.reason,
       m.id, m.title, m.given_name, m.family_name, m.profession, m.specialty, m.level
FROM standing_standing s JOIN clinicians_person p ON p.id = s.person_id
LEFT JOIN LATERAL (
    SELECT * FROM rooms_act a WHERE a.person_id = s.person_id AND a.kind = %(kind)s AND a.reversed_at IS NULL AND a.until > now() ORDER BY a.at DESC LIMIT 1
) a ON true
LEFT JOIN clinicians_person m ON m.id = a.moderator_id
WHERE s.suspended_until > now() AND (s.suspended_until, s.person_id) > (%(until)s, %(person)s)
ORDER BY s.suspended_until, s.person_id LIMIT %(limit)s"""


def now(*, person: uuid.UUID, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """[{"person": actor, "until": time|null, "act": id|null, "at": time|null, "reason": text|null, "moderator": actor|null}], and where to go on.

    `until` is null where no end is set; the rest where it was set under /admin/ or by command. Raises Refusal account.*, moderation.remit,
    cursor.invalid.
    """
    suspension.require(person)
    limit = min(limit, 200)
    after = unseal(LIST, cursor) or ["1970-01-01T00:00:00+00:00", str(uuid.UUID(int=0))]
    with connection.cursor() as reader:
        reader.execute(_NOW, {"kind": suspension.KIND, "until": datetime.fromisoformat(after[0]), "person": after[1], "limit": limit + 1})
        rows = reader.fetchall()
    position = [rows[limit - 1][7].astimezone(UTC).isoformat(), str(rows[limit - 1][0])] if len(rows) > limit else None
    return [_one(row) for row in rows[:limit]], position


def _one(row: tuple[Any, ...]) -> dict[str, Any]:
    until, act, at, reason = row[7:11]
    return {
        "person": access.card(*row[:7]),
        "until": None if until >= suspension.FOR_GOOD else wire.time(until),
        "act": str(act) if act else None,
        "at": wire.time(at) if at else None,
        "reason": reason,
        "moderator": {**access.card(*row[11:18]), "as": "moderator"} if row[11] else None,
    }
