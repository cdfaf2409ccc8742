"""Measures what the plan counts with: CPU a hello, a heartbeat, a lone post, a bell, a page, a swept room; of Redis, a publish.

`python -m bench.costs` prints it; `--write` puts it into bench/costs.json, where the costs that the bench's own tables give (a delivery, the
database's commits) stay as they are. It starts throwaway services and takes two minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from tests.live import Node, Services, Socket, Stack, services, sockets

from .plan import COSTS

TICKS = os.sysconf("SC_CLK_TCK")
ROOMS, SOCKETS, IDLE_S, POSTS, PAGES, SWEPT, SWEEPS, PUBLISHES, SUBSCRIBERS = 8, 400, 50, 2000, 300, 10_000, 30, 8000, 10
BODY = "x" * 150


def seconds(pid: int, *, ended: bool = False) -> float:
    """CPU seconds of a process; with `ended`, of its children that ended."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, parts[13:15] if ended else parts[11:13])) / TICKS


class Meter:
    """What nodes, PostgreSQL and Redis used since `begin`."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.nodes = list(stack.nodes)
        self.before = self._now()

    def _now(self) -> tuple[list[float], float, float]:
        services = self.stack.services
        database = sum(seconds(pid) for pid in services._processes()) + seconds(services.postmaster.pid, ended=True)
        return [seconds(node.child.pid) for node in self.nodes], database, seconds(self.stack.redis.pid)

    def each(self, count: int) -> tuple[list[float], float, float]:
        """µs a piece: of each node, of PostgreSQL, of Redis."""
        nodes, database, redis = self._now()
        of = 1e6 / count
        return [(now - then) * of for now, then in zip(nodes, self.before[0], strict=True)], (database - self.before[1]) * of, (redis - self.before[2]) * of


async def connections(stack: Stack, rooms: list[str]) -> dict[str, float]:
    """Hellos that enter all rooms, then nothing but heartbeats."""
    a, who = stack.nodes[0], stack.people["camille"]
    resume: dict[str, dict[str, Any] | None] = dict.fromkeys(rooms)
    empty, opened = a.rss(), []

    async def some(count: int) -> None:
        for _ in range(count // 20):
            opened.extend(await asyncio.gather(*(Socket.open(a, who, resume=resume) for _ in range(20))))

    await some(20)
    meter, rss = Meter(stack), a.rss()
    await some(SOCKETS)
    (hello, _), hello_database, _ = meter.each(SOCKETS)
    kb = (a.rss() - rss) / SOCKETS / 1024
    await asyncio.sleep(5)
    meter = Meter(stack)
    await asyncio.sleep(IDLE_S)
    (beating, idle), _, _ = meter.each(1)
    beat = (beating - idle) / (len(opened) * IDLE_S / 25)
    for one in opened:
        await one.close()
    return {"hello_us": hello, "hello_database_us": hello_database, "beat_us": beat, "socket_kb": kb, "process_mb": empty / 1e6}


async def idle(stack: Stack) -> dict[str, float]:
    meter = Meter(stack)
    await asyncio.sleep(IDLE_S)
    return {"process_database_us": meter.each(IDLE_S)[1] / len(stack.nodes)}


async def posts(stack: Stack, room: str) -> dict[str, float]:
    """One after another, each alone in its commit, written on one node and heard by one reader on the other."""
    a, b = stack.nodes
    async with sockets((a, stack.people["camille"]), (b, stack.people["nadia"])) as (writer, reader):
        for one in (writer, reader):
            await one.enter(room)
        for _ in range(50):
            await writer.post(room, BODY)
        ((start,),) = stack.sql("SELECT pg_current_wal_insert_lsn()")
        meter = Meter(stack)
        for _ in range(POSTS):
            await writer.post(room, BODY)
        (post, bell), database, _ = meter.each(POSTS)
        ((wal,),) = stack.sql("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", start)
    size = "SELECT sum(pg_total_relation_size(t)) / (SELECT count(*) FROM rooms_message) FROM unnest(ARRAY['rooms_event','rooms_message','rooms_clientid']::regclass[]) t"
    ((stored,),) = stack.sql(size)
    return {"post_us": post, "bell_us": bell, "post_database_us": database, "wal_bytes": float(wal) / POSTS, "stored_bytes": float(stored)}


def pages(stack: Stack, node: Node, room: str) -> dict[str, float]:
    meter = Meter(stack)
    with httpx.Client(base_url=node.base, headers=stack.people["camille"].headers, trust_env=False) as client:
        for _ in range(PAGES):
            client.get(f"/api/v1/rooms/{room}/messages", params={"before": 1000, "limit": 50}).raise_for_status()
    nodes, database, _ = meter.each(PAGES)
    return {"page_us": nodes[0], "page_database_us": database}


def sweep(stack: Stack) -> dict[str, float]:
    """The sweep's own statement over ten thousand rooms, in this process in place of a web process."""
    stack.sql(
        "INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, listed, slow_mode, moderators_live, created_at) "
        "SELECT gen_random_uuid(), 'private', '', '', 'e', 0, 0, false, 0, 0, now() FROM generate_series(1, %s)",
        SWEPT,
    )
    ids = [id for (id,) in stack.sql("SELECT id FROM rooms_room LIMIT %s", SWEPT)]
    meter, began = Meter(stack), time.process_time()
    with stack.connect() as connection:
        for _ in range(SWEEPS):
            rows = connection.execute("SELECT id, epoch, last_seq FROM rooms_room WHERE id = ANY(%s)", (ids,), prepare=True, binary=True)
            assert len({id: (epoch, seq) for id, epoch, seq in rows}) == SWEPT
    ours = (time.process_time() - began) * 1e6
    return {"sweep_us": ours / SWEEPS / SWEPT, "sweep_database_us": meter.each(SWEEPS * SWEPT)[1]}


