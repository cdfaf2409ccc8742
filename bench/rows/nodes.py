"""More than one process: two of one machine, and two nodes behind nginx, against one."""

from __future__ import annotations

from .. import nginx, seed
from ..contest import DELIVERY_HEAD, Bench, Contestant, cost, delivery_rows, median, ratios
from ..report import short


def nodes(bench: Bench) -> None:
    """200 readers in one room, spread over the processes; everything shares both cores, so that all are measured alike."""
    one, two, behind = (
        Contestant("Consult, one process", "consult", 256),
        Contestant("Consult, two processes", "consult-two", 256),
        Contestant("Consult, two nodes behind nginx", "consult-nodes", 256),
    )
    one.server, two.server = bench.stack.start("consult", core=None), bench.stack.start("consult-two", core=None)
    behind.server = pair = nginx.start(bench.stack)
    bench.stack.sign_in(one.server)
    everyone = [one, two, behind]
    for k, c in enumerate(everyone):
        bench.open(c, 200, rooms=[seed.room_id(k)])  # servers of one database: each has its room
    bench.settle(*everyone, seconds=6)
    found = bench.rounds(everyone, bench.flood)
    bench.report.table(
        "Two processes and two nodes, 200 readers",
        DELIVERY_HEAD,
        delivery_rows(found),
        f"All share both cores with the databases and the generator. The server's CPU is that of both processes or nodes; nginx {nginx.version()}, which passes every frame on, "
        f"used {median(found[behind.name], lambda r: r['cpu']['nginx'] / r['seconds']):.2f} s/s beside it "
        f"({short(median(found[behind.name], lambda r: 1e6 * r['cpu']['nginx'] / max(1, r['deliveries'])))} µs a delivery). Messages missing anywhere would be among the faults.",
    )
    for row, c in (("two processes", two), ("two nodes behind nginx", behind)):
        bench.report.claim(row, "server CPU a delivery, of one process's", ratios(found, c.name, one.name, cost), at_most=1.2)
        bench.report.claim(row, "throughput, of one process's", ratios(found, c.name, one.name))
        lost = sum(r["missing"] + r["faults"] for r in found[c.name])
        bench.report.claim(row, "messages lost, doubled or out of order", [float(lost)], at_most=0, unit="messages")
    bench.shut(*everyone)
    bench.down(one, two)
    nginx.stop(bench.stack, pair)
