"""What is looked at every few seconds: memory, descriptors and connections of every process, and what the hubs say of themselves."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from bench.soak.flat import Bound, Verdict, judge
from tests.live import Stack

MIB = 2**20
# By the beginning of a figure's name. Memory: what Python's allocator and caches move by; counts: what pools move by.
BOUNDS = {
    "memory": Bound(share=0.04, least=4.0),  # MiB
    "descriptors": Bound(share=0.05, least=3),
    "connections": Bound(share=0.05, least=3),
    "hub": Bound(share=0.10, least=10),
    "threads": Bound(share=0.0, least=2),
}
GAUGES = {"consult_sockets": "hub sockets", "consult_rooms_local": "hub rooms"}
COUNTERS = ("consult_deliveries_total", "consult_healed_events_total", "consult_outbox_overflows_total", "consult_bus_dropped_total", "consult_bus_restarts_total")


def status(pid: int) -> dict[str, int]:
    """Anonymous memory in bytes (what is shared, as PostgreSQL's buffers are, would be counted once a process) and threads."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("RssAnon", "Threads"):
            found[name] = int(value.split()[0])
    return {"memory": found.get("RssAnon", 0) * 1024, "threads": found.get("Threads", 0)}


def children(pid: int) -> list[int]:
    """A process and its children: PostgreSQL's backends come and go."""
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, ValueError):
            continue  # ended meanwhile
    return found


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def figures(text: str, names: Iterable[str]) -> dict[str, float]:
    """Sums of figures of /metrics, by name."""
    sums = dict.fromkeys(names, 0.0)
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if name in sums:
            sums[name] += float(line.rpartition(" ")[2])
    return sums


class Samples:
    """The series, by name; all of the same length."""

    def __init__(self, stack: Stack, worker: int) -> None:
        self.stack, self.worker = stack, worker
        self.times: list[float] = []
        self.series: dict[str, list[float]] = {}
        self.counters: dict[str, float] = {}
        self.began = time.monotonic()
        self.redis = redis.Redis.from_url(stack.redis_url, socket_timeout=10)

    async def take(self) -> dict[str, float]:
        now: dict[str, float] = {}
        processes = {node.name: node.child.pid for node in self.stack.nodes} | {"worker": self.worker, "Redis": self.stack.redis.pid}
        for name, pid in processes.items():
            of = status(pid)
            now[f"memory of {name}"], now[f"descriptors of {name}"] = of["memory"] / MIB, descriptors(pid)
            if name.startswith("node"):
                now[f"threads of {name}"] = of["threads"]
        now["memory of PostgreSQL, its processes together"] = sum(_memory(pid) for pid in children(self.stack.services.postmaster.pid)) / MIB
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            said = await asyncio.gather(*(client.get(f"{node.base}/metrics") for node in self.stack.nodes))
        self.counters = dict.fromkeys(COUNTERS, 0.0)
        for node, answer in zip(self.stack.nodes, said, strict=True):
            for name, value in figures(answer.text, GAUGES).items():
                now[f"{GAUGES[name]} of {node.name}"] = value
            for name, value in figures(answer.text, COUNTERS).items():
                self.counters[name] += value
        now["connections to Redis"], now["connections to PostgreSQL"] = await asyncio.to_thread(self._connections)
        self.add(time.monotonic() - self.began, now)
        return now

    def _connections(self) -> tuple[float, float]:
        info: Any = self.redis.info("clients")
        with psycopg.connect(self.stack.services.url(self.stack.database), autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").fetchone()
        return float(info["connected_clients"]), float(row[0] if row else 0)

    def add(self, at: float, now: dict[str, float]) -> None:
        self.times.append(at)
        for name, value in now.items():
            self.series.setdefault(name, []).append(value)

    def verdicts(self) -> list[Verdict]:
        return [judge(name, self.times, values, BOUNDS[name.split(" ")[0]]) for name, values in self.series.items()]

    def close(self) -> None:
        self.redis.close()


def _memory(pid: int) -> int:
    try:
        return status(pid)["memory"]
    except (FileNotFoundError, ProcessLookupError):
        return 0  # a backend that ended meanwhile
