"""Commands of one connection to one room take effect, and are answered, in the order sent.

A write starts at once, since a lane keeps order; its answer waits for those before it. What must see their effect (entering,
typing) is a barrier: it starts when it is first in line, and what follows starts after it. Other rooms are not held up.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable


class Slot:
    """One command in its room's line. Its owner calls `Line.answer(slot, frames)` once."""

    __slots__ = ("answer", "barrier", "room", "start", "started")

    def __init__(self, room: uuid.UUID | str, start: Callable[[Slot], None], barrier: bool) -> None:
        self.room, self.start, self.barrier = room, start, barrier
        self.started = False
        self.answer: Callable[[], None] | None = None


class Lines:
    """The lines of one connection, one a room."""

    def __init__(self) -> None:
        self.lines: dict[uuid.UUID | str, deque[Slot]] = {}

    def add(self, slot: Slot) -> None:
        line = self.lines.setdefault(slot.room, deque())
        line.append(slot)
        self._start(line)

    def answer(self, slot: Slot, emit: Callable[[], None]) -> None:
        """`emit` puts the answer into the outbox; it is called when all before it have been."""
        slot.answer = emit
        line = self.lines.get(slot.room)
        if line is None:
            return
        while line and line[0].answer is not None:
            first = line.popleft()
            assert first.answer is not None
            first.answer()
        if line:
            self._start(line)
        else:
            self.lines.pop(slot.room, None)

    def _start(self, line: deque[Slot]) -> None:
        for i, slot in enumerate(list(line)):
            if slot.barrier and i > 0:
                return
            if not slot.started:
                slot.started = True
                slot.start(slot)
            if slot.barrier:
                return
