"""The only writers of a person's standing. Each is one transaction with its line in the audit trail.

The access_change log is written by triggers, in the same transaction. `by` is the person who decides; None is the system.
All raise Refusal `person.not_found` where there is no such account.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal

from .models import Standing, Verification


def verify(*, person_id: uuid.UUID, by: uuid.UUID | None, register: str, until: datetime | None = None) -> None:
    """This person was checked against `register` (RPPS, document, vouching …) and may enter rooms, until `until` or for good."""
    _change(
        person_id,
        "standing.verified",
        by,
        register,
        verification=Verification.VERIFIED,
        verified_at=timezone.now(),
        verified_until=until,
        verified_by=by,
        register=register[:40],
    )


def expire(*, person_id: uuid.UUID, by: uuid.UUID | None, reason: str = "") -> None:
    """The verification no longer holds: the person keeps the account and sees no room."""
    _change(person_id, "standing.expired", by, reason, verification=Verification.EXPIRED)


def submit(*, person_id: uuid.UUID, by: uuid.UUID | None, reason: str = "") -> None:
    """Waits for a decision: the profile is complete, or a verified person changed what had been checked."""
    _change(person_id, "standing.submitted", by, reason, verification=Verification.PENDING)


def suspend(*, person_id: uuid.UUID, until: datetime, by: uuid.UUID | None, reason: str) -> None:
    """Out of every room until then. The words of `reason` stand in the audit trail alone."""
    _change(person_id, "standing.suspended", by, reason, suspended_until=until)


def lift(*, person_id: uuid.UUID, by: uuid.UUID | None, reason: str = "") -> None:
    """Ends a suspension before its time."""
    _change(person_id, "standing.lifted", by, reason, suspended_until=None)


def lapse() -> list[uuid.UUID]:
    """Writes down verifications that ran out and suspensions that are over, for lists and the person's own page. The worker
    calls this every few seconds; checks of rights, open sockets' too, compare the times themselves and do not wait for it. Returns whose
    verification ran out."""
    now, out = timezone.now(), []
    with transaction.atomic():
        for row in Standing.objects.select_for_update(skip_locked=True).filter(verification=Verification.VERIFIED, verified_until__lte=now):
            expire(person_id=row.person_id, by=None, reason="verified_until")
            out.append(row.person_id)
        for row in Standing.objects.select_for_update(skip_locked=True).filter(suspended_until__lte=now):
            lift(person_id=row.person_id, by=None, reason="suspended_until")
    return out


def _change(person_id: uuid.UUID, act: str, by: uuid.UUID | None, reason: str, **fields: Any) -> None:
    with transaction.atomic():
        if not Standing.objects.filter(person_id=person_id).update(**fields):
            raise Refusal("person.not_found")
        record(act=act, person=by, object=str(person_id), reason=reason[:200])
