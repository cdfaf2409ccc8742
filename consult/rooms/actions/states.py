"""What moderators set on a whole room: slow mode, the lock, pins, and that an expert is needed."""

from __future__ import annotations

import uuid

from consult.audit.models import record
from consult.clinicians.models import Specialty
from consult.errors import Refusal
from consult.rooms import access, wire
from consult.rooms.actions import changes, tools
from consult.rooms.actions.tools import Answer, Reversal, Tool, Use
from consult.rooms.models import Act, Message, Pin, Room

SLOWEST = 3600  # seconds
MOST_PINS = 20


def _slow(use: Use) -> Answer:
    seconds, exempt = int(use.order.asked["seconds"]), bool(use.order.asked["answers_exempt"])
    if seconds > SLOWEST:
        raise Refusal("moderation.duration")
    before = use.open_act("room.slow")
    if seconds == use.head.slow_mode and (not seconds or exempt == use.head.answers_exempt):
        return use.unchanged(before)
    use.close(before)
    if not seconds:
        record(act="room.slow", person=use.order.person, room=use.room, object=str(use.room), reason=use.order.reason)
        return {"seq": _unslow(use, before), "act": str(before.pk) if before else None}
    Room.objects.filter(pk=use.room).update(slow_mode=seconds, answers_exempt=exempt)
    seq = use.event("room.slowed", data={"seconds": seconds, "answers_exempt": exempt, "until": _until(use)})
    return use.keep(seq, data={"seconds": seconds, "answers_exempt": exempt})


def _unslow(use: Use, act: Act | None) -> int:
    Room.objects.filter(pk=use.room).update(slow_mode=0, answers_exempt=False)
    return use.event("room.slowed", data={"seconds": 0, "answers_exempt": False, "until": None})


def _lock(use: Use) -> Answer:
    if use.head.lock_reason is not None:
        return use.unchanged(use.open_act("room.lock"))
    Room.objects.filter(pk=use.room).update(lock_reason=use.order.reason, locked_by=use.order.person)
    return use.keep(use.event("room.locked", data={"until": _until(use)}))


def _until(use: Use) -> str | None:
    return wire.time(use.until) if use.until else None


def _unlock(use: Use, act: Act) -> int:
    Room.objects.filter(pk=use.room).update(lock_reason=None, locked_by=None)
    return use.event("room.unlocked")


def _pin(use: Use) -> Answer:
    message = changes.message(use.room, str(use.order.asked["message"]), _first_seq(use))
    if message.withheld:
        raise Refusal("message.retracted")
    if Pin.objects.filter(message_id=message.id).exists():
        return use.unchanged(use.open_act("pin.add", message_id=message.id))
    if Pin.objects.filter(room_id=use.room).count() >= MOST_PINS:
        raise Refusal("room.pins")
    Pin.objects.create(room_id=use.room, message_id=message.id)
    return use.keep(_about(use, "pin.added", message.id), message_id=message.id)


def _first_seq(use: Use) -> int:
    grant = use.authority.grant if use.authority else None
    return grant.first_seq if isinstance(grant, access.Grant) else 0


def _about(use: Use, kind: str, message: uuid.UUID) -> int:
    seq = use.event(kind, message=message)
    Message.objects.filter(pk=message).update(last_event_seq=seq)
    return seq


def _unpin(use: Use, act: Act) -> int:
    assert act.message_id
    if not Pin.objects.filter(message_id=act.message_id).delete()[0]:  # hidden or taken back meanwhile
        raise Refusal("moderation.gone")
    return _about(use, "pin.removed", act.message_id)


def _pinned(use: Use) -> Act | None:
    message = changes.message(use.room, str(use.order.asked["message"]), _first_seq(use))
    act = use.open_act("pin.add", message_id=message.id)
    return act if act and Pin.objects.filter(message_id=message.id).exists() else None


def _ask_expert(use: Use) -> Answer:
    specialty = str(use.order.asked.get("specialty") or "")
    if specialty and not (specialty.isprintable() and Specialty.objects.filter(pk=specialty).exists()):
        raise Refusal("frame.invalid", fields=["specialty"])
    before = use.open_act("expert.ask")
    if Room.objects.get(pk=use.room).expert == specialty:
        return use.unchanged(before)
    use.close(before)
    Room.objects.filter(pk=use.room).update(expert=specialty)
    return use.keep(use.event("expert.asked", data={"specialty": specialty or None}), data={"specialty": specialty})


def _unask_expert(use: Use, act: Act) -> int:
    Room.objects.filter(pk=use.room).update(expert=None)
    return use.event("expert.unasked")


def _latest(kind: str) -> Reversal:
    return Reversal((kind,), lambda use: use.open_act(kind))


tools.TOOLS["room.slow"] = Tool(_slow, _unslow)
tools.TOOLS["room.lock"] = Tool(_lock, _unlock)
tools.TOOLS["pin.add"] = Tool(_pin, _unpin, keepers=True, by_party=True)
tools.TOOLS["expert.ask"] = Tool(_ask_expert, _unask_expert)
tools.REVERSALS["room.unslow"] = _latest("room.slow")  # no command of its own: room.slow with 0, or the act's undo
tools.REVERSALS["room.unlock"] = _latest("room.lock")
tools.REVERSALS["pin.remove"] = Reversal(("pin.add",), _pinned)
tools.REVERSALS["expert.unask"] = _latest("expert.ask")
