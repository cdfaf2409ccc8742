"""Where the newest messages with some words are: through the index of words where those are rare, else by walking the rooms.

The index of words knows no order: it has to hand over every message that holds a word before the newest of them is known. That is right
for a word in few messages. A word in many is soon met by reading the rooms from their ends, and `rare()` says which it is. Walking
ends as soon as no room can hold a newer hit than those found; where it meets too few, the index is asked after all.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consult.rooms import access, lists

Hit = tuple[datetime, uuid.UUID]
AT_FIRST = 256  # rooms; few searches need more, and one may read thousands
ROOMS_AT_ONCE = 64
FIRST_STEP = 16  # messages of a room that are looked at first; at each further visit twice as many
SMALL = 100_000  # messages; in fewer, nothing is worth a walk
LOOKED_AT = 60_000  # messages; by then the index is the better way

QUERY = "websearch_to_tsquery('consult_french', %(q)s)"
_WORDS = f"x.withheld IS NULL AND x.search @@ {QUERY}"
# A case is found by its title too: what is found is its question.
_TITLES = f"""SELECT x.id, x.room_id, x.seq, x.at FROM rooms_room t JOIN cases_case c ON c.room_id = t.id JOIN rooms_message x ON x.id = c.question_id
    WHERE t.kind = 'case' AND to_tsvector('consult_french', t.title) @@ {QUERY} AND x.withheld IS NULL AND (%(room)s::uuid IS NULL OR t.id = %(room)s::uuid)
    AND (%(since)s::timestamptz IS NULL OR t.last_at >= %(since)s::timestamptz)"""
_ONE_ROOM = " AND x.room_id = %(room)s::uuid"
_TAG = "(%(tag)s::text IS NULL OR EXISTS (SELECT 1 FROM rooms_tag g WHERE g.message_id = {id} AND g.tag = %(tag)s))"
_FIRST = "CASE WHEN r.kind = 'private' THEN coalesce(m.first_seq, 0) ELSE 0 END"
# Rights are asked for the rooms of what was found alone: one may be allowed to read thousands.
_PAGE = f""", rooms AS MATERIALIZED (
    SELECT r.id, {_FIRST} AS first FROM {lists.WITHIN} WHERE p.id = %(person)s AND r.id = ANY(ARRAY(SELECT DISTINCT room_id FROM found)) AND {access.READABLE}
)
SELECT f.at, f.id FROM found f JOIN rooms r ON r.id = f.room_id AND f.seq >= r.first
WHERE (%(at)s::timestamptz IS NULL OR (f.at, f.id) < (%(at)s::timestamptz, %(id)s::uuid)) AND {_TAG.format(id="f.id")}
ORDER BY f.at DESC, f.id DESC LIMIT %(limit)s"""
_TAGGED = "SELECT x.id, x.room_id, x.seq, x.at FROM rooms_tag g JOIN rooms_message x ON x.id = g.message_id WHERE g.tag = %(tag)s AND x.withheld IS NULL"

# The rooms one may read, or may have lost the right to read: whoever looks into one asks `access.READABLE` again.
CANDIDATES = """
SELECT room_id AS id FROM rooms_membership WHERE person_id = %(person)s AND ended IS NULL
UNION SELECT a.room_id FROM rooms_membership g JOIN rooms_audience a ON a.group_id = g.room_id WHERE g.person_id = %(person)s AND g.ended IS NULL
UNION SELECT room_id FROM rooms_audience WHERE person_id = %(person)s
UNION SELECT room_id FROM rooms_audience WHERE group_id IS NULL AND person_id IS NULL"""
_NEWEST_ROOMS = f"""
SELECT r.id, coalesce(r.last_at, r.created_at) FROM ({CANDIDATES}) c CROSS JOIN LATERAL (SELECT * FROM rooms_room r WHERE r.id = c.id OFFSET 0) r
WHERE r.last_post_no > 0 ORDER BY 2 DESC, 1 OFFSET %(offset)s LIMIT %(most)s"""
# Where a room's log stood at a moment, by halving: `at` never goes back, and no seq is missing.
_STOOD = """(WITH RECURSIVE half(low, high) AS (
    SELECT 0::bigint, r.last_seq + 1
    UNION ALL SELECT CASE WHEN e.at <= %(at)s::timestamptz THEN e.seq ELSE low END, CASE WHEN e.at <= %(at)s::timestamptz THEN high ELSE e.seq END
    FROM half JOIN rooms_event e ON e.room_id = r.id AND e.seq = (low + high) / 2 WHERE high - low > 1
) SELECT max(high) FILTER (WHERE high - low <= 1) FROM half)"""
_LOOK = f"""
SELECT a.room, w.seen, w.low, w.until, w.ids, w.times
FROM unnest(%(rooms)s::uuid[], %(tops)s::bigint[], %(steps)s::int[]) AS a(room, top, step)
JOIN LATERAL (SELECT r.last_seq, {_FIRST} AS first, r.id FROM {lists.WITHIN} WHERE p.id = %(person)s AND r.id = a.room AND {access.READABLE}) r ON true
CROSS JOIN LATERAL (SELECT coalesce(a.top, CASE WHEN %(at)s::timestamptz IS NULL THEN r.last_seq + 1 ELSE {_STOOD} END) AS top) t
CROSS JOIN LATERAL (
    SELECT count(*) AS seen, min(y.seq) AS low, min(y.at) AS until, array_agg(y.id) FILTER (WHERE y.hit) AS ids, array_agg(y.at) FILTER (WHERE y.hit) AS times
    FROM (SELECT x.seq, x.at, x.id, {_WORDS} AND (%(at)s::timestamptz IS NULL OR (x.at, x.id) < (%(at)s::timestamptz, %(id)s::uuid)) AND {_TAG.format(id="x.id")} AS hit
          FROM rooms_message x WHERE x.room_id = a.room AND x.seq < t.top AND x.seq >= r.first ORDER BY x.seq DESC LIMIT a.step) y) w"""


def newest(params: dict[str, Any]) -> list[Hit]:
    """The first `limit` hits after the position (at, id), the newest first."""
    params = {**params, "since": None}
    if not params["q"]:
        return _by_index(_TAGGED + (_ONE_ROOM if params["room"] else ""), params)
    words = f"SELECT x.id, x.room_id, x.seq, x.at FROM rooms_message x WHERE {_WORDS}" + (_ONE_ROOM if params["room"] else "")
    if not rare(params):
        hits = _walk(params)
        if hits is not None:
            titles = _by_index(_TITLES, {**params, "since": hits[-1][0] if len(hits) == params["limit"] else None})
            return sorted({*hits, *titles}, reverse=True)[: params["limit"]]
    return _by_index(f"{words} UNION {_TITLES}", params)


def rare(params: dict[str, Any]) -> bool:
    """Whether the index has fewer messages to hand over than walking has to look at: n against limit * all / n.

    What PostgreSQL expects is asked, by its statistics; nothing is counted.
    """
    where = _ONE_ROOM if params["room"] else ""
    with connection.cursor() as db:
        db.execute(f"EXPLAIN (FORMAT JSON) SELECT FROM rooms_message x WHERE {_WORDS}{where} UNION ALL SELECT FROM rooms_message x WHERE true{where}", params)
        hits, messages = (part["Plan Rows"] for part in db.fetchone()[0][0]["Plan"]["Plans"])
    return bool(hits * hits <= params["limit"] * max(messages, SMALL))


def _by_index(found: str, params: dict[str, Any]) -> list[Hit]:
    with connection.cursor() as db:
        db.execute(f"WITH found AS MATERIALIZED ({found}){_PAGE}", params)
        return [(at, id) for at, id in db.fetchall()]


@dataclass(slots=True)
class _Place:
    """How far down a room has been looked at: what it still holds is no newer than `until`."""

    room: uuid.UUID
    until: datetime
    top: int | None = None
    step: int = FIRST_STEP


def _walk(params: dict[str, Any]) -> list[Hit] | None:
    """The hits met on the way down, the rooms with the newest messages first; None: too few on a long way."""
    limit, looked_at = params["limit"], 0
    hits: list[Hit] = []
    with connection.cursor() as db:
        places, rest = _places(db, params)
        while True:
            hits = sorted(hits, reverse=True)[:limit]
            if len(hits) == limit:
                places = [p for p in places if p.until >= hits[-1][0]]
                rest = rest if rest and rest >= hits[-1][0] else None
            if rest and sum(p.until >= rest for p in places) < ROOMS_AT_ONCE:
                places += _places(db, params, after=AT_FIRST)[0]
                rest = None
            if not places:
                return hits
            if looked_at > LOOKED_AT:
                return None
            places.sort(key=lambda p: p.until, reverse=True)
            now, places = places[:ROOMS_AT_ONCE], places[ROOMS_AT_ONCE:]
            for place, seen, found in _look(db, now, params):
                looked_at += seen
                hits += found
                if seen == place.step:
                    place.step *= 2
                    places.append(place)


def _places(db: Any, params: dict[str, Any], after: int = 0) -> tuple[list[_Place], datetime | None]:
    """The rooms to look at first, or all those after them; and how new the others may be, where there are any."""
    if params["room"]:
        db.execute("SELECT id, coalesce(last_at, created_at) FROM rooms_room WHERE id = %(room)s", params)
        return [_Place(room, at) for room, at in db.fetchall()], None
    db.execute(_NEWEST_ROOMS, {**params, "offset": after, "most": None if after else AT_FIRST})
    places = [_Place(room, at) for room, at in db.fetchall()]
    return places, places[-1].until if not after and len(places) == AT_FIRST else None


def _look(db: Any, now: Sequence[_Place], params: dict[str, Any]) -> list[tuple[_Place, int, list[Hit]]]:
    """Looks at the next messages of these rooms; rooms that may not be read are not in the answer."""
    by_room = {place.room: place for place in now}
    db.execute(_LOOK, {**params, "rooms": list(by_room), "tops": [p.top for p in now], "steps": [p.step for p in now]})
    answer = []
    for room, seen, low, until, ids, times in db.fetchall():
        place = by_room[room]
        place.top, place.until = low, until or place.until
        answer.append((place, seen, list(zip(times or (), ids or (), strict=True))))
    return answer
