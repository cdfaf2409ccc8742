"""The latest encoded events of one room: what is delivered to who enters is encoded once, and forgets words as the log does."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence

from consult.rooms import wire

FRAMES = 512  # kept a room


class Ring:
    """Consecutive events up to the head that was delivered here. A place is None where an event withheld its words since."""

    def __init__(self, room: uuid.UUID) -> None:
        self.room = room
        self.frames: deque[wire.Frame | None] = deque()
        self.bytes = 0
        self.withheld = 0  # how often words were dropped: what was read before the last time may still show them
        self._replay: tuple[int, list[wire.Chunk]] = (0, [])

    def __len__(self) -> int:
        return len(self.frames)

    def last(self, n: int) -> list[bytes] | None:
        """The last n events, or None where they are not all here."""
        if n > len(self.frames):
            return None
        frames = list(self.frames)[len(self.frames) - n :] if n else []
        return None if None in frames else [f.text for f in frames if f]

    def append(self, frames: Sequence[wire.Frame]) -> None:
        """Adds new events; in the same step drops those whose words an event withholds or supersedes."""
        self._replay = (0, [])
        last = {f.message: f.seq for f in frames if f.kind in wire.WITHHOLDS}
        if last:
            self.withheld += 1
            for i, f in enumerate(self.frames):
                if f is not None and f.message in last:
                    self.frames[i] = None
                    self.bytes -= len(f.text)
        for f in frames:
            stale = f.message in last and f.seq < last[f.message]
            self.frames.append(None if stale else f)
            self.bytes += 0 if stale else len(f.text)
        while len(self.frames) > FRAMES:
            old = self.frames.popleft()
            self.bytes -= len(old.text) if old else 0

    def fill(self, rows: Sequence[wire.Frame], head: int) -> None:
        """Adds what was read from the log, before and between what is here, as far as there is room. `head` is the last event's seq."""
        by_seq = {f.seq: f for f in rows}
        start = head - len(self.frames)  # the seq before the first here
        for i, f in enumerate(self.frames):
            if f is None and (read := by_seq.get(start + 1 + i)) is not None:
                self.frames[i] = read
                self.bytes += len(read.text)
        while len(self.frames) < FRAMES and (read := by_seq.get(start)) is not None:
            self.frames.appendleft(read)
            self.bytes += len(read.text)
            start -= 1

    def replay(self, n: int) -> list[wire.Chunk] | None:
        """The last n events as chunks, which all who missed the same share."""
        if self._replay[0] != n or not n:
            texts = self.last(n)
            if texts is None:
                return None
            self._replay = (n, wire.chunks(self.room, texts) if texts else [])
        return self._replay[1]

    def clear(self) -> None:
        self.frames.clear()
        self.bytes, self._replay = 0, (0, [])
