"""Whom a question is for: the rules it opens with, and how many clinicians that is, told before it is posted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection

from consult.clinicians import cards
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms import people as standing
from consult.rooms.access import Grant
from consult.rooms.models import Kind

MOST = 50  # groups, and people, that one question may be addressed to

EVERYONE = uuid.UUID(int=0)  # among a case's readers: every verified clinician

Rule = tuple[uuid.UUID | None, uuid.UUID | None]  # (group, person); both null: every verified clinician

_COUNT = f"""
SELECT count(*) FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id
WHERE p.id <> %(person)s AND {access.STANDING} AND (%(everyone)s OR p.id = ANY(%(people)s)
    OR p.id IN (SELECT g.person_id FROM rooms_membership g WHERE g.room_id = ANY(%(groups)s) AND g.ended IS NULL))"""
_GROUPS = """
SELECT r.id, r.title, r.code, (SELECT count(*) FROM rooms_membership m WHERE m.room_id = r.id AND m.ended IS NULL) FROM rooms_room r WHERE r.id = ANY(%s) ORDER BY r.title"""
_READERS = f"""
UPDATE cases_case SET readers = ARRAY(
    SELECT coalesce(a.group_id, a.person_id, '{EVERYONE}') FROM rooms_audience a WHERE a.room_id = cases_case.room_id ORDER BY 1)
WHERE room_id = %s"""


def index(case: uuid.UUID) -> None:
    """Search finds a case by whom it is addressed to: to be called wherever that changes."""
    with connection.cursor() as cursor:
        cursor.execute(_READERS, (case,))


def rules(person: uuid.UUID, groups: Iterable[uuid.UUID], people: Iterable[uuid.UUID], everyone: bool) -> list[Rule]:
    """Raises Refusal case.audience, frame.invalid, room.not_found, person.not_found."""
    groups, people = set(groups), set(people) - {person}
    too_many = [name for name, those in (("groups", groups), ("people", people)) if len(those) > MOST]
    if too_many:
        raise Refusal("frame.invalid", fields=too_many)
    if not (groups or people or everyone):
        raise Refusal("case.audience")
    for answer in access.grants([(g, person) for g in groups]).values():
        if isinstance(answer, Grant) and answer.kind != Kind.GROUP:
            raise Refusal("room.not_found")
        if isinstance(answer, Refusal) and answer.code != "room.not_member":  # a listed group may be asked without joining it
            raise answer
    if people and standing.verified(people) != people:
        raise Refusal("person.not_found")
    return [*((g, None) for g in sorted(groups)), *((None, p) for p in sorted(people)), *([(None, None)] if everyone else [])]


def preview(*, person: uuid.UUID, groups: Iterable[uuid.UUID], people: Iterable[uuid.UUID], everyone: bool, locale: str = "fr") -> dict[str, Any]:
    """{"count","everyone","groups","people"}: how many clinicians beside oneself may read it now, by which groups, and the people chosen.

    Refuses what asking would refuse of an audience, and who may not ask: account.*, case.audience, frame.invalid, room.not_found, person.not_found.
    """
    standing.require_verified(person)
    asked = rules(person, groups, people, everyone)
    rooms, chosen = [g for g, _ in asked if g], [p for _, p in asked if p]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"person": person, "everyone": everyone, "people": chosen, "groups": rooms})
        count = cursor.fetchone()[0]
    names = cards.cards(chosen, locale)
    return {"count": count, "everyone": everyone, "groups": _groups(rooms), "people": [names[p] for p in chosen]}


def _groups(rooms: list[uuid.UUID]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, (rooms,))
        return [{"id": str(id), "title": title, "code": code or None, "members": members} for id, title, code, members in cursor.fetchall()]
