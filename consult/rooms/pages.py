"""Messages in their current state, read in one snapshot: pages for scrolling and jumping, one message, its history."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from django.db import connection

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, log, wire
from consult.rooms.access import Grant

_COLUMNS = """
SELECT m.id, m.seq, m.post_no, m.at, m.author_id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level, m.author_as,
       m.client_id, m.body, m.mentions, m.reply_to, m.images, m.form, m.edited_seq, m.withheld,
       (SELECT json_object_agg(x.reaction, x.n) FROM (SELECT r.reaction, count(*) n FROM rooms_reaction r WHERE r.message_id = m.id GROUP BY 1) x),
       (SELECT array_agg(r.reaction ORDER BY r.reaction) FROM rooms_reaction r WHERE r.message_id = m.id AND r.person_id = %(person)s),
       m.case_room, c.status, c.answers, c.specialty, c.urgency, m.doubt, m.room_id
FROM rooms_message m LEFT JOIN clinicians_person p ON p.id = m.author_id LEFT JOIN cases_case c ON c.room_id = m.case_room
"""
REACTIONS = ("agree", "useful", "thanks", "discuss")


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    id, seq, post_no, at, author = row[:5]
    names: list[str] = [name or "" for name in row[5:11]]
    acting, client_id, body, mentions, reply_to, images, form, edited_seq, withheld, counts, mine, case, status, answers, specialty, urgency, doubt, _room = row[11:]
    counts = counts if isinstance(counts, dict) else orjson.loads(counts or "{}")
    return {
        "message": str(id),
        "seq": seq,
        "post_no": post_no,
        "at": wire.time(at),
        "actor": access.card(author, names[0], names[1], names[2], names[3], names[4], names[5], acting) if author else None,
        "client_id": str(client_id),
        "body": None if withheld else body,
        "mentions": None if withheld else mentions if isinstance(mentions, list) else orjson.loads(mentions or "[]"),
        "reply_to": str(reply_to) if reply_to else None,
        "images": [str(i) for i in images],
        "form": form,
        "edited_seq": edited_seq,
        "withheld": withheld,
        "reactions": {r: counts.get(r, 0) for r in REACTIONS},
        "mine": mine or [],
        "case": {"room": str(case), "status": status, "answers": answers, "specialty": specialty, "urgency": urgency} if case else None,
        "doubt": doubt,
    }


def messages(grant: Grant, *, after: int | None, before: int | None, around: int | None, limit: int) -> dict[str, Any]:
    """{"as_of","messages","notices","more"}: `before` and `after` exclusive, `around` with its message and half of `limit` each side."""
    with log.snapshot():
        head = log.heads_of([grant.room]).get(grant.room)
        if head is None:
            raise Refusal("room.not_found")
        bottom = max(grant.first_seq - 1, 0)
        if around is not None:
            older = _rows(grant, "m.seq <= %(seq)s", "DESC", seq=around, bottom=bottom, limit=(limit + 1) // 2 + 1)
            newer = _rows(grant, "m.seq > %(seq)s", "ASC", seq=around, bottom=bottom, limit=limit // 2 + 1)
            more = {"before": len(older) > (limit + 1) // 2, "after": len(newer) > limit // 2}
            rows = older[: (limit + 1) // 2][::-1] + newer[: limit // 2]
        elif after is not None:
            rows = _rows(grant, "m.seq > %(seq)s", "ASC", seq=after, bottom=bottom, limit=limit + 1)
            more = {"before": after > bottom, "after": len(rows) > limit}
            rows = rows[:limit]
        else:
            rows = _rows(grant, "m.seq < %(seq)s", "DESC", seq=head[1] + 1 if before is None else before, bottom=bottom, limit=limit + 1)
            more = {"before": len(rows) > limit, "after": before is not None and before <= head[1]}
            rows = rows[:limit][::-1]
        # Up to where the neighbouring page begins, so that every notice is on exactly one page.
        low = bottom + 1 if not rows or not more["before"] else rows[0][1] if after is None else max(after, bottom) + 1
        high = head[1] if not rows or not more["after"] else rows[-1][1] if before is None else before - 1
        notices = _notices(grant.room, low, high) if rows else []
    return {"as_of": {"epoch": head[0], "seq": head[1]}, "messages": [_item(r) for r in rows], "notices": notices, "more": more}


def _rows(grant: Grant, where: str, order: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_COLUMNS} WHERE m.room_id = %(room)s AND m.seq > %(bottom)s AND {where} ORDER BY m.seq {order} LIMIT %(limit)s",
            {"room": grant.room, "person": grant.person, **params},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


NOTICES = 200  # the newest lines about the room itself that one page carries


# Lines of their own though they name a message; and what names none, yet is only counted.
_TOLD = [
    "answer.accepted",
    "answer.unaccepted",
    "answer.amended",
    "reference.added",
    "reference.hidden",
    "reference.restored",
    "consensus.proposed",
    "case.unanswered",
    "outcome.due",
]
_COUNTED = ["differential.backed", "differential.unbacked"]


def _notices(room: uuid.UUID, low: int, high: int) -> list[Any]:
    """The lines of a page's range that are not drawn on a message: who came and went, what moderators did, also to pictures, and how a case moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq FROM rooms_event WHERE room_id = %s AND seq BETWEEN %s AND %s AND "
            "(message_id IS NULL AND kind <> ALL(%s) OR kind LIKE 'image.%%' OR kind = ANY(%s)) ORDER BY seq DESC LIMIT %s",
            (room, low, high, _COUNTED, _TOLD, NOTICES),
        )
        seqs = [seq for (seq,) in cursor.fetchall()]
    spans = [(room, seq - 1, seq) for seq in sorted(seqs)]
    frames = log.frames_of(spans).get(room, []) if spans else []
    return [orjson.Fragment(f.text) for f in frames]


