"""One signed-in person who reads: pages, lists and searches over HTTP, entering over a socket; milliseconds of each, one after the other."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from typing import Any

from . import figures
from .sockets import Client, Consult, frame


def ask(*, host: str, port: int, token: str, path: str) -> dict[str, Any]:
    """One answer of the API."""
    line = http.client.HTTPConnection(host, port, timeout=120)
    answer = _get(line, token, path)
    line.close()
    return answer


def read(
    *, host: str, port: int, token: str, paths: Sequence[str], roots: dict[str, list[int]], hits: str = "", least: int = 0, bodies: Sequence[Any] | None = None
) -> dict[str, Any]:
    """The time of each of these requests over one connection, with a body each where `bodies` are given. An answer with fewer than
    `least` in its list `hits` counts as short."""
    line = http.client.HTTPConnection(host, port, timeout=120)
    bodies = bodies or [None] * len(paths)
    _get(line, token, paths[0], bodies[0])
    times, short = [], 0
    used = {k: figures.cpu(v) for k, v in roots.items()}
    for path, body in zip(paths, bodies, strict=True):
        began = time.perf_counter()
        answer = _get(line, token, path, body)
        times.append(1000 * (time.perf_counter() - began))
        short += bool(hits) and len(answer[hits]) < least
    line.close()
    return {"times": times, "short": short, "cpu": {k: figures.cpu(v) - used[k] for k, v in roots.items()}}


def _get(line: http.client.HTTPConnection, token: str, path: str, body: Any = None) -> dict[str, Any]:
    if body is None:
        line.request("GET", path, headers={"X-Session-Token": token})
    else:
        line.request("POST", path, json.dumps(body), {"X-Session-Token": token, "Content-Type": "application/json"})
    response = line.getresponse()
    text = response.read()
    if response.status != 200:
        raise ConnectionError(f"{path}: {response.status} {text[:300]!r}")
    answer: dict[str, Any] = json.loads(text)
    return answer


def enter(*, host: str, port: int, token: str, rooms: Sequence[dict[str, Any]], roots: dict[str, list[int]]) -> dict[str, Any]:
    """The time of room.enter, from the command to the last of the events it replays, for each {"room","epoch","seq","events"}."""
    adapter = Consult(host=host, port=port, rooms=[rooms[0]["room"]], tokens=[token], enters=0)
    [client] = adapter.open(1)
    client.sock.setblocking(True)
    times, short = [], 0
    used = {k: figures.cpu(v) for k, v in roots.items()}
    for ref, asked in enumerate(rooms, 100):
        after = {"epoch": asked["epoch"], "seq": asked["seq"]}
        began = time.perf_counter()
        client.sock.sendall(frame(json.dumps({"type": "room.enter", "ref": ref, "room": asked["room"], "after": after}).encode()))
        got = _events(client, ref, asked["events"])
        times.append(1000 * (time.perf_counter() - began))
        short += got < asked["events"]
        client.sock.sendall(frame(json.dumps({"type": "room.leave", "ref": ref + 100_000, "room": asked["room"]}).encode()))
        client.until(b'"ref":%d' % (ref + 100_000))
    client.sock.close()
    return {"times": times, "short": short, "cpu": {k: figures.cpu(v) - used[k] for k, v in roots.items()}}


def _events(client: Client, ref: int, wanted: int) -> int:
    """Reads on until the answer and so many events are there; how many there were."""
    answered, got = False, 0
    while not answered or got < wanted:
        made = json.loads(client.next())
        for each in made if isinstance(made, list) else [made]:
            if each["type"] == "refused":
                raise ConnectionError(str(each))
            answered = answered or (each["type"] == "ok" and each["ref"] == ref)
            got += each["type"] == "event"
            if each["type"] == "ok" and each["ref"] == ref and each["mode"] != "replay":
                return got
    return got
