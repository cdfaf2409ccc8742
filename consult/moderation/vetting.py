"""Decides about a person's standing and says so on their open pages: what the admin and the command line call.

Each act is committed by standing first; the personal room then hears of it, and the bell makes every hub look at once.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consult.clinicians.actions import status_of
from consult.errors import Refusal
from consult.rooms import doorbell
from consult.rooms.actions import personal, suspension
from consult.standing import actions as standing
from consult.standing.models import Standing


def verify(*, person_id: uuid.UUID, by: uuid.UUID | None, register: str, until: datetime | None = None) -> None:
    """Lets this person into the rooms. Raises Refusal person.not_found."""
    standing.verify(person_id=person_id, by=by, register=register, until=until)
    _tell(person_id)


def revoke(*, person_id: uuid.UUID, by: uuid.UUID | None, reason: str = "") -> None:
    """Takes a verification back: every open room closes within a second.

    Raises Refusal person.not_found, moderation.party (oneself), moderation.last_administrator.
    """
    with transaction.atomic():
        _guard(person_id, by, verified=True)
        standing.expire(person_id=person_id, by=by, reason=reason)
    _tell(person_id)


def suspend(*, person_id: uuid.UUID, until: datetime, by: uuid.UUID | None, reason: str) -> None:
    """Out of every room until then. Raises Refusal person.not_found, moderation.party (oneself), moderation.last_administrator."""
    with transaction.atomic():
        _guard(person_id, by)
        standing.suspend(person_id=person_id, until=until, by=by, reason=reason)
    doorbell.ring_access()


def lift(*, person_id: uuid.UUID, by: uuid.UUID | None, reason: str = "") -> None:
    """Ends a suspension. Raises Refusal person.not_found."""
    standing.lift(person_id=person_id, by=by, reason=reason)
    doorbell.ring_access()


def _guard(person_id: uuid.UUID, by: uuid.UUID | None, *, verified: bool = False) -> None:
    """What holds for suspensions in rooms/actions/suspension.py holds at these doors as well."""
    if person_id == by:
        raise Refusal("moderation.party")
    suspension.keep_an_administrator(person_id, timezone.now(), verified=verified)


def _tell(person_id: uuid.UUID) -> None:
    personal.tell(person_id=person_id, kind="verification.decided", data={"status": status_of(Standing.objects.get(person_id=person_id))})
    doorbell.ring_access()
