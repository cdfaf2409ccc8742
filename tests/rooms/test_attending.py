"""A visit goes on while its moderator has the room open somewhere, and is over some time after they went away."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.utils import timezone

from consult.rooms.actions import visits
from consult.rooms.models import Visit
from tests import people
from tests.rooms.actions.test_visits import arrive
from tests.rooms.helpers import group, kinds
from tests.rooms.sockets import Socket, db


@pytest.fixture
def impatient(settings: Any) -> None:
    settings.VISIT_IDLE_S = 0.4


@pytest.mark.django_db(transaction=True)
async def test_a_visit_lives_with_its_sockets(impatient: None, live: Any) -> None:
    def scene() -> tuple[Any, uuid.UUID]:
        sacha, room = people.moderator(), group()
        arrive(room, sacha)
        return sacha, room

    sacha, room = await db(scene)
    socket = await Socket.of(sacha)
    await socket.enter(room)
    entered = await db(timezone.now)
    async with asyncio.timeout(20):
        while not await db(lambda: Visit.objects.filter(ended=None, seen_at__gt=entered).exists()):
            await asyncio.sleep(0.05)
    await socket.ask("room.leave", room=str(room))
    async with asyncio.timeout(20):
        while not await db(visits.end_over):
            await asyncio.sleep(0.05)
    assert (await db(kinds, room))[-2:] == ["moderator.joined", "moderator.left"]
    await socket.leave()
