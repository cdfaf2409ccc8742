"""The soak's own logic: a leak is seen, noise is not. And half a minute of it for real, so that it works when it is wanted."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Callable

import pytest

from bench.soak.__main__ import ENV, soak, table
from bench.soak.flat import Bound, judge, slope
from bench.soak.samples import figures
from consult.local.errors import LocalError
from tests.live import CHECKOUT, Stack, services

logging.getLogger("httpx").setLevel(logging.WARNING)
HOUR = [10.0 * i for i in range(360)]
MEMORY = Bound(share=0.04, least=4.0)


@pytest.fixture
def clean_cache() -> None:
    """Not needed here: the servers' caches are their own."""


def series(of: Callable[[float], float], seed: int = 1, noise: float = 3.0) -> list[float]:
    chance = random.Random(seed)
    return [of(t) + chance.gauss(0, noise) for t in HOUR]


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_flat_and_a_leak_is_not(seed: int) -> None:
    assert judge("memory", HOUR, series(lambda t: 120, seed), MEMORY).flat
    leak = judge("memory", HOUR, series(lambda t: 120 + 15 * t / 3600, seed), MEMORY)  # 15 MiB an hour: 7.5 over the second half
    assert not leak.flat and leak.per_hour == pytest.approx(15, abs=4)


def test_a_warm_up_is_no_leak() -> None:
    assert judge("memory", HOUR, series(lambda t: 80 + min(t, 1500) / 1500 * 40), MEMORY).flat


def test_a_few_jumps_decide_nothing() -> None:
    values = [500.0 if i % 7 == 0 else 120.0 for i in range(360)]
    assert judge("memory", HOUR, values, MEMORY).flat


def test_steps_that_keep_coming_are_a_leak() -> None:
    assert not judge("descriptors", HOUR, [50.0 + i // 30 for i in range(360)], Bound(share=0.05, least=3)).flat  # one in five minutes


def test_what_falls_is_no_fault() -> None:
    assert judge("memory", HOUR, series(lambda t: 200 - t / 60), MEMORY).flat


def test_the_slope_is_the_slope() -> None:
    assert slope([0, 1, 2, 3], [1, 3, 5, 7]) == 2
    assert slope([0, 1, 2, 3], [1, 3, 500, 7]) == pytest.approx(2, abs=3)


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        judge("memory", [0, 1, 2], [1, 1, 1], MEMORY)


def test_figures_are_summed_over_labels() -> None:
    text = '# HELP consult_x y\nconsult_x{code="a"} 2\nconsult_x{code="b"} 3\nconsult_xy 9\n'
    assert figures(text, ["consult_x"]) == {"consult_x": 5.0}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_runs() -> None:
    """Twenty seconds on one node: everything is sampled, everything is done, nothing goes wrong."""
    try:
        with services() as made:
            stack = Stack(made)
            try:
                stack.node(env=ENV)
                with open(stack.folder / "worker.log", "ab") as file:
                    worker = made.family.start("worker", [sys.executable, "manage.py", "worker"], env=made.env(stack.database, stack.redis_url), cwd=CHECKOUT, log=file)
                samples, load = asyncio.run(soak(stack, worker.pid, seconds=20, sockets=20, posts=10, sample_s=1.0, quiet=True))
            finally:
                stack.stop()
    except LocalError as error:
        pytest.skip(f"this test starts servers of its own: {error}")
    assert not load.faults, load.faults
    assert all(load.done[what] for what in ("post", "change", "small", "look", "churn", "came", "went")), load.done
    verdicts = {v.name for v in samples.verdicts()}
    assert {
        "memory of node-1",
        "descriptors of node-1",
        "memory of worker",
        "memory of Redis",
        "connections to Redis",
        "connections to PostgreSQL",
        "hub sockets of node-1",
    } <= verdicts
    assert len(samples.times) >= 10 and len(table(samples.verdicts())) == len(verdicts) + 2
    assert samples.counters["consult_deliveries_total"] > 0
