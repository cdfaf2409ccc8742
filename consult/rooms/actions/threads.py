"""Moving a message and the replies to it to another group: new messages there, under their authors' names; here they are withheld.

Only from group to group, and only where one moderates both, so that nobody gains a right by it. Nothing is renumbered.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, content, log
from consult.rooms.actions import changes, tools
from consult.rooms.actions.tools import Answer, Order, Tool, Use
from consult.rooms.models import Act, Kind, Message, Pin, Reaction, Tag

LONGEST = 200  # messages that move at once
MOST_MOVES = 50  # of one message, one after the other
LOOKED_THROUGH = 20_000  # replies in the room after the message: those to it are among them


def _reach(order: Order) -> list[uuid.UUID]:
    return [access.room_id(str(order.asked["to"]))] if "to" in order.asked else []


def target(use: Use, to: uuid.UUID) -> None:
    """The group that something moves to, where one must moderate as well. Raises Refusal room.*, moderation.remit, thread.target."""
    if use.authority is not None and use.order.person is not None:
        access.may_moderate(person=use.order.person, room=to)
    if to not in use.made.heads or use.made.heads[to].kind != Kind.GROUP or to == use.room:
        raise Refusal("thread.target")


def repost(made: log.Writing, room: uuid.UUID, moved: Sequence[Message], *, form: str = "text") -> dict[uuid.UUID, uuid.UUID]:
    """Appends copies of these messages to another room, in their order, by their authors, at the time of now; old id -> new.

    Replies among them stay replies; reactions come along. Nobody is told that they are mentioned: they were.
    """
    new: dict[uuid.UUID, uuid.UUID] = {}
    made_of: list[Message] = []
    for old in moved:
        new[old.pk] = uuid.uuid4()
        seq = made.append(room, "message.posted", actor=old.author_id, acting=old.author_as, message=new[old.pk])
        head = made.heads[room]
        head.post_no += 1
        copied = {name: getattr(old, name) for name in ("author_id", "author_as", "body", "mentions", "images")}
        reply_to = new.get(old.reply_to) if old.reply_to else None
        made_of.append(Message(id=new[old.pk], room_id=room, seq=seq, post_no=head.post_no, at=head.at, client_id=uuid.uuid4(), form=form, reply_to=reply_to, **copied))
    Message.objects.bulk_create(made_of)
    Tag.objects.bulk_create([Tag(message_id=m.pk, room_id=room, tag=tag) for m in made_of for tag in content.tags(m.body)])
    reactions = Reaction.objects.filter(message_id__in=list(new)).values_list("message_id", "person_id", "reaction")
    Reaction.objects.bulk_create([Reaction(message_id=new[message], person_id=person, reaction=reaction) for message, person, reaction in reactions])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rooms_message SET search = to_tsvector('consult_french', body) WHERE id = ANY(%s)", (list(new.values()),))
    return new


def _move(use: Use) -> Answer:
    to = access.room_id(str(use.order.asked["to"]))
    target(use, to)
    if use.head.kind != Kind.GROUP:
        raise Refusal("thread.target")
    root = changes.message(use.room, str(use.order.asked["message"]))
    use.not_oneself(root.author)
    if root.withheld:
        raise Refusal("message.retracted")
    thread = _thread(use.room, root)
    if thread[0].case_room:
        raise Refusal("thread.case")
    new = repost(use.made, to, thread)
    _carry(new)
    pinned = [str(id) for id in Pin.objects.filter(message_id__in=list(new)).values_list("message_id", flat=True)]
    for old in new:
        changes.withhold(old, "hidden", use.event("message.hidden", message=old))
    where: dict[str, Any] = {"to": str(to), "from": str(use.room), "as_message": str(new[root.id])}
    use.event("thread.moved", room=to, data={**where, "message": str(new[root.id])})
    seq = use.event("thread.moved", data={**where, "message": str(root.id)})
    return use.keep(seq, message_id=root.id, other_room_id=to, data={"messages": {str(old): str(copy) for old, copy in new.items()}, "pinned": pinned})


def _carry(moves: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Pictures are seen where their message is read, and their marks with them. What a moderator withholds stays where it was, seen by nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_PICTURES, (list(moves), list(moves.values())))
        cursor.execute(_MARKS, (list(moves), list(moves.values())))


_PICTURES = """
UPDATE images_image i SET message_id = m.id, room_id = m.room_id FROM unnest(%s::uuid[], %s::uuid[]) q(old, new) JOIN rooms_message m ON m.id = q.new
WHERE i.message_id = q.old AND NOT EXISTS (SELECT 1 FROM rooms_pictureveil v WHERE v.image_id = i.id AND v.message_id = q.old)"""
_MARKS = "UPDATE rooms_mark k SET message_id = q.new FROM unnest(%s::uuid[], %s::uuid[]) q(old, new) WHERE k.message_id = q.old"


def _thread(room: uuid.UUID, root: changes.Stored) -> list[Message]:
    """The message, and those that reply to it or to one of these, in the order of the log; without what is withheld and the cards of cases."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, reply_to FROM rooms_message WHERE room_id = %s AND seq > %s AND reply_to IS NOT NULL ORDER BY seq LIMIT %s", (room, root.seq, LOOKED_THROUGH))
        found = {root.id}
        for id, reply_to in cursor.fetchall():  # a reply comes after what it replies to
            if reply_to in found:
                found.add(id)
    if len(found) > LONGEST:
        raise Refusal("thread.too_long")
    thread = Message.objects.filter(pk__in=found, withheld=None).order_by("seq")
    return [m for m in thread if m.pk == root.id or not m.case_room]


