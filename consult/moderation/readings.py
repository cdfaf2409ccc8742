"""Reading a private conversation: only over a report on it, only with a second moderator's agreement, and its members are told.

Agreed, the moderator who asked may join that room for READING_S seconds, announced in it like any visit. When that time is over
the worker tells the members (`room.read`), if the moderator was there.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, doorbell, log, receipts
from consult.rooms.actions import personal, visits
from consult.rooms.models import AgreedReading, Kind, Membership, Room, Visit

from . import claims, console, queue, remit
from .models import Item, Reading, Report

URGENCY = 2


def ask(*, person_id: uuid.UUID, client_id: uuid.UUID, report: str, reason: str) -> dict[str, Any]:
    """Asks to read the private room of a report: {"reading","item","created"}.

    Raises Refusal request.id_reused, moderation.remit (it takes a remit everywhere), report.not_found (also where it is not about a private
    room), moderation.party (who is a member there too), reading.asked.
    """
    remit.require(person_id)
    if not remit.everywhere(person_id):
        raise Refusal("moderation.remit")
    found = _report(report)
    queue.find(person_id, str(found.item_id))
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="reading", report=report, reason=reason)
        if request.answer is not None:
            return request.answer
        room = found.item.room_id
        assert room is not None  # `_report` finds those about a private room
        not_member(person_id, room)
        if Item.objects.filter(kind="reading", object=f"{room}/{person_id}", decision=None).exists():
            raise Refusal("reading.asked")
        item = Item.objects.create(
            kind="reading",
            object=f"{room}/{person_id}",
            urgency=URGENCY,
            at=made.now,
            room_id=room,
            message_id=found.item.message_id,
            person_id=found.item.person_id,
            moderator_id=person_id,
            categories=found.item.categories,
        )
        reading = Reading.objects.create(item=item, report=found, room_id=room, asker_id=person_id, reason=reason)
        record(act="reading.asked", person=person_id, room=room, object=str(found.pk), reason=reason)
        console.tell(made, "item.opened", item.id)
        return request.keep({"reading": str(reading.pk), "item": str(item.id)})


def _report(text: str) -> Report:
    try:
        found = Report.objects.select_related("item").filter(pk=access.id_of(text)).first()
    except ValueError:
        found = None
    if found is None or found.item.room_id is None or not Room.objects.filter(pk=found.item.room_id, kind=Kind.PRIVATE).exists():
        raise Refusal("report.not_found")
    return found


def not_member(person: uuid.UUID, room: uuid.UUID) -> None:
    """Raises Refusal moderation.party where this person belongs, or belonged, to the room."""
    if Membership.objects.filter(room_id=room, person_id=person).exists():
        raise Refusal("moderation.party")


def agree(*, person_id: uuid.UUID, client_id: uuid.UUID, reading: str) -> dict[str, Any]:
    """The second moderator's agreement, the same as deciding its item. Raises Refusal reading.not_found and those of claims.decide."""
    remit.require(person_id)
    found = Reading.objects.filter(pk=int(reading)).first() if reading.isascii() and reading.isdigit() and len(reading) < 18 else None
    if found is None:
        raise Refusal("reading.not_found")
    return claims.decide(person_id=person_id, client_id=client_id, item=str(found.item_id), decision="agree")


def grant(reading: Reading, *, by: uuid.UUID) -> None:
    """Opens the room to the moderator who asked, until READING_S from now. Repeated: no longer than the first time."""
    with transaction.atomic():
        locked = Reading.objects.select_for_update().get(pk=reading.pk)
        if locked.until is None:
            locked.agreed_at = log.utc_now()
            locked.until = locked.agreed_at + timedelta(seconds=settings.READING_S)
            locked.save(update_fields=["agreed_at", "until"])
            record(act="reading.agreed", person=by, room=locked.room_id, object=str(locked.report_id), reason=locked.reason)
        visits.agree_reading(room_id=locked.room_id, person_id=locked.asker_id, until=locked.until)
    doorbell.ring_access()


def end_over() -> int:
    """Tells the members of rooms whose agreed reading is over, where the moderator had joined. The worker calls this."""
    over = list(Reading.objects.filter(told=False, until__lt=log.utc_now()).order_by("until")[:20])
    for reading in over:
        _tell(reading)
    return len(over)


def _tell(reading: Reading) -> None:
    people = Membership.objects.filter(room_id=reading.room_id).exclude(ended="removed").values_list("person_id", flat=True)
    visited = Visit.objects.filter(room_id=reading.room_id, person_id=reading.asker_id, act__at__gte=reading.agreed_at).exists()
    rooms_of = personal.rooms_of(people) if visited else {}
    with log.writing(rooms_of.values()) as made:
        if not Reading.objects.filter(pk=reading.pk, told=False).update(told=True):
            return  # another worker was quicker
        AgreedReading.objects.filter(room_id=reading.room_id, person_id=reading.asker_id, until__lte=made.now).delete()
        for room in rooms_of.values():
            made.append(room, "room.read", actor=reading.asker_id, acting="moderator", data={"room": str(reading.room_id)})
