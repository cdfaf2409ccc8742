"""The rooms a person sees, as the room list shows them; the groups anyone may join; who belongs to a room.

A list costs the same few queries however many rooms it holds: one that chooses (by `access.READABLE`, so that a list and a
read can never differ), one that describes, one for the names.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from consult.clinicians import cards
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, wire
from consult.rooms.access import Grant

RECENT_DAYS = 30  # a case addressed to me that nobody has written in for longer is found by search, not listed
EXCERPT = 120
WITHIN = """clinicians_person p JOIN standing_standing s ON s.person_id = p.id
    JOIN rooms_room r ON r.kind <> 'personal' LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id"""

# How many messages by others follow a person's read mark (k): what lists show, and what the badge of a notice counts.
SINCE = "CROSS JOIN LATERAL (SELECT greatest(k.post_no, CASE WHEN m.ended IS NULL THEN m.first_post_no - 1 END, 0) AS post_no) since"
UNREAD = "r.last_post_no - since.post_no - (SELECT count(*) FROM rooms_message o WHERE o.room_id = r.id AND o.author_id = p.id AND o.post_no > since.post_no)"

# OFFSET 0 keeps the lookups by key: the planner would read all rooms, or all addresses, where there are some ten thousand.
_MINE = f"""
WITH candidates AS MATERIALIZED (
    SELECT room_id AS id FROM rooms_membership WHERE person_id = %(person)s AND ended IS NULL
    UNION SELECT a.room_id FROM rooms_membership g
          CROSS JOIN LATERAL (SELECT room_id FROM rooms_audience WHERE group_id = g.room_id AND moved_at > now() - %(days)s * interval '1 day' OFFSET 0) a
          WHERE g.person_id = %(person)s AND g.ended IS NULL
    UNION SELECT room_id FROM rooms_audience WHERE person_id = %(person)s AND moved_at > now() - %(days)s * interval '1 day'
    UNION SELECT room_id FROM rooms_visit WHERE person_id = %(person)s AND ended IS NULL
    UNION SELECT room_id FROM rooms_audience WHERE group_id IS NULL AND person_id IS NULL AND moved_at > now() - %(days)s * interval '1 day'
)
SELECT r.id, coalesce(r.last_at, r.created_at) AS moved FROM candidates c
CROSS JOIN LATERAL (SELECT * FROM rooms_room WHERE id = c.id AND kind <> 'personal' OFFSET 0) r
JOIN clinicians_person p ON p.id = %(person)s JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE {access.READABLE}
  AND (%(moved)s::timestamptz IS NULL OR (coalesce(r.last_at, r.created_at), r.id) < (%(moved)s::timestamptz, %(id)s::uuid))
ORDER BY moved DESC, r.id DESC LIMIT %(limit)s"""
_GROUPS = f"""
SELECT r.id FROM {WITHIN} LEFT JOIN clinicians_specialtygroup g ON g.code = r.code
WHERE p.id = %(person)s AND r.kind = 'group' AND r.listed AND m.ended IS DISTINCT FROM 'removed' AND {access.STANDING}
ORDER BY g."order" NULLS LAST, r.title, r.id"""

# Everything an item says, for rooms already chosen. What needs the right to read (`seen`) is null without it.
_ITEMS = f"""
SELECT r.id, r.kind, r.title, r.code, m.id IS NOT NULL AND m.ended IS NULL, CASE WHEN m.ended IS NULL THEN m.role END, CASE WHEN m.ended IS NULL THEN m.notices END,
       r.epoch, r.last_seq, coalesce(k.seq, 0), r.lock_reason, r.moderators_live > 0, seen.yes,
       (SELECT count(*) FROM rooms_membership x WHERE x.room_id = r.id AND x.ended IS NULL),
       {UNREAD},
       (SELECT count(*) FROM rooms_mention n WHERE n.person_id = p.id AND n.room_id = r.id AND n.seq > coalesce(k.seq, 0) AND n.seq >= from_seq.first),
       l.seq, l.at, l.author_id, l.author_as, CASE WHEN l.withheld IS NULL THEN left(l.body, {EXCERPT}) END, l.withheld,
       c.status, c.urgency, c.specialty, CASE WHEN q.withheld IS NULL THEN q.body END, q.withheld, c.asker_id, c.answers, c.opened_at, c.first_answer_at,
       c.group_id, cg.title, c.merged_into_id, r.expert,
       CASE WHEN r.kind = 'private' AND r.title = '' AND seen.yes THEN (
         SELECT string_agg(nullif(concat_ws(' ', nullif(o.title, ''), nullif(o.given_name, ''), nullif(o.family_name, '')), ''), ', ' ORDER BY o.family_name, o.id)
         FROM (SELECT y.* FROM rooms_membership x JOIN clinicians_person y ON y.id = x.person_id WHERE x.room_id = r.id AND x.person_id <> p.id
               ORDER BY x.ended IS NOT NULL, y.family_name, y.id LIMIT 4) o) END
