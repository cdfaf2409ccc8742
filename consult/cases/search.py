"""Search across cases: by words of title, question and template, specialty, status, pictures and time, among those a person may read.

Three ways lead to the newest hits, and what PostgreSQL expects of each says which is the shortest: through the index of words where few cases have them,
from the newest case on where many have them, or over the cases that this person may read where those are few. Each looks at a bounded
number of cases a request; where that ends a page, `next` goes on from there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consult.cases.models import Status
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, finding, lists

LONGEST = 200  # characters of a query
LOOKED_AT = 20_000  # cases a request
CODE = 8

_WORDS = f"c.words @@ {finding.QUERY}"
_ORDER = f"ORDER BY c.opened_at DESC, c.room_id DESC LIMIT {LOOKED_AT}"
_KEYS = "c.room_id, c.opened_at, c.question_id"
# Each brings the keys of at most LOOKED_AT cases, the newest first. OFFSET 0 keeps the planner from another way, which it would choose for
# the last of these cases, though a page mostly needs the first few.
_BY_WORDS = f"SELECT {_KEYS} FROM (SELECT * FROM cases_case c WHERE {_WORDS} OFFSET 0) c WHERE true{{filters}} {_ORDER}"
_BY_TIME = f"SELECT {_KEYS}, c.words, c.pictures FROM cases_case c WHERE true{{walked}} {_ORDER}"
_MINE = (
    f"SELECT {_KEYS} FROM (SELECT id FROM ({finding.CANDIDATES}) x) k CROSS JOIN LATERAL (SELECT * FROM cases_case WHERE room_id = k.id OFFSET 0) c WHERE true{{filters}} {_ORDER}"
)
_PAGE = f"""
SELECT c.room_id, c.opened_at FROM ({{source}}) c
JOIN rooms_message q ON q.id = c.question_id AND q.withheld IS NULL JOIN rooms_room r ON r.id = c.room_id
JOIN clinicians_person p ON p.id = %(person)s JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE {access.READABLE}{{rest}} ORDER BY c.opened_at DESC, c.room_id DESC LIMIT %(limit)s"""
_END = f"SELECT c.opened_at, c.room_id FROM ({{source}}) c OFFSET {LOOKED_AT - 1} LIMIT 1"
# What is expected, not counted: all cases, those that walking meets, those with the words, all that is asked, those addressed to this person.
_EXPECTED = """
EXPLAIN (FORMAT JSON) SELECT FROM cases_case c UNION ALL SELECT FROM cases_case c WHERE true{walked} UNION ALL SELECT FROM cases_case c WHERE {words}
UNION ALL SELECT FROM cases_case c WHERE true{filters}
UNION ALL SELECT FROM rooms_audience WHERE group_id = ANY(%(groups)s) OR person_id = %(person)s OR (group_id IS NULL AND person_id IS NULL)"""
_GROUPS = "SELECT m.room_id FROM rooms_membership m JOIN rooms_room r ON r.id = m.room_id AND r.kind = 'group' WHERE m.person_id = %s AND m.ended IS NULL"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; empty is not asked."""

    q: str = ""
    specialty: str = ""
    status: str = ""
    picture: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    def walked(self) -> str:
        """The conditions on a case `c` that an index in the order of time answers; their values are in `params`."""
        parts = [
            (self.specialty, "c.specialty = %(specialty)s"),
            (self.status, "c.status = %(status)s"),
            (self.since, "c.opened_at >= %(since)s"),
            (self.until, "c.opened_at < %(until)s"),
        ]
        return "".join(f" AND {condition}" for asked, condition in parts if asked)

    def rest(self) -> str:
        """The others."""
        parts = [(self.q, _WORDS), (self.picture is not None, "(c.pictures > 0) = %(picture)s")]
        return "".join(f" AND {condition}" for asked, condition in parts if asked)

    def params(self) -> dict[str, Any]:
        return {"q": self.q, "specialty": self.specialty, "status": self.status, "picture": self.picture, "since": self.since, "until": self.until}


def check(asked: Asked) -> None:
    """Raises Refusal frame.invalid naming the fields, search.query where nothing is asked."""
    wrong = [name for name, bad in (
        ("q", len(asked.q) > LONGEST or "\x00" in asked.q),
        ("specialty", len(asked.specialty) > CODE or not asked.specialty.isprintable()),
        ("status", asked.status and asked.status not in Status.values),
        *((name, at is not None and at.tzinfo is None) for name, at in (("since", asked.since), ("until", asked.until))),
    ) if bad]  # fmt: skip
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)


def cases(*, person: uuid.UUID, asked: Asked, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(RoomItems of the cases found, the newest first; the position from which to go on, or None).

    A page may hold fewer than `limit` and still have a next. Raises Refusal frame.invalid, search.query, cursor.invalid.
    """
    check(asked)
    limit = max(1, min(limit, 50))
    at, id = unseal("cases", cursor) or [None, None]
    params = {**asked.params(), "person": person, "at": at, "id": id, "limit": limit + 1}
    after = " AND (c.opened_at, c.room_id) < (%(at)s::timestamptz, %(id)s::uuid)" if at else ""
    with connection.cursor() as db:
        source, rest = _way(db, asked, after, params)
        db.execute(_PAGE.format(source=source, rest=rest), params)
        rows = db.fetchall()
        if len(rows) > limit:
            position: list[Any] | None = [rows[limit - 1][1].isoformat(), str(rows[limit - 1][0])]
        else:
            db.execute(_END.format(source=source), params)
            end = db.fetchone()
            position = [end[0].isoformat(), str(end[1])] if end else None
        if asked.q and not rows:
            db.execute("SELECT numnode(websearch_to_tsquery('consult_french', %s))", (asked.q,))
            if not db.fetchone()[0]:  # only words such as "le" and "de"
                raise Refusal("search.query")
    return lists.items(person, [row[0] for row in rows[:limit]], locale), position


def _way(db: Any, asked: Asked, after: str, params: dict[str, Any]) -> tuple[str, str]:
    """The shortest way to the first page, as (query of candidates, conditions that are left to ask)."""
    filters = asked.walked() + asked.rest() + after
    db.execute(_GROUPS, (params["person"],))
    groups = [room for (room,) in db.fetchall()]
    explain = _EXPECTED.format(walked=asked.walked() + after, words=_WORDS if asked.q else "true", filters=filters)
    db.execute(explain, {**params, "groups": groups})
    everything, walked, worded, hits, mine = (max(1, part["Plan Rows"]) for part in db.fetchone()[0][0]["Plan"]["Plans"])
    share = min(1.0, mine / everything)  # of all cases, this person may read
    costs = {
        "time": params["limit"] * walked / max(0.01, hits * share),
        "words": 2 * worded if asked.q else float("inf"),
        "mine": 4 * mine,
    }
    match min(costs, key=lambda way: costs[way]):
        case "time":
            return _BY_TIME.format(walked=asked.walked() + after), asked.rest()
        case "words":
            return _BY_WORDS.format(filters=asked.walked() + asked.rest().replace(f" AND {_WORDS}", "") + after), ""
        case _:
            return _MINE.format(filters=filters), ""
