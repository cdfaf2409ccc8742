"""The rows of the table. Each opens its contestants side by side and alternates between them, so that what the machine does
meanwhile falls on all of them alike; a ratio is taken within a round, and the median over the rounds is what counts."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import pgbench, seed
from .report import Report, short
from .stack import HOST, Server, Stack

WARM = 0.3
ADAPTER = {
    "consult": "consult",
    "consult-two": "consult",
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
            rooms = [f"{contestant.kind}-{i}" for i in range(len(rooms))]  # servers that share a Redis hear each other's rooms
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


# --- rows ------------------------------------------------------------------------


def fanout(bench: Bench) -> None:
    """One room, N readers: one frame a message, and batching under backlog."""
    one = Contestant("Consult, one frame a message", "consult", 64, ONE_FRAME)
    many = Contestant("Consult, batching", "consult", 256)
    ws, batching, socketio = Contestant("Node ws", "ws", 64), Contestant("Node ws, batching", "ws-batching", 256), Contestant("socket.io", "socketio", 64)
    daphne, uvicorn = Contestant("tutorial on Daphne", "tutorial-daphne", 4), Contestant("tutorial on uvicorn", "tutorial-uvicorn", 4)
    everyone = [one, ws, socketio, daphne, uvicorn, many, batching]
    for n in (200, 1000):
        for c in (daphne, uvicorn):
            c.window = 4 if n == 200 else 1
        for c in everyone:
            bench.open(c, n, rooms=[seed.room_id(1 if c is many else 0)])  # two servers of one database: each has its room
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
        bench.report.claim(row, "server CPU a delivery, of a batching Node ws's", ratios(found, many.name, batching.name, cost))
        bench.shut(*everyone)
    bench.down(*everyone)


def spread_rooms(bench: Bench) -> None:
    """1,000 sockets over 200 rooms, five readers each."""
    ours, ws = Contestant("Consult", "consult", 400), Contestant("Node ws", "ws", 400)
    rooms = [seed.room_id(k) for k in range(1, seed.ROOMS + 1)]
    for c in (ours, ws):
        bench.open(c, 1000, rooms=rooms, writers=200, fan=5)
    bench.settle(ours, ws, seconds=4)
    found = bench.rounds([ours, ws], bench.flood)
    bench.report.table("1,000 sockets over 200 rooms", DELIVERY_HEAD, delivery_rows(found))
    bench.report.claim("1,000 sockets, 200 rooms", "against Node ws", ratios(found, ours.name, ws.name), at_least=1.0)
    bench.shut(ours, ws)
    bench.down(ours, ws)


def stored(bench: Bench) -> None:
    """Posts stored and acknowledged: 64 connections, in one hot room and over 64 rooms, against pgbench."""
    fsync = pgbench.fsync(bench.stack)
    bare = pgbench.write("bare", pgbench.BARE)
    for label, rooms, target in (("one hot room", [seed.room_id(0)], 4.0), ("64 rooms", [seed.room_id(k) for k in range(1, 65)], 1.0)):
        script = pgbench.build(bench.stack, len(rooms))
        tried = {c: pgbench.run(bench.stack, script, clients=c, seconds=1) for c in (1, 8, 64)}
        best = max(tried, key=lambda c: tried[c])
        ours = Contestant("Consult", "consult")
        bench.open(ours, 64, rooms=rooms, enters=0)
        bench.settle(ours, seconds=1)
        server = bench.up(ours)
        runs: list[dict[str, Any]] = []
        deep: list[dict[str, Any]] = []
        base: list[float] = []
        for _ in range(bench.runs):
            base.append(pgbench.run(bench.stack, script, clients=best, seconds=5 if bench.full else 1))
            for depth, found in ((1, runs), (8, deep)):
                r = bench.stack.generator("store", name=ours.name, seconds=bench.seconds, depth=depth, warm=WARM, roots=bench.stack.roots(server))
                found.append(r)
                if r["refused"] or r["unanswered"]:
                    bench.report.faults.append(f"stored, {label}: refused {r['refused']}, unanswered {r['unanswered']}")
        rows = [
            [
                f"pgbench, {best} clients (of {', '.join(f'{c}: {short(t)}' for c, t in tried.items())})",
                short(statistics.median(base)),
                f"{short(min(base))} to {short(max(base))}",
                "",
                "",
                "",
                "",
                "",
                "",
            ]
        ]
        for depth, found in ((1, runs), (8, deep)):
            rates = [r["rate"] for r in found]
            rows.append(
                [
                    f"Consult, 64 connections, {depth} unanswered each",
                    short(statistics.median(rates)),
                    f"{short(min(rates))} to {short(max(rates))}",
                    short(median(found, lambda r: 1e6 * r["cpu"]["server"] / r["answered"])),
                    *[f"{median(found, lambda r, k=k: r['cpu'][k] / r['seconds']):.2f}" for k in ("server", "postgres", "generator")],  # type: ignore[misc]
                    short(median(found, lambda r: r["ack"]["p50"])),
                    short(median(found, lambda r: r["ack"]["p99"])),
                ]
            )
        note = f"fdatasync {fsync:.0f} µs; a bare insert a commit, 1 / 8 / 64 clients: {' / '.join(short(pgbench.run(bench.stack, bare, clients=c, seconds=1)) for c in (1, 8, 64))} a second."
        bench.report.table(
            f"Stored and acknowledged posts: {label}",
            ["", "posts/s", "range", "server µs a post", "CPU s/s: server", "PostgreSQL", "generator", "ack p50 ms", "ack p99 ms"],
            rows,
            note,
        )
        bench.report.claim(
            f"stored posts/s, {label}", "against pgbench's best, one unanswered post a connection", [r["rate"] / b for r, b in zip(runs, base, strict=True)], at_least=target
        )
        bench.report.claim(f"stored posts/s, {label}", "against pgbench's best, eight unanswered a connection", [r["rate"] / b for r, b in zip(deep, base, strict=True)])
        bench.shut(ours)
        bench.down(ours)


def ack(bench: Bench) -> None:
    """Acknowledgement of a single post on an idle server, against a bare insert from the same process."""
    ours = Contestant("Consult", "consult")
    bench.open(ours, 1, rooms=[seed.room_id(0)], writers=1)
    bench.settle(ours, seconds=3)
    server = bench.up(ours)
    ours_runs, bare_runs = [], []
    for _ in range(bench.runs):
        bare_runs.append(bench.stack.generator("insert", url=bench.stack.env["DATABASE_URL"], rate=150, seconds=1.5)["latency"])
        ours_runs.append(bench.stack.generator("pace", name=ours.name, rate=150, seconds=1.5, roots=bench.stack.roots(server))["ack"])
    rows = [
        [name, short(median(r, lambda x: x["p50"])), short(median(r, lambda x: x["p99"]))]
        for name, r in (("a bare insert", bare_runs), ("Consult, post to acknowledgement", ours_runs))
    ]
    bench.report.table("Acknowledgement on an idle server, ms (150 posts a second, one after the other)", ["", "p50", "p99"], rows)
    bench.report.claim("acknowledgement, idle", "p99, of a bare single-insert commit's", [a["p99"] / b["p99"] for a, b in zip(ours_runs, bare_runs, strict=True)], at_most=3.0)
    bench.shut(ours)
    bench.down(ours)


def memory(bench: Bench) -> None:
    """Idle, signed in, five rooms entered."""
    ours = Contestant("Consult", "consult")
    server = bench.up(ours)
    rooms = [seed.room_id(k) for k in range(1, seed.ROOMS + 1)]
    warm = Contestant("warm", "consult", server=server)
    bench.open(warm, 50, rooms=rooms, enters=5)  # what a first client brings into memory is not a connection's
    bench.settle(warm, seconds=2.5)
    before = bench.stack.generator("memory", roots=server.roots)["bytes"]
    n = 1000
    bench.open(ours, n, rooms=rooms, enters=5)
    bench.settle(ours, seconds=4)
    after = bench.stack.generator("memory", roots=server.roots)["bytes"]
    each = (after - before) / n / 1000
    bench.report.table(
        "Memory", ["", "MB before", f"MB with {n} more", "kB a connection"], [["Consult, signed in, 5 rooms entered", short(before / 1e6), short(after / 1e6), short(each)]]
    )
    bench.report.claim("memory a connection", "idle, 5 rooms entered", [each], at_most=40, unit="kB")
    bench.shut(ours, warm)
    bench.down(ours)


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


def reconnect(bench: Bench) -> None:
    """Many clients at once with 300 missed events each, against the rate at which the tutorial accepts sockets."""
    n = 5000 if bench.full else 300
    ours, tutorial = Contestant("Consult", "consult"), Contestant("tutorial on Daphne", "tutorial-daphne")
    server = bench.up(ours)
    bench.up(tutorial)
    bench.open(ours, 1, rooms=[seed.room_id(0)], writers=1, enters=0)
    cursor = bench.stack.generator("fill", name=ours.name, room=seed.room_id(0), posts=300)
    bench.shut(ours)
    back, accept, runs = [], [], []
    for _ in range(bench.runs):
        accept.append(n / bench.open(tutorial, n, rooms=["lobby"]))
        bench.shut(tutorial)
        r = bench.stack.generator(
            "return",
            host=HOST,
            port=server.port,
            tokens=bench.stack.tokens,
            n=n,
            room=seed.room_id(0),
            epoch=cursor["epoch"],
            seq=cursor["seq"],
            events=300,
            roots=bench.stack.roots(server),
        )
        runs.append(r)
        back.append(n / r["seconds"])
        if r["missing"]:
            bench.report.faults.append(f"reconnect: {r['missing']} of {n} clients did not get all they had missed")
    rows = [
        ["tutorial on Daphne, accepting only", short(statistics.median(accept)), f"{short(min(accept))} to {short(max(accept))}", ""],
        [
            "Consult, hello with resume, 300 events replayed",
            short(statistics.median(back)),
            f"{short(min(back))} to {short(max(back))}",
            short(median(runs, lambda r: 1000 * r["cpu"]["server"] / n)),
        ],
    ]
    bench.report.table(
        f"{n} clients back at once", ["", "clients/s", "range", "server ms a client"], rows, "Tickets are fetched before the clock starts; jitter and admission are off."
    )
    bench.report.claim("reconnect, 300 missed events each", "against the tutorial merely accepting", [b / a for a, b in zip(accept, back, strict=True)], at_least=0.5)
    bench.down(ours, tutorial)


def sweep(bench: Bench) -> None:
    """What comparing 10,000 local rooms with the database costs a process."""
    ours = Contestant("Consult", "consult")
    server = bench.up(ours)
    idle = bench.stack.generator("idle", seconds=5, roots=bench.stack.roots(server))["cpu"]
    took = bench.open(ours, seed.PEOPLE, rooms=[seed.room_id(0)], enters=0, resume=[seed.swept(k) for k in range(seed.PEOPLE)])
    bench.settle(ours, seconds=8)
    busy = bench.stack.generator("idle", seconds=10, roots=bench.stack.roots(server))["cpu"]
    share = 100 * busy["server"] / 10
    rows = [["no room", f"{100 * idle['server'] / 5:.1f} %", f"{100 * idle['postgres'] / 5:.1f} %"], ["10,000 rooms", f"{share:.1f} %", f"{100 * busy['postgres'] / 10:.1f} %"]]
    bench.report.table(
        "The healing sweep",
        ["local rooms", "server, of a core", "PostgreSQL, of a core"],
        rows,
        f"20 connections entered 500 rooms each in {took:.1f} s. The whole of the idle process is counted, sweep and all.",
    )
    bench.report.claim("sweep, 10,000 local rooms", "of a core", [share], at_most=5, unit="%")
    bench.shut(ours)
    bench.down(ours)


def two(bench: Bench) -> None:
    """Two processes on both cores, against one."""
    one, both = Contestant("Consult, one process", "consult", 256), Contestant("Consult, two processes", "consult-two", 256)
    bench.up(one)
    both.server = bench.stack.start("consult-two", core=None)
    for c in (one, both):
        bench.open(c, 200, rooms=[seed.room_id(0)])
    bench.settle(one, both, seconds=4)
    found = bench.rounds([one, both], bench.flood)
    bench.report.table("Two processes, 200 readers", DELIVERY_HEAD, delivery_rows(found), "Two processes share both cores with the databases and the generator.")
    bench.report.claim("two processes", "server CPU a delivery, of one process's", ratios(found, both.name, one.name, cost), at_most=1.2)
    bench.report.claim("two processes", "throughput, of one process's", ratios(found, both.name, one.name))
    bench.shut(one, both)
    bench.down(one, both)


def archived(bench: Bench) -> None:
    """Stored and delivered, 200 readers, both cores, against ejabberd's archived multi-user room."""
    from . import ejabberd

    ours, theirs = Contestant("Consult, batching", "consult", 256), Contestant(f"ejabberd {ejabberd.version() if ejabberd.ROOT.exists() else ''}".strip(), "ejabberd", 16)
    for c in (ours, theirs):
        c.server = bench.stack.start(c.kind, core=None)
    bench.stack.sign_in(ours.server)  # type: ignore[arg-type]
    for c in (ours, theirs):
        bench.open(c, 200, rooms=[seed.room_id(0)])
    bench.settle(ours, theirs, seconds=4)
    found = bench.rounds([ours, theirs], bench.flood)
    paced = bench.rounds([ours, theirs], lambda c: bench.stack.generator("pace", name=c.name, rate=50, seconds=2, roots=bench.stack.roots(c.server)))
    bench.report.table("Stored and delivered: 200 readers, both cores", DELIVERY_HEAD, delivery_rows(found))
    rows = [[name, short(median(r, lambda x: x["latency"]["p50"])), short(median(r, lambda x: x["latency"]["p99"]))] for name, r in paced.items()]
    bench.report.table("The same at 50 posts a second, send to last reader, ms", ["", "p50", "p99"], rows)
    bench.report.claim("stored and delivered, N=200", "deliveries/s, against ejabberd", ratios(found, ours.name, theirs.name), at_least=5.0)
    p99 = ratios(paced, ours.name, theirs.name, lambda r: float(r["latency"]["p99"]))
    bench.report.claim("stored and delivered, N=200", "p99 at 50 posts/s, of ejabberd's", p99, at_most=1.0)
    bench.shut(ours, theirs)
    bench.down(ours, theirs)