def _find(person: uuid.UUID, message: uuid.UUID) -> tuple[Grant, tuple[Any, ...]]:
    """A message that this person may read: else, whatever the reason, message.not_found."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_COLUMNS} WHERE m.id = %(message)s", {"message": message, "person": person})
        row = cursor.fetchone()
    grant = access.grants([(row[-1], person)])[row[-1], person] if row else None
    if not isinstance(grant, Grant) or row[1] < grant.first_seq:
        raise Refusal("message.not_found")
    return grant, row


def one(person: uuid.UUID, message: uuid.UUID) -> dict[str, Any]:
    grant, row = _find(person, message)
    return {**_item(row), "room": str(grant.room)}


def history(person: uuid.UUID, message: uuid.UUID) -> dict[str, Any]:
    """{"versions": [{"seq","at","body","mentions"}], "withheld"}, oldest first. Erased and withdrawn words are gone for everyone."""
    grant, row = _find(person, message)
    author, withheld = row[4], row[19]
    if person != author and not access.authority(person=person, room=grant.room).moderates:
        raise Refusal("message.not_author")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, at, body, mentions FROM rooms_messageversion WHERE message_id = %s UNION ALL "
            "SELECT coalesce(m.edited_seq, m.seq), e.at, m.body, m.mentions "
            "FROM rooms_message m JOIN rooms_event e ON e.room_id = m.room_id AND e.seq = coalesce(m.edited_seq, m.seq) "
            "WHERE m.id = %s ORDER BY 1",
            (message, message),
        )
        rows = cursor.fetchall()
    record(act="message.history_read", person=person, room=grant.room, object=str(message))
    versions = [{"seq": seq, "at": wire.time(at), "body": body, "mentions": orjson.loads(m) if isinstance(m, str) else m} for seq, at, body, m in rows]
    return {"versions": [] if withheld in ("erased", "withdrawn") else versions, "withheld": withheld}
