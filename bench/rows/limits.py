"""The generator alone: that it is not what limits the contestants."""

from __future__ import annotations

from ..contest import ADAPTER, WARM, Bench, Contestant, median
from ..report import short
from ..stack import HOST


def ceiling(bench: Bench) -> None:
    """The generator alone: how much it takes in from a server that does nothing but write."""
    from ..stack import ceiling as start

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
