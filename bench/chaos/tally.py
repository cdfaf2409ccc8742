"""What the clients of one run counted: answers and how long they took, refusals, closes, statuses, handshakes open at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

# A client that follows the protocol may hear these without any fault of the server's: rights changed, a message changed meanwhile.
EXPECTED = {
    "room.not_found",
    "room.not_member",
    "message.changed",
    "message.retracted",
    "message.not_found",
    "account.suspended",
    "account.not_signed_in",
    "ticket.unknown",
}


@dataclass
class Tally:
    acks: list[tuple[float, float]] = field(default_factory=list)  # when it was sent, seconds until ok
    refusals: Counter[str] = field(default_factory=Counter)
    unclear: Counter[str] = field(default_factory=Counter)  # what nobody should hear
    closes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    handshakes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    silent: int = 0
    unanswered: int = 0
    told_to_reconnect: int = 0
    open_now: int = 0
    open_peak: int = 0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def keep(self, task: asyncio.Task[Any]) -> None:
        """The loop holds tasks weakly."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def answered(self, asked: dict[str, Any]) -> None:
        if asked.get("type") == "message.post" and not asked.get("_fat"):
            self.acks.append((asked["_sent"], time.monotonic() - asked["_sent"]))

    def refused(self, frame: dict[str, Any]) -> None:
        self.refusals[frame["code"]] += 1
        if not frame["temporary"] and frame["code"] not in EXPECTED:
            self.unclear[f"refused {frame['code']}"] += 1

    def closed(self, code: int) -> None:
        self.closes[str(code)] += 1
        if code in (1011, 4400, 4413, 4426):
            self.unclear[f"closed {code}"] += 1

    def status(self, answer: httpx.Response) -> None:
        """nginx speaks for a dead node with 502 and 504; a 5xx of the application itself is a clear 503 or a fault."""
        self.statuses[str(answer.status_code)] += 1
        ours = answer.headers.get("content-type", "").startswith("application/json")
        if answer.status_code == 500 or (answer.status_code == 503 and ours and answer.json().get("temporary") is not True):
            self.unclear[f"HTTP {answer.status_code} {answer.request.method} {answer.request.url.path.split('/')[-1]}"] += 1

    def handshake(self, status: int) -> None:
        self.handshakes[str(status)] += 1

    def knocking(self, by: int) -> None:
        self.open_now += by
        self.open_peak = max(self.open_peak, self.open_now)

    def as_json(self) -> dict[str, Any]:
        counted = {name: dict(getattr(self, name)) for name in ("refusals", "unclear", "closes", "statuses", "handshakes", "modes")}
        return {**counted, "acks": self.acks, "silent": self.silent, "unanswered": self.unanswered, "told_to_reconnect": self.told_to_reconnect, "open_peak": self.open_peak}
