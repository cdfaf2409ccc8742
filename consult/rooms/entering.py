"""What a connection needs to enter rooms: rights, heads, marks and counts, and the events it missed, in one snapshot."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

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
class Entry:
    """How one room is entered: `frames` are the events after the cursor up to `seq`, where mode is replay."""

    ask: Ask
    room: uuid.UUID
    grant: Grant
    epoch: str
    seq: int
    mode: str
    low: int
    state: dict[str, Any]
    frames: list[wire.Frame] = field(default_factory=list)


_STATE = """
SELECT r.id, r.epoch, r.last_seq, r.kind, r.lock_reason, r.locked_by, r.slow_mode, coalesce(k.seq, 0), k.at,
       r.last_post_no - coalesce(k.post_no, greatest(m.first_post_no - 1, 0), 0)
         - (SELECT count(*) FROM rooms_message o WHERE o.room_id = r.id AND o.author_id = %(person)s AND o.post_no > coalesce(k.post_no, greatest(m.first_post_no - 1, 0), 0)),
       (SELECT count(*) FROM rooms_mention n WHERE n.person_id = %(person)s AND n.room_id = r.id AND n.seq > greatest(coalesce(k.seq, 0), m.first_seq - 1)),
       (SELECT coalesce(json_agg(json_build_object('message', x.id, 'seq', x.seq) ORDER BY x.seq), '[]')
        FROM rooms_pin i JOIN rooms_message x ON x.id = i.message_id WHERE i.room_id = r.id),
       p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level
FROM rooms_room r LEFT JOIN rooms_readmark k ON k.room_id = r.id AND k.person_id = %(person)s
LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = %(person)s AND m.ended IS NULL
LEFT JOIN clinicians_person p ON p.id = r.locked_by
WHERE r.id = ANY(%(rooms)s)"""


def read(*, person: uuid.UUID, asks: Sequence[Ask], first: uuid.UUID | None = None, budget: int | None = None) -> list[Entry | tuple[uuid.UUID, Refusal]]:
    """One answer a room. With a `budget` (resume) the order is `first`, then by latest read mark, and from the first room
    that does not fit, all that missed anything answer mode page."""
    asks = list(asks)
    with log.snapshot():
        grants = access.grants([(a.room, person) for a in asks])
        states = _states(person, [a.room for a in asks])
        answers: list[Entry | tuple[uuid.UUID, Refusal]] = []
        if budget is not None:
            asks = sorted(asks, key=lambda a: (a.room != first, -(states[a.room].marked if a.room in states else 0)))
        spent, full = 0, False
        for ask in asks:
            grant = grants[ask.room, person]
            if isinstance(grant, Refusal):
                answers.append((ask.room, grant))
                continue
            entry = _entry(ask, grant, states[ask.room])
            missed = entry.seq - entry.low
            if budget is not None and missed:
                full = full or spent + missed > budget
                spent += 0 if full else missed
                if full:
                    entry.mode = "page"
            answers.append(entry)
        spans = [(e.room, e.low, e.seq) for e in answers if isinstance(e, Entry) and e.mode == "replay" and e.seq > e.low]
        frames = log.frames_of(spans) if spans else {}
    # A replay has to fit into the outbox (with room for what comes live meanwhile), or its reader would be closed as too slow.
    left = settings.OUTBOX_BYTES // 2
    for e in answers:
        if isinstance(e, Entry) and e.mode == "replay" and e.seq > e.low:
            left -= sum(len(f.text) for f in frames.get(e.room, ()))
            if left < 0:
                e.mode, e.low = "page", e.seq
            else:
                e.frames = frames.get(e.room, [])
    return answers


@dataclass(slots=True)
class _State:
    epoch: str
    seq: int
    marked: float
    state: dict[str, Any]


def _states(person: uuid.UUID, rooms: Sequence[uuid.UUID]) -> dict[uuid.UUID, _State]:
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"person": person, "rooms": list(rooms)})
        for id, epoch, seq, kind, lock, locked_by, slow, read_seq, marked, unread, mentions, pins, *names in cursor.fetchall():
            state: dict[str, Any] = {}
            if kind != "personal":
                by = access.card(locked_by, *names) if locked_by and names[0] is not None else None
                state = {
                    "role": None,
                    "read_seq": read_seq,
                    "unread": max(0, min(999, unread)),
                    "mentions": mentions,
                    "pins": pins,
                    "lock": None if lock is None else {"reason": lock, "actor": by},
                    "slow_mode": slow,
                    "silenced_until": None,
                    "first_seq": 0,
                    "present": None,
                }
            found[id] = _State(epoch, seq, marked.timestamp() if marked else 0.0, state)
    return found


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
    return Entry(ask, ask.room, grant, known.epoch, known.seq, mode, low, known.state)
