"""Hiding a message from all alike, and showing it again. Author and moderators read it through its history.

The question of a case and its card in the group are the same words: they are hidden, and shown, together.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q

from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import changes, tools
from consult.rooms.actions.tools import Answer, Order, Reversal, Tool, Use
from consult.rooms.models import Act, Event, Pin

_TWIN = """
SELECT CASE WHEN c.card_id = %(message)s THEN c.question_id ELSE c.card_id END, CASE WHEN c.card_id = %(message)s THEN c.room_id ELSE c.group_id END
FROM cases_case c WHERE (c.card_id = %(message)s OR c.question_id = %(message)s) AND c.card_id IS NOT NULL AND c.group_id IS NOT NULL"""


def twin(message: Any) -> tuple[uuid.UUID, uuid.UUID] | None:
    """(message, room) of the card of this question, or of the question of this card."""
    with connection.cursor() as cursor:
        cursor.execute(_TWIN, {"message": access.message_id(str(message))})
        row: tuple[uuid.UUID, uuid.UUID] | None = cursor.fetchone()
    return row


def _reach(order: Order) -> list[uuid.UUID]:
    found = twin(order.asked["message"])
    return [found[1]] if found else []


def hide(*, room_id: uuid.UUID, message_id: uuid.UUID, reason: str, person_id: uuid.UUID | None = None, client_id: uuid.UUID | None = None, checked: bool = False) -> Answer:
    """Hides a message, by a moderator or (no person) by the system. Answers {"seq","act","created"}; hidden already: unchanged.

    Raises Refusal room.*, moderation.remit, moderation.party, message.not_found, message.retracted.
    """
    return tools.send(Order("message.hide", room_id, person_id, client_id, reason, {"message": str(message_id)}, checked))


def _hide(use: Use) -> Answer:
    message = changes.message(use.room, use.order.asked["message"])
    use.not_oneself(message.author)
    if message.withheld == "hidden":
        return use.unchanged(_hidden_by(use))
    if message.withheld:
        raise Refusal("message.retracted")
    pinned = Pin.objects.filter(message_id=message.id).exists()
    seq = use.event("message.hidden", message=message.id)
    changes.withhold(message.id, "hidden", seq)
    data: dict[str, Any] = {"pinned": pinned}
    other = twin(message.id)
    if other and changes.message(other[1], str(other[0])).withheld is None:
        changes.withhold(other[0], "hidden", use.event("message.hidden", room=other[1], message=other[0]))
        data["twin"] = str(other[0])
    return use.keep(seq, message_id=message.id, other_room_id=other[1] if "twin" in data and other else None, data=data)


def _hidden_by(use: Use) -> Act | None:
    """The act that hides this message, or the one that hid its twin."""
    id = access.message_id(str(use.order.asked["message"]))
    acts = Act.objects.filter(kind="message.hide", reversed_at=None)
    return acts.filter(message_id=id).first() or acts.filter(other_room_id=use.room, data__twin=str(id)).first()


def _find(use: Use) -> Act | None:
    message = changes.message(use.room, use.order.asked["message"])
    use.not_oneself(message.author)
    if message.withheld not in (None, "hidden"):
        raise Refusal("moderation.gone")
    act = _hidden_by(use)
    if act is None and message.withheld:  # it goes on elsewhere: a thread or a case was moved
        raise Refusal("moderation.gone")
    return act


def _show(use: Use, act: Act) -> int:
    assert act.message_id and act.room_id
    message = changes.message(act.room_id, str(act.message_id))
    use.not_oneself(message.author)
    if message.withheld != "hidden":
        raise Refusal("moderation.gone")
    other = changes.message(act.other_room_id, act.data["twin"]) if "twin" in act.data and act.other_room_id else None
    if use.order.checked:
        _were_read(use, act, [(act.room_id, message), *([(act.other_room_id, other)] if other and act.other_room_id else [])])
    seq = use.event("message.restored", room=act.room_id, message=message.id)
    changes.show(message.id, seq)
    if act.data.get("pinned"):
        Pin.objects.get_or_create(room_id=act.room_id, message_id=message.id)
    if other and act.other_room_id and other.withheld == "hidden":
        changes.show(other.id, use.event("message.restored", room=act.other_room_id, message=other.id))
    return seq


def _were_read(use: Use, act: Act, words: Sequence[tuple[uuid.UUID, changes.Stored]]) -> None:
    """Authors edit what is hidden: a decision shows the words that it was made upon, and no others. Without a base, those of when they were hidden.

    Raises Refusal item.changed.
    """
    if use.order.base is not None:
        changed = use.order.base != sum(message.version for _, message in words)
    else:
        edits = [Q(room_id=room, seq=message.edited_seq) for room, message in words if message.edited_seq]
        changed = bool(edits) and Event.objects.filter(reduce(or_, edits), at__gt=act.at).exists()
    if changed:
        raise Refusal("item.changed")


tools.TOOLS["message.hide"] = Tool(_hide, _show, _reach)
tools.REVERSALS["message.restore"] = Reversal(("message.hide",), _find, _reach)