def _back(use: Use, act: Act) -> int:
    """Shows here what nobody took back meanwhile, in the words it has now, and withholds the copies. What was answered there stays there."""
    assert act.room_id and act.other_room_id and act.message_id
    use.not_oneself(Message.objects.values_list("author_id", flat=True).get(pk=act.message_id))
    pairs = {uuid.UUID(old): uuid.UUID(copy) for old, copy in act.data["messages"].items()}
    withheld = dict(Message.objects.filter(pk__in=[*pairs, *pairs.values()]).values_list("id", "withheld"))
    returning = [(old, copy) for old, copy in pairs.items() if withheld.get(old) == "hidden" and withheld.get(copy) is None]
    if not returning:
        raise Refusal("moderation.gone")
    _carry({copy: old for old, copy in returning})
    edited = Message.objects.filter(pk__in=[copy for _, copy in returning]).exclude(edited_seq=None).in_bulk()
    for old, copy in returning:
        changes.withhold(copy, "hidden", use.event("message.hidden", room=act.other_room_id, message=copy))
        if copy in edited:
            _take_over(use, act.room_id, old, edited[copy])
        seq = use.event("message.restored", room=act.room_id, message=old)
        changes.show(old, seq)
        if str(old) in act.data.get("pinned", ()):
            Pin.objects.get_or_create(room_id=act.room_id, message_id=old)
    return seq


def _take_over(use: Use, room: uuid.UUID, old: uuid.UUID, copy: Message) -> None:
    """What its author corrected there, a name perhaps, does not come back here."""
    before = Message.objects.only("seq", "edited_seq").get(pk=old)
    base = before.edited_seq or before.seq
    seq = use.made.append(room, "message.edited", actor=copy.author_id, acting=copy.author_as, message=old, data={"base": base})
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, (old,))
    Message.objects.filter(pk=old).update(body=copy.body, mentions=copy.mentions, edited_seq=seq)


_VERSION = "INSERT INTO rooms_messageversion (message_id, seq, at, body, mentions) SELECT id, coalesce(edited_seq, seq), at, body, mentions FROM rooms_message WHERE id = %s"


_NOW_AT = """
SELECT CASE WHEN a.reversed_at IS NULL THEN a.other_room_id ELSE a.room_id END, (CASE WHEN a.reversed_at IS NULL THEN e.value ELSE e.key END)::uuid
FROM rooms_act a CROSS JOIN jsonb_each_text(a.data->'messages') e WHERE a.kind = 'thread.move'
  AND (a.room_id = %(room)s AND a.reversed_at IS NULL AND e.key = %(message)s OR a.other_room_id = %(room)s AND a.reversed_at IS NOT NULL AND e.value = %(message)s) LIMIT 1"""


def now_at(room: uuid.UUID, message: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """(room, message) where the words of a hidden message are read now, if it was moved, moved on, or brought back; else the same."""
    with connection.cursor() as cursor:
        for _ in range(MOST_MOVES):
            cursor.execute("SELECT 1 FROM rooms_message WHERE id = %s AND withheld = 'hidden'", (message,))
            if cursor.fetchone() is None:
                break
            cursor.execute(_NOW_AT, {"room": room, "message": str(message)})
            row = cursor.fetchone()
            if row is None:
                break
            room, message = row
    return room, message


def _moved_to(order: Order) -> list[uuid.UUID]:
    act = Act.objects.filter(pk=order.act).first() if order.act else None
    return [act.other_room_id] if act and act.other_room_id else []


tools.TOOLS["thread.move"] = Tool(_move, _back, _reach)
tools.REVERSALS["thread.return"] = tools.Reversal(("thread.move",), lambda use: None, _moved_to)  # by the act's id alone
