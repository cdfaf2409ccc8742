"""Clients that come back as the protocol asks: after a jittered pause, no sooner than a 503 tells them, with longer pauses each time."""

from __future__ import annotations

import heapq
import http.client
import json
import random
import re
import select
import threading
import time
from dataclasses import dataclass
from typing import Any

from . import figures
from .sockets import MARK, Client, Consult, frame
from .swarm import spread

BASE_S, CAP_S = 0.5, 30.0  # as in frontend/src/socket.ts
PATIENCE_S = 180.0
RETRY_AFTER = re.compile(rb"(?i)\r\nretry-after: *(\d+)")
OPEN_NOW = re.compile(r"^consult_handshakes (\S+)", re.MULTILINE)


@dataclass
class One:
    """One client: which attempt it is at, and what it has received."""

    ticket: str
    attempt: int = 0
    client: Client | None = None
    greeted: bool = False  # its upgrade was answered with 101
    answered: bool = False  # its hello was
    had: int = 0


class Gauge(threading.Thread):
    """Asks the server's own figure again and again: how many handshakes it works on."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(daemon=True)
        self.line = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        self.ended = threading.Event()
        self.seen: list[float] = []

    def run(self) -> None:
        while not self.ended.wait(0.25):
            self.line.request("GET", "/metrics")
            found = OPEN_NOW.search(self.line.getresponse().read().decode())
            if found:
                self.seen.append(float(found[1]))


class Returning:
    def __init__(self, adapter: Consult, n: int, room: str, after: dict[str, Any], events: int) -> None:
        self.adapter, self.room, self.after, self.events = adapter, room, after, events
        self.poll = select.epoll()
        self.by_fd: dict[int, One] = {}
        self.began = time.perf_counter()
        self.random = random.Random(3)
        self.due = [(self.began + self.random.random() * BASE_S, i, One(ticket)) for i, ticket in enumerate(adapter.tickets)]
        heapq.heapify(self.due)
        self.order = n
        self.done: list[float] = []
        self.turned_away = self.lost = self.shaking = self.most = 0

    def run(self, n: int) -> None:
        while len(self.done) + self.lost < n and time.perf_counter() - self.began < PATIENCE_S:
            while self.due and self.due[0][0] <= time.perf_counter():
                self._connect(heapq.heappop(self.due)[2])
            wait = self.due[0][0] - time.perf_counter() if self.due else 0.1
            for fd, _ in self.poll.poll(max(0.0, min(0.1, wait)), 256):
                self._hear(fd, self.by_fd[fd])
        self.poll.close()

    def _connect(self, one: One) -> None:
        one.client = Client(self.adapter.connect())
        one.client.sock.sendall(self.adapter.upgrade(0))
        one.client.sock.setblocking(False)
        fd = one.client.sock.fileno()
        self.by_fd[fd] = one
        self.poll.register(fd, select.EPOLLIN)

    def _hear(self, fd: int, one: One) -> None:
        assert one.client
        data = one.client.sock.recv(1 << 18)
        if not data:
            self.lost += 1
            self.shaking -= one.greeted and not one.answered
            return self._let_go(fd)
        chunk = bytes(one.client.data) + data
        if not one.greeted:
            one.client.data[:] = chunk
            if b"\r\n\r\n" in chunk:
                self._greet(fd, one, chunk)
            return None
        if not one.answered and b'"type":"ok","ref":1,' in chunk:
            one.answered = True
            self.shaking -= 1
        one.had += chunk.count(MARK) - bytes(one.client.data).count(MARK)
        keep = 20 if not one.answered else 2
        one.client.data[:] = chunk[-keep:]
        if one.had >= self.events:
            self.poll.unregister(fd)
            self.done.append(time.perf_counter() - self.began)

    def _greet(self, fd: int, one: One, head: bytes) -> None:
        assert one.client
        if head.startswith(b"HTTP/1.1 503"):
            self.turned_away += 1
            told = RETRY_AFTER.search(head)
            one.attempt += 1
            pause = float(told[1] if told else 0) + self.random.random() * min(CAP_S, BASE_S * 2**one.attempt)
            self.order += 1
            heapq.heappush(self.due, (time.perf_counter() + pause, self.order, one))
            return self._let_go(fd)
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head[:200].decode(errors="replace"))
        one.greeted = True
        self.shaking += 1
        self.most = max(self.most, self.shaking)
        resume = [{"room": self.room, "after": self.after}]
        hello = {"type": "hello", "ref": 1, "protocols": [1], "ticket": one.ticket, "client": "bench/1", "resume": resume}
        one.client.sock.send(frame(json.dumps(hello).encode()))
        one.client.data.clear()

    def _let_go(self, fd: int) -> None:
        self.poll.unregister(fd)
        one = self.by_fd.pop(fd)
        assert one.client
        one.client.sock.close()


def back(*, host: str, port: int, tokens: list[str], n: int, room: str, epoch: str, seq: int, events: int, roots: dict[str, list[int]]) -> dict[str, Any]:
    """n clients, cut at once, come back; each is done when it has had all its events."""
    adapter = Consult(host=host, port=port, rooms=[room], tokens=tokens)
    adapter.prepare(n)
    used = {k: figures.cpu(v) for k, v in roots.items()}
    gauge = Gauge(host, port)
    gauge.start()
    all = Returning(adapter, n, room, {"epoch": epoch, "seq": seq}, events)
    all.run(n)
    gauge.ended.set()
    gauge.join(10)
    answer = {
        "seconds": max(all.done, default=0.0),
        "missing": n - len(all.done) + sum(one.had > events for one in all.by_fd.values()),
        "turned_away": all.turned_away,
        "most": all.most,
        "gauge": max(gauge.seen, default=float("nan")),
        "asked": len(gauge.seen),
        "times": spread(all.done),
        "cpu": {k: figures.cpu(v) - used[k] for k, v in roots.items()},
    }
    for one in all.by_fd.values():
        assert one.client
        one.client.sock.close()
    return answer
