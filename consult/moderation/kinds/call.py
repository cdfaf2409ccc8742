"""A moderator called another one into a room (`moderator.call`)."""

from __future__ import annotations

from consult.moderation.kinds import Decision, Kind
from consult.moderation.models import Item


def decide(item: Item, decision: Decision) -> None:
    """Whoever goes there joins by `moderator.join`; the item only ends the call."""


KIND = Kind(title_fr="Renfort demandé", title_en="Moderator called", decisions={"done": ("Pris en charge", "Taken care of")}, decide=decide)
