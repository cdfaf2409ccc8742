"""The specialty groups' rooms: listed, joined by any verified clinician, one a group of the code lists."""

from __future__ import annotations

import uuid

from django.db import connection, transaction

from consult.clinicians.models import SpecialtyGroup
from consult.rooms.models import Kind, Room

LOCK = 0x67726F75  # of this module alone: two releases that start at once make each group once


def ensure_group(*, code: str, title: str) -> uuid.UUID:
    """The room of this code, made where there is none yet. Its title follows the code list."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        room = Room.objects.filter(kind=Kind.GROUP, code=code, listed=True).order_by("created_at", "id").first()
        if room is None:
            room = Room.objects.create(kind=Kind.GROUP, code=code, title=title, listed=True)
        elif room.title != title:
            Room.objects.filter(pk=room.pk).update(title=title)
    return room.id


def ensure_all() -> list[uuid.UUID]:
    """One room for each specialty group."""
    return [ensure_group(code=g.code, title=g.name_fr) for g in SpecialtyGroup.objects.all()]
