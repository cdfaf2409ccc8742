"""A picture that the second net held: its sender alone sees it. Released, with a reason: the room sees it. Else its author is asked to mask it.

Nobody is shown its pixels for that. What the nets saw, the words around it and its author are told; who wants to know more asks the author.
Opened and closed by the worker (tending.py): what its author masks or releases meanwhile needs nobody.
"""

from __future__ import annotations

from typing import Any

from consult.errors import Refusal
from consult.images.models import Image, State
from consult.moderation.kinds import Decision, Kind
from consult.moderation.models import Item
from consult.rooms import pictures
from consult.rooms.actions import tools
from consult.rooms.actions.tools import Order


def context(item: Item, locale: str) -> dict[str, Any]:
    image = Image.objects.filter(pk=item.image_id).first() if item.image_id else None
    if image is None:
        return {"picture": None}
    seen = {name: len(image.report.get(name, ())) for name in ("faces", "words")}
    return {"picture": {"image": str(image.pk), "state": image.state, "width": image.width, "height": image.height, **seen}}


def decide(item: Item, decision: Decision) -> None:
    """Raises Refusal frame.invalid where the reason is missing, image.not_held where its author was quicker."""
    assert item.image_id is not None and item.room_id is not None  # an item of this kind is about a picture in a room
    if decision.decision == "release":
        pictures.release_for(person_id=decision.by, image_id=item.image_id, reason=decision.note)
        return
    if not Image.objects.filter(pk=item.image_id, state=State.HELD).exists():
        raise Refusal("image.not_held")
    asked = {"message": str(item.message_id), "image": str(item.image_id)}
    tools.send(Order("image.ask_mask", item.room_id, decision.by, decision.client_id, decision.note[:200] or "held", asked, checked=True))


KIND = Kind(
    title_fr="Photo retenue",
    title_en="Held picture",
    decisions={"release": ("Publier", "Release"), "ask_mask": ("Demander un masque", "Ask for a mask")},
    decide=decide,
    context=context,
)
