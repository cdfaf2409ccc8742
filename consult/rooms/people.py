"""Which of these people may enter rooms at all: verified, not suspended, with an open account."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import connection

from consult.errors import Refusal
from consult.rooms.access import STANDING


def verified(people: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those among them who are verified clinicians now, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.id FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id WHERE p.id = ANY(%s) AND {STANDING}", (list(people),))
        return {row[0] for row in cursor.fetchall()}


def known(people: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those among them who have an account, each once: only they have a personal room."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM clinicians_person WHERE id = ANY(%s)", (list(people),))
        return [row[0] for row in cursor.fetchall()]


def require_verified(person: uuid.UUID) -> None:
    """Raises Refusal account.suspended or account.unverified."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STANDING}, s.suspended_until > now() FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id WHERE p.id = %s", (person,))
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise Refusal("account.suspended" if row and row[1] else "account.unverified")


def person_id(text: str) -> uuid.UUID:
    """A person's id from outside. Raises Refusal person.not_found."""
    from consult.rooms.access import id_of

    try:
        return id_of(text)
    except ValueError:
        raise Refusal("person.not_found") from None
