"""What the worker does for the queue, every second: nothing here is needed for a right to hold, all of it is told or tidied.

Each step takes a bounded batch and says how many it did.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils import timezone

from consult.audit.models import record
from consult.rooms import log
from consult.rooms.actions import personal

from . import claims, console, readings
from .models import Appeal, Item, Report

BATCH = 100


def run_once() -> int:
    steps: tuple[Callable[[], int], ...] = (open_verifications, close_verifications, open_calls, close_calls, open_pictures, close_pictures, announce, lapse)
    told: tuple[Callable[[], int], ...] = (tell_reporters, tell_appellants, readings.end_over)
    return sum(step() for step in (*steps, *told))


_NEWCOMERS = """
INSERT INTO moderation_item (id, kind, object, urgency, person_id)
SELECT gen_random_uuid(), 'verification', s.person_id::text, 0, s.person_id FROM standing_standing s
WHERE s.verification = 'pending' AND NOT EXISTS (SELECT 1 FROM moderation_item i WHERE i.kind = 'verification' AND i.object = s.person_id::text AND i.decision IS NULL)
LIMIT %s ON CONFLICT DO NOTHING"""
_CALLS = """
INSERT INTO moderation_item (id, kind, object, urgency, room_id, moderator_id, act_id)
SELECT gen_random_uuid(), 'call', a.id::text, 3, a.room_id, a.moderator_id, a.id FROM rooms_act a
WHERE a.kind = 'moderator.call' AND a.reversed_at IS NULL AND a.at > now() - interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM moderation_item i WHERE i.kind = 'call' AND i.object = a.id::text)
LIMIT %s ON CONFLICT DO NOTHING"""


# Its sender was asked to mask or to release it, and is left two minutes to do so. A picture is an item once: asked to mask it, its author sees to it.
_PICTURES = """
INSERT INTO moderation_item (id, kind, object, urgency, room_id, message_id, image_id, person_id)
SELECT gen_random_uuid(), 'image', i.id::text, 1, m.room_id, m.id, i.id, i.owner_id FROM images_image i
JOIN rooms_message m ON m.id = i.message_id JOIN rooms_room r ON r.id = m.room_id
WHERE i.state = 'held' AND i.message_id IS NOT NULL AND m.at < now() - interval '2 minutes' AND m.withheld IS NULL AND r.kind IN ('group', 'case')
  AND NOT EXISTS (SELECT 1 FROM moderation_item o WHERE o.kind = 'image' AND o.object = i.id::text)
LIMIT %s ON CONFLICT DO NOTHING"""
_SETTLED = """
SELECT o.id FROM moderation_item o LEFT JOIN images_image i ON i.id = o.image_id LEFT JOIN rooms_message m ON m.id = o.message_id
WHERE o.kind = 'image' AND o.decision IS NULL AND (o.deciding IS NULL OR o.claimed_until <= now())
  AND (i.id IS NULL OR i.state NOT IN ('held', 'working') OR m.withheld IN ('retracted', 'withdrawn', 'erased')) LIMIT %s"""


_UNCALLED = """
SELECT i.id FROM moderation_item i JOIN rooms_act a ON a.id = i.act_id WHERE i.kind = 'call' AND i.decision IS NULL AND a.reversed_at IS NOT NULL LIMIT %s"""


def open_verifications() -> int:
    """An item for everyone who waits to be verified and has none."""
    return _run(_NEWCOMERS)


def open_calls() -> int:
    """An item for every call for a moderator that has none yet."""
    return _run(_CALLS)


def _run(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, (BATCH,))
        return int(cursor.rowcount)


def close_verifications() -> int:
    """Closes the items of people who were decided elsewhere: by the admin, the command line, their own new profile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id, s.verification FROM moderation_item i JOIN standing_standing s ON s.person_id = i.person_id "
            "WHERE i.kind = 'verification' AND i.decision IS NULL AND s.verification <> 'pending' "
            "AND (i.deciding IS NULL OR i.claimed_until <= now()) LIMIT %s",
            (BATCH,),
        )
        found: list[tuple[uuid.UUID, str]] = cursor.fetchall()
    if found:
        items = Item.objects.in_bulk([id for id, _ in found])
        with log.writing([console.room()]) as made:
            return sum(claims.close(made, items[id], by=None, decision="verify" if verification == "verified" else "refuse") for id, verification in found)
    return 0


def close_calls() -> int:
    """Closes the items of calls that were taken back: nobody is to come."""
    return _settle(_UNCALLED, "called_off")


def open_pictures() -> int:
    """An item for every held picture of a group or case that its author has left as it is; a private conversation's are its members' alone."""
    return _run(_PICTURES)


def close_pictures() -> int:
    """Closes the items of pictures that their authors masked or released themselves, or that are gone."""
    return _settle(_SETTLED, "settled")


def _settle(statement: str, decision: str) -> int:
    """Closes the items that this statement finds, by nobody."""
    with connection.cursor() as cursor:
        cursor.execute(statement, (BATCH,))
        found = [id for (id,) in cursor.fetchall()]
    if found:
        items = Item.objects.in_bulk(found)
        with log.writing([console.room()]) as made:
            return sum(claims.close(made, item, by=None, decision=decision) for item in items.values())
    return 0


def announce() -> int:
    """Tells the console of items that came to be where its room was not at hand."""
    if not Item.objects.filter(announced=False).exists():
        return 0
    with log.writing([console.room()]) as made:
        fresh = list(Item.objects.select_for_update(skip_locked=True).filter(announced=False).order_by("id").values_list("id", flat=True)[:BATCH])
        for id in fresh:
            console.tell(made, "item.opened", id)
        Item.objects.filter(id__in=fresh).update(announced=True)
    return len(fresh)


def lapse() -> int:
    """Ends claims whose holder did nothing for CLAIM_S, so that the others' consoles show the items as free."""
    late = Item.objects.filter(decision=None, claimed_by__isnull=False, claimed_until__lte=timezone.now())
    if not late.exists():
        return 0
    with log.writing([console.room()]) as made:
        ended = list(late.select_for_update(skip_locked=True)[:BATCH])
        for item in ended:
            record(act="item.lapsed", person=None, room=item.room_id, object=str(item.id))
            console.tell(made, "item.released", item.id)
        Item.objects.filter(id__in=[i.id for i in ended]).update(claimed_by=None, claimed_until=None, deciding=None)
    return len(ended)


def tell_reporters() -> int:
    """Tells people, in their personal rooms, that what they reported was decided."""
    return _tell(Report, "reporter_id", "report")


def tell_appellants() -> int:
    """Tells people, in their personal rooms, that their appeal was decided."""
    return _tell(Appeal, "person_id", "appeal")


def _tell(kind: type[Report] | type[Appeal], who: str, name: str) -> int:
    """Each once: `told` is written with the event."""
    waiting = kind.objects.filter(told=False, item__decision__isnull=False)
    due = list(waiting.order_by("id").values_list("id", who)[:BATCH])
    if not due:
        return 0
    rooms_of = personal.rooms_of(person for _, person in due)
    with log.writing(rooms_of.values()) as made:
        locked: set[Any] = set(kind.objects.select_for_update(skip_locked=True).filter(id__in=[id for id, _ in due], told=False).values_list("id", flat=True))
        for id, person in due:
            if id in locked:
                made.append(rooms_of[person], f"{name}.decided", actor=None, data={name: str(id)})
        kind.objects.filter(id__in=locked).update(told=True)
    return len(locked)
