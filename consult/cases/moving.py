"""Moderators' tools for cases: addressing one to another group, and closing one that was asked twice in favour of the other.

Nobody gains a right that they did not have but by the audience rule of the group a case is moved to. Nothing is renumbered.
"""

from __future__ import annotations

import uuid

from consult.cases import audience
from consult.cases.models import Case, Status
from consult.cases.status import updated
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import changes, threads, tools
from consult.rooms.actions.tools import Answer, Order, Reversal, Tool, Use
from consult.rooms.models import Act, Audience, Kind, Message, Pin, Room


def _case(use: Use) -> Case:
    """The case of this room. Raises Refusal case.needed."""
    if use.head.kind != Kind.CASE:
        raise Refusal("case.needed")
    return Case.objects.select_related("question", "card", "room").get(room_id=use.room)


def _group_of(order: Order) -> list[uuid.UUID]:
    group = Case.objects.filter(room_id=order.room).values_list("group_id", flat=True).first()
    return [group] if group else []


def cards(case: uuid.UUID) -> dict[uuid.UUID, uuid.UUID]:
    """message -> room of every card that this case had before it was moved, or while it was."""
    moves = Act.objects.filter(room_id=case, kind="case.move").values_list("data", flat=True)
    ids = [id for move in moves for id in (move["old_card"], move["card"]) if id]
    return dict(Message.objects.filter(pk__in=ids).values_list("id", "room_id"))


def _reach_move(order: Order) -> list[uuid.UUID]:
    to = [access.room_id(str(order.asked["to"]))] if "to" in order.asked else []
    return [*_group_of(order), *to, *_back_to(order)]


def _back_to(order: Order) -> list[uuid.UUID]:
    act = Act.objects.filter(pk=order.act).first() if order.act else None
    return [uuid.UUID(act.data["from"])] if act and act.data.get("from") else []


def _move(use: Use) -> Answer:
    to = access.room_id(str(use.order.asked["to"]))
    case = _case(use)
    threads.target(use, to)
    if case.group_id == to:
        return use.unchanged(use.open_act("case.move"))
    if case.question.withheld:
        raise Refusal("message.retracted")
    before = case.group_id
    use.close(use.open_act("case.move"))
    old_card = case.card_id
    _readdress(use, case, before, to)
    # Its card there says the same, by the asker.
    card = case.card or Message(pk=uuid.uuid4(), author_id=case.asker_id, body=f"{case.room.title}\n\n{case.question.body}", images=case.question.images)
    new = threads.repost(use.made, to, [card], form="question")[card.pk]
    data = {"case": str(use.room), "specialty": case.specialty, "urgency": case.urgency, "status": case.status, "answers": case.answers}
    seen = use.event("case.opened", room=to, message=new, data=data)
    Message.objects.filter(pk=new).update(case_room=use.room, last_event_seq=seen)
    Case.objects.filter(pk=case.pk).update(group_id=to, card_id=new)
    pinned = old_card is not None and Pin.objects.filter(message_id=old_card).exists()
    if before and old_card:
        changes.withhold(old_card, "hidden", use.event("message.hidden", room=before, message=old_card))
    seq = _tell(use, before, to)
    was = {"from": str(before) if before else None, "old_card": str(old_card) if old_card else None, "pinned": pinned}
    return use.keep(seq, other_room_id=to, data={**was, "to": str(to), "card": str(new)})


def _readdress(use: Use, case: Case, before: uuid.UUID | None, to: uuid.UUID | None) -> None:
    if before:
        Audience.objects.filter(room_id=case.room_id, group_id=before).delete()
    if to:
        Audience.objects.get_or_create(room_id=case.room_id, group_id=to, person=None)
    audience.index(case.room_id)


def _tell(use: Use, before: uuid.UUID | None, to: uuid.UUID | None) -> int:
    data = {"case": str(use.room), "from": str(before) if before else None, "to": str(to) if to else None}
    if before:
        use.event("case.moved", room=before, data=data)
    return use.event("case.moved", data=data)


