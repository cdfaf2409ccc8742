"""Reading ten million events of history against ten thousand: one person in 500 rooms enters, scrolls, lists and searches."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from .. import seed, seed_history
from ..contest import Bench
from ..report import short
from ..stack import HOST, Server

SIZES = {"small": 10_000, "large": 10_000_000}
ASKED = 100  # requests of a kind in a round
COMMON = ["lésion", "patient", "traitement", "avis"]
BUSY = range(1, 5)  # rooms that hold several pages in either database
MISSED = 50  # events that entering replays
SEARCHES = ("search: a common word, 500 rooms", "search: a common word, one room")


@dataclass
class History:
    """One database, its server, and the person who reads."""

    name: str
    env: dict[str, str]
    server: Server | None = None
    token: str = ""
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def history(bench: Bench) -> None:
    """p95 of each reading, in rounds that alternate between the databases."""
    with _both(bench) as pair:
        for round in range(bench.runs):
            for h in pair if round % 2 == 0 else reversed(pair):
                for what, result in _round(bench, h, random.Random(round)):
                    h.runs.setdefault(what, []).append(result)
                    if result["short"]:
                        bench.report.faults.append(f"history, {h.name}, {what}: {result['short']} answers with less than was asked for")
        _tell(bench, *pair)


@contextmanager
def _both(bench: Bench) -> Iterator[list[History]]:
    """Two databases in one cluster, filled where they are not kept from before; each with a server of its own on the server's core."""
    url = bench.stack.env["DATABASE_URL"]
    pair = [History(name, {"DATABASE_URL": url.replace("/consult?", f"/history_{name}?")}) for name in SIZES]
    try:
        for h, events in zip(pair, SIZES.values(), strict=True):
            _fill(bench, h, events)
            h.server = bench.stack.start("consult", **h.env)
            h.token = bench.stack.generator("sign_in", host=HOST, port=h.server.port, people=[seed.email(0)], password=seed.PASSWORD)["tokens"][0]
            for k in BUSY:
                h.heads[seed.room_id(k)] = _ask(bench, h, f"/api/v1/rooms/{seed.room_id(k)}")["head"]
        yield pair
    finally:
        for h in pair:
            if h.server:
                bench.stack.stop(h.server)
            if not bench.keep:
                with psycopg.connect(url, autocommit=True) as line:
                    line.execute(f"DROP DATABASE IF EXISTS history_{h.name} WITH (FORCE)")


def _fill(bench: Bench, h: History, events: int) -> None:
    with psycopg.connect(bench.stack.env["DATABASE_URL"], autocommit=True) as line:
        line.execute("ALTER SYSTEM SET max_wal_size = '8GB'")  # else loading waits for checkpoints
        line.execute("SELECT pg_reload_conf()")
        if not line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"history_{h.name}"]).fetchone():
            line.execute(f"CREATE DATABASE history_{h.name}")
    bench.stack.manage("migrate", "--no-input", "--verbosity", "0", **h.env)
    bench.stack.module("bench.seed_history", str(events), **h.env)


def _ask(bench: Bench, h: History, path: str) -> dict[str, Any]:
    assert h.server
    return bench.stack.generator("ask", host=HOST, port=h.server.port, token=h.token, path=path)


def _round(bench: Bench, h: History, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    assert h.server
    where = {"host": HOST, "port": h.server.port, "token": h.token, "roots": bench.stack.roots(h.server)}
    rooms = [chance.choice(list(h.heads)) for _ in range(ASKED)]
    asks = [{"room": r, "epoch": h.heads[r]["epoch"], "seq": h.heads[r]["seq"] - MISSED, "events": MISSED} for r in rooms]
    yield f"enter, {MISSED} events replayed", bench.stack.generator("enter", rooms=asks, **where)

    def read(what: str, hits: str, least: int, paths: list[str]) -> tuple[str, dict[str, Any]]:
        return what, bench.stack.generator("read", paths=paths, hits=hits, least=least, **where)

    pages = [f"/api/v1/rooms/{r}/messages?limit=50" for r in rooms]
    yield read("first page, 50 messages", "messages", 50, pages)
    back = [f"{path}&before={chance.randint(100, h.heads[room]['seq'])}" for path, room in zip(pages, rooms, strict=True)]
    yield read("page back, 50 messages", "messages", 50, back)
    yield read("unread count of a room", "", 0, [f"/api/v1/rooms/{seed.room_id(7 * chance.randrange(98) + 2)}" for _ in range(ASKED)])
    yield read("room list, 100 of 500 rooms", "rooms", 100, ["/api/v1/rooms?limit=100"] * ASKED)
    rare, here, common = ([chance.choice(some) for _ in range(ASKED)] for some in (seed_history.RARE, seed_history.RARE_HERE, COMMON))
    largest = seed.room_id(seed_history.LARGEST)
    yield read("search: a rare word, 500 rooms", "hits", 8, [f"/api/v1/search?q={w}" for w in rare])
    yield read("search: a rare word, one room", "hits", 8, [f"/api/v1/search?q={w}&room={largest}" for w in here])
    words = [w.replace("é", "e") for w in common]
    yield read(SEARCHES[0], "hits", 20, [f"/api/v1/search?q={w}" for w in words])
    yield read(SEARCHES[1], "hits", 20, [f"/api/v1/search?q={w}&room={largest}" for w in words])


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _tell(bench: Bench, small: History, large: History) -> None:
    rows = []
    for what in large.runs:
        figures = [statistics.median(percentile(r["times"], share) for r in h.runs[what]) for h in (small, large) for share in (0.5, 0.95)]
        cpu = [1000 * sum(r["cpu"][k] for r in large.runs[what]) / sum(len(r["times"]) for r in large.runs[what]) for k in ("server", "postgres")]
        rows.append([what, *map(short, figures), *map(short, cpu)])
    bench.report.table(
        f"History: {SIZES['large']:,} events against {SIZES['small']:,}",
        ["", "p50 ms, 10 thousand", "p95", "p50 ms, 10 million", "p95", "server CPU ms", "PostgreSQL CPU ms"],
        rows,
        f"{ASKED} requests of a kind a round, one after the other, over HTTP and a socket of a person in 500 rooms. Rows lie in the order of time; all fits into the machine's memory, "
        "not into PostgreSQL's buffers. CPU is that of one request at 10 million.",
    )
    for what in large.runs:
        values = [percentile(b["times"], 0.95) / percentile(a["times"], 0.95) for a, b in zip(small.runs[what], large.runs[what], strict=True)]
        if what == SEARCHES[0]:
            bench.report.claim("history, 10 million events", what, [percentile(r["times"], 0.95) for r in large.runs[what]], at_most=200, unit="ms", note="p95")
        bench.report.claim("history, 10 million events", what, values, at_most=None if what == SEARCHES[0] else 1.5, note="p95, against 10 thousand")
