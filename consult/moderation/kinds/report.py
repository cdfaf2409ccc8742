"""A flagged message, picture or person. Dismissed: what the flags had hidden is shown again. Upheld: it stays hidden, or is now."""

from __future__ import annotations

import uuid

from consult.errors import Refusal
from consult.moderation.kinds import Decision, Kind, undo
from consult.moderation.models import Item
from consult.rooms.actions import tools
from consult.rooms.actions.tools import Order


def decide(item: Item, decision: Decision) -> None:
    if decision.decision == "dismiss":
        undo(item.act_id, decision, "dismiss")
    elif item.message_id is not None and item.room_id is not None:  # about a person, what follows is done by the tools, in the open
        hide(item, decision)


def hide(item: Item, decision: Decision) -> None:
    """By the moderator, where nothing has hidden it yet, in the room where it is read now. What its author took back meanwhile is out of sight already."""
    asked = {"message": str(item.message_id), **({"image": str(item.image_id)} if item.image_id else {})}
    assert item.room_id is not None
    order = Order("image.hide" if item.image_id else "message.hide", item.room_id, decision.by, decision.client_id, ", ".join(item.categories), asked, checked=True)
    try:
        answer = tools.send(order)
    except Refusal as refusal:
        if refusal.code not in ("message.retracted", "message.not_found", "image.not_found"):
            raise
        return
    if "unchanged" not in answer:  # so that who reported it is known as party to an appeal, wherever the words are
        Item.objects.filter(pk=item.pk, act_id=None).update(act_id=uuid.UUID(answer["act"]))


KIND = Kind(
    title_fr="Signalement",
    title_en="Report",
    decisions={"dismiss": ("Classer sans suite", "Dismiss"), "uphold": ("Retenir", "Uphold")},
    decide=decide,
)
