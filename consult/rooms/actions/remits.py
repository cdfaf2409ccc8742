"""Who moderates where: remits are given and taken by administrators, each with its line in the audit trail."""

from __future__ import annotations

import uuid

from django.db import transaction

from consult.audit.models import record
from consult.clinicians.models import SpecialtyGroup
from consult.errors import Refusal
from consult.rooms import doorbell, people
from consult.rooms.actions import visits
from consult.rooms.models import Kind, Remit, Room


def add(*, person_id: uuid.UUID, group_id: uuid.UUID | None, by: uuid.UUID | None, reason: str = "", specialty: str | None = None) -> bool:
    """This person moderates a group with the cases addressed to it, a specialty (the code of a specialty group: DER), or (neither) everywhere.
    Whether they did not before.

    Raises Refusal person.not_found, room.not_found (no such group), frame.invalid (no such specialty, or a group as well).
    """
    with transaction.atomic():
        if not people.known([person_id]):
            raise Refusal("person.not_found")
        if group_id is not None and not Room.objects.filter(pk=group_id, kind=Kind.GROUP).exists():
            raise Refusal("room.not_found")
        if specialty is not None and (group_id is not None or not SpecialtyGroup.objects.filter(pk=specialty).exists()):
            raise Refusal("frame.invalid", fields=["specialty"])
        _, made = Remit.objects.get_or_create(person_id=person_id, group_id=group_id, specialty_id=specialty)
        if made:
            record(act="remit.added", person=by, room=group_id, object=str(person_id), reason=_why(reason, specialty))
    doorbell.ring_access()
    return made


def remove(*, person_id: uuid.UUID, group_id: uuid.UUID | None, by: uuid.UUID | None, reason: str = "", specialty: str | None = None) -> bool:
    """Takes a remit back, and ends the visits that rested on it. Whether there was one."""
    with transaction.atomic():
        gone, _ = Remit.objects.filter(person_id=person_id, group_id=group_id, specialty_id=specialty).delete()
        if gone:
            record(act="remit.removed", person=by, room=group_id, object=str(person_id), reason=_why(reason, specialty))
    doorbell.ring_access()
    visits.end_over()
    return bool(gone)


def _why(reason: str, specialty: str | None) -> str:
    """The trail's object is the person and its room the group: of which specialty a remit is stands before the reason."""
    return f"[{specialty}] {reason}".strip()[:200] if specialty else reason[:200]
