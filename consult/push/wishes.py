"""What a person wants to be woken for, and when not: reasons, quiet hours on the clock of their own zone, the digest."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction

from consult.errors import Refusal
from consult.push.models import Wishes

REASONS = ("mention", "direct", "reply", "my_case", "followed_case", "group_question", "urgent", "message", "amended", "consensus", "unanswered", "outcome", "called")
DIGESTS = ("off", "hourly", "daily")
_FIELDS = ("off", "quiet_from", "quiet_to", "zone", "urgent_passes", "digest")


def of(person_id: uuid.UUID) -> Wishes:
    return Wishes.objects.filter(person_id=person_id).first() or Wishes(person_id=person_id)


def change(*, person_id: uuid.UUID, changes: dict[str, Any]) -> Wishes:
    """Changes what is named and nothing else: two devices may change different wishes at once, and the worker keeps when it wrote a digest.

    Raises Refusal wishes.zone, wishes.quiet, frame.invalid.
    """
    with transaction.atomic():
        Wishes.objects.get_or_create(person_id=person_id)
        now = Wishes.objects.select_for_update().get(person_id=person_id)
        for name, value in changes.items():
            setattr(now, name, value)
        if wrong := [r for r in now.off if r not in REASONS]:
            raise Refusal("frame.invalid", fields=[f"off: {one[:20]}" for one in wrong[:3]])
        if now.digest not in DIGESTS:
            raise Refusal("frame.invalid", fields=["digest"])
        now.off = sorted(set(now.off))
        now.quiet_from, now.quiet_to = _clock(now.quiet_from), _clock(now.quiet_to)
        if (now.quiet_from is None) != (now.quiet_to is None) or (now.quiet_from is not None and now.quiet_from == now.quiet_to):
            raise Refusal("wishes.quiet")
        if now.zone not in available_timezones():
            raise Refusal("wishes.zone")
        now.save(update_fields=list(changes))
    return now


def _clock(value: Any) -> time | None:
    if value is None or isinstance(value, time):
        return value
    try:
        if len(value) != 5:
            raise ValueError
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refusal("wishes.quiet") from None


def quiet_until(wishes: Wishes, now: datetime, *, urgent: bool) -> datetime | None:
    """When the quiet hours that hold at `now` end, or None where none do.

    By the wall clock of the zone: across midnight, and on days on which the clock jumps. An end that the clock skips
    is when it jumps; an end that comes twice is the first.
    """
    begin, end = wishes.quiet_from, wishes.quiet_to
    if begin is None or end is None or (urgent and wishes.urgent_passes):
        return None
    zone = ZoneInfo(wishes.zone)
    local = now.astimezone(zone)
    wall = local.time().replace(tzinfo=None)
    inside = begin <= wall < end if begin < end else wall >= begin or wall < end
    if not inside:
        return None
    day = local.date() if wall < end else local.date() + timedelta(days=1)
    until = datetime.combine(day, end, zone).astimezone(UTC)  # a time that is skipped counts with the offset before: when the clock has jumped
    return until if until > now else None


def as_dict(wishes: Wishes) -> dict[str, Any]:
    clock = {name: value.strftime("%H:%M") if (value := getattr(wishes, name)) else None for name in ("quiet_from", "quiet_to")}
    return {name: getattr(wishes, name) for name in _FIELDS} | clock
