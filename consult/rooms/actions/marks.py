"""Marks on pictures: what colleagues drew on one, and kept. Numbers and ids alone; they are gone with the message's words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, lanes, limits, log, receipts
from consult.rooms.access import Grant
from consult.rooms.actions import changes, personal
from consult.rooms.models import Mark, Message

MOST = 100  # a picture

Answer = dict[str, Any]


@dataclass(slots=True, eq=False)
class Adding:
    room: uuid.UUID
    person: uuid.UUID
    client_id: uuid.UUID
    message: str
    image: str
    drawn: dict[str, Any]  # commands/pictures.Drawn
    charged: bool = False


@dataclass(slots=True, eq=False)
class Removal:
    room: uuid.UUID
    person: uuid.UUID
    mark: str


def add_many(items: Sequence[Adding]) -> list[Answer | Refusal]:
    return lanes.each(add, items)


def remove_many(items: Sequence[Removal]) -> list[Answer | Refusal]:
    return lanes.each(remove, items)


def send(item: Adding | Removal) -> Answer:
    """Through the room's lane, from a thread of the caller's own. Raises Refusal or OutcomeUnknown."""
    run = add_many if isinstance(item, Adding) else remove_many
    return lanes.wait(item.room, run, item, together=False)  # type: ignore[no-any-return]


def add(item: Adding) -> Answer:
    """Keeps a mark. Answers {"seq","mark"}; a repeat the same.

    Raises Refusal request.id_reused, room.*, rate.posts, message.not_found, message.retracted (withheld in any way), image.not_found, mark.many.
    """
    with log.writing([item.room, personal.room_of(item.person)]) as made:
        request = receipts.before(sender=item.person, client_id=item.client_id, act="mark.add", room=str(item.room), message=item.message, image=item.image, drawn=item.drawn)
        if request.answer is not None:
            return {"seq": request.answer["seq"], "mark": request.answer["mark"]}
        grant = changes.grant_to(made, item.room, item.person)
        if not item.charged:
            wait, _ = limits.posts.take(item.person)
            if wait:
                raise Refusal("rate.posts", retry_after_ms=wait)
            item.charged = True
        stored = changes.message(item.room, item.message, grant.first_seq)
        if stored.withheld:
            raise Refusal("message.retracted")
        image = _image(stored.id, item.image)
        if Mark.objects.filter(message_id=stored.id, image_id=image).count() >= MOST:
            raise Refusal("mark.many")
        mark = Mark(message_id=stored.id, image_id=image, person_id=item.person, drawn=item.drawn)
        mark.seq = made.append(
            item.room, "mark.added", actor=item.person, acting=grant.acting, message=stored.id, data={"image": str(image), "mark": str(mark.pk), "drawn": item.drawn}
        )
        mark.save(force_insert=True)
        answer = {"seq": mark.seq, "mark": str(mark.pk)}
        request.keep(answer)
    return answer


def remove(item: Removal) -> Answer:
    """Takes a mark away: one's own, one on one's own picture, or as a moderator any, on the audit trail. Answers {"seq"}.

    Raises Refusal room.*, mark.not_found, mark.not_yours.
    """
    with log.writing([item.room]) as made:
        grant = changes.grant_to_take_back(item.room, item.person)
        try:
            mark = (
                Mark.objects.filter(pk=access.id_of(item.mark), message__room_id=item.room)
                .values_list("pk", "message_id", "message__author_id", "message__seq", "image_id", "person_id")
                .first()
            )
        except ValueError:
            mark = None
        if mark is None or mark[3] < grant.first_seq:
            raise Refusal("mark.not_found")
        id, message, author, _, image, person = mark
        if item.person not in (author, person) and not grant.moderates:
            raise Refusal("mark.not_yours")
        Mark.objects.filter(pk=id).delete()
        if item.person not in (author, person):
            record(act="mark.remove", person=item.person, room=item.room, object=str(id))
        seq = made.append(item.room, "mark.removed", actor=item.person, acting=grant.acting, message=message, data={"image": str(image), "mark": str(id)})
    return {"seq": seq}


def _image(message: uuid.UUID, text: str) -> uuid.UUID:
    """The id, where the message has such a picture."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT i FROM rooms_message m CROSS JOIN unnest(m.images) i WHERE m.id = %s AND i::text = %s", (message, text))
        row = cursor.fetchone()
    if row is None:
        raise Refusal("image.not_found")
    return uuid.UUID(str(row[0]))


def kept(*, person: uuid.UUID, message_id: uuid.UUID) -> dict[str, Any]:
    """{"marks": [{mark, image, seq, by: actor, drawn}]} of one message, in the order in which they were kept; none where it is withheld.

    Raises Refusal message.not_found.
    """
    found = Message.objects.filter(pk=message_id).values_list("room_id", "seq", "withheld").first()
    grant = access.grants([(found[0], person)])[found[0], person] if found else None
    if found is None or not isinstance(grant, Grant) or found[1] < grant.first_seq:
        raise Refusal("message.not_found")
    rows = [] if found[2] else Mark.objects.filter(message_id=message_id).select_related("person").order_by("seq")
    return {
        "marks": [
            {
                "mark": str(m.pk),
                "image": str(m.image_id),
                "seq": m.seq,
                "by": access.card(m.person_id, m.person.title, m.person.given_name, m.person.family_name, m.person.profession, m.person.specialty, m.person.level),
                "drawn": m.drawn,
            }
            for m in rows
        ]
    }
