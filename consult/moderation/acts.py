"""Acts beside an item of the queue, in the shape of a room's record (rooms/record.py)."""

from __future__ import annotations

import uuid
from typing import Any

from consult.clinicians import cards
from consult.rooms.models import Act
from consult.rooms.wire import time

LISTED = 20


def one(act: uuid.UUID | None) -> dict[str, Any] | None:
    """One act, or None where there is none."""
    found = rows(list(Act.objects.filter(pk=act))) if act else []
    return found[0] if found else None


def of_person(person: uuid.UUID) -> list[dict[str, Any]]:
    """The latest acts against one person."""
    return rows(list(Act.objects.filter(person_id=person).exclude(kind__startswith="moderator.").order_by("-at")[:LISTED]))


def rows(acts: list[Act]) -> list[dict[str, Any]]:
    names = cards.cards({id for a in acts for id in (a.moderator_id, a.reversed_by) if id})
    return [_row(act, names) for act in acts]


def _row(act: Act, names: dict[uuid.UUID, dict[str, Any]]) -> dict[str, Any]:
    def card(id: uuid.UUID | None) -> dict[str, Any] | None:
        return {**names[id], "as": "moderator"} if id in names else None

    reversed_ = {"at": time(act.reversed_at), "by": card(act.reversed_by), "reason": act.reversal_reason} if act.reversed_at else None
    return {
        "act": str(act.pk),
        "at": time(act.at),
        "kind": act.kind,
        "differential": act.data.get("differential"),
        "reference": act.data.get("reference"),
        "room": str(act.room_id) if act.room_id else None,
        "moderator": card(act.moderator_id),
        "message": str(act.message_id) if act.message_id else None,
        "image": str(act.image_id) if act.image_id else None,
        "person": str(act.person_id) if act.person_id else None,
        "reason": act.reason,
        "until": time(act.until) if act.until else None,
        "reversed": reversed_,
    }