@contextlib.contextmanager
def subscribers(url: str, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            listener = stack.enter_context(Redis.from_url(url).pubsub())
            listener.subscribe(plan=lambda message: None)
            thread = listener.run_in_thread(sleep_time=0.2)
            stack.callback(lambda thread=thread: (thread.stop(), thread.join(5)))
        yield


def publishes(stack: Stack) -> dict[str, float]:
    client, payload, cost = Redis.from_url(stack.redis_url), os.urandom(350).hex().encode(), {}
    for count in (0, SUBSCRIBERS):
        with subscribers(stack.redis_url, count):
            meter = Meter(stack)
            for _ in range(PUBLISHES):
                client.publish("plan", payload)
            time.sleep(1)
            cost[count] = meter.each(PUBLISHES)[2]
    return {"publish_us": cost[0], "subscriber_us": (cost[SUBSCRIBERS] - cost[0]) / SUBSCRIBERS}


def measure(services: Services) -> dict[str, float]:
    stack = Stack(services)
    try:
        for _ in range(2):
            stack.node(env={"CONNECTIONS": "100000", "HANDSHAKES": "100000"})
        rooms = [stack.room(stack.people["camille"], stack.people["nadia"]) for _ in range(ROOMS)]
        found = asyncio.run(connections(stack, rooms)) | asyncio.run(idle(stack)) | asyncio.run(posts(stack, rooms[0]))
        return found | pages(stack, stack.nodes[0], rooms[0]) | sweep(stack) | publishes(stack)
    finally:
        stack.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the figures into bench/costs.json")
    write = parser.parse_args().write
    with services() as made:
        found = {name: float(f"{value:.2g}") for name, value in measure(made).items()}
    print(json.dumps(found, indent=2))
    if write:
        rows = json.loads(COSTS.read_text())
        for name, value in found.items():
            rows[name]["value"] = value
        COSTS.write_text("{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items()) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
