"""Who is woken by an event, and why: from the outbox to notices, and once more just before one is sent.

The event's own transaction left one row in rooms_followup. `expand` turns it into notices, one for each device of each person
concerned, by so many people a transaction, in the order of their ids; the row says how far that has got, and goes with the last of them.
It waits for no room's lock. Rights are those of access.py.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from consult.push.models import Notice
from consult.rooms import access, lists

logger = logging.getLogger("consult.notices")
BATCH = 50  # events a transaction
PEOPLE = 2000  # a transaction, over all of them: an event for a hundred thousand holds none for long

# Those that were begun come last: one for a hundred thousand people keeps no other waiting.
_CLAIM = """
SELECT id, room_id, seq, coalesce(woken_to, '00000000-0000-0000-0000-000000000000') FROM rooms_followup WHERE wake
ORDER BY woken_to IS NOT NULL, id LIMIT %s FOR UPDATE SKIP LOCKED"""
# Whoever finds the other's column false takes the row away (models.Followup).
_DONE = """
WITH handed AS (UPDATE rooms_followup SET wake = false WHERE id = ANY(%s) AND tally)
DELETE FROM rooms_followup WHERE id = ANY(%s) AND NOT tally"""
_SO_FAR = "UPDATE rooms_followup SET woken_to = %s WHERE id = %s"

# Whom each event may concern, beyond the person it has got to. Each source is read along its index and no further than needed.
_WHO = """
SELECT q.n, q.room, q.seq, who.person_id AS person
FROM unnest(%(rooms)s::uuid[], %(seqs)s::bigint[], %(beyond)s::uuid[]) WITH ORDINALITY AS q(room, seq, beyond, n)
JOIN rooms_event e ON e.room_id = q.room AND e.seq = q.seq JOIN rooms_room r ON r.id = e.room_id LEFT JOIN rooms_message x ON x.id = e.message_id
LEFT JOIN rooms_message t ON t.id = x.reply_to
LEFT JOIN cases_case c ON c.card_id = x.id OR c.room_id = r.id AND r.kind = 'case'
CROSS JOIN LATERAL (
    (SELECT person_id FROM rooms_membership WHERE room_id = r.id AND ended IS NULL AND person_id > q.beyond ORDER BY person_id LIMIT %(most)s)
    UNION SELECT r.owner_id WHERE r.kind = 'personal' AND r.owner_id > q.beyond
    UNION (SELECT person_id FROM rooms_mention WHERE message_id = x.id AND seq = e.seq AND person_id > q.beyond ORDER BY person_id LIMIT %(most)s)
    UNION SELECT t.author_id WHERE t.author_id > q.beyond
    UNION (SELECT person_id FROM rooms_audience WHERE room_id = r.id AND person_id > q.beyond ORDER BY person_id LIMIT %(most)s)
    UNION (SELECT person_id FROM cases_answervote WHERE message_id = x.id AND e.kind = 'answer.amended' AND person_id > q.beyond ORDER BY person_id LIMIT %(most)s)
    UNION SELECT g.person_id FROM rooms_audience u CROSS JOIN LATERAL (
        SELECT g.person_id FROM rooms_membership g WHERE g.room_id = u.group_id AND g.ended IS NULL AND coalesce(g.notices, 'all') <> 'none' AND g.person_id > q.beyond
        AND NOT EXISTS (SELECT FROM rooms_membership h WHERE h.room_id = c.group_id AND h.person_id = g.person_id AND h.ended IS NULL)
        ORDER BY g.person_id LIMIT %(most)s) g
        WHERE r.kind = 'case' AND x.form = 'question' AND u.room_id = r.id
    ORDER BY person_id LIMIT %(most)s
) who
ORDER BY q.n, who.person_id LIMIT %(most)s"""

# The strongest reason wins. An edit wakes those alone whom it mentions anew. A question to groups that have no card of it wakes their
# members by the case's own first message. What asks something of an asker wakes nobody else.
_WHY = """CASE
    WHEN e.kind = 'page.asked' THEN 'called'
    WHEN e.kind = 'answer.amended' THEN CASE WHEN r.created_by = p.id OR v.person_id IS NOT NULL THEN 'amended' END
    WHEN e.kind IN ('consensus.proposed', 'case.unanswered', 'outcome.due') THEN CASE WHEN r.created_by = p.id THEN split_part(replace(e.kind, 'case.', ''), '.', 1) END
    WHEN n.person_id IS NOT NULL THEN 'mention'
    WHEN e.kind = 'message.edited' THEN NULL
    WHEN r.kind = 'private' THEN 'direct'
    WHEN t.author_id = p.id THEN 'reply'
    WHEN r.kind = 'case' AND x.form = 'question' AND a.person_id IS NOT NULL THEN 'direct'
    WHEN r.kind = 'case' AND r.created_by = p.id THEN 'my_case'
    WHEN r.kind = 'case' AND m.id IS NOT NULL AND m.ended IS NULL THEN 'followed_case'
    WHEN r.kind = 'group' AND (x.form = 'question' OR e.kind = 'case.opened') AND c.urgency = 'hour' THEN 'urgent'
    WHEN r.kind = 'group' AND (x.form = 'question' OR e.kind = 'case.opened') THEN 'group_question'
    WHEN r.kind = 'group' AND m.notices = 'all' THEN 'message'
    WHEN r.kind = 'case' AND x.form = 'question' THEN CASE c.urgency WHEN 'hour' THEN 'urgent' ELSE 'group_question' END
