"""Appeals: who was sanctioned says why that was wrong, once an act; another moderator than the one who decided looks at it.

A suspended person is shut out of rooms and sockets, yet still signed in over HTTP: this door asks for nothing more.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, log, receipts
from consult.rooms.actions import personal
from consult.rooms.models import Act, Message
from consult.rooms.wire import time

from . import acts, console, subjects
from .models import Appeal, Item

AGAINST = ("message.hide", "image.hide", "image.ask_mask", "differential.hide", "reference.hide", "member.silence", "member.remove", "person.suspend")
URGENCY = 2
LISTED = 100


def appeal(*, person_id: uuid.UUID, client_id: uuid.UUID, act: str, text: str) -> dict[str, Any]:
    """Appeals against one act on oneself: {"appeal","created"}.

    Raises Refusal request.id_reused, act.not_found (also where it is not against this person), appeal.over (it no longer stands), appeal.made.
    """
    own, desk = personal.room_of(person_id), console.room()
    with log.writing([own, desk]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="appeal", of=act, text=text)
        if request.answer is not None:
            return request.answer
        against = _against(person_id, act)
        if not against.stands(made.now):
            raise Refusal("appeal.over")
        if Appeal.objects.filter(act_id=against.pk).exists():
            raise Refusal("appeal.made")
        room, message = against.room_id, against.message_id
        if room and message:
            room, message = subjects.main(room, message, against.image_id)
        item = Item.objects.create(
            kind="appeal",
            object=str(against.pk),
            urgency=URGENCY,
            at=made.now,
            room_id=room,
            message_id=message,
            image_id=against.image_id,
            person_id=person_id,
            moderator_id=against.moderator_id,
            act_id=against.pk,
        )
        stored = Appeal.objects.create(act_id=against.pk, item=item, person_id=person_id, text=text)
        record(act="appeal.made", person=person_id, room=against.room_id, object=str(against.pk))
        console.tell(made, "item.opened", item.id)
        return request.keep({"appeal": str(stored.pk)})


def _against(person: uuid.UUID, text: str) -> Act:
    try:
        found = Act.objects.filter(pk=access.id_of(text), kind__in=AGAINST).first()
    except ValueError:
        found = None
    if found is None:
        raise Refusal("act.not_found")
    target = found.person_id
    if target is None and found.message_id is not None:
        target = Message.objects.filter(pk=found.message_id).values_list("author_id", flat=True).first()
    if target != person:
        raise Refusal("act.not_found")
    return found


STATES = {None: "open", "uphold": "upheld", "grant": "granted"}


def mine(*, person_id: uuid.UUID) -> dict[str, Any]:
    """{"appeals": [{"appeal","act","kind","room","at","text","state","decided_at","note"}], "acts"}, the latest first; `kind` is what was done, as in a record.

    `acts`, in the shape of a record, are those on this person themself that stand and are not appealed against: who was removed from a room cannot read its record.
    """
    found = Appeal.objects.select_related("item").filter(person_id=person_id).order_by("-at")[:LISTED]
    kinds = dict(Act.objects.filter(pk__in=[a.act_id for a in found]).values_list("pk", "kind"))
    latest = Act.objects.filter(person_id=person_id, kind__in=AGAINST, reversed_at=None).exclude(pk__in=Appeal.objects.filter(person_id=person_id).values("act_id")).order_by("-at")
    now = timezone.now()
    return {"appeals": [_own(a, kinds.get(a.act_id)) for a in found], "acts": acts.rows([act for act in latest[:LISTED] if act.stands(now)])}


def _own(appeal: Appeal, kind: str | None) -> dict[str, Any]:
    item = appeal.item
    return {
        "appeal": str(appeal.pk),
        "act": str(appeal.act_id),
        "kind": kind,
        "room": str(item.room_id) if item.room_id else None,
        "at": time(appeal.at),
        "text": appeal.text,
        "state": STATES[item.decision],
        "decided_at": time(item.decided_at) if item.decided_at else None,
        "note": item.note or None,
    }
