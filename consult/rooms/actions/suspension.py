"""Suspending a person from the whole service, on the record: by administrators, and moderators whose remit is everywhere.

The log says so in two places: in the person's own room, and in the room whose events led to it where the moderator names one, for
its members to see. Neither event has the reason: that is between the person and who decides an appeal.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, doorbell, log, people, receipts, wire
from consult.rooms.actions import personal, tools
from consult.rooms.actions.sanctions import SAME
from consult.rooms.models import Act, Membership, Message
from consult.standing import actions as standing
from consult.standing.models import Standing, Verification

KIND = "person.suspend"
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


def suspend(*, person_id: uuid.UUID, client_id: uuid.UUID, target: uuid.UUID, seconds: int | None, reason: str, room_id: uuid.UUID | None = None) -> dict[str, Any]:
    """Out of every room for so long, or (None) until it is lifted; open sockets close 4403. Answers {"act","until","created"}.

    `room_id`: the room whose log says so too, one that the moderator may moderate and where the person was. Suspended for as long already:
    "unchanged". Raises Refusal request.id_reused, account.*, moderation.*, person.not_found, room.*.
    """
    named = {"room": str(room_id)} if room_id else {}
    with _deciding(person_id, target, [room_id] if room_id else []) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="suspend", person=str(target), seconds=seconds, reason=reason, **named)
        if request.answer is not None:
            return request.answer
        _require(person_id, target)
        if room_id:
            _require_there(person_id, target, room_id)
        until = FOR_GOOD if seconds is None else tools.until(seconds, made.now)
        keep_an_administrator(target, made.now)
        before = _standing_act(target, made.now)
        now = Standing.objects.get(person_id=target).suspended_until
        if now and now > made.now and until <= now + SAME:
            answer = {"act": str(before.pk) if before else None, "unchanged": True}
        else:
            if before:
                tools.end_act(before, by=person_id, at=made.now, reason=reason)
            standing.suspend(person_id=target, until=until, by=person_id, reason=reason)
            rooms = list(dict.fromkeys([*_told_in(before), *([room_id] if room_id else [])]))
            act = Act.objects.create(kind=KIND, at=made.now, moderator_id=person_id, person_id=target, reason=reason, until=until, data={"rooms": [str(room) for room in rooms]})
            data = {"until": None if until == FOR_GOOD else wire.time(until)}
            _tell(made, "person.suspended", target, [room_id] if room_id else [], by=person_id, data=data)
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
    while True:
        rooms = _told_in(_standing_act(target, datetime.now(UTC)))
        with _deciding(person_id, target, rooms) as made:
            if set(_told_in(_standing_act(target, made.now))) <= set(rooms):  # told elsewhere meanwhile: lock anew
                answer = _lift(made, person_id, client_id, target, reason, checked)
                break
    doorbell.ring_access()
    return answer


def _lift(made: log.Writing, person_id: uuid.UUID | None, client_id: uuid.UUID | None, target: uuid.UUID, reason: str, checked: bool) -> dict[str, Any]:
    request = None
    if person_id and client_id:
        request = receipts.before(sender=person_id, client_id=client_id, act="lift", person=str(target), reason=reason)
        if request.answer is not None:
            return request.answer
    if person_id and not checked:
        _require(person_id, target)
    act = _standing_act(target, made.now)
    answer: dict[str, Any] = {"act": str(act.pk) if act else None}
    if Standing.objects.filter(person_id=target, suspended_until__gt=made.now).exists():
        standing.lift(person_id=target, by=person_id, reason=reason)
        _tell(made, "person.reinstated", target, _told_in(act), by=person_id)
    else:
        answer["unchanged"] = True
    if act:
        tools.end_act(act, by=person_id, at=made.now, reason=reason)
    if request:
        request.keep(answer)
    return {**answer, "created": "unchanged" not in answer}


@contextmanager
def _deciding(person: uuid.UUID | None, target: uuid.UUID, rooms: list[uuid.UUID]) -> Iterator[log.Writing]:
    """The locks of both personal rooms and of these: of two moderators at once the second sees what the first did."""
    with log.writing([*personal.rooms_of([*([person] if person else []), *people.known([target])]).values(), *rooms]) as made:
        yield made


def _told_in(act: Act | None) -> list[uuid.UUID]:
    """The rooms whose log says that this act, or one that it took the place of, suspended the person."""
    return [uuid.UUID(room) for room in act.data.get("rooms", [])] if act else []


def _tell(made: log.Writing, kind: str, target: uuid.UUID, rooms: list[uuid.UUID], *, by: uuid.UUID | None, data: dict[str, Any] | None = None) -> None:
    for room in (personal.room_of(target), *rooms):
        if room in made.heads:  # it still exists
            made.append(room, kind, actor=by, acting="moderator" if by else None, person=target, data=data)


def require(person: uuid.UUID) -> None:
    """Raises Refusal account.*, moderation.remit for who does not decide about the whole service."""
    people.require_verified(person)
    authority = access.authority(person=person, room=personal.room_of(person))
    if not (authority.everywhere or authority.administrator):
        raise Refusal("moderation.remit")


def _require(person: uuid.UUID, target: uuid.UUID) -> None:
    require(person)
    if person == target:
        raise Refusal("moderation.party")
    if not people.known([target]):
        raise Refusal("person.not_found")


def _require_there(person: uuid.UUID, target: uuid.UUID, room: uuid.UUID) -> None:
    """No room hears of somebody whom it does not know."""
    if access.may_moderate(person=person, room=room).asker:
        raise Refusal("moderation.party")
    known = Membership.objects.filter(room_id=room, person_id=target).exists() or Message.objects.filter(room_id=room, author_id=target).exists()
    if not known and not isinstance(access.grants([(room, target)])[room, target], access.Grant):
        raise Refusal("person.not_found")


def keep_an_administrator(target: uuid.UUID, now: datetime, *, verified: bool = False) -> None:
    """Raises Refusal moderation.last_administrator where, without this one, nobody could administer the service; with `verified`, where no
    verified clinician could. For the transaction that shuts the target out."""
    administrators = Person.objects.filter(is_staff=True, is_active=True)
    # Locked, and only then looked at: of two administrators who are suspended at once one is left.
    ids = list(administrators.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    others = Standing.objects.filter(person_id__in=administrators.exclude(pk=target).values("pk")).exclude(suspended_until__gt=now)
    if target in ids and not (others.filter(verification=Verification.VERIFIED) if verified else others).exists():
        raise Refusal("moderation.last_administrator")


def _standing_act(target: uuid.UUID, now: datetime) -> Act | None:
    return Act.objects.filter(kind=KIND, person_id=target, reversed_at=None, until__gt=now).order_by("-at").first()