END"""
# What may keep a reason from waking: the level chosen for the room, the wishes, and that it was read. m, k and w may be null.
_WANTED = """
    why.reason <> ALL (coalesce(w.off, '{}')) AND coalesce(k.seq, 0) < e.seq
    AND CASE coalesce(m.notices, '') WHEN 'none' THEN false WHEN 'mentions' THEN why.reason IN ('mention', 'reply', 'amended', 'group_question', 'urgent') ELSE true END
    AND (r.kind <> 'private' OR e.seq >= m.first_seq) AND (x.withheld IS NULL OR e.kind = 'answer.amended')"""
# Answers how many people were looked at, and the last of them: its event, by its place in the question, and who.
_EXPAND = f"""
WITH who AS MATERIALIZED ({_WHO}),
queued AS (INSERT INTO push_notice (room_id, seq, person_id, device_id, reason, urgent, at, due_at, tries)
SELECT r.id, e.seq, p.id, d.id, why.reason, why.reason = 'urgent' OR coalesce(c.urgency = 'hour', false), e.at, clock_timestamp(), 0
FROM who q
JOIN rooms_event e ON e.room_id = q.room AND e.seq = q.seq JOIN rooms_room r ON r.id = e.room_id LEFT JOIN rooms_message x ON x.id = e.message_id
LEFT JOIN rooms_message t ON t.id = x.reply_to
LEFT JOIN cases_case c ON c.card_id = x.id OR c.room_id = r.id AND r.kind = 'case'
JOIN clinicians_person p ON p.id = q.person JOIN standing_standing s ON s.person_id = p.id JOIN push_device d ON d.person_id = p.id
LEFT JOIN rooms_membership m ON m.room_id = q.room AND m.person_id = q.person
LEFT JOIN rooms_mention n ON n.message_id = x.id AND n.seq = e.seq AND n.person_id = p.id
LEFT JOIN cases_answervote v ON v.message_id = x.id AND v.person_id = p.id
LEFT JOIN rooms_audience a ON a.room_id = q.room AND a.person_id = q.person
LEFT JOIN rooms_readmark k ON k.room_id = q.room AND k.person_id = q.person
LEFT JOIN push_wishes w ON w.person_id = p.id
CROSS JOIN LATERAL (SELECT {_WHY} AS reason) why
WHERE why.reason IS NOT NULL AND p.id IS DISTINCT FROM e.actor_id AND (p.id IS DISTINCT FROM x.author_id OR e.actor_id IS NULL) AND {_WANTED} AND {access.READABLE}
FOR KEY SHARE OF d
ON CONFLICT (device_id, room_id, seq) DO NOTHING)
SELECT (SELECT count(*) FROM who), n, person FROM who ORDER BY n DESC, person DESC LIMIT 1"""


class Event(NamedTuple):
    """An outbox row: an event whose people are still to be woken, those beyond one of them."""

    row: int
    room: uuid.UUID
    seq: int
    beyond: uuid.UUID


def expand() -> int:
    """Turns up to BATCH outbox rows into notices, for up to PEOPLE; how many rows it looked at. Killed in between, it did nothing."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            events = _claim(cursor, BATCH)
            _queue(cursor, events)
            return len(events)
    except (OperationalError, InterfaceError):
        raise  # the database is away, or busy: nothing was done, and it waits
    except Exception:
        logger.exception("events failed together")
    return _alone()


