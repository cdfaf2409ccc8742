"""Clients that were away and come back, all at once."""

from __future__ import annotations

import statistics

from .. import seed
from ..contest import Bench, Contestant, median
from ..report import short
from ..stack import HOST

ADMITTED = "200"  # HANDSHAKES by default; the other rows raise it


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


def reconnect_by_rule(bench: Bench) -> None:
    """The same clients with jitter, and the server's admission as it is set by default: how many handshakes are open at most."""
    n = 5000 if bench.full else 300
    ours = Contestant("Consult", "consult", env={"HANDSHAKES": ADMITTED})
    server = bench.up(ours)
    bench.open(ours, 1, rooms=[seed.room_id(0)], writers=1, enters=0)
    cursor = bench.stack.generator("fill", name=ours.name, room=seed.room_id(0), posts=300)
    bench.shut(ours)
    asked = {"host": HOST, "port": server.port, "tokens": bench.stack.tokens, "n": n, "room": seed.room_id(0), "epoch": cursor["epoch"], "seq": cursor["seq"], "events": 300}
    runs = [bench.stack.generator("return_by_rule", roots=bench.stack.roots(server), **asked) for _ in range(min(bench.runs, 3))]
    if missing := sum(r["missing"] for r in runs):
        bench.report.faults.append(f"reconnect with jitter: {missing} of {n * len(runs)} clients did not get all they had missed")
    figures = [median(runs, lambda r, k=k: r[k]) for k in ("seconds", "most", "gauge", "turned_away")]  # type: ignore[misc]
    times = [median(runs, lambda r, k=k: r["times"][k] / 1000) for k in ("p50", "p99")]  # type: ignore[misc]
    bench.report.table(
        f"{n} clients back at once, with jitter and admission ({ADMITTED} handshakes)",
        ["all caught up, s", "half", "99 %", "open handshakes at most, by the clients", "by consult_handshakes", "answered 503", "server ms a client"],
        [[short(figures[0]), *map(short, times), *map(short, figures[1:]), short(median(runs, lambda r: 1000 * r["cpu"]["server"] / n))]],
        "Each client waits a random part of 0.5 s, doubled at each attempt up to 30 s, and no less than the 503's Retry-After more. The gauge is read on /metrics all the while. What clients count includes answers that they have not read yet.",
    )
    bench.report.claim(
        "reconnect, jitter and admission on", "open handshakes at most, by consult_handshakes", [r["gauge"] for r in runs], at_most=float(ADMITTED), unit="handshakes"
    )
    bench.report.claim("reconnect, jitter and admission on", "until all are caught up", [r["seconds"] for r in runs], unit="s")
    bench.down(ours)
