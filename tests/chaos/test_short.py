"""A few fixed seeds of `make chaos`, as anyone would run them; and the schedule that a seed fixes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter

import pytest

from bench.chaos.clock import Clock
from bench.chaos.faults import HOW
from bench.chaos.schedule import FAULTS, plan
from tests.live import CHECKOUT

SEEDS = [3, 4]  # between them a killed node, PostgreSQL restarted and read-only, three faults of Redis, cut commits, a suspension


def test_the_same_seed_makes_the_same_run() -> None:
    assert plan(42).as_json() == plan(42).as_json() != plan(43).as_json()


def test_a_hundred_seeds_make_every_fault_many_times() -> None:
    made = Counter(fault.name for seed in range(1, 101) for fault in plan(seed).faults)
    assert set(made) == set(FAULTS) == set(HOW)
    assert made.pop("crowd back") == 5
    assert min(made.values()) >= 12, made
    assert sum(fault.options["times"] for seed in range(1, 101) for fault in plan(seed).faults if fault.name == "commit cut") >= 200


@pytest.mark.slow
@pytest.mark.timeout(400)  # it takes a minute where nothing else runs
def test_short() -> None:
    if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is None or Clock.find() is None:
        pytest.skip("these runs need nginx and libfaketime (make nginx)")
    words = [sys.executable, "-m", "bench.chaos", "--runs", str(len(SEEDS)), "--first-seed", str(SEEDS[0]), "--untimed"]
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            said, _ = running.communicate(timeout=380)
        finally:
            running.send_signal(signal.SIGTERM)  # it ends what it started
    assert running.returncode == 0, said[-6000:]
    assert f"{len(SEEDS)} runs, 0 with faults" in said
