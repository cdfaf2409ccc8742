"""Collections: cases that one person put together for themselves. Nobody else sees them, and they give no right to read."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction

from consult.cases.models import Collection, Saved
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, lists, people, wire
from consult.rooms.models import Kind

MOST = 100  # collections of a person
CASES = 2000  # of a collection
NAME = 80  # code points

_COUNTS = """
SELECT k.id, k.name, k.at, (SELECT count(*) FROM cases_saved v WHERE v.collection_id = k.id),
       EXISTS (SELECT FROM cases_saved v WHERE v.collection_id = k.id AND v.case_id = %(case)s::uuid)
FROM cases_collection k WHERE k.person_id = %(person)s ORDER BY k.name, k.id"""
_PAGE = f"""
SELECT v.case_id, v.at FROM cases_saved v JOIN rooms_room r ON r.id = v.case_id JOIN clinicians_person p ON p.id = %(person)s JOIN standing_standing s ON s.person_id = p.id
LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE v.collection_id = %(collection)s AND {access.READABLE} AND (%(at)s::timestamptz IS NULL OR (v.at, v.case_id) < (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY v.at DESC, v.case_id DESC LIMIT %(limit)s"""


def mine(*, person: uuid.UUID, case: uuid.UUID | None = None) -> list[dict[str, Any]]:
    """[{"collection","name","at","cases","holds"}]; `holds` says whether `case` is in it."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"person": person, "case": case})
        return [{"collection": str(id), "name": name, "at": wire.time(at), "cases": n, "holds": holds} for id, name, at, n, holds in cursor.fetchall()]


def _name(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > NAME or not text.isprintable():
        raise Refusal("frame.invalid", fields=["name"])
    return text


def make(*, person: uuid.UUID, id: uuid.UUID, name: str) -> dict[str, Any]:
    """A new collection, whose id the client made; the same id again names it anew. Answers {"collection","created"}.

    Raises Refusal account.*, frame.invalid, request.id_reused, case.full.
    """
    people.require_verified(person)
    name = _name(name)
    with transaction.atomic():
        found = Collection.objects.select_for_update().filter(pk=id).first()
        if found and found.person_id != person:
            raise Refusal("request.id_reused")
        if found is None and Collection.objects.filter(person_id=person).count() >= MOST:
            raise Refusal("case.full")
        _, created = Collection.objects.update_or_create(pk=id, defaults={"person_id": person, "name": name})
    return {"collection": str(id), "created": created}


def _own(person: uuid.UUID, id: uuid.UUID) -> Collection:
    found = Collection.objects.filter(pk=id, person_id=person).first()
    if found is None:
        raise Refusal("collection.not_found")
    return found


def drop(*, person: uuid.UUID, id: uuid.UUID) -> None:
    """Raises Refusal collection.not_found."""
    _own(person, id).delete()


def save(*, person: uuid.UUID, id: uuid.UUID, room: uuid.UUID) -> None:
    """Puts a case that one may read into a collection. Raises Refusal collection.not_found, room.*, case.full."""
    own = _own(person, id)
    if access.may_read(person=person, room=room).kind != Kind.CASE:
        raise Refusal("case.not_found")
    if Saved.objects.filter(collection=own).count() >= CASES:
        raise Refusal("case.full")
    Saved.objects.bulk_create([Saved(collection=own, case_id=room)], ignore_conflicts=True)


def unsave(*, person: uuid.UUID, id: uuid.UUID, room: uuid.UUID) -> None:
    """Raises Refusal collection.not_found."""
    Saved.objects.filter(collection=_own(person, id), case_id=room).delete()


def cases(*, person: uuid.UUID, id: uuid.UUID, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(the cases that one may still read, the latest saved first; the next position). Raises Refusal collection.not_found, cursor.invalid."""
    own, limit = _own(person, id), max(1, min(limit, 50))
    at, last = unseal("collection", cursor) or [None, None]
    with connection.cursor() as db:
        db.execute(_PAGE, {"person": person, "collection": own.id, "at": at, "id": last, "limit": limit + 1})
        rows = db.fetchall()
    shown = rows[:limit]
    return lists.items(person, [room for room, _ in shown], locale), [shown[-1][1].isoformat(), str(shown[-1][0])] if len(rows) > limit else None
