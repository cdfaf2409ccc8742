"""Two Redis servers share the rooms, and sentinels name a new master: bells ring on, and what they miss the log supplies."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from consult import shards
from consult.local import redis
from consult.local.supervise import Child
from tests.live import HEAL_S, Socket, Someone, Stack, free_port, one_log, sockets, until, wait_for
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
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if await heard(room, by=by, writer=writer) == 0 and await heard(room, by=by, writer=writer, count=2) == 0:
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
        futures = [await camille.start("message.post", room=room, id=str(uuid.uuid4()), body="in the dark") for room in first[:2] for _ in range(10)]
        await asyncio.gather(*futures)
        before = b.figure(HEALED)
        await heard(second[0], by=nadia, writer=camille, count=20)
        assert b.figure(HEALED) - before <= 20 + 2, "the dead rooms' twenty, and perhaps a sweep that came before its bell"
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


# --- sentinels ----------------------------------------------------------------

MASTER = "consult"


class Watched:
    """A master with its replica, and three sentinels that agree on which is which."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.ports = [free_port(), free_port()]
        plain = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.servers = [launch(stack, stack.folder / "m", *plain, "--port", str(self.ports[0]))]
        assert wait_for(lambda: answering(self.ports[0]))
        self.servers.append(launch(stack, stack.folder / "n", *plain, "--port", str(self.ports[1]), "--replicaof", "127.0.0.1", str(self.ports[0])))
        self.sentinels = [free_port() for _ in range(3)]
        self.children = [self._sentinel(stack.folder / f"s{n}", port) for n, port in enumerate(self.sentinels)]
        assert wait_for(self._agree, 30), "the sentinels do not find each other"

    def _sentinel(self, folder: Path, port: int) -> Child:
        folder.mkdir(mode=0o700)
        lines = [f"port {port}", "bind 127.0.0.1", f"sentinel monitor {MASTER} 127.0.0.1 {self.ports[0]} 2"]
        lines += [f"sentinel down-after-milliseconds {MASTER} 1000", f"sentinel failover-timeout {MASTER} 4000"]
        (folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
        return launch(self.stack, folder, folder / "sentinel.conf", "--sentinel")

    def _agree(self) -> bool:
        return all(answering(p) for p in self.sentinels) and all(self._state(p)[name] == n for p in self.sentinels for name, n in (("num-slaves", 1), ("num-other-sentinels", 2)))

    def _state(self, port: int) -> dict[str, object]:
        with Redis(port=port, socket_timeout=2) as client:
            return dict(client.sentinel_master(MASTER))

    def master(self) -> int:
        """The port that the sentinels name."""
        return int(str(self._state(self.sentinels[-1])["port"]))

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.sentinels)}/{MASTER}"

    def stop(self) -> None:
        for child in [*self.children, *self.servers]:
            if child.alive():
                child.send(signal.SIGCONT)
                end(self.stack, child)


@pytest.fixture
def watched(stack: Stack) -> Iterator[Watched]:
    made = Watched(stack)
    stack.redis_url = made.url
    try:
        stack.node()
        stack.node()
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_sentinels_name_a_new_master(stack: Stack, watched: Watched, cast: dict[str, Someone], fault: str) -> None:
    """The master goes, a sentinel with it; the nodes find the new one by themselves, and nothing is missing."""
    room = stack.room(cast["camille"], cast["nadia"])
    a, b = stack.nodes
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        assert await by_bell(room, by=nadia, writer=camille), "no bell rings"
        end(stack, watched.children[0])
        end(stack, watched.servers[0]) if fault == "killed" else watched.servers[0].send(signal.SIGSTOP)
        assert await heard(room, by=nadia, writer=camille, count=5) >= 1, "a bell rang without a Redis"
        assert await until(lambda: watched.master() == watched.ports[1], 60), "no failover"
        if fault == "frozen":
            # Thawed, it is told that it is a master no more, and lets its clients go.
            watched.servers[0].send(signal.SIGCONT)
        assert await by_bell(room, by=nadia, writer=camille), "no bell rings any more"
        assert await by_bell(room, by=camille, writer=nadia)
        newcomer = stack.room(cast["camille"], cast["nadia"])
        for one in (camille, nadia):
            await one.enter(newcomer)
        assert await by_bell(newcomer, by=nadia, writer=camille)
        for each in (room, newcomer):
            await one_log(stack, each, camille, nadia)
        assert all(node.child.alive() for node in (a, b))


def test_readiness_asks_the_sentinels(stack: Stack, watched: Watched) -> None:
    import httpx

    end(stack, watched.servers[1])
    end(stack, watched.servers[0])
    answer = httpx.get(f"{stack.nodes[0].base}/readyz", trust_env=False, timeout=10)
    assert answer.status_code == 503 and answer.json()["redis"] is False and answer.json()["postgresql"] is True
