"""How fast one person may go: token buckets, kept by each process, so that no command waits for anything."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable


class Buckets:
    """One bucket a person: `burst` at once, `rate` a second. What is taken beyond is owed, and slows the next attempts.

    Kept only for people who have taken something lately: a full bucket is forgotten.
    """

    def __init__(self, burst: float, rate: float, *, floor: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.rate, self.floor, self.clock = burst, rate, floor, clock
        self._levels: dict[uuid.UUID, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._tidy_at = clock() + 60

    def take(self, person: uuid.UUID) -> tuple[int, float]:
        """Takes one. Returns (milliseconds to wait, or 0 where it was granted; how much is owed)."""
        now = self.clock()
        with self._lock:
            level, at = self._levels.get(person, (self.burst, now))
            level = min(self.burst, level + (now - at) * self.rate)
            granted = level >= 1 - 1e-6  # who waited as long as told is let in, whatever the rounding
            if granted:
                level -= 1
            elif self.floor < 0:
                # What was refused is owed, down to the floor: a client that does not wait is not let in by not waiting.
                level = max(level - 1, self.floor)
            # Else what came back of the next one stays: two connections that both wait as told would keep each other out.
            self._levels[person] = (level, now)
            if now > self._tidy_at:
                self._tidy(now)
        return (0 if granted else max(1, math.ceil((1 - level) / self.rate * 1000 - 1e-6))), max(0.0, -level)

    def _tidy(self, now: float) -> None:
        full = self.burst / self.rate
        self._levels = {p: (level, at) for p, (level, at) in self._levels.items() if (now - at) < full + max(0.0, -level) / self.rate}
        self._tidy_at = now + 60


def _settings() -> dict[str, float]:
    from django.conf import settings

    return settings.LIMITS


LIMITS = _settings()
# The flood bucket lets debt grow to twice the burst, where the socket closes 4429; a refused post owes nothing.
commands = Buckets(LIMITS["commands_burst"], LIMITS["commands_per_second"], floor=-2 * LIMITS["commands_burst"])
posts = Buckets(LIMITS["posts_burst"], LIMITS["posts_per_second"])
enters = Buckets(LIMITS["rooms"], LIMITS["rooms"] / 60)
tickets = Buckets(LIMITS["commands_burst"], LIMITS["commands_per_second"])
