"""Runs the fuzzers against one real server: `python -m bench.fuzz --frames 1000000 --seed 7`. Exit code 1 where anything was found."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

from bench.fuzz.attack import Attack, Plan
from bench.fuzz.health import Health
from bench.fuzz.judge import Judge
from tests.live import Node, Stack, services

LOOK_S = 2.0
REPORT_S = 10.0
WARM_UP = 0.15  # of all frames: what is allocated until then is what a busy server needs
# Rates are settings, and not what is tried here. The drain and the heartbeat stay as they are.
ENV = {"CONNECTIONS": "1000", "HANDSHAKES": "10000", "SIGNUP": "1", "EMAIL_URL": "dummymail://"}


@dataclass
class Outcome:
    judge: Judge
    health: Health
    frames: int
    requests: int
    seconds: float

    def lines(self) -> list[str]:
        h, mib = self.health, 2**20
        reached = ", ".join(f"{what} {n:,}" for what, n in sorted(self.judge.seen.items(), key=lambda item: -item[1]))
        return [
            f"frames {self.frames:,}, requests {self.requests:,} in {self.seconds:.0f} s: {self.frames / self.seconds:,.0f} frames/s",
            f"memory {h.start / mib:.1f} MiB at the start, {h.warm / mib:.1f} warm, {h.end / mib:.1f} at the end",
            f"descriptors {h.before.tcp} + {h.before.others} at the start, {h.after.tcp} + {h.after.others} at the end (TCP + others); /readyz at most {max(h.ready_ms):.0f} ms",
            f"answers: {reached}",
            *(f"FOUND: {line}" for line in self.judge.report()),
            f"{len(self.judge.findings)} findings",
        ]


async def fuzz(stack: Stack, node: Node, plan: Plan, *, quiet: bool = False, seconds: float = float("inf")) -> Outcome:
    """The whole attack on one server, or as much of it as fits into these seconds."""
    judge = Judge()
    health, began = Health(node, judge), time.monotonic()
    attack = Attack(stack, node, judge, plan)
    running = asyncio.create_task(attack.run())
    said, warm, told = began, False, 0
    while not running.done():
        await asyncio.wait([running], timeout=LOOK_S)
        if not await asyncio.to_thread(health.look):
            attack.stopped = True
            await asyncio.wait([running], timeout=60)
            running.cancel()
            break
        if time.monotonic() - began > seconds:
            attack.stopped = True
        if not warm and attack.sent >= plan.frames * WARM_UP:
            warm = True
            health.warmed()
        for kind in list(judge.findings)[told:] if not quiet else []:
            told += 1
            print(f"FOUND: {kind}: {judge.findings[kind][:1000]}", flush=True)
        if not quiet and time.monotonic() - said > REPORT_S:
            said = time.monotonic()
            print(f"{said - began:6.0f} s {attack.sent:>9,} frames {attack.requests:>7,} requests {node.rss() / 2**20:6.1f} MiB, {len(judge.findings)} findings", flush=True)
    (fault,) = await asyncio.gather(running, return_exceptions=True)
    seconds = time.monotonic() - began
    if isinstance(fault, Exception) and not judge.findings:
        raise fault
    if isinstance(fault, BaseException):
        judge.find("the attack was broken off", repr(fault))
    await asyncio.to_thread(health.finish)
    return Outcome(judge, health, attack.sent, attack.requests, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, however many frames are left")
    options = parser.parse_args()
    with services() as made:
        stack = Stack(made)
        try:
            node = stack.node(env=ENV)
            print(f"seed {options.seed}, {options.frames:,} frames against {node.base} (process {node.child.pid})", flush=True)
            outcome = asyncio.run(fuzz(stack, node, Plan(options.frames, options.seed), seconds=options.minutes * 60))
        finally:
            stack.stop()
    print("\n".join(outcome.lines()))
    return 1 if outcome.judge.findings else 0


if __name__ == "__main__":
    sys.exit(main())
