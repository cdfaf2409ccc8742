"""`python -m bench [--full] [--only fanout,stored] [--runs 5]`: measures, prints, and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import time
from importlib.metadata import version as package

from . import report as reports
from .contest import Bench
from .runs import FULL, QUICK, timed
from .stack import CHECKOUT, CORES, OTHER_CORE, RAISED, SERVER_CORE, BenchError, installed, postgres_bin, stack

NOTES = [
    "Each ratio is taken within a round of alternating runs; its median and range over the rounds are shown. "
    "Every contestant has the same body of 250 bytes, the same Redis, the same generator.",
    "The sockets of all contestants of a row are open at once, each contestant in a room of its own; only one of them is driven at a time.",
    "The generator keeps a window of posts under way (64; batching 256; the tutorial 4 or 1, which saturates it) and sends the next when as many deliveries have come in. "
    "It waits for every delivery, and two sockets of each run keep what they received: each message once, in the order of its room's log.",
    "Consult's sockets belong to people who signed in over HTTP; each has its own ticket, hello and room.enter. "
    "Every post is stored and acknowledged. Its frames are larger than the peers', for they carry the event's envelope.",
    "Node ws, socket.io and the tutorial store nothing, authenticate nobody and number nothing; their server pings are off for the length of a run, as Consult's are.",
    "`stored` posts from connections that have not entered the room: it measures the write alone. "
    "pgbench runs our statements as they stand in the code, one post a transaction, prepared, on the server's core.",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the long rows as well")
    parser.add_argument("--only", default="", help="rows, comma-separated: " + ", ".join(FULL))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0, help="of one run")
    parser.add_argument("--keep", action="store_true", help="go on with the database of the run before")
    options = parser.parse_args()
    rows = FULL if options.full else QUICK
    if options.only:
        rows = {name: FULL[name] for name in options.only.split(",")}
    report, began = reports.Report(notes=NOTES), time.monotonic()
    try:
        with stack(fresh=not options.keep) as made:
            pinned = f"Server on core {SERVER_CORE}; PostgreSQL (fsync and synchronous_commit on), Redis and generator on core {OTHER_CORE}."
            raised = ", ".join(f"{k}={v}" for k, v in RAISED.items())
            machine = [
                *reports.machine(versions()),
                pinned if len(CORES) > 1 else "One core: everything shares it.",
                f"Raised for the bench: {raised}; one frame a message by BATCH_FRAMES=1.",
            ]
            print("\n".join(machine), flush=True)
            bench = Bench(made, report, options.runs, options.seconds or (4.0 if options.full else 1.0), options.full, options.keep)
            for name, row in rows.items():
                try:
                    timed(name, row, bench)
                except BenchError as error:
                    report.faults.append(f"{name}: {error}")
                    print(f"{name}: {error}", flush=True)
                if not options.only:  # after each row: who ends a long run early keeps what was measured
                    text = report.markdown(machine=machine, command="make bench-full" if options.full else "make bench", seconds=time.monotonic() - began)
                    (CHECKOUT / "docs" / "benchmarks.md").write_text(text)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print("\n" + reports.text_table("Targets", ["row", "compared", "asked", "median", "range", ""], [c.cells() for c in report.claims]))
    for fault in report.faults:
        print("fault:", fault)
    return 0


def versions() -> dict[str, str]:
    from .stack import install

    found = {"Python": sys.version.split()[0]}
    found |= {name: package(name) for name in ("Django", "channels", "channels-redis", "daphne", "uvicorn", "uvloop", "psycopg")}
    found["PostgreSQL"] = reports.version([str(postgres_bin() / "postgres"), "--version"]).split()[2]
    from consult.local import binaries

    found["Redis"] = binaries.redis().name
    found["Node"] = reports.version(["node", "--version"]).removeprefix("v")
    for folder, name in (("ws", "ws"), ("socketio", "socket.io")):
        install(folder)
        found[name] = installed(folder, name)
    return found


if __name__ == "__main__":
    sys.exit(main())
