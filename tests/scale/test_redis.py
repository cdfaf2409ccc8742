"""Two Redis servers share the rooms, and sentinels name a new master: bells ring on, and what they miss the log supplies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from consult import shards
from consult.local import redis
from tests.live import HEAL_S, Node, Socket, Someone, Stack, free_port, one_log, sockets, until, wait_for
from tests.scale.conftest import answering, end, launch

pytestmark = pytest.mark.slow
HEALED = "consult_healed_events_total"


async def heard(room: str, *, by: Socket, writer: Socket, count: int = 1) -> float:
    """Posts `count` messages, each after the one before was delivered to the other node; how many of them the log had to supply."""
    before = by.node.figure(HEALED)
    for n in range(count):
        seq = (await writer.post(room, f"{n}"))["seq"]
        assert await until(lambda seq=seq: by.tip(room) >= seq, HEAL_S), f"stood at {by.tip(room)} of {seq}"  # type: ignore[misc]
    return by.node.figure(HEALED) - before


async def by_bell(room: str, *, by: Socket, writer: Socket) -> bool:
    """Whether, after some time perhaps, three messages in a row come without the log's help."""
    for _ in range(60):
        if await heard(room, by=by, writer=writer, count=3) == 0:
            return True
        await asyncio.sleep(0.3)
    return False


# --- shards -------------------------------------------------------------------


@pytest.fixture
def sharded(stack: Stack) -> Iterator[Stack]:
    """Two nodes on two shards; `stack.redis` is the first."""
    second, url = redis.start(stack.services.family, stack.folder / "r2")
    stack.redis_url = f"{stack.redis_url},{url}"
    stack.node()
    stack.node()
    yield stack
    stack.thaw_redis()
    stack.services.family.stop(second)


def rooms_of(stack: Stack, cast: dict[str, Someone], count: int) -> tuple[list[str], list[str]]:
    """So many rooms on each shard."""
    found: tuple[list[str], list[str]] = ([], [])
    while min(map(len, found)) < count:
        room = stack.room(cast["camille"], cast["nadia"])
        found[shards.shard_of(f"room.{room}", 2)].append(room)
    return found[0][:count], found[1][:count]


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_one_shard_gone(sharded: Stack, cast: dict[str, Someone], fault: str) -> None:
    first, second = rooms_of(sharded, cast, 4)
    a, b = sharded.nodes
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        for room in (*first[:2], *second[:2]):
            await camille.enter(room)
            await nadia.enter(room)
        for room in (first[0], second[0], first[1], second[1]):
            assert await by_bell(room, by=nadia, writer=camille), "no bell rings"

        sharded.stop_redis() if fault == "killed" else sharded.freeze_redis()
        # On the dead shard every message comes from the log, in time; on the other all come by the bell, as if nothing had been.
        assert await heard(first[0], by=nadia, writer=camille, count=4) >= 3
        futures = [await camille.start("message.post", room=room, id=_id(), body="in the dark") for room in first[:2] for _ in range(10)]
        await asyncio.gather(*futures)
        assert await heard(second[0], by=nadia, writer=camille, count=20) <= 20 + 2  # of the dead rooms' twenty, and a sweep that came first
        assert await until(lambda: all(nadia.tip(room) == camille.tip(room) for room in first[:2]), HEAL_S)
        assert await heard(second[0], by=nadia, writer=camille, count=20) <= 1
        # Who enters now hears the living shard's bells.
        for room in (*first[2:], *second[2:]):
            await camille.enter(room)
            await nadia.enter(room)
        assert await heard(first[2], by=nadia, writer=camille) == 1
        for room in second[2:]:
            assert await by_bell(room, by=nadia, writer=camille), "no bell in a room of the living shard"

        sharded.start_redis() if fault == "killed" else sharded.thaw_redis()
        for room in (*first, *second):
            assert await by_bell(room, by=nadia, writer=camille), "no bell rings any more"
            await one_log(sharded, room, camille, nadia)


def _id() -> str:
    import uuid

    return str(uuid.uuid4())
