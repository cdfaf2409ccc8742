"""What is told live and kept nowhere: typing, pointers, and who is in a room. It may be lost."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from consult.rooms import wire
from consult.rooms.bus import group
from consult.rooms.connection import Connection
from consult.rooms.local_room import LocalRoom
from consult.rooms.presence import Presence

if TYPE_CHECKING:
    from consult.rooms.hub import Hub

PRESENCE_S = 2.0
SLACK_S = 0.01  # a timer of PRESENCE_S may run that much early, by the loop's own clock
FULL = 50  # connections from which on who is present is not counted anew for each newcomer


class Signals:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.presence = Presence()

    def send(self, id: uuid.UUID, frame: bytes, *, but: uuid.UUID | None = None) -> None:
        """Something for all who have entered a room, on every process, except one person."""
        self.here(id, frame, str(but) if but else None)
        self.hub.bus.publish(group(id), {"type": "signal", "room": str(id), "frame": frame, "but": str(but) if but else None})

    def here(self, id: uuid.UUID, frame: bytes, but: str | None) -> None:
        room = self.hub.rooms.get(id)
        if room is not None:
            self._deliver(room, frame, [c for c in room.live if str(c.person) != but])

    def _deliver(self, room: LocalRoom, frame: bytes, to: list[Connection]) -> None:
        """To some of those who are in the room; a list, for who is too slow leaves it meanwhile."""
        if not self.hub.rights.stale():
            chunk = wire.Chunk(room.id, [frame])
            for connection in to:
                if connection.outbox.put(chunk):
                    self.hub.mark(connection)

    def present(self, room: LocalRoom, newcomer: Connection) -> dict[str, Any]:
        """Who is there, for who enters. Of a full room it is counted once a second, not for each of many who come at once."""
        now = self.hub.loop.time()
        if len(room.live) < FULL or now - room.counted[0] > 1:
            room.counted = (now, self.presence.of(room.id, [c.cards[room.id] for c in [*room.live, newcomer]]))
        return room.counted[1]

    def presence_soon(self, room: LocalRoom) -> None:
        if not room.presence_due and not room.personal:
            room.presence_due = True
            self.hub.loop.call_later(PRESENCE_S, self._presence_now, room)

    def _presence_now(self, room: LocalRoom) -> None:
        room.presence_due = False
        room = self.hub.rooms.get(room.id, room)  # everyone may have left and come back meanwhile
        cards = {c.cards[room.id]["id"]: c.cards[room.id] for c in room.live}
        self.hub.bus.publish(group(room.id), {"type": "presence", "from": self.hub.node, "room": str(room.id), "cards": dict(list(cards.items())[:500])})
        self._tell(room)

    def heard(self, id: uuid.UUID, node: str, cards: dict[str, dict[str, Any]]) -> None:
        """Who is there on another process."""
        room = self.hub.rooms.get(id)
        if room is not None:  # of a room left meanwhile nothing would ever be forgotten
            self.presence.heard(id, node, cards)
            self._tell(room)

    def _tell(self, room: LocalRoom) -> None:
        """Says who is there. Who has just entered was told at entry, and hears of what changed since with the next telling."""
        by_then = self.hub.loop.time() - PRESENCE_S + SLACK_S
        to = [connection for connection, since in room.live.items() if since <= by_then]
        if len(to) < len(room.live):
            self.presence_soon(room)
        data = self.presence.of(room.id, [c.cards[room.id] for c in room.live])
        self._deliver(room, wire.frame(type="signal", room=str(room.id), kind="presence", actor=None, data=data), to)
