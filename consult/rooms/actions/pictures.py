"""Withholding one picture of a message: hidden, or until its author has masked what it shows. The words of the message stay."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import changes, tools
from consult.rooms.actions.tools import Answer, Reversal, Tool, Use
from consult.rooms.models import Act, Message, PictureVeil


def veiled(images: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Those of these pictures that are withheld now, and why: hidden, mask. Whoever serves pictures asks this, beside the right to
    read the message."""
    return dict(PictureVeil.objects.filter(image_id__in=list(images)).values_list("image_id", "why"))


def masked(*, room_id: uuid.UUID, message_id: uuid.UUID, image_id: uuid.UUID) -> Answer:
    """The author has masked the picture: the system shows it again. Answers as tools.use; a picture that is not withheld: unchanged."""
    return tools.send(tools.Order("image.restore", room_id, reason="masked", asked={"message": str(message_id), "image": str(image_id)}))


def _picture(use: Use) -> tuple[uuid.UUID, uuid.UUID]:
    """(message, image). Raises Refusal message.not_found, message.retracted, image.not_found, moderation.party."""
    message = changes.message(use.room, str(use.order.asked["message"]))
    use.not_oneself(message.author)
    if message.withheld in changes.GONE:
        raise Refusal("message.retracted")
    try:
        image = access.id_of(str(use.order.asked["image"]))
    except ValueError:
        raise Refusal("image.not_found") from None
    if image not in Message.objects.values_list("images", flat=True).get(pk=message.id):
        raise Refusal("image.not_found")
    return message.id, image


def _hide(use: Use) -> Answer:
    return _veil(use, "hidden", "image.hidden")


def _ask_mask(use: Use) -> Answer:
    return _veil(use, "mask", "image.mask_asked")


def _veil(use: Use, why: str, kind: str) -> Answer:
    message, image = _picture(use)
    before = _standing(use, image)
    veil = PictureVeil.objects.filter(message_id=message, image_id=image).first()
    if veil and veil.why == why:
        return use.unchanged(before)
    use.close(before)
    PictureVeil.objects.update_or_create(message_id=message, image_id=image, defaults={"why": why})
    return use.keep(_tell(use, kind, message, image), message_id=message, image_id=image)


def _tell(use: Use, kind: str, message: uuid.UUID, image: uuid.UUID) -> int:
    seq = use.event(kind, message=message, data={"image": str(image)})
    Message.objects.filter(pk=message).update(last_event_seq=seq)
    return seq


def _standing(use: Use, image: uuid.UUID) -> Act | None:
    return use.open_act("image.hide", "image.ask_mask", image_id=image)


def _show(use: Use, act: Act) -> int:
    assert act.message_id and act.image_id
    use.not_oneself(Message.objects.values_list("author_id", flat=True).get(pk=act.message_id))  # found by the act's id, nobody has asked yet
    if not PictureVeil.objects.filter(message_id=act.message_id, image_id=act.image_id).delete()[0]:
        raise Refusal("moderation.gone")
    return _tell(use, "image.restored", act.message_id, act.image_id)


tools.TOOLS["image.hide"] = Tool(_hide, _show)
tools.TOOLS["image.ask_mask"] = Tool(_ask_mask, _show)
tools.REVERSALS["image.restore"] = Reversal(("image.hide", "image.ask_mask"), lambda use: _standing(use, _picture(use)[1]))
