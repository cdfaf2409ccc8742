"""Sanctions in one room: silence for a time, removal. Who only reads a case by its audience can be silenced and removed as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, people, wire
from consult.rooms.access import Grant
from consult.rooms.actions import membership, personal, tools
from consult.rooms.actions.tools import Answer, Order, Reversal, Tool, Use
from consult.rooms.models import Act, Kind, Membership
from consult.standing.models import Standing

SAME = timedelta(seconds=60)  # of two moderators at once the second changes nothing: to shorten a silence, end it first


def _reach(order: Order) -> list[uuid.UUID]:
    return list(personal.rooms_of(people.known([people.person_id(str(order.asked["person"]))])).values())


def _target(use: Use) -> tuple[uuid.UUID, Membership]:
    """Who it is done to, with their row: made here for a case's reader, as one who is no member.

    Raises Refusal moderation.party, moderation.remit (a moderator, without a remit everywhere), person.not_found.
    """
    person = people.person_id(str(use.order.asked["person"]))
    use.not_oneself(person)
    row = Membership.objects.filter(room_id=use.room, person_id=person).first()
    if row is None:
        if not isinstance(access.grants([(use.room, person)])[use.room, person], Grant):
            raise Refusal("person.not_found")
        row = Membership(room_id=use.room, person_id=person, ended="left")
    elif row.ended == "left" and not isinstance(access.grants([(use.room, person)])[use.room, person], Grant):
        raise Refusal("person.not_found")
    if use.authority is not None and not use.authority.everywhere and is_moderator(person):
        raise Refusal("moderation.remit")
    return person, row


def is_moderator(person: uuid.UUID) -> bool:
    """Has a remit, or is an administrator: no moderator of one group sanctions them."""
    return Standing.objects.filter(person_id=person, moderator=True).exists() or Person.objects.filter(pk=person, is_staff=True).exists()


def _silence(use: Use) -> Answer:
    until = tools.until(int(use.order.asked["seconds"]), use.made.now)
    person, row = _target(use)
    if row.ended == "removed":
        raise Refusal("person.not_found")
    before = _silence_of(use, person)
    if row.silenced_until and row.silenced_until > use.made.now and until <= row.silenced_until + SAME:
        return use.unchanged(before)
    use.close(before)
    row.silenced_until = until
    row.save()
    return use.keep(_tell(use, person, until), person_id=person, until=until)


def _silence_of(use: Use, person: uuid.UUID) -> Act | None:
    """The silence that binds this person now: it ends by the clock, wherever it is asked about."""
    return use.open_act("member.silence", person_id=person, until__gt=use.made.now)


def _tell(use: Use, person: uuid.UUID, until: datetime | None) -> int:
    return use.event("member.silenced", person=person, data={"until": wire.time(until) if until else None})


def _unsilence(use: Use, act: Act) -> int:
    assert act.person_id
    use.not_oneself(act.person_id)
    Membership.objects.filter(room_id=use.room, person_id=act.person_id).update(silenced_until=None)
    return _tell(use, act.person_id, None)


def _remove(use: Use) -> Answer:
    person, row = _target(use)
    if row.ended == "removed":
        return use.unchanged(use.open_act("member.remove", person_id=person))
    if use.head.kind == Kind.CASE and use.head.created_by == person:  # who asked must not lose sight of their own question
        raise Refusal("member.not_allowed")
    if use.head.kind == Kind.GROUP and row.role == "owner" and row.ended is None and membership.is_last_owner(use.room, person):
        raise Refusal("room.last_owner")
    was, own = row.ended or "member", personal.room_of(person)
    if row._state.adding:
        row.save()
    acting = None if use.order.person is None else "moderator"
    seq = membership.end(use.made, room=use.room, person=person, own=own, by=use.order.person, ended="removed", acting=acting)
    return use.keep(seq, person_id=person, data={"was": was})


def _readmit(use: Use, act: Act) -> int:
    """Who was a member is one again; who read a case by its audience reads it again."""
    person = act.person_id
    assert person
    use.not_oneself(person)
    member = act.data.get("was") == "member"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rooms_membership SET ended = %s WHERE room_id = %s AND person_id = %s AND ended = 'removed'", (None if member else "left", use.room, person))
        if not cursor.rowcount:  # somebody has invited them since
            raise Refusal("moderation.gone")
    seq = use.event("member.readmitted", person=person)
    if member:
        use.event("room.joined", room=personal.room_of(person), data={"room": str(use.room)})
    return seq


def _of(kind: str, standing: Callable[[Use, uuid.UUID], Act | None]) -> Reversal:
    def find(use: Use) -> Act | None:
        person = people.person_id(str(use.order.asked["person"]))
        use.not_oneself(person)
        return standing(use, person)

    return Reversal((kind,), find, _reach)


tools.TOOLS["member.silence"] = Tool(_silence, _unsilence, _reach)
tools.REVERSALS["member.unsilence"] = _of("member.silence", _silence_of)
tools.TOOLS["member.remove"] = Tool(_remove, _readmit, _reach)
tools.REVERSALS["member.readmit"] = _of("member.remove", lambda use, person: use.open_act("member.remove", person_id=person))
