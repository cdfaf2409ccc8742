"""One moderator at a time: claim an item, let it go, decide it. A claim lapses CLAIM_S after its holder's last action.

A decision is settled with the claim (`deciding`), then takes effect, by the actions that anyone else would call, each with a client id derived
from the item; then the item is closed. A process that dies in between leaves an open item, and deciding it again repeats the effect without a
second one; another decision waits until the claim has lapsed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import log, receipts
from consult.rooms.actions import personal
from consult.rooms.wire import time

from . import console, kinds, queue, subjects
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
        until = _take(made, found.id, person_id).claimed_until
        assert until is not None
        return request.keep({"item": item, "claimed_until": time(until)})


def _take(made: log.Writing, id: uuid.UUID, person: uuid.UUID, deciding: str | None = None) -> Item:
    """The claim of this person, new or prolonged, under the item's lock; with `deciding` for that decision and no other."""
    item = Item.objects.select_for_update().get(pk=id)
    held = item.claimed_by if item.claimed_until and item.claimed_until > made.now else None
    if item.decision is not None:
        raise Refusal("item.decided")
    if held not in (None, person):
        raise Refusal("item.claimed")
    if held is None:
        item.deciding = None
        record(act="item.claimed", person=person, room=item.room_id, object=str(id))
    if deciding is not None:
        if item.deciding not in (None, deciding):  # in another tab
            raise Refusal("item.decided")
        item.deciding = deciding
    if held is None or queue.is_due(item, made.now):
        item.claimed_by, item.claimed_until = person, made.now + timedelta(seconds=settings.CLAIM_S)
        console.tell(made, "item.claimed", id, person)
    item.save(update_fields=["claimed_by", "claimed_until", "deciding"])
    return item


def release(*, person_id: uuid.UUID, client_id: uuid.UUID, item: str) -> dict[str, Any]:
    """Lets an item go: {"item","created"}. Raises Refusal as `claim`; who does not hold it changes nothing."""
    found = queue.find(person_id, item)
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="release", item=item)
        if request.answer is not None:
            return request.answer
        if Item.objects.filter(pk=found.id, claimed_by=person_id, decision=None, deciding=None).update(claimed_by=None, claimed_until=None):
            record(act="item.released", person=person_id, room=found.room_id, object=str(found.id))
            console.tell(made, "item.released", found.id, person_id)
        return request.keep({"item": item})


def decide(*, person_id: uuid.UUID, client_id: uuid.UUID, item: str, decision: str, note: str = "", base: int | None = None) -> dict[str, Any]:
    """Decides an item, which claims it where nobody had: {"item","decision","created"}. `base` is the detail's: which words were read.

    Raises Refusal as `claim`, frame.invalid (a decision that the kind does not know), item.changed, and what the effect refuses.
    """
    found = queue.find(person_id, item)
    kind = kinds.of(found.kind)
    if decision not in kind.decisions:
        raise Refusal("frame.invalid", fields=["decision"])
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        asked = {"item": item, "decision": decision, "note": note, "base": base}
        request = receipts.before(sender=person_id, client_id=client_id, act="decide", **asked)
        if request.answer is not None:
            return request.answer
        if base is not None and base != subjects.base(found):
            raise Refusal("item.changed")
        _take(made, found.id, person_id, decision)
    try:
        kind.decide(found, kinds.Decision(person_id, decision, note, uuid.uuid5(found.id, decision), base))
    except Refusal:
        Item.objects.filter(pk=found.id, claimed_by=person_id, deciding=decision).update(deciding=None)  # nothing came of it: another decision may
        raise
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="decide", **asked)
        if request.answer is not None:  # the same request, on another connection, was quicker
            return request.answer
        close(made, found, by=person_id, decision=decision, note=note)
        if Item.objects.values_list("decision", flat=True).get(pk=found.id) != decision:  # it took longer than the claim, and somebody else was quicker
            raise Refusal("item.decided")
        return request.keep({"item": item, "decision": decision})


IDLE = Q(deciding=None) | Q(claimed_until__lte=Now())  # nobody is in the middle of deciding it


def close(made: log.Writing, item: Item, *, by: uuid.UUID | None, decision: str, note: str = "") -> bool:
    """Marks an open item as decided and tells the console; what was decided meanwhile stays as it is, and the system (no `by`) leaves alone what
    somebody is deciding. Whether it did."""
    open_ = Item.objects.filter(pk=item.id, decision=None)
    if by is None:
        open_ = open_.filter(IDLE)
    if not open_.update(decision=decision, decided_by=by, decided_at=timezone.now(), note=note, claimed_by=None, claimed_until=None, deciding=None):
        return False
    record(act=f"item.{decision}"[:60], person=by, room=item.room_id, object=str(item.id), reason=item.kind)
    console.tell(made, "item.decided", item.id, by)
    return True
