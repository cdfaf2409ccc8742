"""What a person wants to be woken for, and when not: reasons, quiet hours on the clock of their own zone, the digest."""

from __future__ import annotations

import logging
import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction

from consult.errors import Refusal
from consult.push.models import Wishes

logger = logging.getLogger("consult.push")
REASONS = ("mention", "direct", "reply", "my_case", "followed_case", "group_question", "urgent", "message", "amended", "consensus", "unanswered", "outcome", "called")
DIGESTS = ("off", "hourly", "daily")
NO_PLACES = ("Factory", "localtime", "posixrules")  # names that some machines have among their zones
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
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
        if now.zone in NO_PLACES or now.zone not in available_timezones():
            raise Refusal("wishes.zone")
        now.save(update_fields=list(changes))
    return now


def _clock(value: Any) -> time | None:
    if value is None or isinstance(value, time):
        return value
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise Refusal("wishes.quiet")
    return time.fromisoformat(value)


@lru_cache(maxsize=1000)
def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; the default one where this machine does not know it (any more), which is logged once."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name; no name at all; a folder of names
        logger.warning("a time zone is unknown here, and the default one is taken", extra={"zone": name[:64]})
        return ZoneInfo(Wishes().zone)


def quiet_until(wishes: Wishes, now: datetime, *, urgent: bool) -> datetime | None:
    """When the quiet hours that hold at `now` end, or None where none do.

    By the wall clock of the zone: across midnight, and on days on which the clock jumps. What the clock skips is when it
    jumps; what comes twice is the first.
    """
    begin, end = wishes.quiet_from, wishes.quiet_to
    if begin is None or end is None or (urgent and wishes.urgent_passes):
        return None
    zone = zone_of(wishes.zone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        until = _instant(day if begin < end else day + timedelta(days=1), end, zone)
        if _instant(day, begin, zone) <= now < until:
            return until
    return None


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When the clock of `zone` first shows that time on that day, or the minute in which it jumps over it."""
    wall = datetime.combine(day, clock)
    found = wall.replace(tzinfo=zone).astimezone(UTC)  # a time that is skipped counts with the offset before, so the clock has jumped by then
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    while (before := found - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) > wall:
        found = before
    return found


def as_dict(wishes: Wishes) -> dict[str, Any]:
    clock = {name: value.strftime("%H:%M") if (value := getattr(wishes, name)) else None for name in ("quiet_from", "quiet_to")}
    return {name: getattr(wishes, name) for name in _FIELDS} | clock
