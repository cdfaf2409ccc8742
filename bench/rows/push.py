"""From an event to the courier: the time until a push service is called, and how long ten thousand notices of one event take to stand in line."""

from __future__ import annotations

import json
import subprocess
import sys

from ..contest import Bench
from ..report import short
from ..stack import CHECKOUT, BenchError


def push(bench: Bench) -> None:
    """On a stack of its own: posts through a lane, the worker as a process, a push service that decrypts what it gets."""
    found = []
    for _ in range(bench.runs):
        done = subprocess.run(
            [sys.executable, "-m", "consult.local", "run", "--throwaway", "--", sys.executable, "-m", "bench.push_load"], cwd=CHECKOUT, capture_output=True, text=True
        )
        if done.returncode:
            raise BenchError(f"push: {done.stderr[-1000:]}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    bench.report.table(
        "Push",
        ["", "median"],
        [
            ["commit to the courier's request, p50, ms", short(sorted(1000 * f["p50"] for f in found)[len(found) // 2])],
            ["acknowledgement p99 of posts in a room, ms", short(sorted(1000 * f["calm"] for f in found)[len(found) // 2])],
            ["the same while its ten thousand notices are put in line and sent, ms", short(sorted(1000 * f["busy"] for f in found)[len(found) // 2])],
            ["PostgreSQL's CPU for a worker with nothing to do, % of a core", short(sorted(100 * f["idle"] for f in found)[len(found) // 2])],
        ],
        "The worker looks for events every 30 ms, for notices every 40. Ten thousand are put in line twice: alone, and beside one thread that posts from their question's commit on.",
    )
    bench.report.claim("push", "commit to the courier's request, p95, idle", [1000 * f["p95"] for f in found], at_most=250, unit="ms")
    bench.report.claim("push", "commit to the notice's row, p95, idle", [1000 * f["noted"] for f in found], at_most=50, unit="ms")
    bench.report.claim("push", "10,000 notices of one event in line", [f["queued"] for f in found], at_most=1.0, unit="s")
    bench.report.claim("push", "acknowledgement p99 meanwhile, of its normal value", [f["busy"] / f["calm"] for f in found], at_most=2)
