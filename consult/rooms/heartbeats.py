"""The heartbeat of each connection: a ping and the heads that have changed; who has fallen silent is closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from django.conf import settings

from consult import figures
from consult.rooms import wire
from consult.rooms.connection import Connection

if TYPE_CHECKING:
    from consult.rooms.hub import Hub


async def keep(hub: Hub) -> None:
    """Beats for all connections of this process, each in its own time. Measures how late the loop is."""
    beat_s = settings.HEARTBEAT_MS / 1000
    pause = min(0.5, beat_s / 20)
    due = hub.loop.time() + pause
    while True:
        await asyncio.sleep(max(0.0, due - hub.loop.time()))
        now = hub.loop.time()
        figures.loop_lag.observe(max(0.0, now - due))
        due = now + pause
        for connection in list(hub.connections.values()):
            if connection.heard_at() < now - 2 * beat_s:
                connection.close(4003, "heartbeat missed")
            elif now >= connection.next_beat:
                connection.next_beat = now + beat_s
                beat(hub, connection)


def beat(hub: Hub, connection: Connection) -> None:
    connection.ping()
    changed = {}
    for id, told in connection.entered.items():
        room = hub.rooms.get(id)
        if room is not None and room.head > told:
            changed[str(id)] = connection.entered[id] = room.head
    hub.send(connection, wire.frame(type="heads", rooms=changed))
