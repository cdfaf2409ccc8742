"""Driving open sockets: floods that keep a window full, posts at a pace, stored posts; and what a sample saw, checked afterwards."""

from __future__ import annotations

import json
import os
import select
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

from . import figures
from .sockets import MARK, REF, SERIAL, Adapter, Client, body, frames

SIZE = 1 << 18
SAMPLE = 2  # sockets whose messages are kept and checked
DRAIN_S = 20.0
KNOWN = 64  # chunks remembered, one a length


class Swarm:
    """The sockets of one contestant. Each post is delivered to `fan` of them."""

    def __init__(self, adapter: Adapter, clients: list[Client], *, writers: int, fan: int) -> None:
        self.adapter, self.clients, self.fan = adapter, clients, fan
        self.writers = clients[:writers]
        self.serial = 0
        self.poll = select.epoll()
        self.by_fd = {c.sock.fileno(): c for c in clients}
        for client in clients:
            client.sock.setblocking(False)
            self.poll.register(client.sock.fileno(), select.EPOLLIN)
        self.buffer = bytearray(SIZE + 2)
        self.view = memoryview(self.buffer)
        self.forget()

    def close(self) -> None:
        self.poll.close()
        for client in self.clients:
            client.sock.close()

    def drain(self, seconds: float = 0.0) -> None:
        """Reads whatever came of its own accord (presence, heads)."""
        deadline = time.monotonic() + seconds
        while True:
            ready = self.poll.poll(max(0.0, deadline - time.monotonic()), 4096)
            for fd, _ in ready:
                if not self.by_fd[fd].sock.recv_into(self.view):
                    raise ConnectionError("the server closed a socket")
            if not ready and time.monotonic() >= deadline:
                return

    def forget(self) -> None:
        self.known: dict[int, tuple[bytes, Any]] = {}

    def understood(self, n: int, read: Callable[[int], Any]) -> Any:
        """What `read` makes of the first n bytes in the buffer. Hundreds of readers are sent the same bytes: who was sent what another was
        has them compared, all of them, and not searched anew, which took longer than receiving them."""
        known = self.known.get(n)
        if known is not None and self.buffer.startswith(known[0]):
            return known[1]
        found = read(n)
        if len(self.known) >= KNOWN:
            self.known.clear()
        self.known[n] = (bytes(self.view[:n]), found)
        return found

    # --- floods -------------------------------------------------------------------

    def flood(self, *, seconds: float, window: int, warm: float, roots: dict[str, list[int]]) -> dict[str, Any]:
        """As many deliveries as the server makes while `window` posts are under way; then waits for every one of them."""
        self.drain()
        fan, writers, post, make = self.fan, self.writers, self.adapter.post, body
        socks = {fd: c.sock for fd, c in self.by_fd.items()}
        kept: dict[int, list[bytes]] = {c.sock.fileno(): [] for c in self.clients[-SAMPLE:]}
        ackers = {c.sock.fileno(): b"" for c in writers} if self.adapter.ack else {}
        ack, buffer, view, poll, tails = self.adapter.ack, self.buffer, self.view, self.poll.poll, {}
        understood, marks = self.understood, lambda n: buffer.count(MARK, 0, n)
        self.forget()
        first = self.serial
        sent = got = acks = received = 0
        refused = 0
        began = time.perf_counter()
        start, end, mark = began + warm, began + warm + seconds, None
        last = None
        limit = window * fan
        while True:
            now = time.perf_counter()
            if mark is None and now >= start:
                mark = (now, got, received, {k: figures.cpu(v) for k, v in roots.items()}, sent)
            if mark is not None and last is None and now >= end:
                last = (now, got, received, {k: figures.cpu(v) for k, v in roots.items()}, sent)
            if last is not None and ((got >= sent * fan and (not ack or acks >= sent)) or now > end + DRAIN_S):
                break
            if last is None:
                while sent * fan - got < limit:
                    client = writers[sent % len(writers)]
                    text = post(client, self.serial, make(self.serial))
                    try:
                        if client.sock.send(text) != len(text):
                            raise ConnectionError("a post was taken in part: the window is too large")
                    except BlockingIOError:
                        break
                    sent += 1
                    self.serial += 1
            for fd, _ in poll(0.05, 512):
                tail = tails.pop(fd, 0) if tails else 0
                if tail:
                    buffer[:tail] = MARK[:tail]
                try:
                    n = socks[fd].recv_into(view[tail:])
                except BlockingIOError:
                    continue
                if not n:
                    raise ConnectionError("the server closed a socket")
                received += n
                n += tail
                got += understood(n, marks)
                if buffer[n - 1] == 94 and buffer[n - 3 : n] != MARK:
                    tails[fd] = 2 if buffer[n - 2] == 94 else 1
                if fd in kept:
                    kept[fd].append(bytes(view[tail:n]))
                if fd in ackers:
                    chunk = ackers[fd] + view[tail:n]
                    acks += chunk.count(ack)
                    refused += chunk.count(b'"type":"refused"')
                    ackers[fd] = chunk[-(len(ack) - 1) :]
        # The last mark may be here and the end of its frame still on the way: a proxy cuts where it likes.
        time.sleep(0.05)
        for fd, chunks in kept.items():
            with suppress(BlockingIOError):
                while n := socks[fd].recv_into(view):
                    chunks.append(bytes(view[:n]))
        assert mark is not None
        span = last[0] - mark[0]
        deliveries = last[1] - mark[1]
        return {
            "deliveries": deliveries,
            "seconds": span,
            "rate": deliveries / span,
            "posts": (last[4] - mark[4]) / span,
            "bytes": (last[2] - mark[2]) / max(1, deliveries),
            "cpu": {k: last[3][k] - mark[3][k] for k in roots},
            "sent": sent,
            "missing": sent * fan - got,
            "acks": acks,
            "refused": refused,
            **self._check([b"".join(chunks) for chunks in kept.values()], first, self.serial),
        }

    def _check(self, streams: list[bytes], first: int, end: int) -> dict[str, Any]:
        """What the sample received: each message of its room once, in the order of its log; and how many went into one frame."""
        messages = whole = faults = 0
        streams = streams if self.adapter.checked else []
        for stream in streams:
            serials: list[int] = []
            seqs: list[int] = []
            for opcode, payload in frames(stream) if self.adapter.framed else [(1, stream)]:
                found = SERIAL.findall(payload)
                if opcode != 1 or not found:
                    continue
                whole += 1
                serials += map(int, found)
                if self.adapter.ack:
                    made = json.loads(payload)
                    seqs += [f["seq"] for f in (made if isinstance(made, list) else [made]) if f["type"] == "event"]
            messages += len(serials)
            faults += len(serials) - len(set(serials))
            faults += sum(b != a + 1 for a, b in pairwise(seqs))
            if self.fan == len(self.clients):
                faults += len(set(range(first, end)) - set(serials))
        return {"faults": faults, "a_frame": messages / max(1, whole) if self.adapter.framed else 1.0}

    # --- posts at a pace ------------------------------------------------------------

    def pace(self, *, rate: float, seconds: float, roots: dict[str, list[int]]) -> dict[str, Any]:
        """Posts at an even pace; milliseconds from each send to its last reader, and to its acknowledgement."""
        self.drain()
        total, fan = int(rate * seconds), self.fan
        first = self.serial
        at = [0.0] * total
        counts: Counter[int] = Counter()
        reach: list[float] = []
        acked: list[float] = []
        tails: dict[int, bytes] = {}
        writers = {c.sock.fileno() for c in self.writers}
        sent = 0
        buffer, view = self.buffer, self.view
        serials = lambda n: ([int(found) - first for found in SERIAL.findall(view[:n])], _cut(buffer, n))  # noqa: E731
        self.forget()
        used = {k: figures.cpu(v) for k, v in roots.items()}
        began = time.perf_counter() + 0.05
        end = began + seconds + DRAIN_S
        while (len(reach) < total or (self.adapter.ack and len(acked) < total)) and (now := time.perf_counter()) < end:
            while sent < total and now >= began + sent / rate:
                client = self.writers[sent % len(self.writers)]
                text = self.adapter.post(client, self.serial, body(self.serial))
                at[sent] = time.perf_counter()
                client.sock.send(text)
                sent += 1
                self.serial += 1
            pause = began + sent / rate - time.perf_counter() if sent < total else 0.05
            for fd, _ in self.poll.poll(max(0.0, min(0.05, pause)), 512):
                tail = tails.pop(fd, b"")
                if tail:
                    buffer[: len(tail)] = tail
                n = self.by_fd[fd].sock.recv_into(view[len(tail) :])
                now = time.perf_counter()
                if not n:
                    raise ConnectionError("the server closed a socket")
                n += len(tail)
                found, cut = self.understood(n, serials)
                for i in found:
                    counts[i] += 1
                    if counts[i] == fan:
                        reach.append(now - at[i])
                if cut < n:
                    tails[fd] = bytes(view[cut:n])
                if self.adapter.ack and fd in writers:
                    for ref in REF.findall(view[:n]):
                        if 0 <= (i := int(ref) - 1000 - first) < total:
                            acked.append(now - at[i])
        return {
            "sent": sent,
            "reached": len(reach),
            "latency": spread(reach),
            "ack": spread(acked),
            "cpu": {k: figures.cpu(v) - used[k] for k, v in roots.items()},
        }

    # --- stored posts ------------------------------------------------------------------

    def store(self, *, seconds: float, depth: int, warm: float, roots: dict[str, list[int]]) -> dict[str, Any]:
        """Each socket keeps `depth` posts unanswered; acknowledgements a second, and how long each took."""
        self.drain()
        socks, by_fd = {fd: c.sock for fd, c in self.by_fd.items()}, self.by_fd
        first = self.serial
        at: dict[int, float] = {}
        tails: dict[int, bytes] = {}
        times: list[float] = []
        refused = answered = 0
        began = time.perf_counter()
        start, end = began + warm, began + warm + seconds
        mark = last = None

        def more(client: Client, count: int) -> None:
            now = time.perf_counter()
            made = []
            for _ in range(count):
                made.append(self.adapter.post(client, self.serial, body(self.serial)))
                at[self.serial] = now
                self.serial += 1
            client.sock.sendall(b"".join(made))

        for client in self.clients:
            more(client, depth)
        while True:
            now = time.perf_counter()
            if mark is None and now >= start:
                mark = (now, answered, {k: figures.cpu(v) for k, v in roots.items()})
                times.clear()
            if mark is not None and last is None and now >= end:
                last = (now, answered, {k: figures.cpu(v) for k, v in roots.items()}, list(times))
            if last is not None and (not at or now > end + DRAIN_S):
                break
            for fd, _ in self.poll.poll(0.05, 512):
                n = socks[fd].recv_into(self.view)
                if not n:
                    raise ConnectionError("the server closed a socket")
                chunk = tails.pop(fd, b"") + self.view[:n]
                now = time.perf_counter()
                ends = 0
                for found in REF.finditer(chunk):
                    ends = found.end()
                    if ends == len(chunk):  # the number may go on
                        ends = found.start()
                        break
                    times.append(now - at.pop(int(found[1]) - 1000))
                    answered += 1
                    if last is None:
                        more(by_fd[fd], 1)
                tails[fd] = bytes(chunk[max(ends, len(chunk) - 60) :])
                refused += chunk.count(b'"type":"refused"')
        assert mark is not None
        return {
            "rate": (last[1] - mark[1]) / (last[0] - mark[0]),
            "seconds": last[0] - mark[0],
            "answered": last[1] - mark[1],
            "ack": spread(last[3]),
            "unanswered": len(at),
            "refused": refused,
            "cpu": {k: last[2][k] - mark[2][k] for k in roots},
            "sent": self.serial - first,
        }


def _cut(buffer: bytearray, n: int) -> int:
    """Where a mark begins of which the first n bytes hold the beginning alone; n, if none does."""
    size = len(MARK) + 8
    at = buffer.find(b"^", max(0, n - size + 1), n)
    return n if at < 0 else at


def spread(seconds: list[float]) -> dict[str, float]:
    """p50, p99 and the most, in milliseconds."""
    if not seconds:
        return {"n": 0, "p50": float("nan"), "p99": float("nan"), "max": float("nan")}
    s = sorted(seconds)
    return {"n": len(s), "p50": 1000 * s[len(s) // 2], "p99": 1000 * s[min(len(s) - 1, int(len(s) * 0.99))], "max": 1000 * s[-1]}


def own() -> int:
    return os.getpid()
