"""How many may knock at once: who is one too many is turned away, and the figures say so."""

from __future__ import annotations

from typing import Any

import pytest

from consult import figures
from consult.rooms.hub import Hub
from tests import people
from tests.rooms.sockets import Closed, Socket, db, ticket_of

pytestmark = pytest.mark.django_db(transaction=True)


def value(figure: Any) -> float:
    return float(figure._value.get())


async def test_one_too_many_is_turned_away_and_counted(live: Hub, settings: Any) -> None:
    settings.HANDSHAKES = 1
    camille = await db(people.camille)
    turned_away = value(figures.turned_away)
    first = await Socket().connect()
    assert value(figures.handshakes) == 1
    with pytest.raises(Closed):
        await Socket().connect()
    assert value(figures.turned_away) == turned_away + 1 and value(figures.handshakes) == 1
    answer = await first.ask("hello", protocols=[1], client="test/1", ticket=await db(ticket_of, camille))
    assert answer["type"] == "ok" and value(figures.handshakes) == 0
    sockets = [first, await Socket.of(camille)]
    third = await Socket().connect()
    assert value(figures.handshakes) == 1
    for socket in (*sockets, third):  # who hangs up before hello gives the place back
        await socket.communicator.disconnect()
    assert value(figures.handshakes) == 0