def ceiling(bench: Bench) -> None:
    """The generator alone: how much it takes in from a server that does nothing but write."""
    from .stack import ceiling as start

    rows = []
    for n, batch in ((200, 1), (1000, 1), (200, 64)):
        c = Contestant(f"writer, {n} sockets, {batch} a frame", "ceiling", window=64 if batch == 1 else 256)
        c.server = start(bench.stack, n, batch)
        bench.stack.generator("open", name=c.name, adapter="plain", n=n, host=HOST, port=c.server.port)
        ADAPTER["ceiling"] = "plain"
        found = [bench.stack.generator("flood", name=c.name, seconds=1.0, window=c.window, warm=WARM, roots=bench.stack.roots(c.server)) for _ in range(3)]
        rows.append([c.name, short(median(found, lambda r: r["rate"])), *[f"{median(found, lambda r, k=k: r['cpu'][k] / r['seconds']):.2f}" for k in ("server", "generator")]])  # type: ignore[misc]
        bench.shut(c)
        c.server = None
    bench.report.table(
        "The generator's own ceiling",
        ["", "messages/s", "CPU s/s: writer", "generator"],
        rows,
        "A server that writes prebuilt frames and does nothing else: where it is faster than every contestant, the generator was not what limited them.",
    )


def timed(name: str, row: Callable[[Bench], None], bench: Bench) -> None:
    began = time.monotonic()
    print(f"\n=== {name}", flush=True)
    row(bench)
    print(f"=== {name}: {time.monotonic() - began:.0f} s", flush=True)


QUICK: dict[str, Callable[[Bench], None]] = {
    "ceiling": ceiling,
    "fanout": fanout,
    "rooms": spread_rooms,
    "latency": latency,
    "stored": stored,
    "ack": ack,
    "memory": memory,
    "reconnect": reconnect,
    "sweep": sweep,
}
FULL: dict[str, Callable[[Bench], None]] = {**QUICK, "two": two, "archived": archived}
