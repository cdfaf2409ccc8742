"""A message that a rule holds back until someone has read it. Released: it is shown. Upheld: it stays hidden."""

from __future__ import annotations

from consult.moderation.kinds import Decision, Kind, undo
from consult.moderation.models import Item


def decide(item: Item, decision: Decision) -> None:
    if decision.decision == "release":
        undo(item.act_id, decision, "release")


KIND = Kind(
    title_fr="Message retenu",
    title_en="Held message",
    decisions={"release": ("Publier", "Release"), "uphold": ("Laisser masqué", "Keep hidden")},
    decide=decide,
)
