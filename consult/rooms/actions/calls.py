"""Calling a moderator in: an event in the room, and one in the personal room of each who is called, which wakes them; and taking that back."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, people
from consult.rooms.actions import personal, storing, tools
from consult.rooms.actions.tools import Answer, Order, Reversal, Tool, Use
from consult.rooms.models import Act

AGAIN = timedelta(seconds=60)  # the same call within that is no other one
MOST = 50  # moderators that one call wakes

_WITHIN = f"""
SELECT p.id FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id JOIN rooms_room r ON r.id = %s
WHERE s.moderator AND {access.STANDING} AND {access.REMIT} AND p.id IS DISTINCT FROM %s AND p.id IS DISTINCT FROM r.created_by ORDER BY p.id LIMIT %s"""


def _called(order: Order) -> list[uuid.UUID]:
    """The moderators of this room, or the one who is named. Raises Refusal person.not_found where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHIN, (order.room, order.person, MOST))
        found: list[uuid.UUID] = [id for (id,) in cursor.fetchall()]
    if "person" in order.asked:
        named = people.person_id(str(order.asked["person"]))
        found = [id for id in found if id == named]
    return found


def _reach(order: Order) -> list[uuid.UUID]:
    return list(personal.rooms_of(_called(order)).values())


def _call(use: Use) -> Answer:
    called = _called(use.order)
    if not called:
        raise Refusal("person.not_found")
    person = called[0] if "person" in use.order.asked else None
    before = use.open_act("moderator.call", person_id=person)
    if before and before.at > use.made.now - AGAIN:
        return use.unchanged(before)
    for own in personal.rooms_of(called).values():
        seq = use.event("page.asked", room=own, data={"room": str(use.room)})
        use.made.later.append(storing.wake(own, seq, use.made.now))
    return use.keep(use.event("moderator.called", data={"person": str(person) if person else None}), person_id=person)


def _uncall(use: Use, act: Act) -> int:
    return use.event("moderator.uncalled", data={"person": str(act.person_id) if act.person_id else None})


tools.TOOLS["moderator.call"] = Tool(_call, _uncall, reach=_reach, by_party=True)
# No command of its own: the act's undo.
tools.REVERSALS["moderator.uncall"] = Reversal(("moderator.call",), lambda use: use.open_act("moderator.call"))
