"""Posts stored and acknowledged, against the database's own limit, and stored and delivered, against ejabberd's archive."""

from __future__ import annotations

import statistics
from typing import Any

from .. import pgbench, seed
from ..contest import DELIVERY_HEAD, WARM, Bench, Contestant, delivery_rows, median, ratios
from ..report import short


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


def archived(bench: Bench) -> None:
    """Stored and delivered, 200 readers, both cores, against ejabberd's archived multi-user room."""
    from .. import ejabberd

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
