"""Token buckets under a clock of our own."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.rooms.limits import Buckets

ME, OTHER = uuid.uuid4(), uuid.uuid4()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_at_once_then_the_rate(clock: Clock) -> None:
    buckets = Buckets(5, 2, clock=clock)
    assert [buckets.take(ME)[0] for _ in range(5)] == [0] * 5
    wait, owed = buckets.take(ME)
    assert wait == 500 and owed == 0
    clock.now += 0.5
    assert buckets.take(ME) == (0, 0.0)
    assert buckets.take(ME)[0] > 0


def test_a_person_takes_only_from_their_own(clock: Clock) -> None:
    buckets = Buckets(1, 1, clock=clock)
    assert buckets.take(ME)[0] == 0 and buckets.take(ME)[0] > 0
    assert buckets.take(OTHER)[0] == 0


def test_after_any_rest_there_is_no_more_than_a_burst(clock: Clock) -> None:
    buckets = Buckets(3, 10, clock=clock)
    buckets.take(ME)
    clock.now += 3600
    assert [buckets.take(ME)[0] == 0 for _ in range(4)] == [True, True, True, False]


def test_debt_grows_to_the_floor_and_is_paid_back(clock: Clock) -> None:
    buckets = Buckets(60, 20, floor=-120, clock=clock)
    owed = [buckets.take(ME)[1] for _ in range(60 + 130)]
    assert owed[59] == 0 and owed[60] == 1 and owed[-1] == 120, "twice the burst owed is where a socket closes"
    wait, _ = buckets.take(ME)
    assert wait == 6050
    clock.now += wait / 1000
    assert buckets.take(ME)[0] == 0


def test_a_refused_post_owes_nothing(clock: Clock) -> None:
    buckets = Buckets(2, 5, clock=clock)
    for _ in range(50):
        wait, owed = buckets.take(ME)
    assert owed == 0 and wait == 200


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 100), floor=st.sampled_from([0.0, -10.0]), extra=st.integers(1, 30), start=st.floats(0, 1e6))
def test_who_waits_as_long_as_told_is_let_in(rate: float, burst: int, floor: float, extra: int, start: float) -> None:
    clock = Clock()
    clock.now = start
    buckets = Buckets(burst, rate, floor=floor, clock=clock)
    for _ in range(burst + extra):
        wait, _ = buckets.take(ME)
    assert wait > 0
    clock.now += wait / 1000
    assert buckets.take(ME)[0] == 0


@given(steps=st.lists(st.floats(0, 2), max_size=60))
def test_never_more_than_burst_and_rate_allow(steps: list[float]) -> None:
    clock = Clock()
    buckets, begun, granted = Buckets(5, 3, floor=-10, clock=clock), clock.now, 0
    for step in steps:
        clock.now += step
        granted += buckets.take(ME)[0] == 0
        assert granted <= 5 + (clock.now - begun) * 3 + 1e-6


def test_full_buckets_are_forgotten_and_debts_are_not(clock: Clock) -> None:
    buckets = Buckets(2, 1, floor=-300, clock=clock)
    buckets.take(OTHER)
    for _ in range(302):
        buckets.take(ME)
    clock.now += 61
    buckets.take(uuid.uuid4())
    assert OTHER not in buckets._levels and ME in buckets._levels


def test_two_connections_that_wait_as_told_do_not_keep_each_other_out(clock: Clock) -> None:
    """Of one person, out of step: each refusal of one once emptied what had come back for the other."""
    buckets, begin = Buckets(1, 5, clock=clock), clock.now
    due, granted = [begin, begin + 0.1], 0
    while min(due) < begin + 10:
        which = due.index(min(due))
        clock.now = due[which]
        wait, _ = buckets.take(ME)
        granted += wait == 0
        due[which] += max(wait / 1000, 0.01)
    assert granted >= 45, "ten seconds at five a second"