def _alone() -> int:
    """The next event by itself: one that fails is given up and wakes nobody more, so that the others, and the cases, need not wait for it."""
    with transaction.atomic(), connection.cursor() as cursor:
        events = _claim(cursor, 1)
        try:
            with transaction.atomic():
                _queue(cursor, events)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("an event wakes nobody", extra={"room": str(events[0].room), "seq": events[0].seq})
            _done(cursor, events)
    return len(events)


def _claim(cursor: CursorWrapper, most: int) -> list[Event]:
    cursor.execute(_CLAIM, (most,))
    return [Event(*row) for row in cursor.fetchall()]


def _queue(cursor: CursorWrapper, events: Sequence[Event]) -> None:
    """Notices for the next people of these events, one event after the other; what they got to is kept in their rows."""
    if not events:
        return
    cursor.execute(_EXPAND, {"rooms": [e.room for e in events], "seqs": [e.seq for e in events], "beyond": [e.beyond for e in events], "most": PEOPLE})
    people, last, person = cursor.fetchone() or (0, 0, None)
    if people < PEOPLE:
        _done(cursor, events)
        return
    _done(cursor, events[: last - 1])  # the last may have more; those after it were not looked at
    cursor.execute(_SO_FAR, (person, events[last - 1].row))


def _done(cursor: CursorWrapper, events: Sequence[Event]) -> None:
    rows = [e.row for e in events]
    if rows:
        cursor.execute(_DONE, (rows, rows))


_STILL = f"""
SELECT q.id FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::uuid[], %s::text[]) AS q(id, room, seq, person, reason)
JOIN clinicians_person p ON p.id = q.person JOIN standing_standing s ON s.person_id = p.id
JOIN rooms_room r ON r.id = q.room JOIN rooms_event e ON e.room_id = q.room AND e.seq = q.seq LEFT JOIN rooms_message x ON x.id = e.message_id
LEFT JOIN rooms_membership m ON m.room_id = q.room AND m.person_id = q.person
LEFT JOIN rooms_readmark k ON k.room_id = q.room AND k.person_id = q.person
LEFT JOIN push_wishes w ON w.person_id = p.id
CROSS JOIN LATERAL (SELECT q.reason AS reason) why
WHERE {_WANTED} AND {access.READABLE}
AND (q.reason <> 'mention' OR EXISTS (SELECT FROM rooms_mention n WHERE n.message_id = x.id AND n.person_id = p.id))"""
_BADGES = f"""
SELECT p.id, count(*) FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id
JOIN rooms_membership m ON m.person_id = p.id AND m.ended IS NULL JOIN rooms_room r ON r.id = m.room_id AND r.kind <> 'personal'
LEFT JOIN rooms_readmark k ON k.room_id = r.id AND k.person_id = p.id
{lists.SINCE}
WHERE p.id = ANY(%s) AND coalesce(m.notices, '') <> 'none' AND {access.READABLE} AND {lists.UNREAD} > 0 GROUP BY p.id"""


def still_due(notices: Sequence[Notice]) -> set[int]:
    """Those of these notices that are still to be sent: rights, levels, wishes and read marks as they are now, the message not withheld."""
    asked = [n for n in notices if n.reason != "test"]
    found = {n.pk for n in notices if n.reason == "test"}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_STILL, ([n.pk for n in asked], [n.room_id for n in asked], [n.seq for n in asked], [n.person_id for n in asked], [n.reason for n in asked]))
            found |= {id for (id,) in cursor.fetchall()}
    return found


def badges(people: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many rooms have something unread, for each person who has any: an absolute figure, so that a lost push corrects itself."""
    with connection.cursor() as cursor:
        cursor.execute(_BADGES, (list(people),))
        return dict(cursor.fetchall())
