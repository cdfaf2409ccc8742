"""How a person is shown: the protocol's actor, and the fuller card of REST answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection

from .models import Person

# s = standing: may this person enter rooms now. VERIFIED is what a card says, PRESENT who the directory lists.
VERIFIED = "(s.verification = 'verified' AND (s.verified_until IS NULL OR s.verified_until > now()))"
PRESENT = f"({VERIFIED} AND (s.suspended_until IS NULL OR s.suspended_until <= now()) AND p.is_active)"
COLUMNS = f"p.id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level, p.place, {VERIFIED}, sp.label, pr.label, g.code, g.name_fr, g.name_en"
# A specialty decides the group; only who has none is grouped by profession.
TABLES = """clinicians_person p JOIN standing_standing s ON s.person_id = p.id
    LEFT JOIN clinicians_specialty sp ON sp.code = p.specialty
    LEFT JOIN clinicians_profession pr ON pr.code = p.profession
    LEFT JOIN clinicians_specialtygroup g ON g.code = CASE WHEN sp.code IS NULL THEN pr.group_id ELSE sp.group_id END"""


def card(person: Person, acting: str | None = None) -> dict[str, Any]:
    """An event's `actor`: {"id","name","profession","specialty","level","as"}, null where empty; `as` is null or "moderator"."""
    return _actor(person.pk, person.title, person.given_name, person.family_name, person.profession, person.specialty, person.level, acting)


def full_card(person: Person, locale: str = "fr") -> dict[str, Any]:
    """The actor's fields, and "verified", "specialty_label", "group" (a specialty group's code), "place"."""
    return cards([person.pk], locale)[person.pk]


def cards(ids: Iterable[uuid.UUID], locale: str = "fr") -> dict[uuid.UUID, dict[str, Any]]:
    """Full cards by id, in one query; ids that are nobody's are left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM {TABLES} WHERE p.id = ANY(%s)", [list(ids)])
        return {row[0]: from_row(row, locale) for row in cursor.fetchall()}


def from_row(row: tuple[Any, ...], locale: str = "fr") -> dict[str, Any]:
    """A full card from a row of COLUMNS."""
    id, title, given, family, profession, specialty, level, place, verified, label, profession_label, code, name_fr, name_en = row
    group = name_en if locale == "en" else name_fr
    # Doctors go by their group's everyday name; a nurse anaesthetist is more than "nursing".
    shown = group if specialty.startswith("SM") and group else label or profession_label
    return {
        **_actor(id, title, given, family, profession, specialty, level, None),
        "verified": bool(verified),
        "specialty_label": shown or None,
        "group": code,
        "place": place or None,
    }


def _actor(id: uuid.UUID, title: str, given: str, family: str, profession: str, specialty: str, level: str, acting: str | None) -> dict[str, Any]:
    name = " ".join(part for part in (title, given, family) if part) or None
    return {"id": str(id), "name": name, "profession": profession or None, "specialty": specialty or None, "level": level or None, "as": acting}
