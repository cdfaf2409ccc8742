"""What connections need to enter rooms: rights, heads, marks and counts, for many people and rooms in one snapshot.

Which events are missed is decided here; the hub delivers them, from what it holds encoded or else from the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from consult.database import together
from consult.errors import Refusal
from consult.rooms import access, log, wire
from consult.rooms.access import Grant


@dataclass(slots=True)
class Ask:
    """One room to enter, from where."""

    room: uuid.UUID
    epoch: str | None
    seq: int


@dataclass(slots=True)
class Visit:
    """One person's rooms to enter. With a `budget` of events (resume) the order is `first`, then by latest read mark, and from
    the first room that does not fit, all that missed anything answer mode page."""

    person: uuid.UUID
    asks: Sequence[Ask]
    first: uuid.UUID | None = None
    budget: int | None = None


@dataclass(slots=True)
class Entry:
    """How one room is entered: where mode is replay, the events after `low` up to `seq` follow; else low is seq."""

    ask: Ask
    room: uuid.UUID
    grant: Grant
    epoch: str
    seq: int
    mode: str
    low: int
    state: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """As the fields of the frame that comes before the room's events."""
        return {"room": str(self.room), "head": {"epoch": self.epoch, "seq": self.seq}, "mode": self.mode, "state": self.state}


_STATE = """
SELECT q.room, q.person, r.epoch, r.last_seq, r.kind, r.lock_reason, r.locked_by, r.slow_mode, coalesce(k.seq, 0), k.at,
       r.last_post_no - coalesce(k.post_no, greatest(m.first_post_no - 1, 0), 0)
         - (SELECT count(*) FROM rooms_message o
            WHERE o.room_id = q.room AND o.author_id = q.person AND o.post_no > coalesce(k.post_no, greatest(m.first_post_no - 1, 0), 0)),
       (SELECT count(*) FROM rooms_mention n WHERE n.person_id = q.person AND n.room_id = q.room AND n.seq > greatest(coalesce(k.seq, 0), m.first_seq - 1)),
       (SELECT json_agg(json_build_object('message', x.id, 'seq', x.seq) ORDER BY x.seq) FROM rooms_pin i JOIN rooms_message x ON x.id = i.message_id WHERE i.room_id = q.room),
       r.answers_exempt, r.expert,
       CASE WHEN r.moderators_live > 0 THEN (
           SELECT json_agg(json_build_array(o.id, o.title, o.given_name, o.family_name, o.profession, o.specialty, o.level) ORDER BY v.id)
           FROM rooms_visit v JOIN clinicians_person o ON o.id = v.person_id WHERE v.room_id = q.room AND v.ended IS NULL) END,
       CASE WHEN s.silenced_until > now() THEN (
           SELECT t.reason FROM rooms_act t WHERE t.person_id = q.person AND t.room_id = q.room AND t.kind = 'member.silence' AND t.reversed_at IS NULL
           ORDER BY t.at DESC LIMIT 1) END,
       CASE WHEN r.lock_reason IS NOT NULL THEN (
           SELECT t.until FROM rooms_act t WHERE t.room_id = q.room AND t.kind = 'room.lock' AND t.reversed_at IS NULL ORDER BY t.at DESC LIMIT 1) END,
       p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level
FROM unnest(%b::uuid[], %b::uuid[]) AS q(room, person) JOIN rooms_room r ON r.id = q.room
LEFT JOIN rooms_readmark k ON k.room_id = q.room AND k.person_id = q.person
LEFT JOIN rooms_membership m ON m.room_id = q.room AND m.person_id = q.person AND m.ended IS NULL
LEFT JOIN rooms_membership s ON s.room_id = q.room AND s.person_id = q.person
LEFT JOIN clinicians_person p ON p.id = r.locked_by"""

Answer = Entry | tuple[uuid.UUID, Refusal]


def read(visits: Sequence[Visit]) -> list[list[Answer]]:
    """For each visit one answer a room."""
    pairs = list(dict.fromkeys((a.room, v.person) for v in visits for a in v.asks))
    with log.snapshot():
        granted, rows = together(access.asking(pairs), (_STATE, ([r for r, _ in pairs], [p for _, p in pairs])))
        grants = access.granted(pairs, granted)
    states = {(row[0], row[1]): _state(*row[2:]) for row in rows}
    return [_answers(visit, grants, states) for visit in visits]


def _answers(visit: Visit, grants: dict[access.Pair, Grant | Refusal], states: dict[access.Pair, _State]) -> list[Answer]:
    answers: list[Answer] = []
    asks, person = list(visit.asks), visit.person
    if visit.budget is not None:
        asks.sort(key=lambda a: (a.room != visit.first, -(states[a.room, person].marked if (a.room, person) in states else 0)))
    spent, full = 0, False
    for ask in asks:
        grant = grants[ask.room, person]
        if isinstance(grant, Refusal):
            answers.append((ask.room, grant))
            continue
        entry = _entry(ask, grant, states[ask.room, person])
        missed = entry.seq - entry.low
        if visit.budget is not None and missed:
            full = full or spent + missed > visit.budget
            spent += 0 if full else missed
            if full:
                entry.mode, entry.low = "page", entry.seq
        answers.append(entry)
    return answers


@dataclass(slots=True)
class _State:
    epoch: str
    seq: int
    marked: float
    state: dict[str, Any]


def _state(
    epoch: str,
    seq: int,
    kind: str,
    lock: str | None,
    locked_by: uuid.UUID | None,
    slow: int,
    read_seq: int,
    marked: datetime | None,
    unread: int,
    mentions: int,
    pins: Any,
    answers_exempt: bool,
    expert: str | None,
    moderators: Any,
    silence_reason: str | None,
    lock_until: datetime | None,
    *names: str,
) -> _State:
    state: dict[str, Any] = {}
    if kind != "personal":
        by = access.card(locked_by, *names) if locked_by and names[0] is not None else None
        state = {
            "role": None,
            "read_seq": read_seq,
            "unread": max(0, min(999, unread)),
            "mentions": mentions,
            "pins": _json(pins),
            "lock": None if lock is None else {"reason": lock, "actor": by, "until": wire.time(lock_until) if lock_until else None},
            "slow_mode": slow,
            "answers_exempt": answers_exempt,
            "expert": None if expert is None else {"specialty": expert or None},
            "moderators": [{**access.card(*one), "as": "moderator"} for one in _json(moderators)],
            "silenced_until": None,
            "silence_reason": silence_reason,
            "first_seq": 0,
            "present": None,
        }
    return _State(epoch, seq, marked.timestamp() if marked else 0.0, state)


def _json(value: Any) -> list[Any]:
    return orjson.loads(value) if isinstance(value, str | bytes) else value or []


def _entry(ask: Ask, grant: Grant, known: _State) -> Entry:
    if known.state:
        known.state.update(role=grant.role, first_seq=grant.first_seq, silenced_until=wire.time(grant.silenced_until) if grant.silenced_until else None)
    bottom = max(grant.first_seq - 1, 0)
    if ask.epoch != known.epoch or ask.seq > known.seq or ask.seq < bottom:
        mode, low = "reset", known.seq
    elif known.seq - ask.seq > settings.LIMITS["replay_events"]:
        mode, low = "page", known.seq
    else:
        mode, low = "replay", ask.seq
    return Entry(ask, ask.room, grant, known.epoch, known.seq, mode, low, dict(known.state))
