"""One seeded run: starts its clients, breaks what the plan says when it says so, heals, and has the journal judged by another process."""

from __future__ import annotations

import heapq
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live import CHECKOUT

from .faults import HOW
from .journal import Journal
from .schedule import QUIET_S, Fault, Plan
from .stack import House

MOST_RSS = 120_000_000  # bytes that a node may grow by in one run: outboxes, rings, what Python keeps


@dataclass
class Verdict:
    well: bool
    rows: dict[str, int]


@dataclass
class Outcome:
    plan: Plan
    verdict: Verdict  # of the checker's process
    counted: dict[str, Any]
    wrong: list[str]  # what the harness itself saw: clients left behind, answers that were not clear, memory
    cuts: int
    grown: int
    seconds: float
    folder: Path
    normal: list[float] = field(default_factory=list)
    frozen: list[float] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return self.verdict.well and not self.wrong


def run(house: House, plan: Plan, folder: Path) -> Outcome:
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rooms, hall = house.rooms(plan)
    this: dict[str, Any] = {"plan": plan, "rooms": rooms, "acts": str(folder / "acts.jsonl")}
    (folder / "plan.json").write_text(json.dumps(plan.as_json(), indent=1))
    rss = _rss(house)
    for proxy in house.pg:
        proxy.cuts = 0
    swarm = _swarm(house, plan, rooms, hall, folder)
    try:
        happened, cuts = _break(house, plan, this, _heard(swarm, "started"))
        house.heal()
        calm = Journal(folder / "calm.jsonl")
        calm.write("calm")
        calm.close()
        _tell(swarm, "calm")
        _heard(swarm, "answered")
        worker_done = house.drained()  # of the commands that were sent again after calm, too
        _tell(swarm, "quiet")
        counted = json.loads(_line(swarm))
        swarm.wait(20)
    finally:
        if swarm.poll() is None:
            swarm.kill()
            swarm.wait()
    grown = max(after - before for before, after in zip(rss, _rss(house), strict=True))
    wrong = counted.pop("wrong") + [f"{n} × {what}" for what, n in counted["unclear"].items()]
    wrong += [] if worker_done else ["the worker left follow-ups undone"]
    wrong += [f"a node grew by {grown / 1e6:.0f} MB"] if grown > MOST_RSS else []
    journal = _merge(folder)
    house.lift()
    outcome = Outcome(plan, _judged(journal), counted, wrong, cuts, grown, time.monotonic() - began, folder)
    if (freeze := happened.get("redis frozen")) is not None:
        began_at, ended_at = freeze
        outcome.normal = [took for at, took in counted["acks"] if began_at - QUIET_S + 0.3 <= at < began_at]
        outcome.frozen = [took for at, took in counted["acks"] if began_at <= at < ended_at]
    return outcome


def _swarm(house: House, plan: Plan, rooms: list[str], hall: str, folder: Path) -> subprocess.Popen[str]:
    with open(folder / "swarm.log", "wb") as log:
        swarm = subprocess.Popen([sys.executable, "-m", "bench.chaos.swarm"], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    people = [{"id": str(person.id), "token": person.token, "personal": person.personal} for person in house.people]
    wish = {"plan": plan.as_json(), "rooms": rooms, "hall": hall, "people": people, "ports": [wire.port for wire in house.wires], "journal": str(folder / "clients.jsonl")}
    _tell(swarm, json.dumps(wish))
    return swarm


def _tell(swarm: subprocess.Popen[str], line: str) -> None:
    assert swarm.stdin
    swarm.stdin.write(line + "\n")
    swarm.stdin.flush()


def _line(swarm: subprocess.Popen[str]) -> str:
    assert swarm.stdout
    line = swarm.stdout.readline()
    if not line:
        raise RuntimeError(f"the clients' process ended ({swarm.wait(10)})")
    return line.strip()


def _heard(swarm: subprocess.Popen[str], word: str) -> float:
    line = _line(swarm)
    assert line == word, line
    return time.monotonic()


def _break(house: House, plan: Plan, this: dict[str, Any], started: float) -> tuple[dict[str, tuple[float, float]], int]:
    """Begins and ends the faults in their time; when each one lasted, and how many commits were cut."""
    steps: list[tuple[float, int, bool, Fault]] = []
    for n, fault in enumerate(plan.faults):
        heapq.heappush(steps, (fault.at, n, True, fault))
    happened: dict[str, tuple[float, float]] = {}
    while steps:
        at, n, begins, fault = heapq.heappop(steps)
        time.sleep(max(0.0, started + at - time.monotonic()))
        now = time.monotonic()
        HOW[fault.name][0 if begins else 1](house, fault, this)
        if begins:
            happened[fault.name] = (now, now)
            heapq.heappush(steps, (fault.at + fault.seconds, n, False, fault))
        else:
            happened[fault.name] = (happened[fault.name][0], now)
    time.sleep(max(0.0, started + plan.length - time.monotonic()))
    return happened, sum(proxy.cuts for proxy in house.pg)


def _merge(folder: Path) -> Path:
    """One journal in the order of time: what the clients wrote, the acts on rights, and `calm`."""
    files = [folder / name for name in ("clients.jsonl", "acts.jsonl", "calm.jsonl") if (folder / name).exists()]
    merged = folder / "journal.jsonl"
    with merged.open("w", encoding="utf-8") as out:
        out.writelines(heapq.merge(*(path.open(encoding="utf-8") for path in files), key=lambda line: float(json.loads(line)["at"])))
    for path in files:
        path.unlink()
    return merged


def _rss(house: House) -> list[int]:
    return [node.rss() for node in house.nodes]


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98] if len(times) > 1 else 0.0


def _judged(journal: Path) -> Verdict:
    done = subprocess.run([sys.executable, "-m", "bench.chaos.checker", str(journal)], cwd=CHECKOUT, check=False, capture_output=True, text=True)
    text = done.stdout + done.stderr
    (journal.parent / "verdict.txt").write_text(text)
    rows = {name: int(n) for name, n in re.findall(r"^(\w[\w ]*?) {2,}(\d+)(?: |$)", text, re.MULTILINE)}
    if "acknowledged" not in rows:
        raise RuntimeError(f"the checker did not judge:\n{text[-2000:]}")
    return Verdict(done.returncode == 0, rows)
