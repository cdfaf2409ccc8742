"""Flags: anyone may flag what they can read; what flags weigh decides at once whether it stays in sight.

A report counts, and hides where it must, in one transaction under the lock of the flagged message's room: fifty people who flag one
message at the same moment make one item, one hiding and one event. "Identifies a patient" hides at once; any other category at a weight
of two: two verified members, or one moderator of that room. Whose flags were dismissed three times in ninety days weighs nothing until a
moderator has looked at it (`pardon`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, log, people, receipts
from consult.rooms.actions import changes, personal, tools
from consult.rooms.actions.tools import Order
from consult.rooms.limits import Buckets
from consult.rooms.models import Message
from consult.rooms.wire import time

from . import console, remit, subjects
from .models import Answer, Category, Item, Report

URGENCY = {Category.IDENTIFIES_PATIENT: 3, Category.DANGEROUS_ADVICE: 2, Category.NOT_CLINICIAN: 2}  # any other: 1
HIDES = 2  # weight
MOST_WEIGHT = 100  # beyond that a storm is a storm
FALSE_FLAGS, MEMORY = 3, timedelta(days=90)
LISTED = 100

rate = Buckets(settings.REPORTS_BURST, settings.REPORTS_PER_MINUTE / 60)


@dataclass(frozen=True, slots=True)
class Object:
    """What is flagged, as this person may read it; `name` is the item's."""

    name: str
    room: uuid.UUID | None = None
    message: uuid.UUID | None = None
    image: uuid.UUID | None = None
    person: uuid.UUID | None = None  # its author, or the person flagged


@dataclass(frozen=True, slots=True)
class Flag:
    """What somebody asks to be noticed: a message, one of its pictures, or a person."""

    by: uuid.UUID
    client_id: uuid.UUID
    category: Category
    message: str | None
    image: str | None
    person: str | None
    note: str


