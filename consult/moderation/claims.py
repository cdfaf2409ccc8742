"""One moderator at a time: claim an item, let it go, decide it. A claim lapses CLAIM_S after its holder's last action.

A decision takes effect first, by the actions that anyone else would call, each with a client id derived from the item; then the item is
closed. A process that dies in between leaves an open item, and deciding it again repeats the effect without a second one.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import log, receipts
from consult.rooms.actions import personal
from consult.rooms.wire import time

from . import console, kinds, queue
from .models import Item


def claim(*, person_id: uuid.UUID, client_id: uuid.UUID, item: str) -> dict[str, Any]:
    """Takes an item, or holds it for longer: {"item","claimed_until","created"}.

    Raises Refusal moderation.remit, item.not_found, moderation.party, item.decided, item.claimed (by another), request.id_reused.
    """
    found = queue.find(person_id, item)
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="claim", item=item)
        if request.answer is not None:
            return request.answer
        until = _take(made, found.id, person_id)
        return request.keep({"item": item, "claimed_until": time(until)})


def _take(made: log.Writing, id: uuid.UUID, person: uuid.UUID) -> Any:
    """The claim of this person, new or prolonged, under the item's lock."""
    item = Item.objects.select_for_update().get(pk=id)
    held = item.claimed_by if item.claimed_until and item.claimed_until > made.now else None
    if item.decision is not None:
        raise Refusal("item.decided")
    if held not in (None, person):
        raise Refusal("item.claimed")
    until = made.now + timedelta(seconds=settings.CLAIM_S)
    Item.objects.filter(pk=id).update(claimed_by=person, claimed_until=until)
    if held is None:
        record(act="item.claimed", person=person, room=item.room_id, object=str(id))
        console.tell(made, "item.claimed", id, person)
    return until


def release(*, person_id: uuid.UUID, client_id: uuid.UUID, item: str) -> dict[str, Any]:
    """Lets an item go: {"item","created"}. Raises Refusal as `claim`; who does not hold it changes nothing."""
    found = queue.find(person_id, item)
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="release", item=item)
        if request.answer is not None:
            return request.answer
        if Item.objects.filter(pk=found.id, claimed_by=person_id, decision=None).update(claimed_by=None, claimed_until=None):
            console.tell(made, "item.released", found.id, person_id)
        return request.keep({"item": item})


def decide(*, person_id: uuid.UUID, client_id: uuid.UUID, item: str, decision: str, note: str = "") -> dict[str, Any]:
    """Decides an item, which claims it where nobody had: {"item","decision","created"}.

    Raises Refusal as `claim`, frame.invalid (a decision that the kind does not know), and what the effect refuses.
    """
    found = queue.find(person_id, item)
    kind = kinds.of(found.kind)
    if decision not in kind.decisions:
        raise Refusal("frame.invalid", fields=["decision"])
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="decide", item=item, decision=decision, note=note)
        if request.answer is not None:
            return request.answer
        _take(made, found.id, person_id)
    kind.decide(found, kinds.Decision(person_id, decision, note, uuid.uuid5(found.id, decision)))
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="decide", item=item, decision=decision, note=note)
        if request.answer is not None:  # the same request, on another connection, was quicker
            return request.answer
        close(made, found, by=person_id, decision=decision, note=note)
        return request.keep({"item": item, "decision": decision})


def close(made: log.Writing, item: Item, *, by: uuid.UUID | None, decision: str, note: str = "") -> None:
    """Marks an open item as decided and tells the console; what was decided meanwhile stays as it is."""
    open_ = Item.objects.filter(pk=item.id, decision=None)
    if open_.update(decision=decision, decided_by=by, decided_at=timezone.now(), note=note, claimed_by=None, claimed_until=None):
        record(act=f"item.{decision}"[:60], person=by, room=item.room_id, object=str(item.id), reason=item.kind)
        console.tell(made, "item.decided", item.id, by)
