"""Delivering what one person writes to everyone: one room, many rooms, the time to the last reader, two processes."""

from __future__ import annotations

import statistics

from .. import seed
from ..contest import DELIVERY_HEAD, ONE_FRAME, Bench, Contestant, cost, delivery_rows, median, ratios
from ..report import short

ENVELOPE = 485  # bytes that an event's frame has more than the text that Node ws passes on: who wrote it, where, when, which


def fanout(bench: Bench) -> None:
    """One room, N readers: one frame a message, and batching under backlog."""
    one = Contestant("Consult, one frame a message", "consult", 64, ONE_FRAME)
    many = Contestant("Consult, batching", "consult", 256)
    ws, batching, socketio = Contestant("Node ws", "ws", 64), Contestant("Node ws, batching", "ws-batching", 256), Contestant("socket.io", "socketio", 64)
    daphne, uvicorn = Contestant("tutorial on Daphne", "tutorial-daphne", 4), Contestant("tutorial on uvicorn", "tutorial-uvicorn", 4)
    wide = Contestant("Node ws, batching, frames as large as Consult's", "ws-batching", 256)
    everyone = [one, ws, socketio, daphne, uvicorn, many, batching, wide]
    for n in (200, 1000):
        for c in (daphne, uvicorn):
            c.window = 4 if n == 200 else 1
        for c in everyone:
            options = {"envelope": ENVELOPE} if c is wide else {}
            bench.open(c, n, rooms=[seed.room_id(1 if c is many else 0)], **options)  # two servers of one database: each has its room
        bench.settle(*everyone, seconds=4)
        found = bench.rounds(everyone, bench.flood)
        bench.report.table(f"Fan-out: one room, {n} readers", DELIVERY_HEAD, delivery_rows(found), "Consult stores and acknowledges every post; the others store nothing.")
        row = f"fan-out, N={n}"
        frames = median(found[one.name], lambda r: r["a_frame"])
        note = "" if frames < 1.05 else f"but {frames:.1f} messages shared a frame"
        bench.report.claim(row, "one frame a message, against Node ws", ratios(found, one.name, ws.name), at_least=1.0, note=note)
        bench.report.claim(row, "one frame a message, against socket.io", ratios(found, one.name, socketio.name), at_least=1.1, note=note)
        bench.report.claim(row, "one frame a message, against the tutorial on Daphne", ratios(found, one.name, daphne.name), at_least=20, note=note)
        bench.report.claim(row, "server CPU a delivery, of Node ws's", ratios(found, one.name, ws.name, cost), note="one frame a message")
        bench.report.claim(row, "batching, against plain Node ws", ratios(found, many.name, ws.name), at_least=3.0)
        bench.report.claim(row, "batching, against a Node ws that batches", ratios(found, many.name, batching.name), at_least=0.5)
        bench.report.claim(row, "batching, against a Node ws that batches frames as large", ratios(found, many.name, wide.name))
        bench.report.claim(row, "server CPU a delivery, of a batching Node ws's", ratios(found, many.name, batching.name, cost))
        bench.shut(*everyone)
    bench.down(*everyone)


def spread_rooms(bench: Bench) -> None:
    """1,000 sockets over 200 rooms, five readers each; batching under backlog, so with eight posts under way in each room."""
    ours, ws = Contestant("Consult, batching", "consult", 1600), Contestant("Node ws", "ws", 1600)
    rooms = [seed.room_id(k) for k in range(1, seed.ROOMS + 1)]
    for c in (ours, ws):
        bench.open(c, 1000, rooms=rooms, writers=200, fan=5)
    bench.settle(ours, ws, seconds=4)
    found = bench.rounds([ours, ws], bench.flood)
    bench.report.table("1,000 sockets over 200 rooms", DELIVERY_HEAD, delivery_rows(found))
    bench.report.claim("1,000 sockets, 200 rooms", "against Node ws", ratios(found, ours.name, ws.name), at_least=1.0)
    bench.shut(ours, ws)
    bench.down(ours, ws)


def latency(bench: Bench) -> None:
    """Send to last reader at half of Node ws's saturation, 200 readers."""
    ours, ws = Contestant("Consult", "consult"), Contestant("Node ws", "ws")
    for c in (ours, ws):
        bench.open(c, 200, rooms=[seed.room_id(0)])
    bench.settle(ours, ws, seconds=4)
    top = statistics.median(bench.flood(ws)["posts"] for _ in range(3))
    rate = top / 2
    found = bench.rounds([ours, ws], lambda c: bench.stack.generator("pace", name=c.name, rate=rate, seconds=max(2.0, bench.seconds), roots=bench.stack.roots(c.server)))
    for name, runs in found.items():
        if lost := sum(r["sent"] - r["reached"] for r in runs):
            bench.report.faults.append(f"latency, {name}: {lost} posts did not reach everyone")
    rows = [
        [
            name,
            short(median(r, lambda x: x["latency"]["p50"])),
            short(median(r, lambda x: x["latency"]["p99"])),
            short(median(r, lambda x: x["latency"]["max"])),
            short(median(r, lambda x: x["cpu"]["server"])),
        ]
        for name, r in found.items()
    ]
    bench.report.table(
        f"Latency, send to last of 200 readers, ms, at {rate:.0f} posts a second (half of Node ws's most)",
        ["", "p50", "p99", "most", "server CPU s"],
        rows,
        "Consult's includes the commit, which Node ws does not make.",
    )
    for which in ("p50", "p99"):
        bench.report.claim(
            "latency, N=200", f"{which}, of Node ws's", ratios(found, ours.name, ws.name, lambda r, which=which: r["latency"][which]), at_most=1.0 if which == "p99" else None
        )  # type: ignore[misc]
    bench.shut(ours, ws)
    bench.down(ours, ws)
