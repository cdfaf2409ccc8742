"""Identifiers of patients in what is posted: looked for before a room's lock, decided by level, recorded without the words.

What is blocked is refused whoever sends it. What is to be confirmed is refused only where the client speaks the feature
"identifiers", that is, sends `confirmed` (an empty list will do): a client of plain version 1 is let through, and the record says
"unconfirmed". Hints are the client's alone and are not looked for here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from django.conf import settings
from django.db import connection

from consult import identifiers
from consult.database import Statement
from consult.errors import Refusal
from consult.identifiers.find import Finding, fold
from consult.rooms import limits

Confirmable = Literal["nir_like", "phone", "email", "address", "record", "name", "rpps"]
CONFIRMABLE: tuple[str, ...] = get_args(Confirmable)
REFUSED = ("content.identifier", "content.confirm")
Decision = Literal["blocked", "asked", "confirmed", "unconfirmed"]


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in the texts of one request: what is decided of each category, and the refusal that follows, if any."""

    decided: dict[str, Decision]
    refusal: Refusal | None


def look(texts: Iterable[tuple[str, str]], *, confirmed: Sequence[str] | None, rooms: Sequence[uuid.UUID] = ()) -> Look | None:
    """Looks at (field, text) pairs; None where there is nothing. Asks the database only before refusing a doctor's name."""
    most = limits.LIMITS["body_chars"]
    texts = [(name, text) for name, text in texts if len(text) <= most]  # what is longer is refused anyway
    found = [(name, f) for name, text in texts for f in identifiers.find(text, hints=False)]
    if not found:
        return None
    if confirmed is not None and "name" not in confirmed and any(f.category == "name" for _, f in found):
        doctors = _doctors(rooms, [text[f.start : f.end] for name, text in texts for n, f in found if n == name and f.category == "name"])
        if doctors:
            found = [(name, f) for name, text in texts for f in identifiers.find(text, hints=False, doctors=doctors)]
    return _decide(found, confirmed) if found else None


def _decide(found: Sequence[tuple[str, Finding]], confirmed: Sequence[str] | None) -> Look:
    decided: dict[str, Decision] = {}
    for _, f in found:
        if f.level == "block":
            decided[f.category] = "blocked"
        else:
            decided[f.category] = "unconfirmed" if confirmed is None else "confirmed" if f.category in confirmed else "asked"
    for code, decision in (("content.identifier", "blocked"), ("content.confirm", "asked")):
        told = [(name, f) for name, f in found if decided[f.category] == decision]
        if told:
            places = [{"field": name, "category": f.category, "start": f.start, "length": f.end - f.start} for name, f in told]
            return Look(decided, Refusal(code, fields=sorted({name for name, _ in told}), identifiers=places[:50]))
    return Look(decided, None)


_DOCTORS = """
SELECT DISTINCT p.family_name FROM clinicians_person p WHERE plain(p.family_name) = ANY(%(names)s) AND (
    EXISTS (SELECT FROM rooms_membership m WHERE m.person_id = p.id AND m.ended IS NULL AND m.room_id = ANY(%(rooms)s))
    OR EXISTS (SELECT FROM rooms_audience a WHERE a.room_id = ANY(%(rooms)s) AND (a.person_id = p.id OR (a.person_id IS NULL AND a.group_id IS NULL)))
    OR EXISTS (SELECT FROM rooms_audience a JOIN rooms_membership m ON m.room_id = a.group_id AND m.ended IS NULL AND m.person_id = p.id
               WHERE a.room_id = ANY(%(rooms)s)))"""


def _doctors(rooms: Sequence[uuid.UUID], names: Sequence[str]) -> list[str]:
    """Of the family names that these findings may hold, those of people who may read these rooms."""
    wanted: set[str] = set()
    for name in names[:20]:
        words = fold(name).low.replace(".", " ").split()[1:]
        wanted.update(" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1))
    if not (rooms and wanted):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_DOCTORS, {"names": sorted(wanted), "rooms": list(rooms)})
        return [family for (family,) in cursor.fetchall()]


_RECORD = """
INSERT INTO rooms_identifierdecision (person_id, room_id, category, decision, at)
SELECT person, room, category, decision, clock_timestamp() FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[]) AS t(person, room, category, decision)"""


def recorded(looks: Iterable[tuple[uuid.UUID, uuid.UUID | None, Look]]) -> Statement:
    """The rows for (person, room, look), as a statement of the post's own transaction."""
    rows = [(person, room, category, decision) for person, room, seen in looks for category, decision in seen.decided.items()]
    return _RECORD, ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows])


def record(person: uuid.UUID, room: uuid.UUID | None, seen: Look) -> None:
    """The same at once: after a refusal that has undone its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(*recorded([(person, room, seen)]))


def purge() -> int:
    """Forgets decisions older than IDENTIFIER_DAYS. Answers how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rooms_identifierdecision WHERE at < now() - %s * interval '1 day'", [settings.IDENTIFIER_DAYS])
        return int(cursor.rowcount)
