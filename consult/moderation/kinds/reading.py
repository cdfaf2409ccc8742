"""A moderator asks to read the private room of a report; a second one, who is no party and no member there, agrees or refuses."""

from __future__ import annotations

from typing import Any

from consult.clinicians import cards
from consult.errors import Refusal
from consult.moderation import readings
from consult.moderation.kinds import Decision, Kind
from consult.moderation.models import Item, Reading, Report
from consult.rooms.wire import time


def context(item: Item, locale: str) -> dict[str, Any]:
    reading = Reading.objects.get(item=item)
    asker = cards.cards([reading.asker_id], locale).get(reading.asker_id)
    until = time(reading.until) if reading.until else None
    return {"reading": {"reading": str(reading.pk), "asker": asker, "reason": reading.reason, "report": str(reading.report_id), "until": until}}


def decide(item: Item, decision: Decision) -> None:
    reading = Reading.objects.select_related("report").get(item=item)
    readings.not_member(decision.by, reading.room_id)
    if Report.objects.filter(item_id=reading.report.item_id, reporter_id=decision.by).exists():
        raise Refusal("moderation.party")
    if decision.decision == "agree":
        readings.grant(reading, by=decision.by)


KIND = Kind(
    title_fr="Lecture d’une conversation privée",
    title_en="Reading of a private conversation",
    decisions={"agree": ("Donner mon accord", "Agree"), "refuse": ("Refuser", "Refuse")},
    decide=decide,
    context=context,
)