def report(
    *,
    person_id: uuid.UUID,
    client_id: uuid.UUID,
    category: str,
    message: str | None = None,
    image: str | None = None,
    person: str | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Flags a message, one of its pictures (`message` and `image`), or a person: {"report","created"}. The same again: the same report.

    Raises Refusal request.id_reused, frame.invalid (not exactly one object), message.not_found, message.retracted, image.not_found,
    person.not_found, account.*, report.own, rate.reports.
    """
    if (message is None) == (person is None) or (image is not None and message is None):
        raise Refusal("frame.invalid", fields=["message", "person"])
    flag = Flag(person_id, client_id, Category(category), message, image, person, note)
    own, desk = personal.room_of(person_id), console.room()
    while True:
        room = _room(message) if message else None
        order = _hiding(room, flag) if room else None
        rooms = {own, desk, *([room, *tools.rooms_of(order)] if room and order else ())}
        with log.writing(rooms) as made:
            now = _hiding(room, flag) if room else None
            if now is None or set(tools.rooms_of(now)) <= rooms:  # else a case opened meanwhile with this message: lock anew
                return _report(made, flag, now)


def _report(made: log.Writing, flag: Flag, order: Order | None) -> dict[str, Any]:
    asked = {"category": str(flag.category), "message": flag.message, "image": flag.image, "person": flag.person, "note": flag.note}
    request = receipts.before(sender=flag.by, client_id=flag.client_id, act="report", **asked)
    if request.answer is not None:
        return request.answer
    it = _message(flag, order, made) if order else _person(flag.by, flag.person or "")
    if it.person == flag.by:
        raise Refusal("report.own")
    there = _said_before(flag, it)
    if there is not None:
        return {**request.keep({"report": str(there)}), "created": False}
    wait, _ = rate.take(flag.by)
    if wait:
        raise Refusal("rate.reports", retry_after_ms=wait)
    item, weight = _count(made, it, flag.by, flag.category)
    if order and _too_heavy(item, flag.category, weight):
        _hide(made, item, order)
    item.save()
    record(act="report.made", person=flag.by, room=it.room, object=str(item.id), reason=flag.category)
    stored = Report.objects.create(item=item, object=it.name, reporter_id=flag.by, category=flag.category, note=flag.note)
    return request.keep({"report": str(stored.id)})


def _room(message: str) -> uuid.UUID:
    room = Message.objects.filter(pk=access.message_id(message)).values_list("room_id", flat=True).first()
    if room is None:
        raise Refusal("message.not_found")
    return room


def _hiding(room: uuid.UUID, flag: Flag) -> Order:
    """What the system will do about this message of this room where its flags weigh enough. Question and card of a case are one: the question."""
    assert flag.message
    if flag.image is not None:
        return Order("image.hide", room, reason=flag.category, asked={"message": flag.message, "image": flag.image})
    room, message = subjects.main(room, uuid.UUID(flag.message))
    return Order("message.hide", room, reason=flag.category, asked={"message": str(message)})


def _message(flag: Flag, order: Order, made: log.Writing) -> Object:
    """The message as it stands under its room's lock. What one may not read and what does not exist are refused alike."""
    message = Message.objects.filter(pk=str(flag.message), room_id__in=list(made.heads)).first()
    grant = access.grants([(message.room_id, flag.by)])[message.room_id, flag.by] if message else None
    if message is None or not isinstance(grant, access.Grant) or message.seq < grant.first_seq:
        raise Refusal("message.not_found")
    if message.withheld in changes.GONE:
        raise Refusal("message.retracted")
    if flag.image is None:
        about = str(order.asked["message"])
        return Object(about, order.room, uuid.UUID(about), None, message.author_id)
    if flag.image not in map(str, message.images):
        raise Refusal("image.not_found")
    return Object(f"{message.id}/{flag.image}", message.room_id, message.id, uuid.UUID(flag.image), message.author_id)


def _person(reporter: uuid.UUID, text: str) -> Object:
    flagged = people.person_id(text)
    people.require_verified(reporter)
    if not people.known([flagged]):
        raise Refusal("person.not_found")
    return Object(str(flagged), person=flagged)


_EDITED = "SELECT e.at > %s FROM rooms_message m JOIN rooms_event e ON e.room_id = m.room_id AND e.seq = m.edited_seq WHERE m.id = ANY(%s) ORDER BY 1 DESC LIMIT 1"


def _said_before(flag: Flag, it: Object) -> uuid.UUID | None:
    """The report in which this person said the same: it waits, or was decided about the words as they still are. Of a person anew, once it was decided."""
    last = Report.objects.select_related("item").filter(reporter_id=flag.by, object=it.name, category=flag.category).order_by("-at").first()
    if last is None or last.item.decision is None:
        return last.pk if last else None
    if it.message is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_EDITED, (last.item.decided_at, [it.message, uuid.UUID(str(flag.message))]))
        edited = cursor.fetchone()
    return None if edited and edited[0] else last.pk


def _count(made: log.Writing, it: Object, reporter: uuid.UUID, category: Category) -> tuple[Item, int]:
    """The open item of this object, new where there is none, with one report more; and what this reporter's word weighs."""
    item = Item.objects.select_for_update().filter(kind="report", object=it.name, decision=None).first()
    if item is None:
        item = Item.objects.create(kind="report", object=it.name, at=made.now, room_id=it.room, message_id=it.message, image_id=it.image, person_id=it.person, urgency=0, count=0)
        weighed = False
    else:
        weighed = Report.objects.filter(item=item, reporter_id=reporter).exists()
    weight = _weight(reporter, it.room)
    if not weighed:
        item.weight = min(item.weight + weight, MOST_WEIGHT)
    item.count += 1
    if category.value not in item.categories or item.count & (item.count - 1) == 0:  # told again as it grows, so that open consoles move it; of a storm, six times in fifty
        console.tell(made, "item.opened", item.id)
    item.urgency = max(item.urgency, URGENCY.get(category, 1))
    item.categories = sorted({*item.categories, category.value})
    return item, weight


def _too_heavy(item: Item, category: Category, weight: int) -> bool:
    """Whether it is hidden now; `weight` is that of who says so, which others' flags do not lend to whom nobody believes."""
    return item.act_id is None and (item.weight >= HIDES or (weight > 0 and category == Category.IDENTIFIES_PATIENT))


