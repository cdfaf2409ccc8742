"""The feed: the recent cases a person may read, what asks for them on top, and why each stands where it stands.

The order is a sum of plain facts: a question that is urgent and without an answer counts four, one of my specialties or of what I follow two, any
other without an answer one; among equals the newest first. The reasons say which facts hold.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.cases.models import Status
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, lists

DAYS = 30  # in which somebody wrote in the case; what is older is found by search
MOST = 2000  # cases that are looked at, the latest moved
ONLY = ("unanswered", "urgent", "following", "mine", "my_specialties")
REASONS = ("urgent", "unanswered", "addressed", "my_specialty", "followed_specialty", "followed_person", "following")

_CANDIDATES = f"""
SELECT id FROM (
    SELECT a.room_id AS id, a.moved_at FROM rooms_membership g
        CROSS JOIN LATERAL (SELECT room_id, moved_at FROM rooms_audience WHERE group_id = g.room_id AND moved_at > now() - interval '{DAYS} days'
            ORDER BY moved_at DESC LIMIT {MOST}) a
        WHERE g.person_id = %(person)s AND g.ended IS NULL
    UNION ALL SELECT * FROM (SELECT room_id, moved_at FROM rooms_audience WHERE person_id = %(person)s AND moved_at > now() - interval '{DAYS} days'
        ORDER BY moved_at DESC LIMIT {MOST}) p
    UNION ALL SELECT * FROM (SELECT room_id, moved_at FROM rooms_audience WHERE group_id IS NULL AND person_id IS NULL AND moved_at > now() - interval '{DAYS} days'
        ORDER BY moved_at DESC LIMIT {MOST}) e
    UNION ALL SELECT f.room_id, k.last_at FROM rooms_membership f CROSS JOIN LATERAL (SELECT last_at FROM rooms_room WHERE id = f.room_id AND kind = 'case' OFFSET 0) k
        WHERE f.person_id = %(person)s AND f.ended IS NULL AND k.last_at > now() - interval '{DAYS} days'
) x GROUP BY id ORDER BY max(moved_at) DESC LIMIT {MOST}"""
# What is cheap is asked of all candidates; the right to read, and whether the words are withheld, in the order of rank until the page is full.
_FEED = f"""
WITH candidates AS MATERIALIZED ({_CANDIDATES}),
own AS MATERIALIZED (SELECT CASE WHEN sp.code IS NULL THEN pr.group_id ELSE sp.group_id END AS code FROM clinicians_person p
    LEFT JOIN clinicians_specialty sp ON sp.code = p.specialty LEFT JOIN clinicians_profession pr ON pr.code = p.profession WHERE p.id = %(person)s),
facts AS MATERIALIZED (
    SELECT c.room_id, c.question_id, c.opened_at, c.status, c.asker_id = %(person)s AS mine, r.code, c.urgency IN ('hour', 'today') AS urgent, c.status = 'open' AS unanswered,
        %(person)s = ANY(c.readers) AS addressed, coalesce(r.code = (SELECT code FROM own), false) AS my_specialty, w.group_id IS NOT NULL AS followed_specialty,
        y.followed_id IS NOT NULL AS followed_person, m.id IS NOT NULL AS following
    FROM candidates k CROSS JOIN LATERAL (SELECT * FROM cases_case WHERE room_id = k.id OFFSET 0) c CROSS JOIN LATERAL (SELECT code FROM rooms_room WHERE id = k.id OFFSET 0) r
    LEFT JOIN cases_specialtyfollow w ON w.person_id = %(person)s AND w.group_id = r.code LEFT JOIN cases_personfollow y ON y.person_id = %(person)s AND y.followed_id = c.asker_id
    LEFT JOIN rooms_membership m ON m.person_id = %(person)s AND m.room_id = c.room_id AND m.ended IS NULL
),
ranked AS (
    SELECT *, 4 * (urgent AND unanswered)::int + 2 * (my_specialty OR followed_specialty OR followed_person)::int + unanswered::int AS rank FROM facts
    WHERE (%(specialty)s = '' OR code = %(specialty)s) AND (%(status)s = '' OR status = %(status)s) AND mine = (%(only)s = 'mine')
      AND CASE %(only)s WHEN 'unanswered' THEN unanswered WHEN 'urgent' THEN urgent WHEN 'following' THEN following
          WHEN 'my_specialties' THEN my_specialty OR followed_specialty ELSE true END
)
SELECT f.room_id, f.opened_at, f.rank, f.urgent, f.unanswered, f.addressed, f.my_specialty, f.followed_specialty, f.followed_person, f.following
FROM (SELECT * FROM ranked WHERE %(rank)s::int IS NULL OR (rank, opened_at, room_id) < (%(rank)s::int, %(at)s::timestamptz, %(id)s::uuid)
      ORDER BY rank DESC, opened_at DESC, room_id DESC OFFSET 0) f
CROSS JOIN LATERAL (SELECT * FROM rooms_message WHERE id = f.question_id AND withheld IS NULL OFFSET 0) q
CROSS JOIN LATERAL (SELECT * FROM rooms_room WHERE id = f.room_id OFFSET 0) r
JOIN clinicians_person p ON p.id = %(person)s JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE {access.READABLE} ORDER BY f.rank DESC, f.opened_at DESC, f.room_id DESC LIMIT %(limit)s"""


def read(*, person: uuid.UUID, only: str, specialty: str, status: str, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """([{"room": RoomItem, "reasons": [code]}], the position of the next page or None). Raises Refusal frame.invalid, cursor.invalid."""
    wrong = [name for name, bad in (("only", only and only not in ONLY), ("status", status and status not in Status.values), ("specialty", not specialty.isprintable())) if bad]
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)
    limit = max(1, min(limit, 50))
    rank, at, id = unseal("feed", cursor) or [None, None, None]
    with connection.cursor() as db:
        db.execute(_FEED, {"person": person, "only": only, "specialty": specialty, "status": status, "rank": rank, "at": at, "id": id, "limit": limit + 1})
        rows = db.fetchall()
    shown = rows[:limit]
    items = {item["id"]: item for item in lists.items(person, [row[0] for row in shown], locale)}
    feed = [{"room": items[str(row[0])], "reasons": [reason for reason, holds in zip(REASONS, row[3:], strict=True) if holds]} for row in shown if str(row[0]) in items]
    last = shown[-1] if len(rows) > limit else None
    return feed, [last[2], last[1].isoformat(), str(last[0])] if last else None
