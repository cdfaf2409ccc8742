"""Rooms watched side by side: numbers of the last hour, who moderates there, what is open. Never a word of what is said."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, log

from . import remit

MOST = 12  # rooms
STEP_S, STEPS = 300, 12  # twelve times five minutes
MOST_POSTS = 2000  # of one room that are counted

_ROOMS = f"""
SELECT r.id, r.kind, r.title, r.code, r.slow_mode, r.lock_reason IS NOT NULL, r.expert,
       ARRAY(SELECT floor(extract(epoch FROM %(now)s - x.at) / {STEP_S})::int FROM (
           SELECT at FROM rooms_message WHERE room_id = r.id ORDER BY seq DESC LIMIT {MOST_POSTS}) x WHERE x.at > %(since)s),
       (SELECT count(*) FROM rooms_readmark k WHERE k.room_id = r.id AND k.at > %(now)s - {STEP_S} * interval '1 second'),
       (SELECT count(*) FROM moderation_item i WHERE i.room_id = r.id AND i.kind = 'report' AND i.decision IS NULL),
       (SELECT json_agg(json_build_array(o.id, o.title, o.given_name, o.family_name, o.profession, o.specialty, o.level) ORDER BY v.id)
        FROM rooms_visit v JOIN clinicians_person o ON o.id = v.person_id WHERE v.room_id = r.id AND v.ended IS NULL)
FROM {remit.MINE} CROSS JOIN rooms_room r
WHERE p.id = %(person)s AND r.id = ANY(%(rooms)s) AND r.kind IN ('group', 'case') AND s.moderator AND {access.STANDING} AND {access.REMIT}"""


def rooms(*, person: uuid.UUID, rooms: list[uuid.UUID]) -> list[dict[str, Any]]:
    """{"room","kind","title","code","present","posts","flags","slow_mode","locked","expert","moderators"} of those in one's remit; `posts` is twelve
    counts of five minutes, the oldest first; `present` are the people who read on in the last five. Raises Refusal moderation.remit,
    frame.invalid (more than MOST rooms)."""
    if len(rooms) > MOST:
        raise Refusal("frame.invalid", fields=["rooms"])
    remit.require(person)
    now = log.utc_now()
    with connection.cursor() as db:
        db.execute(_ROOMS, {"person": person, "rooms": rooms, "now": now, "since": now - timedelta(seconds=STEP_S * STEPS)})
        found = {row[0]: _row(row, now) for row in db.fetchall()}
    return [found[room] for room in rooms if room in found]


def _row(row: tuple[Any, ...], now: datetime) -> dict[str, Any]:
    id, kind, title, code, slow, locked, expert, ages, present, flags, moderators = row
    posts = [0] * STEPS
    for age in ages:
        posts[STEPS - 1 - min(max(age, 0), STEPS - 1)] += 1
    live = orjson.loads(moderators) if isinstance(moderators, str) else moderators or []
    return {
        "room": str(id),
        "kind": kind,
        "title": title,
        "code": code or None,
        "present": present,
        "posts": posts,
        "flags": flags,
        "slow_mode": slow,
        "locked": locked,
        "expert": None if expert is None else {"specialty": expert or None},
        "moderators": [{**access.card(*one), "as": "moderator"} for one in live],
    }
