"""What a process costs while nobody writes: memory a connection, the healing sweep."""

from __future__ import annotations

from .. import seed
from ..contest import Bench, Contestant
from ..report import short


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
