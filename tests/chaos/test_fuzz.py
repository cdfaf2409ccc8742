"""The fuzzers' short part: a fixed seed against a real server; and that their judge sees what it is there to see."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bench.fuzz.__main__ import ENV, fuzz
from bench.fuzz.attack import Plan
from bench.fuzz.bodies import Bodies
from bench.fuzz.frames import Frames, World
from bench.fuzz.health import POOL, RSS_GROWTH, Descriptors, bad_lines, grown, kept
from bench.fuzz.judge import Judge
from bench.fuzz.wire import Wire, check_close
from consult.local.errors import LocalError
from tests.live import Stack, services

FRAMES, SEED = 20_000, 1
logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture
def clean_cache() -> None:
    """Not needed here: the server's caches are its own."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    try:
        with services() as made:
            stack = Stack(made)
            try:
                yield stack
            finally:
                stack.stop()
    except LocalError as error:
        pytest.skip(f"these tests start servers of their own: {error}")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_found(stack: Stack) -> None:
    outcome = asyncio.run(fuzz(stack, stack.node(env=ENV), Plan(FRAMES, SEED), quiet=True))
    assert not outcome.judge.findings, "\n".join(outcome.lines())
    assert outcome.frames >= FRAMES and outcome.requests > 0
    # That it reached what it is meant to reach: every way out, not only the first check.
    for answer in (
        "ok",
        "frame.invalid",
        "frame.too_large",
        "frame.ref_reused",
        "room.not_found",
        "room.read_only",
        "message.not_found",
        "message.not_author",
        "message.retracted",
        "read.future",
    ):
        assert outcome.judge.seen.get(answer, 0) > 0, (answer, outcome.judge.seen)
    for code in (1002, 1007, 1009, 4400, 4413):
        assert outcome.judge.seen.get(f"close {code}", 0) > 0, (code, outcome.judge.seen)


# --- the judge ---------------------------------------------------------------

REFUSED = {"type": "refused", "ref": 1, "code": "room.not_found", "message": "…", "temporary": False, "retry_after_ms": 0}


@pytest.mark.parametrize(
    "frame",
    [
        {**REFUSED, "code": "request.failed"},
        {**REFUSED, "code": "service.unavailable", "temporary": True},
        {**REFUSED, "code": "room.unheard_of"},
        {**REFUSED, "temporary": True},
        {**REFUSED, "retry_after_ms": 5},
        {k: v for k, v in REFUSED.items() if k != "message"},
        {"type": "ok"},
        {"type": "event", "kind": "message.posted", "room": "r", "seq": 1},
        {"type": "oops"},
        [],
        None,
    ],
)
def test_a_wrong_frame_is_found(frame: Any) -> None:
    judge = Judge()
    judge.frame_said(REFUSED)
    judge.frame_said({"type": "ok", "ref": 1})
    assert not judge.findings
    judge.frame_said(frame)
    assert judge.findings


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b"{}"),
        (502, b""),
        (404, b"<html>"),
        (404, b"[]"),
        (404, b'{"code":"room.not_found"}'),
        (400, json.dumps(REFUSED).encode()),  # room.not_found is 404
        (503, json.dumps({**REFUSED, "code": "service.unavailable"}).encode()),
    ],
)
def test_a_wrong_answer_is_found(status: int, content: bytes) -> None:
    judge = Judge()
    judge.http(404, json.dumps(REFUSED).encode(), None)
    judge.http(200, b"", None)
    assert not judge.findings
    judge.http(status, content, None)
    assert judge.findings


def test_a_wrong_close_is_found() -> None:
    for code, last in ((1011, []), (1006, []), (4400, ["ok"]), (4400, ["frame.invalid"] * 9), (4413, ["frame.invalid"])):
        judge = Judge()
        wire = Wire(judge)
        wire.last = last
        check_close(wire, judge, code, {4400, 4413})
        assert judge.findings, code
    judge = Judge()
    wire = Wire(judge)
    wire.last = ["frame.invalid"] * 10
    check_close(wire, judge, 4400, {4400})
    assert not judge.findings


def test_a_message_that_is_no_batch_is_found() -> None:
    for payload in (b"{", b"[]", b"[" + b",".join([b"{}"] * 65) + b"]"):
        judge = Judge()
        judge.message(payload)
        assert judge.findings, payload


def test_errors_in_the_log_are_found() -> None:
    fine = json.dumps({"level": "INFO", "event": "x"})
    assert bad_lines(f"{fine}\n{json.dumps({'level': 'WARNING'})}\n") == []
    for line in (json.dumps({"level": "ERROR", "event": "x"}), "Traceback (most recent call last):", "[]"):
        assert bad_lines(f"{fine}\n{line}\n{fine}\n") == [line]


def test_what_grows_is_found() -> None:
    assert grown(100 * 2**20, 100 * 2**20 + RSS_GROWTH) is None
    assert grown(100 * 2**20, 100 * 2**20 + RSS_GROWTH + 1)
    assert kept(Descriptors(1, 14), Descriptors(1, 14 + POOL)) is None
    assert kept(Descriptors(1, 14), Descriptors(2, 14)) and kept(Descriptors(1, 14), Descriptors(1, 15 + POOL))


def test_a_server_that_dies_is_found(stack: Stack) -> None:
    """Killed in the middle of it: the attack ends, and says so."""
    node = stack.node(env=ENV)

    async def attacked() -> Any:
        running = asyncio.create_task(fuzz(stack, node, Plan(1_000_000, SEED), quiet=True))
        await asyncio.sleep(3)
        node.child.process.kill()
        return await running

    outcome = asyncio.run(attacked())
    assert "the server ended" in outcome.judge.findings


def test_the_same_seed_makes_the_same_frames(stack: Stack) -> None:
    import random

    def some() -> list[str]:
        frames = Frames(random.Random("1/speak/0"), World(["r"], ["f"], ["p"], ["o"], ["m"]))
        return [frames.some(n) for n in range(300)]

    assert some() == some()


def test_every_write_door_has_a_sample(stack: Stack) -> None:
    """A new door without one fails the fuzzer's start: here it is seen with the others."""
    import random

    node = stack.nodes[0]
    doors = Bodies(Frames(random.Random(1), World(["r"], ["f"], ["p", "q", "s"], ["o"], ["m"])), [], node).doors
    document = httpx.get(f"{node.base}/api/v1/openapi.json", trust_env=False).json()
    assert len(doors) == sum(method not in ("get", "head") for methods in document["paths"].values() for method in methods)
