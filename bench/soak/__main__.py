"""Runs the soak: `python -m bench.soak --minutes 60`. Exit code 1 where something is not flat, or anything went wrong on the way."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.fuzz.health import bad_lines
from bench.soak.flat import Verdict
from bench.soak.load import Load
from bench.soak.samples import Samples
from tests.live import CHECKOUT, Stack, services

SAMPLE_S = 10.0
WRITTEN = CHECKOUT / "docs" / "soak.md"
ENV = {"CONNECTIONS": "1000"}


async def soak(stack: Stack, worker: int, *, seconds: float, sockets: int, posts: float, sample_s: float = SAMPLE_S, quiet: bool = False) -> tuple[Samples, Load]:
    load, samples = Load(stack, sockets, posts), Samples(stack, worker)
    load.make_rooms()
    await load.fill()
    running = asyncio.create_task(load.run())
    began = time.monotonic()
    while time.monotonic() - began < seconds and not running.done():
        now = await samples.take()
        if not quiet and len(samples.times) % 6 == 1:
            memory = ", ".join(f"{name.removeprefix('memory of ').split(',')[0]} {value:.0f}" for name, value in now.items() if name.startswith("memory"))
            print(f"{time.monotonic() - began:6.0f} s  {load.done['post']:>7,} posts, MiB: {memory}; {len(load.faults)} faults", flush=True)
        await asyncio.sleep(sample_s - (time.monotonic() - began) % sample_s)
    load.stopping = True
    await asyncio.wait_for(running, 60)
    await load.stop()
    samples.close()
    return samples, load


def table(verdicts: list[Verdict]) -> list[str]:
    rows = ["| figure | at the start | second half | rise over it | an hour | may rise by | |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    rows += [f"| {v.name} | {v.first:.1f} | {v.level:.1f} | {v.rise:+.2f} | {v.per_hour:+.2f} | {v.bound:.2f} | {'flat' if v.flat else '**rises**'} |" for v in verdicts]
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--posts", type=float, default=20, help="a second")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {WRITTEN.relative_to(CHECKOUT)}")
    options = parser.parse_args()
    with services() as made:
        stack = Stack(made)
        try:
            for _ in range(2):
                stack.node(env=ENV)
            log = stack.folder / "worker.log"
            with open(log, "ab") as file:
                worker = made.family.start("worker", [sys.executable, "manage.py", "worker"], env=made.env(stack.database, stack.redis_url), cwd=CHECKOUT, log=file)
            print(f"two nodes and a worker; {options.sockets} sockets, {options.posts:g} posts/s, {options.minutes:g} minutes", flush=True)
            samples, load = asyncio.run(
                soak(stack, worker.pid, seconds=options.minutes * 60, sockets=options.sockets, posts=options.posts, sample_s=min(SAMPLE_S, options.minutes * 3))
            )
            if not worker.alive():
                load.faults.append(f"the worker ended: {worker.how_it_ended()}")
            logs: list[Path] = [*(node.log for node in stack.nodes), log]
            errors = [line for path in logs for line in bad_lines(path.read_text(errors="replace"))]
        finally:
            stack.stop()
    verdicts = samples.verdicts()
    said = [
        *table(verdicts),
        "",
        "Done: " + ", ".join(f"{what} {n:,}" for what, n in sorted(load.done.items())) + ".",
        "",
        "Counters: " + ", ".join(f"`{name}` {value:,.0f}" for name, value in samples.counters.items()) + ".",
    ]
    print("\n".join(said))
    for wrong in [*load.faults[:20], *errors[:20]]:
        print(f"FAULT: {wrong}")
    if options.write:
        head = f"# The soak's last figures\n\n{datetime.now(UTC):%Y-%m-%d}: {options.minutes:g} minutes, {options.sockets} sockets on two nodes, {options.posts:g} posts/s ([what it is](fuzzing.md)). Memory in MiB.\n\n"
        WRITTEN.write_text(head + "\n".join(said) + "\n")
    rising = [v.name for v in verdicts if not v.flat]
    print(f"rising: {', '.join(rising)}" if rising else "all is flat")
    return 1 if rising or load.faults or errors else 0


if __name__ == "__main__":
    sys.exit(main())
