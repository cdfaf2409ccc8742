"""At most one typing signal every 3 s a person and room, and ten of pointing a second, five of them at once; what is more is ok and not passed on."""

from __future__ import annotations

import time
import uuid

PAUSE_S = 3.0
POINTING_S = 0.1
POINTING_AT_ONCE = 5  # a network brings late ones together, and the last of them is where the pointer rests
_due: dict[tuple[uuid.UUID, uuid.UUID, float], float] = {}  # when the next one is due, if they came evenly


def may_tell(person: uuid.UUID, room: uuid.UUID, pause: float = PAUSE_S, at_once: int = 1) -> bool:
    """One every `pause` seconds on the whole, `at_once` of them together after a rest."""
    now = time.monotonic()
    due = max(_due.get((person, room, pause), now), now)
    if due - now > (at_once - 1) * pause:
        return False
    if len(_due) > 10_000:
        for key in [k for k, then in _due.items() if then <= now]:
            del _due[key]
    _due[person, room, pause] = due + pause
    return True
