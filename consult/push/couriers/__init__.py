"""What every courier does: carries a wake-up to one device, and says what became of it.

A wake-up holds ids and a reason only (protocol, section 8). Couriers know addresses and the dialect of one push service;
they know no rooms, no rights and no database.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Wake(NamedTuple):
    """What is sent. `badge` is the absolute number of rooms with something unread; `ttl_s`: after so long it is worth nothing."""

    room: uuid.UUID
    seq: int
    reason: str
    badge: int
    urgent: bool
    ttl_s: int

    @property
    def collapse_key(self) -> str:
        """One notification a room on the device, at most 32 URL-safe characters (RFC 8030, section 5.4)."""
        return self.room.hex

    @property
    def pressing(self) -> bool:
        """Worth waking a phone that saves its battery: somebody means this person, now."""
        return self.urgent or self.reason in ("mention", "direct", "test")

    def payload(self) -> dict[str, int | str]:
        return {"v": 1, "room": str(self.room), "seq": self.seq, "reason": self.reason, "badge": self.badge}


class Fate(enum.Enum):
    TAKEN = "taken"  # the push service has it
    GONE = "gone"  # the address is dead: forget the device
    FORBIDDEN = "forbidden"  # 403: dead, if it happens repeatedly
    REJECTED = "rejected"  # this wake-up will never be taken (too large, malformed): forget the notice
    LATER = "later"  # temporary: try again, no sooner than `wait_s`


class Outcome(NamedTuple):
    fate: Fate
    why: str = ""  # for the log: a status or an exception's name, never an address
    wait_s: float = 0.0
    silent: bool = False  # no answer in time: what is sent to this service next may hang as well


class Courier(Protocol):
    """One push service. `carry` never raises for what the service or the network does; it is called on an event loop."""

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome: ...

    async def close(self) -> None: ...