def _move_back(use: Use, act: Act) -> int:
    """To the group, and with the card, that it had. Raises Refusal moderation.gone where it was moved on or the words are gone."""
    case = _case(use)
    before, to = act.data["from"] and uuid.UUID(act.data["from"]), uuid.UUID(act.data["to"])
    old_card, card = act.data["old_card"] and uuid.UUID(act.data["old_card"]), uuid.UUID(act.data["card"])
    if case.group_id != to or case.card_id != card or case.question.withheld:
        raise Refusal("moderation.gone")
    Case.objects.filter(pk=case.pk).update(group_id=before, card_id=old_card)
    _readdress(use, case, to, before)
    changes.withhold(card, "hidden", use.event("message.hidden", room=to, message=card))
    Message.objects.filter(pk=card).update(case_room=None)
    if before and old_card:
        changes.show(old_card, use.event("message.restored", room=before, message=old_card))
        if act.data.get("pinned"):
            Pin.objects.get_or_create(room_id=before, message_id=old_card)
    return _tell(use, to, before or None)


def _reach_merge(order: Order) -> list[uuid.UUID]:
    into = [access.room_id(str(order.asked["into"]))] if "into" in order.asked else []
    act = Act.objects.filter(pk=order.act).first() if order.act else None
    return [*_group_of(order), *into, *([act.other_room_id] if act and act.other_room_id else [])]


def _merge(use: Use) -> Answer:
    into = access.room_id(str(use.order.asked["into"]))
    case = _case(use)
    if use.authority is not None and use.order.person is not None:
        found = access.may_moderate(person=use.order.person, room=into)
        if found.asker:
            raise Refusal("moderation.party")
    other = Case.objects.filter(room_id=into).first()
    if other is None or into == use.room:
        raise Refusal("case.needed")
    if case.merged_into_id == into:
        return use.unchanged(use.open_act("case.merge"))
    if case.merged_into_id or other.merged_into_id:  # no chains: who follows a pointer arrives
        raise Refusal("case.status")
    data = {"status": case.status}
    Case.objects.filter(pk=case.pk).update(merged_into=into, status=Status.CLOSED, status_at=use.made.now, status_by_id=use.order.person)
    Room.objects.filter(pk=use.room).update(closed=True)
    pointer = {"case": str(use.room), "into": str(into)}
    use.event("case.merged", room=into, data=pointer)
    if case.status != Status.CLOSED:
        updated(use.made, case, status=Status.CLOSED, answers=case.answers, by=use.order.person, acting="moderator")
    return use.keep(use.event("case.merged", data=pointer), other_room_id=into, data=data)


def _part(use: Use, act: Act) -> int:
    case, into = _case(use), act.other_room_id
    if into is None or case.merged_into_id != into:
        raise Refusal("moderation.gone")
    use.not_oneself(case.asker_id, Case.objects.values_list("asker_id", flat=True).get(room_id=into))
    status = act.data["status"]
    Case.objects.filter(pk=case.pk).update(merged_into=None, status=status, status_at=use.made.now, status_by_id=use.order.person)
    Room.objects.filter(pk=use.room).update(closed=status == Status.CLOSED)
    pointer = {"case": str(use.room), "into": str(into)}
    use.event("case.parted", room=into, data=pointer)
    use.event("case.parted", data=pointer)
    return updated(use.made, case, status=status, answers=case.answers, by=use.order.person, acting="moderator")


tools.TOOLS["case.move"] = Tool(_move, _move_back, _reach_move)
tools.TOOLS["case.merge"] = Tool(_merge, _part, _reach_merge)
tools.REVERSALS["case.move_back"] = Reversal(("case.move",), lambda use: None, _reach_move)  # by the act's id alone
tools.REVERSALS["case.part"] = Reversal(("case.merge",), lambda use: None, _reach_merge)
