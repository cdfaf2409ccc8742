"""More than one process, against one."""

from __future__ import annotations

from .. import seed
from ..contest import DELIVERY_HEAD, Bench, Contestant, cost, delivery_rows, ratios


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
