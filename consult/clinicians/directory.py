"""Finds verified clinicians by name, specialty and place, whatever the accents."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.cursors import unseal
from consult.errors import Refusal

from .cards import COLUMNS, PRESENT, TABLES, cards, from_row

KIND = "people"
WORDS, LONGEST = 8, 60
_OWN = "plain(p.given_name || ' ' || p.family_name || ' ' || p.place || ' ' || p.level) LIKE plain(%s)"
_LISTS = """plain(coalesce(sp.label, '') || ' ' || coalesce(pr.label, '') || ' ' || coalesce(g.code || ' ' || g.name_fr || ' ' || g.name_en, '')) LIKE plain(%s)"""


def search(
    *,
    q: str = "",
    cursor: str | None = None,
    limit: int = 50,
    within: str = "TRUE",
    params: list[Any] | None = None,
    locale: str = "fr",
) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(full cards by family name, position of the next page or None). Every word of `q` must occur somewhere.

    `within` is a further SQL condition over p (the person) and s (their standing) with its `params`: a room's door uses it
    to leave only those who may read the room. Raises Refusal: frame.invalid (q), cursor.invalid.
    """
    words = q.split()
    if "\x00" in q or len(words) > WORDS or any(len(word) > LONGEST for word in words):
        raise Refusal("frame.invalid", fields=["q"])
    where, values = [PRESENT, f"({within})"], list(params or [])
    for word in words:
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append(f"({_OWN} OR {_LISTS})")
        values += [like, like]
    after = unseal(KIND, cursor)
    if after is not None:
        where.append("(plain(p.family_name), plain(p.given_name), p.id) > (%s, %s, %s::uuid)")
        values += after
    sql = f"""SELECT {COLUMNS}, plain(p.family_name), plain(p.given_name) FROM {TABLES} WHERE {" AND ".join(where)}
              ORDER BY plain(p.family_name), plain(p.given_name), p.id LIMIT %s"""
    limit = max(1, min(limit, 200))
    with connection.cursor() as db:
        db.execute(sql, [*values, limit + 1])
        rows = db.fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    return [from_row(row[:-2], locale) for row in rows[:limit]], [last[-2], last[-1], str(last[0])] if last else None


def find(person_id: str, locale: str = "fr") -> dict[str, Any]:
    """The full card of one verified clinician. Raises Refusal person.not_found, alike for strangers to this list and for no one."""
    try:
        id = uuid.UUID(person_id)
    except ValueError:
        raise Refusal("person.not_found") from None
    found = cards([id], locale).get(id)
    if found is None or not found["verified"]:
        raise Refusal("person.not_found")
    return found
