"""What every row is made of: the contestants, the bench that opens and drives them in alternating rounds, and the figures of a round.

What the machine does meanwhile falls on all contestants alike; a ratio is taken within a round, and the median over the rounds is what counts.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .report import Report, short
from .stack import HOST, Server, Stack

WARM = 0.3
ADAPTER = {
    "consult": "consult",
    "consult-two": "consult",
    "consult-nodes": "consult",
    "tutorial-daphne": "tutorial",
    "tutorial-uvicorn": "tutorial",
    "ws": "ws",
    "ws-batching": "ws",
    "socketio": "socketio",
    "ejabberd": "xmpp",
}
# Posts under way at once. The tutorial takes a second for a few dozen: more would only wait.
WINDOW = {"tutorial": 4}
ONE_FRAME = {"BATCH_FRAMES": "1"}  # a setting of Consult: frames that may share one WebSocket message


@dataclass
class Contestant:
    name: str  # as the tables say it
    kind: str  # as stack.COMMANDS knows it
    window: int = 64
    env: dict[str, str] = field(default_factory=dict)
    server: Server | None = None


@dataclass
class Bench:
    stack: Stack
    report: Report
    runs: int
    seconds: float
    full: bool = False
    keep: bool = False  # what is large to make is left for the next run

    def up(self, contestant: Contestant, **changes: Any) -> Server:
        if contestant.server is None:
            contestant.server = self.stack.start(contestant.kind, **contestant.env, **changes)
            if contestant.kind.startswith("consult"):
                self.stack.sign_in(contestant.server)
        return contestant.server

    def open(self, contestant: Contestant, n: int, *, rooms: list[str], writers: int = 8, fan: int | None = None, **options: Any) -> float:
        server = self.up(contestant)
        adapter = ADAPTER[contestant.kind]
        if adapter == "consult":
            options["tokens"] = self.stack.tokens
        else:
            # Servers that share a Redis hear each other's rooms, and would deliver what another of the same kind is driven with.
            rooms = [f"{re.sub('[^a-z0-9]+', '-', contestant.name.lower())}-{i}" for i in range(len(rooms))]
        took = self.stack.generator("open", name=contestant.name, adapter=adapter, n=n, host=HOST, port=server.port, rooms=rooms, writers=writers, fan=fan, **options)
        return float(took["seconds"])

    def shut(self, *contestants: Contestant) -> None:
        for c in contestants:
            self.stack.generator("close", name=c.name)

    def down(self, *contestants: Contestant) -> None:
        for c in contestants:
            if c.server is not None:
                self.stack.stop(c.server)
                c.server = None

    def settle(self, *contestants: Contestant, seconds: float = 2.5) -> None:
        """What follows opening (presence, above all) is read and over before anything is measured."""
        for c in contestants:
            self.stack.generator("quiet", name=c.name, seconds=seconds / len(contestants))

    def flood(self, c: Contestant, *, window: int | None = None, seconds: float | None = None) -> dict[str, Any]:
        assert c.server
        window = window or c.window
        result = self.stack.generator("flood", name=c.name, seconds=seconds or self.seconds, window=window, warm=WARM, roots=self.stack.roots(c.server))
        for what in ("missing", "refused", "faults"):
            if result[what]:
                self.report.faults.append(f"{c.name}: {what} {result[what]}")
        if ADAPTER[c.kind] == "consult" and result["acks"] != result["sent"]:
            self.report.faults.append(f"{c.name}: {result['sent'] - result['acks']} posts not acknowledged")
        return result

    def rounds(self, contestants: list[Contestant], one: Callable[[Contestant], dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {c.name: [] for c in contestants}
        for i in range(self.runs):
            for c in contestants if i % 2 == 0 else reversed(contestants):
                found[c.name].append(one(c))
        return found


def median(runs: list[dict[str, Any]], key: Callable[[dict[str, Any]], float]) -> float:
    return statistics.median(key(r) for r in runs)


def ratios(found: dict[str, list[dict[str, Any]]], ours: str, theirs: str, key: Callable[[dict[str, Any]], float] = lambda r: float(r["rate"])) -> list[float]:
    return [key(a) / key(b) if key(b) else math.nan for a, b in zip(found[ours], found[theirs], strict=True)]


def cost(r: dict[str, Any]) -> float:
    """Microseconds of server CPU a delivery."""
    return 1e6 * float(r["cpu"]["server"]) / max(1, r["deliveries"])


def delivery_rows(found: dict[str, list[dict[str, Any]]]) -> list[list[str]]:
    rows = []
    for name, runs in found.items():
        rates = [r["rate"] for r in runs]
        share = {k: median(runs, lambda r, k=k: r["cpu"][k] / r["seconds"]) for k in runs[0]["cpu"]}  # type: ignore[misc]
        rows.append(
            [
                name,
                short(statistics.median(rates)),
                f"{short(min(rates))} to {short(max(rates))}",
                short(median(runs, lambda r: r["posts"])),
                short(median(runs, cost)),
                *[f"{share[k]:.2f}" for k in ("server", "postgres", "redis", "generator")],
                short(median(runs, lambda r: r["a_frame"])),
                short(median(runs, lambda r: r["bytes"])),
            ]
        )
    return rows


DELIVERY_HEAD = ["server", "deliveries/s", "range", "posts/s", "server µs a delivery", "CPU s/s: server", "PostgreSQL", "Redis", "generator", "messages a frame", "bytes a message"]
