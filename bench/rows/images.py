"""A telephone's photo against Pillow's own decode, turn, resize and encode; and a room that stays live beside twenty uploads."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from ..contest import Bench
from ..report import short
from ..stack import CHECKOUT, BenchError


def images(bench: Bench) -> None:
    """On a stack of its own: uploads over HTTP, the worker as a process, its studio on whatever core is free."""
    done = subprocess.run([sys.executable, "-m", "bench.pictures.load"], cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"images: {done.stderr[-1000:]}")
    f = json.loads(done.stdout.splitlines()[-1])
    bench.report.table(
        "Pictures",
        ["", "median"],
        [
            ["memory of the child, with the face net, MB", short(median(f["memory_with_nets"]))],
            ["processor time with the face net, s", short(median(f["with_nets"]))],
            ["loop lag p99 of the web process, idle, ms", short(f["lag_idle"])],
            ["twenty photos sent, s", short(f["sent"])],
            ["… and developed, s", short(f["all"])],
        ],
        f"A photo of 4,032 × 3,024 pixels, {f['megabytes']:.1f} MB, lying on its side.",
    )
    bench.report.claim("images", "all sizes and the report, of Pillow's one size", f["ratio"], at_most=1.5)
    bench.report.claim("images", "peak memory of the child", f["memory"], at_most=200, unit="MB")
    bench.report.claim("images", "loop lag p99 beside twenty uploads", [f["lag"]], at_most=20, unit="ms")
