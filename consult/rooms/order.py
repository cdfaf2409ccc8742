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


class Line(deque[Slot]):
    """What is not answered yet of one room, in the order sent."""

    barriers = 0


class Lines:
    """The lines of one connection, one a room."""

    def __init__(self) -> None:
        self.lines: dict[uuid.UUID | str, Line] = {}

    def add(self, slot: Slot) -> None:
        line = self.lines.get(slot.room)
        if line is None:
            line = self.lines[slot.room] = Line()
        line.append(slot)
        line.barriers += slot.barrier
        if line.barriers:
            self._start(line)
        else:  # nothing to wait for: the line is not looked through, however long it is
            self._begin(slot)

    def answer(self, slot: Slot, emit: Callable[[], None]) -> None:
        """`emit` puts the answer into the outbox; it is called when all before it have been."""
        slot.answer = emit
        line = self.lines.get(slot.room)
        if line is None:
            return
        held = line.barriers
        while line and line[0].answer is not None:
            first = line.popleft()
            line.barriers -= first.barrier
            assert first.answer is not None
            first.answer()
        if not line:
            self.lines.pop(slot.room, None)
        elif held or line.barriers:
            self._start(line)

    def _start(self, line: Line) -> None:
        for i, slot in enumerate(list(line)):
            if slot.barrier and i > 0:
                return
            if not slot.started:
                self._begin(slot)
            if slot.barrier:
                return

    def _begin(self, slot: Slot) -> None:
        slot.started = True
        slot.start(slot)
