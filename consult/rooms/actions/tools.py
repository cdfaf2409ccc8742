"""The tools of moderators: what every use of one has in common. The tools themselves stand in modules of their own, by noun.

A use locks all rooms it will write to, finds its repeat by the client id, decides who may, lets the tool do its work, and puts
it on the record: an event in the log, an Act, a row of the audit trail, in one transaction. A tool that meets the state it
asks for answers `unchanged`, so of two moderators at once one acts. Every tool can be reversed: by its own command, or by
the act's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, doorbell, lanes, log, receipts
from consult.rooms.access import Authority
from consult.rooms.actions import personal
from consult.rooms.commands import tools as commands
from consult.rooms.models import Act

Answer = dict[str, Any]  # {"seq", "act"}, and "unchanged" where nothing was done


@dataclass(slots=True, eq=False)
class Order:
    """One use of a tool that somebody asks for. No person: the system itself."""

    kind: str  # the command's name
    room: uuid.UUID
    person: uuid.UUID | None = None
    client_id: uuid.UUID | None = None
    reason: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)  # the command's own fields
    checked: bool = False  # the caller has decided that it may be done: a decided report, an appeal
    act: uuid.UUID | None = None  # of an undo: the very act to reverse
    base: int | None = None  # of a decision: the versions that were read of the words to be shown, added up


@dataclass(frozen=True, slots=True)
class Tool:
    """`do` carries out an order, `undo` reverses an act of it; `reach` names the other rooms that either will write to."""

    do: Callable[[Use], Answer]
    undo: Callable[[Use, Act], int] | None = None
    reach: Callable[[Order], Iterable[uuid.UUID]] = lambda order: ()
    keepers: bool = False  # the room's owners may use it too
    by_party: bool = False  # also by the asker of the case


@dataclass(frozen=True, slots=True)
class Reversal:
    """A command that reverses the acts of others: `find` is that act, or None where there is nothing to reverse."""

    of: tuple[str, ...]
    find: Callable[[Use], Act | None]
    reach: Callable[[Order], Iterable[uuid.UUID]] = lambda order: ()


TOOLS: dict[str, Tool] = {}
REVERSALS: dict[str, Reversal] = {}


@dataclass(slots=True)
class Use:
    """One use under the locks."""

    order: Order
    made: log.Writing
    authority: Authority | None  # None: nobody's rights are asked
    until: datetime | None  # when the worker reverses it; None: it lasts until somebody does
    act: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def room(self) -> uuid.UUID:
        return self.order.room

    @property
    def head(self) -> log.Head:
        return self.made.heads[self.order.room]

    def event(self, kind: str, *, room: uuid.UUID | None = None, **more: Any) -> int:
        """An event of this act, in its room or another that is locked; its actor acts as moderator."""
        person = self.order.person
        return self.made.append(room or self.room, kind, actor=person, acting="moderator" if person and not self.by_owner else None, **more)

    @property
    def by_owner(self) -> bool:
        """An owner who does what owners may, and is no moderator."""
        return self.authority is not None and not self.authority.moderates

    def unchanged(self, act: Act | None) -> Answer:
        return {"seq": act.seq if act and act.seq else self.head.seq, "act": str(act.pk) if act else None, "unchanged": True}

    def keep(self, seq: int, **fields: Any) -> Answer:
        """Puts the use on the record, with the fields of its Act."""
        order = self.order
        if self.by_owner:
            fields["data"] = {**fields.get("data", {}), "owner": True}
        fields = {"until": self.until, **fields}
        act = Act.objects.create(id=self.act, kind=order.kind, room_id=self.room, seq=seq, at=self.made.now, moderator_id=order.person, reason=order.reason, **fields)
        record(act=order.kind, person=order.person, room=self.room, object=_object(act), reason=order.reason)
        return {"seq": seq, "act": str(self.act)}

    def close(self, act: Act | None) -> None:
        """Marks an act as reversed, by this use: undone, or another one stands in its place."""
        if act is not None:
            end_act(act, by=self.order.person, at=self.made.now, reason=self.order.reason)

    def open_act(self, *kinds: str, **where: Any) -> Act | None:
        """The latest act of these kinds in this room that is not reversed."""
        return Act.objects.filter(room_id=self.room, kind__in=kinds, reversed_at=None, **where).order_by("-at").first()

    def not_oneself(self, *people: uuid.UUID | None) -> None:
        if self.order.person is not None and self.order.person in people:
            raise Refusal("moderation.party")


def of_command(c: commands.Tool, room: uuid.UUID, person: uuid.UUID) -> Order:
    asked = c.model_dump(exclude={"ref", "type", "room", "id", "reason"}, exclude_none=True)
    return Order(c.type, room, person, uuid.UUID(c.id), getattr(c, "reason", None) or "", asked)  # type: ignore[attr-defined]


def use_many(orders: Sequence[Order]) -> list[Answer | Refusal]:
    """What a lane runs for the socket: the answers without `created`."""
    return [a if isinstance(a, Refusal) else {k: v for k, v in a.items() if k != "created"} for a in _use_each(orders)]


def send(order: Order) -> Answer:
    """Through the room's lane, from a thread of the caller's own. Answers {"seq","act","created"}; raises Refusal or OutcomeUnknown."""
    return lanes.wait(order.room, _use_each, order, together=False)  # type: ignore[no-any-return]


def end_act(act: Act, *, by: uuid.UUID | None, at: datetime, reason: str) -> None:
    act.reversed_at, act.reversed_by, act.reversal_reason = at, by, reason
    act.save(update_fields=["reversed_at", "reversed_by", "reversal_reason"])


def _use_each(orders: Sequence[Order]) -> list[Answer | Refusal]:
    return lanes.each(use, orders)


def use(order: Order) -> Answer:
    """One use, in a transaction of its own. Answers {"seq","act","created"}, with "unchanged" where nothing was to be done.

    Raises Refusal request.id_reused, room.*, moderation.*, and those of the tool.
    """
    while True:
        rooms = rooms_of(order)
        with log.writing(rooms) as made:
            if set(rooms_of(order)) <= set(rooms):  # a case opened meanwhile gave the message a twin: lock anew
                answer = within(made, order)
                break
    doorbell.ring_access()
    return answer


def rooms_of(order: Order) -> list[uuid.UUID]:
    """All rooms that this use will write to: asked before the locks are taken."""
    own = [personal.room_of(order.person)] if order.person is not None else []
    found = TOOLS.get(order.kind) or REVERSALS[order.kind]
    return [order.room, *own, *found.reach(order)]


def within(made: log.Writing, order: Order) -> Answer:
    """One use inside a transaction that holds the locks of `rooms_of(order)`, for who writes more in it."""
    request = None
    if order.person is not None and order.client_id is not None:
        content = {"room": str(order.room), "reason": order.reason, "of": str(order.act or ""), **order.asked}
        request = receipts.before(sender=order.person, client_id=order.client_id, act=order.kind, **content)
        if request.answer is not None:
            return request.answer
    answer = _carry_out(made, order)
    if request:
        request.keep(answer)
    return {**answer, "created": "unchanged" not in answer}


def _carry_out(made: log.Writing, order: Order) -> Answer:
    if order.room not in made.heads:
        raise Refusal("room.not_found")
    reversal = REVERSALS.get(order.kind)
    tool = TOOLS[reversal.of[0]] if reversal else TOOLS[order.kind]
    lasts = order.asked.get("lasts")
    authority = _authority(order, tool, own=order.kind == "moderator.leave" and order.asked.get("person") in (None, str(order.person)))
    use = Use(order, made, authority, None if lasts is None else until(int(lasts), made.now))
    if reversal is None:
        return tool.do(use)
    act = Act.objects.get(pk=order.act) if order.act else reversal.find(use)
    if act is None or act.reversed_at is not None:
        return use.unchanged(act)
    assert tool.undo is not None
    seq = tool.undo(use, act)
    use.close(act)
    record(act=order.kind, person=order.person, room=use.room, object=_object(act), reason=order.reason)
    return {"seq": seq, "act": str(act.pk)}


def _object(act: Act) -> str:
    """What an act is about, as the audit trail names it."""
    return str(act.data.get("differential") or act.data.get("reference") or act.image_id or act.message_id or act.person_id or act.room_id)


def _authority(order: Order, tool: Tool, own: bool) -> Authority | None:
    if order.person is None or order.checked:
        return None
    if own:  # one's own visit ends also where the remit is lost
        return access.authority(person=order.person, room=order.room)
    found = access.may_moderate(person=order.person, room=order.room, keepers=tool.keepers)
    if found.asker and not tool.by_party:
        raise Refusal("moderation.party")
    return found


def undo(*, act_id: uuid.UUID, person_id: uuid.UUID | None, client_id: uuid.UUID | None = None, reason: str = "", checked: bool = False, base: int | None = None) -> Answer:
    """Reverses any act by its id; a second time unchanged. `checked` and `base` as in Order: for an appeal, or a report that was dismissed.

    Raises Refusal moderation.gone (no such act, its object is gone, or nothing to reverse), item.changed, and those of `use`.
    """
    from consult.rooms.actions import suspension

    act = Act.objects.filter(pk=act_id).first()
    if act is not None and act.kind == suspension.KIND and act.person_id:
        return suspension.lift(person_id=person_id, client_id=client_id, target=act.person_id, reason=reason, checked=checked)
    if act is None:
        raise Refusal("moderation.gone")
    return send(reversing(act, person_id, client_id, reason, checked, base))


def reversing(act: Act, person: uuid.UUID | None = None, client_id: uuid.UUID | None = None, reason: str = "", checked: bool = False, base: int | None = None) -> Order:
    """The order that reverses this very act. Raises Refusal moderation.gone where there is nothing to reverse."""
    kind = next((name for name, r in REVERSALS.items() if act.kind in r.of), None)
    if kind is None or act.room_id is None:
        raise Refusal("moderation.gone")
    asked = {name: str(value) for name, value in (("message", act.message_id), ("person", act.person_id), ("image", act.image_id)) if value}
    return Order(kind, act.room_id, person, client_id, reason, asked, checked, act.pk, base)


def until(seconds: int, now: datetime) -> datetime:
    """When a measure of so many seconds ends. Raises Refusal moderation.duration."""
    if not SHORTEST <= seconds <= LONGEST:
        raise Refusal("moderation.duration")
    return now + timedelta(seconds=seconds)


SHORTEST, LONGEST = 60, 31_536_000  # seconds of a measure: a minute, a year
