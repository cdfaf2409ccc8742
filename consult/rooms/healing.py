"""What no bell brought, or what one overtook, is read from the log: where a hole shows, and once a second over all local rooms."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from consult import figures
from consult.rooms import log, wire
from consult.rooms.local_room import LocalRoom

if TYPE_CHECKING:
    from consult.rooms.hub import Hub

logger = logging.getLogger("consult.hub")

CHUNK = 32  # events read and delivered at once: of the longest messages, less than an outbox holds
PATIENCE_S = 0.02  # for a bell that another overtook on its way from another process; then the log is asked
EARLY = 512  # events a room that may wait for it


class Healing:
    """Delivers through the hub, under its rules: in order, nothing twice, nothing that rights cannot vouch for."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.swept_at = time.monotonic()

    def too_early(self, room: LocalRoom, frames: Sequence[wire.Frame]) -> None:
        """A bell that is not the next: another process wrote between, and its bell is on the way; or it was lost, and the log has it."""
        room.early.update((f.seq, f) for f in frames)
        if len(room.early) > EARLY:
            self._impatient(room)
        elif room.patience is None:
            room.patience = self.hub.loop.call_later(PATIENCE_S, self._impatient, room)

    def now_next(self, room: LocalRoom) -> None:
        """Delivers what came too early and is now next."""
        frames: list[wire.Frame] = []
        while (frame := room.early.pop(room.head + 1 + len(frames), None)) is not None:
            frames.append(frame)
        if frames:
            figures.bell_events.inc(len(frames))
            self.hub.deliver(room, frames)
        room.early = {seq: f for seq, f in room.early.items() if seq > room.head}
        if not room.early and room.patience is not None:
            room.patience.cancel()
            room.patience = None

    def _impatient(self, room: LocalRoom) -> None:
        if room.patience is not None:
            room.patience.cancel()
        upto, room.early, room.patience = max(room.early, default=0), {}, None
        if upto > room.head and room.id in self.hub.rooms:
            self.soon(room, upto, "gap")

    def soon(self, room: LocalRoom, upto: int, by: str) -> None:
        """Has the log asked up to there; `by` says what showed that something is missing."""
        room.known = max(room.known, upto)
        if room.healing is None or room.healing.done():
            room.healing = asyncio.create_task(self.heal(room, by))
            room.healing.add_done_callback(_report)

    async def heal(self, room: LocalRoom, by: str) -> None:
        """Reads and delivers up to what is known of. What a bell brings meanwhile is not delivered twice."""
        while room.head < room.known:
            low = room.head
            rows = (await self.hub.read(log.frames_of, [(room.id, low, min(room.known, low + CHUNK))])).get(room.id, [])
            fresh = [f for f in rows if f.seq > room.head]
            if not rows:
                return
            if fresh and fresh[0].seq == room.head + 1 and not self.hub.rights.stale():
                figures.healed_events.labels(by).inc(len(fresh))
                self.hub.deliver(room, fresh)
            elif fresh:
                return  # the next sweep

    async def sweeps(self) -> None:
        """Compares all local rooms with the log, a second after the last time ended."""
        while True:
            await asyncio.sleep(settings.SWEEP_S)
            started = time.perf_counter()
            try:
                known = [(r.id, r.epoch, r.head) for r in self.hub.rooms.values() if r.epoch is not None]
                moved = await self.hub.read(log.moved, known) if known else []
                figures.sweep_seconds.observe(time.perf_counter() - started)
                for id, epoch, seq in moved:
                    room = self.hub.rooms.get(id)
                    if room is None or room.epoch is None:
                        continue
                    if room.epoch != epoch:
                        self.hub.new_epoch(room, epoch, seq)
                    elif seq > room.head:
                        self.soon(room, seq, "sweep")
                self.swept_at = time.monotonic()
            except Exception as error:  # PostgreSQL away: the next sweep finds what this one did not
                logger.warning("the sweep failed", extra={"why": type(error).__name__})


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.warning("healing failed", extra={"why": type(error).__name__})
