"""How many messages one person wrote in one room lately: what rules of rate and for newcomers ask.

Kept in the memory of each process, like every other rate of a person (rooms/limits.py): nothing is read or written for it on the way of a
message. A person whose posts come through k processes can write up to k times as many before a rule notices; a restart forgets.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque

DAY_S = 86_400
TIDY = 10_000  # kept people from which on those who fell silent are dropped


class Counter:
    """More than `messages` in `seconds`; with `days`, only of people verified less than so many days ago."""

    def __init__(self, messages: int, seconds: int, days: int | None = None) -> None:
        self.messages, self.seconds, self.days = messages, seconds, days
        self._times: dict[tuple[uuid.UUID, uuid.UUID], deque[float]] = {}
        self._lock = threading.Lock()

    def over(self, room: uuid.UUID, person: uuid.UUID, at: float, verified_at: float | None) -> bool:
        """Counts one message, and says whether it is one too many. Times are seconds since the epoch."""
        if self.days is not None and (verified_at is None or at - verified_at > self.days * DAY_S):
            return False
        with self._lock:
            if len(self._times) > TIDY:
                self._times = {key: times for key, times in self._times.items() if times[-1] > at - self.seconds}
            times = self._times.setdefault((room, person), deque(maxlen=self.messages + 1))
            times.append(at)
            return len(times) > self.messages and times[0] > at - self.seconds
