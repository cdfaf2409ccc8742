"""A room's log: the row lock, the next seq, the append, and every way of reading it.

`writing()` is the one door to the log: it locks rooms in ascending order, hands out seqs under the lock, and after the commit
rings the doorbell with the encoded events. Readers build frames from rows through the same `wire.event`, so that what is
delivered live, replayed or paged is one and the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import transaction

from consult.columns import Longs, Texts, Times, Uuids
from consult.database import COMMIT, Rows, Statement, one_snapshot, together
from consult.errors import Refusal
from consult.rooms import doorbell, wire


@dataclass(slots=True)
class Head:
    """A locked room row: where its log ends, and the rules that a writer must read under the lock."""

    id: uuid.UUID
    kind: str
    epoch: str
    seq: int
    post_no: int
    at: datetime
    lock_reason: str | None
    slow_mode: int
    owner: uuid.UUID | None
    created_by: uuid.UUID | None
    closed: bool = False
    watched: bool = False
    answers_exempt: bool = False
    first: int = 0  # seq before this transaction
    stored: int = 0  # seq as the row has it by now

    def __post_init__(self) -> None:
        self.first = self.stored = self.seq


@dataclass(slots=True)
class Entry:
    """An event about to be appended."""

    room: uuid.UUID
    seq: int
    kind: str
    at: datetime
    actor: uuid.UUID | None
    acting: str | None
    message: uuid.UUID | None
    person: uuid.UUID | None
    data: dict[str, Any] | None


@dataclass(slots=True)
class Writing:
    """One transaction that holds the locks of `heads`; `append` takes the next seq of a room."""

    heads: dict[uuid.UUID, Head]
    now: datetime
    answers: list[Rows]  # of what was asked together with the locks
    entries: list[Entry] = field(default_factory=list)
    later: list[Statement] = field(default_factory=list)  # sent together with COMMIT, before the events of `entries`
    encoded: dict[uuid.UUID, list[wire.Frame]] = field(default_factory=dict)  # by whoever already has all that a frame needs

    def next(self, room: uuid.UUID) -> Head:
        """Takes the next position of a room: its head, with `seq` and `at` moved on."""
        head = self.heads[room]
        head.seq += 1
        head.at = max(head.at, self.now)
        return head

    def append(
        self,
        room: uuid.UUID,
        kind: str,
        *,
        actor: uuid.UUID | None,
        acting: str | None = None,
        message: uuid.UUID | None = None,
        person: uuid.UUID | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """Appends one event and returns its seq. `data` holds codes, numbers and ids, never words."""
        head = self.next(room)
        self.entries.append(Entry(room, head.seq, kind, head.at, actor, acting, message, person, data))
        return head.seq

    def settle(self) -> None:
        """Writes at once what waits in `later`, for who goes on to read or change it in this transaction."""
        statements, self.later = self.later, []
        if statements:
            together(*statements)


# The clock is read outside the locking query, so after the locks are held.
_LOCK = """
SELECT clock_timestamp(), locked.* FROM (
    SELECT id, kind, epoch, last_seq, last_post_no, coalesce(last_at, 'epoch'), lock_reason, slow_mode, owner_id, created_by, closed, watched, answers_exempt
    FROM rooms_room WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE) locked"""
_INSERT = """
INSERT INTO rooms_event (room_id, seq, kind, at, actor_id, actor_as, message_id, person_id, data)
SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::timestamptz[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %s::jsonb[])"""
ADVANCE = """
UPDATE rooms_room r SET last_seq = h.seq, last_post_no = h.post_no, last_at = h.at
FROM unnest(%b::uuid[], %b::bigint[], %b::bigint[], %b::timestamptz[]) AS h(id, seq, post_no, at) WHERE r.id = h.id"""


@contextmanager
def writing(rooms: Iterable[uuid.UUID], *, asking: Sequence[Statement] = ()) -> Iterator[Writing]:
    """One transaction over these rooms' logs. A room that does not exist is not in `heads`.

    `asking` is read under the locks, in the same round trip; its rows are `answers`. Leaving the block writes and commits, in
    one more; then the doorbell rings. An exception rolls everything back and nothing rings.
    """
    sent = False
    try:
        with transaction.atomic(durable=True):
            rows, *answers = together((_LOCK, (Uuids(sorted(set(rooms))),)), *asking)
            heads = {row[1]: Head(*row[1:]) for row in rows}
            made = Writing(heads, max((row[0] for row in rows), default=utc_now()), answers)
            yield made
            moved = [h for h in made.heads.values() if h.seq > h.first]
            unread = [(h.id, h.first, h.seq) for h in moved if len(made.encoded.get(h.id, ())) < h.seq - h.first]
            statements = [*made.later, *_appending(made), *([_spans(unread)] if unread else [])]
            sent = True
            answers = together(*statements, COMMIT)
    except Exception as error:
        if sent:
            error.commit_sent = True  # type: ignore[attr-defined]
        raise
    if moved:
        read = _frames(answers[-2]) if unread else {}
        doorbell.ring([doorbell.Bell(h.id, h.epoch, read.get(h.id) or made.encoded[h.id]) for h in moved])


def commit_was_sent(error: BaseException) -> bool:
    """Whether the transaction that ended with this error had reached its COMMIT: then its outcome is unknown."""
    return bool(getattr(error, "commit_sent", False))


def _appending(made: Writing) -> Iterator[Statement]:
    e = made.entries
    if e:
        yield (
            _INSERT,
            (
                Uuids(x.room for x in e),
                Longs(x.seq for x in e),
                Texts(x.kind for x in e),
                Times(x.at for x in e),
                Uuids(x.actor for x in e),
                Texts(x.acting for x in e),
                Uuids(x.message for x in e),
                Uuids(x.person for x in e),
                Texts(None if x.data is None else orjson.dumps(x.data).decode() for x in e),
            ),
        )
    if behind := [h for h in made.heads.values() if h.seq > h.stored]:
        yield ADVANCE, heads_for(behind)


def heads_for(heads: Sequence[Head]) -> tuple[list[Any], ...]:
    """The parameters of ADVANCE: these heads stand in their rows from now on."""
    for head in heads:
        head.stored = head.seq
    return Uuids(h.id for h in heads), Longs(h.seq for h in heads), Longs(h.post_no for h in heads), Times(h.at for h in heads)


# --- reading -----------------------------------------------------------------

_ROWS = """
SELECT e.room_id, r.epoch, e.seq, e.kind, e.at, e.actor_id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level,
       e.actor_as, e.message_id, e.person_id, e.data, m.client_id, m.post_no, m.body, m.mentions, m.reply_to, m.images, m.form, m.edited_seq, m.withheld,
       CASE WHEN e.kind IN ('moderator.joined', 'room.locked') THEN (SELECT t.reason FROM rooms_act t WHERE t.room_id = e.room_id AND t.seq = e.seq) END
