"""Clients that come back, all at once, with events they missed; and the bare insert that an acknowledgement is compared with."""

from __future__ import annotations

import json
import select
import time
from typing import Any

from . import figures
from .sockets import MARK, Client, Consult, body, frame
from .swarm import Swarm, spread


def insert(*, url: str, rate: float, seconds: float) -> dict[str, Any]:
    """Single-row inserts, each its own commit, at an even pace."""
    import psycopg

    times = []
    with psycopg.connect(url, autocommit=True) as line:
        for _ in range(int(rate * seconds)):
            began = time.perf_counter()
            line.execute("INSERT INTO bench_bare (body) VALUES (%s)", (body(0),), prepare=True)
            times.append(time.perf_counter() - began)
            time.sleep(max(0.0, 1 / rate - times[-1]))
    return {"latency": spread(times)}


def fill(swarm: Swarm, *, room: str, posts: int) -> dict[str, Any]:
    """Where a room's log stands, and then as many posts more."""
    client = swarm.clients[0]
    client.sock.setblocking(True)
    client.data.clear()
    client.sock.sendall(frame(json.dumps({"type": "room.enter", "ref": 7, "room": room, "after": None}).encode()))
    head = json.loads(client.until(b'"ref":7,'))["head"]
    client.sock.sendall(frame(json.dumps({"type": "room.leave", "ref": 8, "room": room}).encode()))
    client.until(b'"ref":8')
    client.room = room
    for _ in range(posts):
        client.sock.sendall(swarm.adapter.post(client, swarm.serial, body(swarm.serial)))
        client.until(b'"ref":%d,' % (swarm.serial + 1000))
        swarm.serial += 1
    client.sock.setblocking(False)
    return dict(head)


def back(*, host: str, port: int, tokens: list[str], n: int, room: str, epoch: str, seq: int, events: int, roots: dict[str, list[int]]) -> dict[str, Any]:
    """n clients connect at once, say hello with `resume`, and are done when each has had all its events."""
    adapter = Consult(host=host, port=port, rooms=[room], tokens=tokens)
    adapter.prepare(n)
    poll = select.epoll()
    clients: dict[int, Client] = {}
    had: dict[int, int] = {}
    greeted: set[int] = set()
    done: list[float] = []
    used = {k: figures.cpu(v) for k, v in roots.items()}
    began = time.perf_counter()
    for i in range(n):
        client = Client(adapter.connect())
        client.sock.sendall(adapter.upgrade(i))
        client.sock.setblocking(False)
        fd = client.sock.fileno()
        clients[fd], had[fd] = client, 0
        poll.register(fd, select.EPOLLIN)
    order = {fd: i for i, fd in enumerate(clients)}
    while len(done) < n and time.perf_counter() - began < 120:
        for fd, _ in poll.poll(0.1, 256):
            client = clients[fd]
            data = client.sock.recv(1 << 18)
            if not data:
                poll.unregister(fd)
                continue
            if fd not in greeted:
                client.data += data
                if b"\r\n\r\n" not in client.data:
                    continue
                if not client.data.startswith(b"HTTP/1.1 101"):
                    raise ConnectionError(bytes(client.data[:200]).decode(errors="replace"))
                greeted.add(fd)
                hello = {
                    "type": "hello",
                    "ref": 1,
                    "protocols": [1],
                    "ticket": adapter.tickets[order[fd]],
                    "client": "bench/1",
                    "resume": [{"room": room, "after": {"epoch": epoch, "seq": seq}}],
                }
                client.sock.send(frame(json.dumps(hello).encode()))
                client.data.clear()
                continue
            chunk = bytes(client.data) + data
            had[fd] += chunk.count(MARK)
            client.data[:] = chunk[-2:] if chunk[-1:] == b"^" and chunk[-3:] != MARK else b""
            if had[fd] >= events:
                poll.unregister(fd)
                done.append(time.perf_counter() - began)
    took = max(done, default=0.0)
    answer = {
        "seconds": took,
        "missing": n - len(done) + sum(h > events for h in had.values()),
        "cpu": {k: figures.cpu(v) - used[k] for k, v in roots.items()},
        "times": spread(done),
    }
    poll.close()
    for client in clients.values():
        client.sock.close()
    return answer
