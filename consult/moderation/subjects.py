"""Which message an item is about: of a case's question and its card, which say the same, the question; of what was moved, the words that are read now."""

from __future__ import annotations

import uuid

from django.db import connection

from consult.rooms.actions import threads

from .models import Item

Place = tuple[uuid.UUID, uuid.UUID]  # room, message

_QUESTION = "SELECT c.room_id, c.question_id FROM rooms_message m JOIN cases_case c ON c.room_id = m.case_room WHERE m.id = %s"
# What the act hid is what its reversal shows; where nothing is hidden, the message alone.
_WORDS = """
SELECT m.id, m.room_id, coalesce(m.edited_seq, m.seq), CASE WHEN m.withheld IS DISTINCT FROM 'erased' THEN m.body END FROM rooms_message m
LEFT JOIN rooms_act a ON a.id = %(act)s AND a.message_id IS NOT NULL
WHERE m.id = coalesce(a.message_id, %(message)s) OR m.id = (a.data->>'twin')::uuid"""


def main(room: uuid.UUID, message: uuid.UUID, image: uuid.UUID | None = None) -> Place:
    """The question, where the message is the card of a case, or was it before the case was moved; else itself. A picture stays where it hangs."""
    if image is not None:
        return room, message
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, (message,))
        row: Place | None = cursor.fetchone()
    return row or (room, message)


def living(room: uuid.UUID, message: uuid.UUID, image: uuid.UUID | None = None) -> Place:
    """Where these words are read now: a thread may have been moved, and a case addressed to another group."""
    return main(*threads.now_at(room, message), image)


def words(message: uuid.UUID, act: uuid.UUID | None) -> list[tuple[uuid.UUID, uuid.UUID, int, str | None]]:
    """(message, room, version, body) of what a decision is about: the message, or what the act hid, a question and its card together."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, {"message": message, "act": act})
        rows: list[tuple[uuid.UUID, uuid.UUID, int, str | None]] = cursor.fetchall()
    return rows


def base(item: Item) -> int | None:
    """A number that grows with each edit of these words: who decides gives it back for what they have read. None without words."""
    return sum(version for _, _, version, _ in words(item.message_id, item.act_id)) if item.message_id else None
