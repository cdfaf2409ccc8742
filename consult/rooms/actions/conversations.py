"""Private conversations of two or more people; two people share exactly one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from consult.errors import Refusal
from consult.rooms import doorbell, log, receipts
from consult.rooms import people as standing
from consult.rooms.actions import membership, personal
from consult.rooms.models import Kind, Role, Room

MOST = 50  # people a conversation is opened with; more are invited one by one
TITLE = 200


class _Appeared(Exception):
    """The conversation was opened by the other one meanwhile: go round again, this time with its lock."""


def open(*, person_id: uuid.UUID, client_id: uuid.UUID, people: Sequence[uuid.UUID], title: str = "") -> dict[str, Any]:
    """A conversation with these people: {"room","created"}. With one other person there is only one, which is answered again;
    who had left it is back in it, and reads from there on.

    Raises Refusal request.id_reused, account.*, person.not_found, frame.invalid (people, title).
    """
    others = sorted(set(people) - {person_id})
    rooms_of = personal.rooms_of([person_id, *standing.known(others[: MOST + 1])])
    while True:
        pair = ":".join(sorted((str(person_id), str(others[0])))) if len(others) == 1 else None
        try:
            return _open(person_id, client_id, others, title.strip(), pair, rooms_of)
        except _Appeared:
            continue


def _open(person: uuid.UUID, client_id: uuid.UUID, others: list[uuid.UUID], title: str, pair: str | None, rooms_of: Mapping[uuid.UUID, uuid.UUID]) -> dict[str, Any]:
    there = _shared(pair)
    with log.writing([*rooms_of.values(), *([there] if there else [])]) as made:
        request = receipts.before(sender=person, client_id=client_id, act="conversation", people=[str(o) for o in others], title=title)
        if request.answer is not None:
            return request.answer
        standing.require_verified(person)
        _check(others, title)
        # The locks of both personal rooms are held: nobody else can open this pair's conversation now.
        room = _shared(pair)
        if room is not None and room not in made.heads:
            raise _Appeared
        if room is None:
            room = membership.make_room(made, kind=Kind.PRIVATE, by=person, title=title, pair=pair).id
            roles = {person: Role.MEMBER if pair else Role.OWNER, **dict.fromkeys(others, Role.MEMBER)}
            membership.admit(made, rooms_of, room=room, roles=roles, by=person, from_start=True)
            answer = request.keep({"room": str(room)})
        else:
            gone = _gone(room)
            if gone:
                membership.admit(made, rooms_of, room=room, roles=dict.fromkeys(gone, Role.MEMBER), by=person, from_start=False)
            answer = {**request.keep({"room": str(room)}), "created": False}
    doorbell.ring_access()
    return answer


def _check(others: list[uuid.UUID], title: str) -> None:
    if not 1 <= len(others) <= MOST:
        raise Refusal("frame.invalid", fields=["people"])
    if len(title) > TITLE or not title.isprintable():
        raise Refusal("frame.invalid", fields=["title"])
    if standing.verified(others) != set(others):
        raise Refusal("person.not_found")


def _shared(pair: str | None) -> uuid.UUID | None:
    return Room.objects.filter(pair=pair).values_list("id", flat=True).first() if pair else None


def _gone(room: uuid.UUID) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM rooms_membership WHERE room_id = %s AND ended IS NOT NULL ORDER BY person_id", (room,))
        return [person for (person,) in cursor.fetchall()]
