"""Which items of the queue are whose: an item about a group or case follows that room's remit, any other needs a remit everywhere."""

from __future__ import annotations

import uuid

from django.db import connection

from consult.errors import Refusal
from consult.rooms import access

EVERYWHERE = f"EXISTS (SELECT 1 FROM rooms_remit t WHERE t.person_id = p.id AND {access.EVERYWHERE})"
# Over p = %(person)s with s = their standing, i = item, r = its room, or none. A private room's item does not open the room.
MINE = "clinicians_person p JOIN standing_standing s ON s.person_id = p.id"
IN_REMIT = f"(s.moderator AND {access.STANDING} AND (coalesce(r.kind <> 'private' AND {access.REMIT}, false) OR {EVERYWHERE}))"
# Who it is about, who acted before, and who reported it are no judges of it. Of an appeal that is also who reported the act or its message, or
# upheld such a report, before the appeal or since: an act of the system, or of another moderator, is theirs too.
PARTY = """(coalesce(p.id IN (i.person_id, i.moderator_id), false)
    OR EXISTS (SELECT 1 FROM moderation_report own WHERE own.item_id = i.id AND own.reporter_id = p.id)
    OR i.kind = 'appeal' AND EXISTS (
        SELECT 1 FROM moderation_item w LEFT JOIN moderation_report said ON said.item_id = w.id AND said.reporter_id = p.id
        WHERE w.person_id = i.person_id AND (w.act_id = i.act_id OR w.message_id = i.message_id) AND w.kind <> 'appeal'
          AND (said.id IS NOT NULL OR w.decision = 'uphold' AND w.decided_by = p.id)))"""


def require(person: uuid.UUID) -> None:
    """Raises Refusal moderation.remit where this person moderates nothing, account.suspended where they may not enter at all."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.moderator AND {access.STANDING}, s.suspended_until > now() FROM {MINE} WHERE p.id = %s", (person,))
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise Refusal("account.suspended" if row and row[1] else "moderation.remit")


def everywhere(person: uuid.UUID) -> bool:
    """Whether this person moderates the whole service."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {MINE} WHERE p.id = %s AND s.moderator AND {access.STANDING} AND {EVERYWHERE}", (person,))
        return cursor.fetchone() is not None


def moderates(person: uuid.UUID, room: uuid.UUID | None) -> bool:
    """Whether this room, or where it is None the whole service, is theirs to moderate."""
    return everywhere(person) if room is None else access.authority(person=person, room=room).moderates
