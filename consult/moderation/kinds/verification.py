"""A newcomer, or someone who changed their name or specialty, waits to be checked. Opened and closed by the worker after the person's standing."""

from __future__ import annotations

from typing import Any

from consult.moderation import vetting
from consult.moderation.kinds import Decision, Kind
from consult.moderation.models import Item
from consult.standing.models import Standing


def context(item: Item, locale: str) -> dict[str, Any]:
    standing = Standing.objects.filter(person_id=item.person_id).first() if item.person_id else None
    return {"standing": {"verification": standing.verification, "register": standing.register} if standing else None}


def decide(item: Item, decision: Decision) -> None:
    assert item.person_id is not None  # an item of this kind is about a person
    if decision.decision == "verify":
        vetting.verify(person_id=item.person_id, by=decision.by, register=decision.note or "console")
    else:
        vetting.revoke(person_id=item.person_id, by=decision.by, reason=decision.note)


KIND = Kind(
    title_fr="Compte à vérifier",
    title_en="Account to verify",
    decisions={"verify": ("Vérifier", "Verify"), "refuse": ("Refuser", "Refuse")},
    decide=decide,
    context=context,
)
