"""What a person wrote and the log does not have yet: sent in the order of writing, under the same id for ever.

`ok` means committed; no answer means that nobody knows, and the same id again is harmless. So there is one rule: what has no answer is sent
again, over whichever door is open.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

from .connection import Closed
from .doors import Frame, Refused
from .store import Store

Send = Callable[[sqlite3.Row], Awaitable[Frame]]


class Outbox:
    def __init__(self, store: Store, changed: Callable[[str], None]) -> None:
        self.store, self.changed = store, changed
        self.busy: dict[str, asyncio.Lock] = {}

    async def drain(self, send: Send) -> None:
        """Sends all that can be sent. A room that has to wait holds up no other. Returns when nothing is left, or the network is."""
        rooms = {row["room"] for row in self.store.unsent()}
        await asyncio.gather(*(self.drain_room(room, send) for room in rooms))

    async def drain_room(self, room: str, send: Send) -> None:
        """One room's messages one after the other: a later one must not overtake one that has to wait."""
        async with self.busy.setdefault(room, asyncio.Lock()):
            while unsent := self.store.unsent(room):
                row = unsent[0]
                try:
                    await send(row)
                except Closed:
                    return  # unknown: the next connection sends the same id
                except Refused as refusal:
                    if refusal.code in ("network.lost", "outcome.unknown", "session.none"):
                        return  # unknown, or for the next one who signs in here as the same person
                    if refusal.temporary:
                        await asyncio.sleep(max(refusal.wait_s, 0.2 if refusal.wait_s else 1.0))
                        continue
                    self.store.fail(row["id"], refusal.code)  # shown to its author, who may send it again or throw it away
                else:
                    self.store.sent(row["id"])  # its event may come before or after: it is matched by client_id
                self.changed(room)
