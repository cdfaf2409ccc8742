"""Suspending a person from the whole service, on the record: by administrators, and moderators whose remit is everywhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, doorbell, log, people, receipts, wire
from consult.rooms.actions import personal, tools
from consult.rooms.actions.sanctions import SAME
from consult.rooms.models import Act
from consult.standing import actions as standing
from consult.standing.models import Standing

KIND = "person.suspend"
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


def suspend(*, person_id: uuid.UUID, client_id: uuid.UUID, target: uuid.UUID, seconds: int | None, reason: str) -> dict[str, Any]:
    """Out of every room for so long, or (None) until it is lifted; open sockets close 4403. Answers {"act","until","created"}.

    Suspended for as long already: "unchanged". Raises Refusal request.id_reused, account.*, moderation.*, person.not_found.
    """
    with _deciding(person_id, target) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="suspend", person=str(target), seconds=seconds, reason=reason)
        if request.answer is not None:
            return request.answer
        _require(person_id, target)
        until = FOR_GOOD if seconds is None else tools.until(seconds, made.now)
        if _is_last_administrator(target, made.now):
            raise Refusal("moderation.last_administrator")
        before = _standing_act(target, made.now)
        now = Standing.objects.get(person_id=target).suspended_until
        if now and now > made.now and until <= now + SAME:
            answer = {"act": str(before.pk) if before else None, "unchanged": True}
        else:
            if before:
                tools.end_act(before, by=person_id, at=made.now, reason=reason)
            standing.suspend(person_id=target, until=until, by=person_id, reason=reason)
            act = Act.objects.create(kind=KIND, at=made.now, moderator_id=person_id, person_id=target, reason=reason, until=until)
            answer = {"act": str(act.pk)}
        request.keep(answer)
    doorbell.ring_access()
    return {**answer, "created": "unchanged" not in answer}


def shown(standing: Standing, now: datetime) -> dict[str, str | None] | None:
    """What a suspended person is told of it: {"act","until","reason"}; None where they are not."""
    if standing.suspended_until is None or standing.suspended_until <= now:
        return None
    act = _standing_act(standing.person_id, now)
    until = None if standing.suspended_until >= FOR_GOOD else wire.time(standing.suspended_until)
    return {"act": str(act.pk) if act else None, "until": until, "reason": act.reason if act else None}


def lift(*, person_id: uuid.UUID | None, client_id: uuid.UUID | None, target: uuid.UUID, reason: str, checked: bool = False) -> dict[str, Any]:
    """Ends a suspension before its time. Answers {"act","created"}; where there is none: "unchanged". `checked`: as in tools.Order."""
    with _deciding(person_id, target) as made:
        request = None
        if person_id and client_id:
            request = receipts.before(sender=person_id, client_id=client_id, act="lift", person=str(target), reason=reason)
            if request.answer is not None:
                return request.answer
        if person_id and not checked:
            _require(person_id, target)
        act = _standing_act(target, made.now)
        suspended = Standing.objects.filter(person_id=target, suspended_until__gt=made.now).exists()
        answer: dict[str, Any] = {"act": str(act.pk) if act else None}
        if suspended:
            standing.lift(person_id=target, by=person_id, reason=reason)
        else:
            answer["unchanged"] = True
        if act:
            tools.end_act(act, by=person_id, at=made.now, reason=reason)
        if request:
            request.keep(answer)
    doorbell.ring_access()
    return {**answer, "created": "unchanged" not in answer}


@contextmanager
def _deciding(person: uuid.UUID | None, target: uuid.UUID) -> Iterator[log.Writing]:
    """The locks of both personal rooms: of two moderators at once the second sees what the first did."""
    with log.writing(personal.rooms_of([*([person] if person else []), *people.known([target])]).values()) as made:
        yield made


def _require(person: uuid.UUID, target: uuid.UUID) -> None:
    people.require_verified(person)
    authority = access.authority(person=person, room=personal.room_of(person))
    if not (authority.everywhere or authority.administrator):
        raise Refusal("moderation.remit")
    if person == target:
        raise Refusal("moderation.party")
    if not people.known([target]):
        raise Refusal("person.not_found")


def _is_last_administrator(target: uuid.UUID, now: datetime) -> bool:
    suspended = Standing.objects.filter(person_id=OuterRef("pk"), suspended_until__gt=now)
    able = Person.objects.filter(is_staff=True, is_active=True).exclude(Exists(suspended))
    # Locked: of two administrators who suspend each other at once one is left.
    ids = set(able.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    return target in ids and len(ids) == 1


def _standing_act(target: uuid.UUID, now: datetime) -> Act | None:
    return Act.objects.filter(kind=KIND, person_id=target, reversed_at=None, until__gt=now).order_by("-at").first()