FROM {WITHIN}
CROSS JOIN LATERAL (SELECT {access.READABLE} AS yes) seen
CROSS JOIN LATERAL (SELECT CASE WHEN r.kind = 'private' THEN coalesce(m.first_seq, 0) ELSE 0 END AS first) from_seq
LEFT JOIN rooms_readmark k ON k.room_id = r.id AND k.person_id = p.id
{SINCE}
LEFT JOIN LATERAL (SELECT o.* FROM rooms_message o WHERE o.room_id = r.id AND o.seq >= from_seq.first AND seen.yes ORDER BY o.seq DESC LIMIT 1) l ON true
LEFT JOIN cases_case c ON c.room_id = r.id LEFT JOIN rooms_message q ON q.id = c.question_id LEFT JOIN rooms_room cg ON cg.id = c.group_id
WHERE p.id = %(person)s AND r.id = ANY(%(rooms)s)"""


def mine(*, person: uuid.UUID, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(RoomItems, the latest first; the position of the next page or None): my groups and conversations, the cases I follow,
    and those addressed to me that are recent. Empty for who is not verified. Raises Refusal cursor.invalid."""
    limit = max(1, min(limit, 200))
    after = unseal("rooms", cursor) or [None, None]
    with connection.cursor() as db:
        db.execute(_MINE, {"person": person, "days": RECENT_DAYS, "moved": after[0], "id": after[1], "limit": limit + 1})
        rows = db.fetchall()
    shown = rows[:limit]
    position = [shown[-1][1].isoformat(), str(shown[-1][0])] if len(rows) > limit else None
    return items(person, [row[0] for row in shown], locale), position


def groups(*, person: uuid.UUID, locale: str = "fr") -> list[dict[str, Any]]:
    """Every listed group, joined or not, in the order of the code lists. Empty for who is not verified."""
    with connection.cursor() as db:
        db.execute(_GROUPS, {"person": person})
        return items(person, [row[0] for row in db.fetchall()], locale)


def one(*, person: uuid.UUID, room: uuid.UUID, locale: str = "fr") -> dict[str, Any]:
    """One RoomItem: a room this person may read, or a listed group they may join. Raises Refusal room.*"""
    grant = access.grants([(room, person)])[room, person]
    if isinstance(grant, Refusal):
        if grant.code != "room.not_member":
            raise grant
    else:
        access.may_write(grant)
    found = items(person, [room], locale)
    if not found:
        raise Refusal("room.not_found")
    return found[0]


def items(person: uuid.UUID, rooms: Sequence[uuid.UUID], locale: str) -> list[dict[str, Any]]:
    """The RoomItems of these rooms, in their order, in two queries. Whether they may be seen was decided before."""
    if not rooms:
        return []
    with connection.cursor() as db:
        db.execute(_ITEMS, {"person": person, "rooms": list(rooms)})
        rows = {row[0]: row for row in db.fetchall()}
    names = cards.cards({i for row in rows.values() for i in (row[18], row[27]) if i}, locale)
    return [_item(rows[room], names) for room in rooms if room in rows]


def _item(row: tuple[Any, ...], names: dict[uuid.UUID, dict[str, Any]]) -> dict[str, Any]:
    (
        id,
        kind,
        title,
        code,
        member,
        role,
        notices,
        epoch,
        head,
        read_seq,
        lock,
        live,
        seen,
        members,
        unread,
        mentions,
        last_seq,
        last_at,
        author,
        acting,
        excerpt,
        withheld,
        *case,
        expert,
        others,
    ) = row
    last = None
    if last_seq is not None:
        last = {"seq": last_seq, "at": wire.time(last_at), "actor": {**names[author], "as": acting} if author in names else None, "excerpt": excerpt, "withheld": withheld}
    question = _case(case, names) if seen and case[0] else None
    return {
        # A case's title belongs to its question: where that is withheld, so is the title.
        "id": str(id),
        "kind": kind,
        "title": "" if question and case[4] else title or others or "",
        "code": code or None,
        "member": member,
        "role": role,
        "notices": notices,
        "muted": notices == "none",
        "head": {"epoch": epoch, "seq": head},
        "read_seq": read_seq,
        "unread": max(0, min(999, unread)) if seen else 0,
        "mentions": mentions if seen else 0,
        "members": members,
        "joinable": not member and kind in ("group", "case"),
        "lock": None if lock is None else {"reason": lock},
        "moderator_live": live,
        "expert": None if expert is None else {"specialty": expert or None},
        "last": last,
        "case": question,
    }


def _case(row: Sequence[Any], names: dict[uuid.UUID, dict[str, Any]]) -> dict[str, Any]:
    status, urgency, specialty, question, _withheld, asker, answers, opened_at, first_answer_at, group, group_title, merged_into = row
    return {
        "status": status,
        "urgency": urgency,
        "specialty": specialty,
        "question": question,
        "author": names.get(asker),
        "answers": answers,
        "opened_at": wire.time(opened_at),
        "first_answer_at": wire.time(first_answer_at) if first_answer_at else None,
        "group": {"id": str(group), "title": group_title} if group else None,
        "merged_into": str(merged_into) if merged_into else None,
    }


def members(*, person: uuid.UUID, room: uuid.UUID, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(who belongs to this room, in the order they came; the next position). Raises Refusal room.*, cursor.invalid."""
    limit = max(1, min(limit, 200))
    grant: Grant = access.may_read(person=person, room=room)
    access.may_write(grant)
    after = unseal("members", cursor) or [0]
    with connection.cursor() as db:
        db.execute("SELECT id, person_id, role, joined_at FROM rooms_membership WHERE room_id = %s AND ended IS NULL AND id > %s ORDER BY id LIMIT %s", (room, after[0], limit + 1))
        rows = db.fetchall()
    names = cards.cards([row[1] for row in rows[:limit]], locale)
    shown = [{"person": names[who], "role": role, "joined_at": wire.time(at)} for _, who, role, at in rows[:limit]]
    return shown, [rows[limit - 1][0]] if len(rows) > limit else None
