"""Notes which visiting moderators still have a socket in the room: the worker ends the visits of those who went away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from django.conf import settings

from consult.rooms.actions import visits

if TYPE_CHECKING:
    from consult.rooms.hub import Hub

logger = logging.getLogger("consult.visits")


async def watch(hub: Hub) -> None:
    """Several times in VISIT_IDLE_S: two statements, and a look at the sockets of those who are on a visit."""
    while True:
        await asyncio.sleep(settings.VISIT_IDLE_S / 4)
        try:
            visiting = await hub.read(visits.visiting)
            if here := [(room, person) for room, person in visiting if any(room in c.entered for c in hub.people.get(person, ()))]:
                await hub.read(visits.seen, here)
        except Exception as error:  # PostgreSQL away: said again the next time
            logger.warning("visits could not be noted", extra={"why": type(error).__name__})