def _hide(made: log.Writing, item: Item, order: Order) -> None:
    """By the system. What somebody had hidden before stays theirs: a dismissal will not show it again."""
    answer = tools.within(made, order)
    if "unchanged" not in answer:
        item.act_id = uuid.UUID(answer["act"])


def _weight(reporter: uuid.UUID, room: uuid.UUID | None) -> int:
    if reporter in (known := record_of([reporter])) and known[reporter]["dismissed"] >= FALSE_FLAGS:
        return 0
    return HIDES if remit.moderates(reporter, room) else 1


def answer(*, person_id: uuid.UUID, client_id: uuid.UUID, report_id: str, text: str) -> dict[str, Any]:
    """The flagged person's words to the moderators: {"report","created"}. Raises Refusal report.not_found (also to anyone else), report.answered, item.decided."""
    own = personal.room_of(person_id)
    with log.writing([own]):
        request = receipts.before(sender=person_id, client_id=client_id, act="answer", report=report_id, text=text)
        if request.answer is not None:
            return request.answer
        found = Report.objects.select_related("item").filter(pk=_id(report_id), item__person_id=person_id).first()
        if found is None:
            raise Refusal("report.not_found")
        if found.item.decision is not None:
            raise Refusal("item.decided")
        if Answer.objects.filter(item=found.item).exists():
            raise Refusal("report.answered")
        Answer.objects.create(item=found.item, person_id=person_id, text=text)
        record(act="report.answered", person=person_id, room=found.item.room_id, object=str(found.item_id))
        return request.keep({"report": report_id})


def _id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("report.not_found") from None


OUTCOMES = {None: "open", "dismiss": "dismissed", "uphold": "upheld"}


def mine(*, person_id: uuid.UUID) -> dict[str, Any]:
    """{"made","about_me"}: the latest reports one made, and those about oneself; who made the latter is not told."""
    made = Report.objects.select_related("item").filter(reporter_id=person_id).order_by("-at")[:LISTED]
    first = Report.objects.filter(item=OuterRef("pk")).order_by("at", "id").values("id")[:1]
    about = Item.objects.filter(kind="report", person_id=person_id).annotate(first=Subquery(first), answered=Exists(Answer.objects.filter(item=OuterRef("pk"))))
    return {
        "made": [_said(r.item) | {"report": str(r.id), "at": time(r.at), "category": r.category} for r in made],
        "about_me": [
            _said(i) | {"report": str(i.first), "at": time(i.at), "categories": i.categories, "answered": i.answered}
            for i in about.filter(first__isnull=False).order_by("-at")[:LISTED]
        ],
    }


def _said(item: Item) -> dict[str, Any]:
    def text(id: uuid.UUID | None) -> str | None:
        return str(id) if id else None

    return {"room": text(item.room_id), "message": text(item.message_id), "image": text(item.image_id), "person": text(item.person_id), "outcome": OUTCOMES[item.decision]}


def pardon(*, moderator: uuid.UUID, reporter: uuid.UUID) -> int:
    """A moderator looked at someone's dismissed reports: their flags weigh again. Returns how many were pardoned. Raises Refusal moderation.remit."""
    own = personal.room_of(moderator)
    with log.writing([own]):
        if not remit.moderates(moderator, None):
            raise Refusal("moderation.remit")
        if moderator == reporter:
            raise Refusal("moderation.party")
        count = Report.objects.filter(reporter_id=reporter, pardoned=False, item__decision="dismiss").update(pardoned=True)
        record(act="reporter.pardoned", person=moderator, object=str(reporter), reason=str(count))
    return count


def record_of(reporters: list[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """How often each one's reports were upheld and dismissed in the last ninety days: {"upheld","dismissed"}."""
    rows = Report.objects.filter(reporter_id__in=reporters, at__gt=timezone.now() - MEMORY).values_list("reporter_id")
    counted = rows.annotate(upheld=Count("id", filter=Q(item__decision="uphold")), dismissed=Count("id", filter=Q(item__decision="dismiss", pardoned=False)))
    return {reporter: {"upheld": upheld, "dismissed": dismissed} for reporter, upheld, dismissed in counted}
