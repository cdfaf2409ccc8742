"""Who is connected here, and what they hear: one hub a process, on one loop.

The hub holds, for each room that someone here has entered, the head it has delivered. A bell that is not head+1, and a sweep
every second, make it read the missing rows, so a lost bell is never a lost message. It reads the access_change log, and
what it cannot vouch for it does not deliver. Nobody calls the hub: the doorbell, the bus and its own tasks drive it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings

from consult import figures
from consult.database import BY_KEY, own_connection
from consult.rooms import attending, depths, doorbell, entering, greeting, heartbeats, log, rights, wire
from consult.rooms.bus import Bus, group
from consult.rooms.connection import Connection
from consult.rooms.entering import Entry
from consult.rooms.gathering import Gathering
from consult.rooms.healing import Healing
from consult.rooms.local_room import LocalRoom
from consult.rooms.signals import Signals

RING_BYTES = 64_000_000  # encoded events kept over all rooms
ACCESS_GROUP = "access"


class Hub:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.node = uuid.uuid4().hex
        self.rooms: dict[uuid.UUID, LocalRoom] = {}
        self.connections: dict[str, Connection] = {}
        self.people: dict[uuid.UUID, dict[Connection, None]] = {}
        self.dirty: dict[Connection, None] = {}
        self.said = 0  # frames sent to single connections and not counted yet
        self.rings: OrderedDict[uuid.UUID, None] = OrderedDict()
        self.ring_bytes = 0
        self.healing = Healing(self)
        self.signals = Signals(self)
        self.readers = ThreadPoolExecutor(settings.READERS, thread_name_prefix="reader", initializer=partial(own_connection, plans=BY_KEY))
        self.identify = Gathering(self.read, greeting.identify)
        self.visit = Gathering(self.read, entering.read)
        self.bus = Bus(self.node, self._from_bus)
        self.bus.want(ACCESS_GROUP)
        self.rights = rights.Watch(self)
        # Behind what the loop already has to do: the answers of that commit, which wait for nothing more, leave before it is delivered to everyone.
        doorbell.listen(lambda bells: self._soon(self.loop.call_soon, self._from_here, bells), lambda: self._soon(self._access_rang))
        self.tasks = [
            asyncio.create_task(self.healing.sweeps()),
            asyncio.create_task(heartbeats.keep(self)),
            asyncio.create_task(self.rights.run()),
            asyncio.create_task(attending.watch(self)),
            *depths.start(self),
        ]

    def _soon(self, call: Callable[..., object], *args: Any) -> None:
        self.loop.call_soon_threadsafe(call, *args)

    async def read(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs a database read on a reader thread; a broken connection is tried once more on a new one."""
        asked = time.perf_counter()

        def begin() -> Any:
            figures.reader_wait.observe(time.perf_counter() - asked)
            return rights.on_a_fresh_connection(call, *args, **kwargs)

        return await self.loop.run_in_executor(self.readers, begin)

    # --- connections ----------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """A connection whose hello was accepted; over `limits.connections` the longest silent one goes, never the newest."""
        self.connections[connection.id] = connection
        mine = self.people.setdefault(connection.person, {})
        mine[connection] = None
        figures.sockets.inc()
        if len(mine) > settings.LIMITS["connections"]:
            oldest = min((c for c in mine if c is not connection), key=lambda c: c.spoke_at)
            oldest.close(4007, "replaced")

    def remove(self, connection: Connection) -> None:
        if self.connections.pop(connection.id, None) is None:
            return
        mine = self.people.get(connection.person, {})
        mine.pop(connection, None)
        if not mine:
            self.people.pop(connection.person, None)
        for room in list(connection.entered):
            self.leave(connection, room)
        self.dirty.pop(connection, None)
        figures.sockets.dec()

    def send(self, connection: Connection, *frames: bytes, room: uuid.UUID | None = None) -> None:
        if frames:
            if not self.said:
                self.loop.call_soon(self._count)
            self.said += len(frames)
            for chunk in wire.chunks(room, frames):
                if connection.outbox.put(chunk):
                    self.mark(connection)

    def _count(self) -> None:
        """Once a turn of the loop: a counter that other processes share has a lock."""
        figures.deliveries.inc(self.said)
        self.said = 0

    def mark(self, connection: Connection) -> None:
        if not self.dirty:
            self.loop.call_soon(self._flush)
        self.dirty[connection] = None

    def _flush(self) -> None:
        dirty, self.dirty = self.dirty, {}
        for connection in dirty:
            connection.outbox.flush()

    # --- entering and leaving ---------------------------------------------------

    def hold(self, id: uuid.UUID) -> LocalRoom:
        """Subscribes to a room before its log is read, so that nothing falls in between."""
        room = self.rooms.get(id)
        if room is None:
            room = self.rooms[id] = LocalRoom(id)
            figures.rooms_local.inc()
            self.bus.want(group(id))
        room.entering += 1
        return room

    def release(self, room: LocalRoom) -> None:
        room.entering -= 1
        self._tidy(room)

    def _tidy(self, room: LocalRoom) -> None:
        if not room.live and not room.entering and room.id in self.rooms:
            del self.rooms[room.id]
            figures.rooms_local.dec()
            self.bus.unwant(group(room.id))
            self.signals.presence.forget(room.id)
            self.ring_bytes -= room.ring.bytes
            self.rings.pop(room.id, None)
            if room.healing:
                room.healing.cancel()
            if room.patience:
                room.patience.cancel()

    async def join(self, connection: Connection, room: LocalRoom, entry: Entry, answer: Callable[[Entry], bytes], serial: int) -> bool:
        """Answers, replays and makes live, in one step without await, once hub and entry stand at one head.

        `answer(entry)` is the frame that comes before the first event of the run. False where rights have changed since
        `serial`, when the entry was read: read it anew. What is too heavy for the reader's outbox is not replayed but paged,
        or its reader would be closed as too slow, and so again at every resume.
        """
        while True:
            if room.epoch is None:
                room.epoch, room.head = entry.epoch, entry.seq
            if room.epoch != entry.epoch:
                self.new_epoch(room, entry.epoch, entry.seq)
            if room.head < entry.seq:
                room.known = max(room.known, entry.seq)
                await self.healing.heal(room, "entry")
                if room.head < entry.seq:  # rights could not be read: nothing is delivered until they can
                    await asyncio.sleep(0.05)
                continue
            missed = room.ring.replay(room.head - entry.low)
            if missed is None:
                missed = await self._recall(room, entry.low)
            if missed is None or room.epoch != entry.epoch:
                continue
            if entry.low < entry.seq and sum(c.size for c in missed) > settings.OUTBOX_BYTES // 2 - connection.outbox.bytes - connection.outbox.unsent():
                entry.mode, entry.low = "page", entry.seq
                continue
            break
        if self.rights.serial != serial or connection.closed is not None:
            return connection.closed is not None
        room.personal = entry.grant.kind == "personal"
        if connection not in room.live:
            self.signals.presence_soon(room)
        room.live.pop(connection, None)
        connection.enter(room.id, entry)
        if entry.state:
            entry.state["present"] = self.signals.present(room, connection)
        self.send(connection, answer(entry))
        for chunk in missed:
            figures.deliveries.inc(len(chunk.frames))
            if connection.outbox.put(chunk):
                self.mark(connection)
        room.live[connection] = self.loop.time()
        return True

    async def _recall(self, room: LocalRoom, low: int) -> list[wire.Chunk] | None:
        """Reads what the ring does not hold of the events after `low`, and keeps it there for those who come after.

        One reading a room at a time: who waited finds it in the ring. None: the room went on meanwhile, look again.
        """
        async with room.recalling:
            if (held := room.ring.replay(room.head - low)) is not None:
                return held
            epoch, head, withheld = room.epoch, room.head, room.ring.withheld
            rows = (await self.read(log.frames_of, [(room.id, low, head)])).get(room.id, [])
            if room.epoch != epoch or room.ring.withheld != withheld:
                return None
            before = room.ring.bytes
            room.ring.fill(rows, room.head)
            self._counted(room, before)
            if (held := room.ring.replay(room.head - low)) is not None:
                return held
            # More than a ring holds: what was read, and what was delivered meanwhile.
            later = room.ring.last(room.head - head)
            return None if later is None else wire.chunks(room.id, [*(f.text for f in rows), *later])

    def leave(self, connection: Connection, id: uuid.UUID, code: str | None = None) -> None:
        """Ends deliveries of a room; with a code the room was lost, what is queued of it goes, and `left` is its last frame."""
        room = self.rooms.get(id)
        if connection.entered.pop(id, None) is None:
            return
        connection.cards.pop(id, None)
        connection.silenced.pop(id, None)
        connection.ends.pop(id, None)
        if room is not None:
            room.live.pop(connection, None)
            self.signals.presence_soon(room)
            self._tidy(room)
        if code:
            connection.outbox.drop(id)
            self.send(connection, wire.frame(type="left", room=str(id), code=code))

    # --- hearing ----------------------------------------------------------------

    def _from_here(self, bells: list[doorbell.Bell]) -> None:
        """A commit of this process: heard here, and passed on."""
        for bell in bells:
            self._hear(bell)
            if not self.bus.alone():
                frames = [[f.seq, f.kind, f.message, f.text] for f in bell.frames]
                self.bus.publish(group(bell.room), {"type": "bell", "room": str(bell.room), "epoch": bell.epoch, "frames": frames})

    def _access_rang(self) -> None:
        self.rights.wake.set()
        self.bus.publish(ACCESS_GROUP, {"type": "access"})

    def _from_bus(self, message: dict[str, Any]) -> None:
        if message["type"] == "access":
            self.rights.wake.set()
            return
        id = uuid.UUID(message["room"])
        if message["type"] == "bell":
            frames = [wire.Frame(seq, kind, about, text) for seq, kind, about, text in message["frames"]]
            self._hear(doorbell.Bell(id, message["epoch"], frames))
        elif message["type"] == "signal":
            self.signals.here(id, message["frame"], message.get("but"))
        elif message["type"] == "presence":
            self.signals.heard(id, message["from"], message["cards"])

    def _hear(self, bell: doorbell.Bell) -> None:
        room = self.rooms.get(bell.room)
        if room is None or room.epoch is None or not bell.frames or self.rights.stale():
            return
        if room.epoch != bell.epoch:
            self.new_epoch(room, bell.epoch, bell.frames[0].seq - 1)
        fresh = [f for f in bell.frames if f.seq > room.head]
        if not fresh:
            return
        if fresh[0].seq == room.head + 1:
            figures.bell_events.inc(len(fresh))
            self.deliver(room, fresh)
            if room.early:
                self.healing.now_next(room)
            return
        self.healing.too_early(room, fresh)

    def deliver(self, room: LocalRoom, frames: Sequence[wire.Frame]) -> None:
        room.head = frames[-1].seq
        self._remember(room, frames)
        figures.deliveries.inc(len(frames) * len(room.live))
        for chunk in wire.chunks(room.id, [f.text for f in frames]):
            for connection in list(room.live):
                if connection.outbox.put(chunk):
                    self.mark(connection)

    def _remember(self, room: LocalRoom, frames: Sequence[wire.Frame]) -> None:
        before = room.ring.bytes
        room.ring.append(frames)
        self._counted(room, before)

    def _counted(self, room: LocalRoom, before: int) -> None:
        """Over all rooms the rings are bounded: the room silent longest gives up its own."""
        self.ring_bytes += room.ring.bytes - before
        self.rings[room.id] = None
        self.rings.move_to_end(room.id)
        while self.ring_bytes > RING_BYTES and len(self.rings) > 1:
            oldest, _ = self.rings.popitem(last=False)
            if (other := self.rooms.get(oldest)) is not None:
                self.ring_bytes -= other.ring.bytes
                other.ring.clear()

    def new_epoch(self, room: LocalRoom, epoch: str, head: int) -> None:
        """The log was replaced (a restore, a promotion): those who hear it come back and are told to reset."""
        for connection in list(room.live):
            connection.close(4001, "room epoch")
            room.live.pop(connection, None)
        self.ring_bytes -= room.ring.bytes
        room.ring.clear()
        room.epoch, room.head, room.known, room.early = epoch, head, head, {}

    # --- the end --------------------------------------------------------------------

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.bus.close()
        self.readers.shutdown(wait=False)


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process, made on first use on the running loop."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub
