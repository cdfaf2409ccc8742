"""A moderator live in a room: arrives with a reason, for all to see, and leaves on the record. Nobody watches in silence."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.access import Grant
from consult.rooms.actions import tools
from consult.rooms.actions.tools import Answer, Order, Reversal, Tool, Use
from consult.rooms.models import Act, AgreedReading, Room, Visit


def _join(use: Use) -> Answer:
    grant = use.authority.grant if use.authority else None
    if isinstance(grant, Grant) and grant.visiting:
        return use.unchanged(_open(use, grant.person))
    if use.authority is None or not use.authority.remit or use.order.person is None:
        raise Refusal("moderation.remit")
    seq = use.event("moderator.joined", person=use.order.person)
    answer = use.keep(seq, person_id=use.order.person)
    # One whose remit was lost and came back: the worker has not ended it yet.
    Visit.objects.filter(room_id=use.room, person_id=use.order.person, ended=None).update(ended=use.made.now)
    Visit.objects.create(room_id=use.room, person_id=use.order.person, act_id=use.act, seen_at=use.made.now)
    _count(use.room)
    return answer


def _open(use: Use, person: uuid.UUID) -> Act | None:
    return Act.objects.filter(visit__room_id=use.room, visit__person_id=person, visit__ended=None).first()


def _own(use: Use) -> Act | None:
    """The visit to end: one's own, or for the system and an undo that of the person named."""
    named = use.order.asked.get("person")
    act = _open(use, uuid.UUID(str(named)) if named else use.order.person)  # type: ignore[arg-type]
    if act is None and use.authority and isinstance(use.authority.grant, Refusal):
        raise use.authority.grant
    return act


def _leave(use: Use, act: Act) -> int:
    Visit.objects.filter(act=act, ended=None).update(ended=use.made.now)
    _count(use.room)
    return use.event("moderator.left", person=act.person_id)


def _count(room: uuid.UUID) -> None:
    Room.objects.filter(pk=room).update(moderators_live=Visit.objects.filter(room_id=room, ended=None).count())


tools.TOOLS["moderator.join"] = Tool(_join, _leave)
tools.REVERSALS["moderator.leave"] = Reversal(("moderator.join",), _own)


_OVER = f"""
SELECT v.room_id, v.person_id FROM rooms_visit v JOIN rooms_room r ON r.id = v.room_id
JOIN clinicians_person p ON p.id = v.person_id JOIN standing_standing s ON s.person_id = p.id
WHERE v.ended IS NULL AND (v.seen_at < now() - %s * interval '1 second' OR NOT {access.STANDING} OR NOT {access.REMIT}) ORDER BY v.id LIMIT 100"""


def end_over() -> int:
    """Ends, in the name of the system, the visits whose moderator lost the remit, or had no socket in the room for VISIT_IDLE_S. The
    worker calls this; rights do not wait for it, except those of who merely went away. How many it ended."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER, (settings.VISIT_IDLE_S,))
        over = cursor.fetchall()
    for room, person in over:
        tools.use(Order("moderator.leave", room, asked={"person": str(person)}))
    return len(over)


def visiting() -> list[access.Pair]:
    """(room, moderator) of every open visit."""
    return list(Visit.objects.filter(ended=None).values_list("room_id", "person_id"))


def agree_reading(*, room_id: uuid.UUID, person_id: uuid.UUID, until: datetime) -> None:
    """Lets a moderator visit a private conversation until then. Who agreed with whom, and over which report, is for the caller to decide and record."""
    AgreedReading.objects.update_or_create(room_id=room_id, person_id=person_id, defaults={"until": until})


def seen(visits: Sequence[access.Pair]) -> None:
    """Notes that these (room, moderator) have a socket open in the room now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rooms_visit v SET seen_at = now() FROM unnest(%s::uuid[], %s::uuid[]) AS q(room, person) "
            "WHERE v.room_id = q.room AND v.person_id = q.person AND v.ended IS NULL",
            ([room for room, _ in visits], [person for _, person in visits]),
        )
