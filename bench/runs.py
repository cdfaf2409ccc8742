"""The table of rows: which run in `make bench`, and which in the full run alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from .contest import Bench
from .rows import away, cases, fanout, history, identifiers, idle, images, limits, nodes, push, stored


def timed(name: str, row: Callable[[Bench], None], bench: Bench) -> None:
    began = time.monotonic()
    print(f"\n=== {name}", flush=True)
    row(bench)
    print(f"=== {name}: {time.monotonic() - began:.0f} s", flush=True)


QUICK: dict[str, Callable[[Bench], None]] = {
    "ceiling": limits.ceiling,
    "fanout": fanout.fanout,
    "rooms": fanout.spread_rooms,
    "latency": fanout.latency,
    "stored": stored.stored,
    "ack": stored.ack,
    "memory": idle.memory,
    "reconnect": away.reconnect,
    "admission": away.reconnect_by_rule,
    "sweep": idle.sweep,
    "push": push.push,
    "images": images.images,
    "identifiers": identifiers.identifiers,
}
FULL: dict[str, Callable[[Bench], None]] = {**QUICK, "nodes": nodes.nodes, "archived": stored.archived, "history": history.history, "cases": cases.cases}
