"""How far a person has read: a mark that never goes back, told to their personal room."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, lanes, log
from consult.rooms.actions import personal


@dataclass(slots=True, eq=False)
class Mark:
    room: uuid.UUID
    person: uuid.UUID
    seq: int


def mark_many(items: Sequence[Mark]) -> list[dict[str, Any] | Refusal]:
    return lanes.each(mark, items)


_MARK = """
INSERT INTO rooms_readmark (person_id, room_id, seq, post_no, at)
SELECT %(person)s, %(room)s, %(seq)s, coalesce((SELECT post_no FROM rooms_message WHERE room_id = %(room)s AND seq <= %(seq)s ORDER BY seq DESC LIMIT 1), 0), now()
ON CONFLICT (person_id, room_id) DO UPDATE SET seq = excluded.seq, post_no = excluded.post_no, at = excluded.at WHERE rooms_readmark.seq < excluded.seq"""


def mark(item: Mark) -> dict[str, Any]:
    """Moves the read mark forward. Answers {"seq"}: where the mark stands. Raises Refusal room.*, read.future."""
    own = personal.room_of(item.person)
    with log.writing([own]) as made:
        grant = access.may_read(person=item.person, room=item.room)
        access.may_write(grant)
        head = log.heads_of([item.room])[item.room][1]
        if item.seq > head:
            raise Refusal("read.future")
        with connection.cursor() as cursor:
            # Before what one may read there is nothing to mark: a row there would count what came before joining as unread.
            if item.seq >= max(grant.first_seq, 1):
                cursor.execute(_MARK, {"person": item.person, "room": item.room, "seq": item.seq})
                moved = cursor.rowcount > 0
            else:
                moved = False
            if moved:
                made.append(own, "read.marked", actor=item.person, data={"room": str(item.room), "seq": item.seq})
                return {"seq": item.seq}
            cursor.execute("SELECT seq FROM rooms_readmark WHERE person_id = %s AND room_id = %s", (item.person, item.room))
            row = cursor.fetchone()
            return {"seq": row[0] if row else 0, "unchanged": True}
