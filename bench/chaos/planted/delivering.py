"""Faults of the way out: bells, healing, order, replays, answers, heads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bench.chaos.planted.table import One, every, fault


@fault("skip-a-heal", "a hole that no bell filled is never looked for", breaks="not delivered")
def _skip_a_heal() -> None:
    from consult.rooms.healing import Healing

    async def never(self: Healing) -> None:
        await asyncio.sleep(1e9)

    Healing.soon = lambda self, room, upto, by: None  # type: ignore[method-assign]
    Healing.sweeps = never  # type: ignore[method-assign]


@fault("jump-a-hole", "a bell that came early is delivered before what comes between", breaks="out of order")
def _jump_a_hole() -> None:
    from consult.rooms.hub import Hub

    hear = Hub._hear

    def jumps(self: Hub, bell: Any) -> None:
        room = self.rooms.get(bell.room)
        if room is not None and room.epoch is not None and bell.frames and bell.frames[0].seq > room.head:
            room.head = bell.frames[0].seq - 1
        hear(self, bell)

    _skip_a_heal()
    Hub._hear = jumps  # type: ignore[method-assign]


@fault("deliver-backwards", "several events at once are delivered the last one first", breaks="out of order")
def _deliver_backwards() -> None:
    from consult.rooms.hub import Hub

    deliver = Hub.deliver

    def backwards(self: Hub, room: Any, frames: Any) -> None:
        deliver(self, room, frames[::-1])
        room.head = frames[-1].seq

    Hub.deliver = backwards  # type: ignore[method-assign]


@fault("deliver-twice", "now and then an event is delivered a second time", breaks="duplicated")
def _deliver_twice() -> None:
    from consult.rooms.hub import Hub

    deliver, due = Hub.deliver, every(4)

    def twice(self: Hub, room: Any, frames: Any) -> None:
        for _ in range(2 if due() else 1):
            deliver(self, room, frames)

    Hub.deliver = twice  # type: ignore[method-assign]


@fault("lose-a-frame", "an outbox discards an event now and then, and does not say so", breaks="out of order")
def _lose_a_frame() -> None:
    from consult.rooms.outbox import DirectOutbox

    put, due = DirectOutbox.put, every(9)

    def loses(self: DirectOutbox, chunk: Any) -> bool:
        return (chunk.room is None or not due()) and put(self, chunk)

    DirectOutbox.put = loses  # type: ignore[method-assign]


@fault("drop-the-first-of-a-replay", "a replay begins one event too late", breaks="out of order")
def _drop_the_first_of_a_replay() -> None:
    from consult.rooms import entering

    read = entering.read

    def drops(visits: Any) -> Any:
        answers = read(visits)
        for entry in (one for some in answers for one in some):
            if isinstance(entry, entering.Entry) and entry.low < entry.seq:
                entry.low += 1
        return answers

    entering.read = drops


@fault("fill-the-ring-with-the-withheld", "what was read before a retraction fills the ring after it, and is replayed from there", breaks="words")
def _fill_the_ring_with_the_withheld() -> None:
    from consult.rooms.ring import Ring

    append, fill, read_before = Ring.append, Ring.fill, {}

    def notes(self: Ring, frames: Any) -> None:
        read_before.update({(self.room, f.seq): f for f in frames})
        append(self, frames)

    def fills(self: Ring, rows: Any, head: int) -> None:
        fill(self, [read_before.get((self.room, f.seq), f) for f in rows], head)

    Ring.append, Ring.fill = notes, fills  # type: ignore[method-assign]


@fault("give-anothers-answer", "of arrivals that are read together, each is given the answer of another", breaks="out of order")
def _give_anothers_answer() -> None:
    from consult.rooms.gathering import Gathering

    run, together = Gathering._run, Gathering._together

    async def gathers(self: Gathering) -> None:
        await asyncio.sleep(0.2)  # so that there are several
        await run(self)

    async def mixes(self: Gathering, some: Any) -> None:
        await together(self, [(item, future) for (item, _), (_, future) in zip(some, [*some[1:], *some[:1]], strict=True)])

    Gathering._run, Gathering._together = gathers, mixes  # type: ignore[method-assign]


@fault("answer-twice", "now and then a command is answered a second time", breaks="answers")
def _answer_twice() -> None:
    from consult.rooms.order import Lines, Slot

    answer, due = Lines.answer, every(7)

    def twice(self: Lines, slot: Slot, emit: Callable[[], None]) -> None:
        times = 2 if due() else 1
        answer(self, slot, lambda: [emit() for _ in range(times)] and None)

    Lines.answer = twice  # type: ignore[method-assign]


@fault("new-epoch-for-one", "one reader is told another epoch than the others", breaks="epoch")
def _new_epoch_for_one() -> None:
    from consult.rooms.entering import Entry

    told, chosen = Entry.told, One()

    def renewed(entry: Entry) -> dict[str, Any]:
        frame = told(entry)
        if chosen(entry.grant.person):
            frame["head"] = {**frame["head"], "epoch": frame["head"]["epoch"][::-1]}
        return frame

    Entry.told = renewed  # type: ignore[method-assign]


@fault("heads-ahead", "heads counts one event more than was delivered", breaks="heads")
def _heads_ahead() -> None:
    from consult.rooms import heartbeats, wire

    def beat(hub: Any, connection: Any) -> None:
        connection.ping()
        heads = {str(id): hub.rooms[id].head + 1 for id in connection.entered if id in hub.rooms}
        hub.send(connection, wire.frame(type="heads", rooms=heads))

    heartbeats.beat = beat
