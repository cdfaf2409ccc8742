"""At most one typing signal every 3 s a person and room, and ten of pointing a second; what is more is ok and not passed on."""

from __future__ import annotations

import time
import uuid

PAUSE_S = 3.0
POINTING_S = 0.1
_told: dict[tuple[uuid.UUID, uuid.UUID, float], float] = {}


def may_tell(person: uuid.UUID, room: uuid.UUID, pause: float = PAUSE_S) -> bool:
    now = time.monotonic()
    if now - _told.get((person, room, pause), float("-inf")) < pause:
        return False
    if len(_told) > 10_000:
        for key in [k for k, at in _told.items() if now - at > PAUSE_S]:
            del _told[key]
    _told[person, room, pause] = now
    return True