FROM {source} JOIN rooms_room r ON r.id = e.room_id
LEFT JOIN clinicians_person p ON p.id = e.actor_id
LEFT JOIN rooms_message m ON m.id = e.message_id AND e.kind IN ('message.posted', 'message.edited')
ORDER BY e.room_id, e.seq"""
_SPANS = _ROWS.format(source="unnest(%b::uuid[], %b::bigint[], %b::bigint[]) AS q(room, low, high) JOIN rooms_event e ON e.room_id = q.room AND e.seq > q.low AND e.seq <= q.high")


def frames_of(spans: Sequence[tuple[uuid.UUID, int, int]]) -> dict[uuid.UUID, list[wire.Frame]]:
    """The events after `low` up to `high` of each (room, low, high), as content stands now, in one query."""
    return _frames(*together(_spans(spans)))


def _spans(spans: Sequence[tuple[uuid.UUID, int, int]]) -> Statement:
    return _SPANS, (Uuids(s[0] for s in spans), Longs(s[1] for s in spans), Longs(s[2] for s in spans))


def _frames(rows: Rows) -> dict[uuid.UUID, list[wire.Frame]]:
    found: dict[uuid.UUID, list[wire.Frame]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(wire.event(wire.Row(*row)))
    return found


def heads_of(rooms: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, int]]:
    """(epoch, last seq) of each room that exists, in one query."""
    (rows,) = together(("SELECT id, epoch, last_seq FROM rooms_room WHERE id = ANY(%s)", (Uuids(rooms),)))
    return {id: (epoch, seq) for id, epoch, seq in rows}


_MOVED = """
SELECT r.id, r.epoch, r.last_seq FROM unnest(%b::uuid[], %b::text[], %b::bigint[]) AS q(id, epoch, seq)
JOIN rooms_room r ON r.id = q.id WHERE r.last_seq > q.seq OR r.epoch <> q.epoch"""


def moved(known: Sequence[tuple[uuid.UUID, str, int]]) -> Rows:
    """(id, epoch, last seq) of those of these rooms (id, epoch, seq) whose log stands elsewhere: compared where it is, for the
    rows of ten thousand rooms that did not move cost more to bring here than to compare."""
    (rows,) = together((_MOVED, (Uuids(k[0] for k in known), Texts(k[1] for k in known), Longs(k[2] for k in known))))
    return rows


def page(*, room: uuid.UUID, first_seq: int, after: int | None, before: int | None, limit: int, epoch: str | None) -> dict[str, Any]:
    """A page of events for the HTTP door: {"epoch","head","events":[bytes]}, ascending, in one snapshot.

    Raises Refusal room.not_found, room.epoch.
    """
    with snapshot():
        head = heads_of([room]).get(room)
        if head is None:
            raise Refusal("room.not_found")
        if epoch is not None and epoch != head[0]:
            raise Refusal("room.epoch")
        bottom = max(first_seq - 1, 0)
        if after is not None:
            low = max(bottom, min(after, head[1]))
            high = min(low + limit, head[1])
        else:
            high = head[1] if before is None else max(0, min(before - 1, head[1]))
            low = max(high - limit, bottom)
        frames = frames_of([(room, low, high)]).get(room, []) if high > low else []
    return {"epoch": head[0], "head": head[1], "events": frames}


@contextmanager
def snapshot() -> Iterator[None]:
    """Several reads that see one state of the database."""
    with transaction.atomic():
        one_snapshot()
        yield


def utc_now() -> datetime:
    return datetime.now(UTC)
