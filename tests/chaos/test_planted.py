"""Twelve and more planted faults: each faulty server is found out by the checker, for the reason it was planted; the honest one is not."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.chaos.checker import judge
from bench.chaos.checks.verdict import CLAIMS, Terms, Verdict
from bench.chaos.journal import Journal
from bench.chaos.planted import FAULTS
from consult.local import redis
from consult.local.errors import LocalError
from tests.chaos.nursery import Nursery, nursery
from tests.live import HEAL_S, RIGHTS_S, Gone, Node, Refused, Socket, Someone, Stack, http, services, until
from tests.proxy import AFTER_COMMIT

logging.getLogger("httpx").setLevel(logging.WARNING)
# Quick to heal and to tell; slow to give up, for the machine may be busy.
QUICK = {"SWEEP_S": "0.3", "ACCESS_POLL_S": "0.2", "HEARTBEAT_MS": "5000", "OUTCOME_S": "15"}
ANSWER_S = 20


class Forked:
    """A process of the nursery, as a Node asks about it."""

    def __init__(self, nursery: Nursery, fault: str, port: int) -> None:
        self.nursery, self.pid = nursery, nursery.start(fault, port)

    def alive(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"

    def how_it_ended(self) -> str:
        return "see the log"


class Planted(Node):
    """A server with one fault."""

    def __init__(self, stack: Stack, nursery: Nursery, fault: str) -> None:
        self.nursery, self.fault = nursery, fault
        super().__init__(stack, fault)

    def launch(self) -> None:
        self.log = self.nursery.log
        self.child: Any = Forked(self.nursery, self.fault, self.port)

    def kill(self) -> None:
        self.nursery.end(self.child.pid)

    stop = kill


class Witness(Socket):
    """A connection that writes down what it sends and hears. What it thinks of it is the checker's affair."""

    journal: Journal
    numbers = itertools.count(1)

    def __post_init__(self) -> None:
        self.name = str(next(self.numbers))
        self.note("open")
        self.ws = _Noted(self, self.ws)
        super().__post_init__()

    def note(self, what: str, **fields: Any) -> None:
        self.journal.write(what, socket=self.name, person=str(self.who.id), **fields)

    def _take(self, frame: dict[str, Any]) -> None:
        self.note("got", frame=frame)
        super()._take(frame)

    async def _read(self) -> None:
        await super()._read()
        self.note("closed", code=self.closed)

    async def cut(self) -> None:
        self.ws.transport.abort()
        await self.close_code(5)


class _Noted:
    """The wire, with an ear at it."""

    def __init__(self, one: Witness, ws: Any) -> None:
        self.one, self.ws = one, ws

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ws, name)

    async def send(self, text: str) -> None:
        self.one.note("sent", frame=json.loads(text))
        await self.ws.send(text)


# --- the stack ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One database for all. `nodes[0]` hears no bell of the others, nor they its: it has a Redis of its own. `nodes[1]` is judged."""
    try:
        with services() as made:
            stack = Stack(made)
            try:
                _, elsewhere = redis.start(made.family, stack.folder / "r2")
                stack.node(env={**QUICK, "REDIS_URL": elsewhere})
                _, stack.judged_url = stack.proxy()  # type: ignore[attr-defined]
                yield stack
            finally:
                stack.stop()
    except LocalError as error:
        pytest.skip(f"these tests start servers of their own: {error}")


@pytest.fixture(scope="module")
def faulty(stack: Stack) -> Iterator[Nursery]:
    env = {**stack.services.env(stack.database, stack.redis_url, stack.judged_url), **QUICK}  # type: ignore[attr-defined]
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with nursery(env, stack.folder / "planted.log") as made:
        yield made


# --- the scenario --------------------------------------------------------------------


class Scenario:
    """Camille and Nadia are at the node that is judged, Idris at another, whose bells do not come through. The seed fixes who does what."""

    def __init__(self, stack: Stack, node: Node, journal: Journal, *, patient: bool) -> None:
        self.stack, self.node, self.journal, self.patient = stack, node, journal, patient
        self.rng = random.Random(3)
        people = stack.people
        self.people = camille, nadia, idris = people["camille"], people["nadia"], people["idris"]
        self.room = stack.room(camille, nadia, idris)
        self.mine: list[tuple[str, str, dict[str, Any]]] = []  # Camille's: client id, body, ok
        self.witness = type("WitnessOfThis", (Witness,), {"journal": journal})

    async def run(self) -> None:
        first, second, third = self.people
        self.camille = await self.witness.open(self.node, first)
        self.nadia = await self.witness.open(self.node, second)
        self.idris = await self.witness.open(self.stack.nodes[0], third)
        for one in (self.camille, self.nadia, self.idris):
            await one.enter(self.room)
        for act in (self.talk, self.cut_and_resume, self.change, self.send_again, self.lose_an_answer, self.talk, self.remove, self.listen, self.read):
            with contextlib.suppress(Refused, Gone, TimeoutError):
                await act()
        for one in (self.camille, self.nadia, self.idris):
            await one.cut()

    async def post(self, one: Socket, body: str, id: str | None = None) -> None:
        id = id or str(uuid.UUID(int=self.rng.getrandbits(128)))
        with contextlib.suppress(Refused):
            ok = await one.call("message.post", timeout=ANSWER_S, room=self.room, id=id, body=body)
            if one is self.camille:
                self.mine.append((id, body, ok))

    async def talk(self) -> None:
        for n in range(24):
            await self.post(self.rng.choice([self.camille, self.camille, self.idris]), f"words {n}")

    async def cut_and_resume(self) -> None:
        """Nadia misses some words, among them some that were taken back, and returns with two devices, of which one knows less."""
        known = self.nadia.after(self.room)
        await self.nadia.cut()
        for n in range(6):
            await self.post(self.rng.choice([self.camille, self.idris]), f"missed {n}")
        await self.post(self.camille, "missed, and taken back")
        last = self.mine[-1][2]
        await until(lambda: self.camille.tip(self.room) >= last["seq"], HEAL_S if self.patient else 1.5)  # the words were here
        with contextlib.suppress(Refused):
            await self.camille.call("message.retract", timeout=ANSWER_S, room=self.room, message=last["message"])
        before = {**known, "seq": known["seq"] - 5}
        self.nadia, other = await asyncio.gather(*(self.witness.open(self.node, self.people[1], resume={self.room: after}) for after in (known, before)))
        await until(lambda: self.room in self.nadia.expect and self.room in other.expect, 10)
        await other.cut()

    async def change(self) -> None:
        for type, more in (
            ("message.retract", {"message": self.mine[2][2]["message"]}),
            ("message.edit", {"message": self.mine[3][2]["message"], "base": self.mine[3][2]["seq"], "body": "mended"}),
            ("reaction.add", {"message": self.mine[4][2]["message"], "reaction": "agree"}),
        ):
            with contextlib.suppress(Refused):
                await self.camille.call(type, timeout=ANSWER_S, room=self.room, **more)

    async def send_again(self) -> None:
        for id, body, _ in (self.mine[0], self.mine[-1]):  # of a faulty server, however few it took
            await self.post(self.camille, body, id)

    async def lose_an_answer(self) -> None:
        """The connection to PostgreSQL is cut after COMMIT was sent, and before its answer."""
        (proxy,) = self.stack.proxies
        proxy.cut(AFTER_COMMIT)
        await self.post(self.camille, "committed, and nobody heard of it")
        proxy.well()

    async def remove(self) -> None:
        """Nadia loses the room. Then something is said there that is not for her."""
        self.stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", self.room, self.people[1].id)
        self.journal.write("lost", person=str(self.people[1].id), room=self.room)
        await until(lambda: bool(self.nadia.of_type("left")), RIGHTS_S if self.patient else 1.3)
        with contextlib.suppress(Refused):
            await self.nadia.call("message.post", timeout=ANSWER_S, room=self.room, id=str(uuid.UUID(int=self.rng.getrandbits(128))), body="still here?")
        await self.post(self.camille, "not for her")

    async def listen(self) -> None:
        """Until all that is open has heard all, and `heads` has come; a faulty server is not given as long."""
        self.journal.write("calm")
        (head,) = self.stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", self.room)[0]

        def told(one: Socket) -> bool:
            return any(self.room in f["rooms"] for f in one.of_type("heads"))

        await until(lambda: self.camille.tip(self.room) >= head and self.idris.tip(self.room) >= head, HEAL_S if self.patient else 1.5)
        await until(lambda: told(self.camille), HEAL_S if self.patient else HEAL_S * self.needs_heads)

    needs_heads = False

    async def read(self) -> None:
        for who in (self.people[0], self.people[2]):
            await self.read_log(who)

    async def read_log(self, who: Someone) -> None:
        events: list[dict[str, Any]] = []
        while True:
            after = events[-1]["seq"] if events else 0
            answer = await http(self.node, who, "GET", f"/api/v1/rooms/{self.room}/events", params={"after": after, "limit": 200})
            page = answer.raise_for_status().json()
            events += page["events"]
            if not page["events"] or events[-1]["seq"] >= page["head"]:
                break
        self.journal.write("log", person=str(who.id), room=self.room, epoch=page["epoch"], head=page["head"], events=events)


async def play(stack: Stack, node: Node, path: Path, *, fault: str | None = None) -> Verdict:
    journal = Journal(path)
    scenario = Scenario(stack, node, journal, patient=fault is None)
    scenario.needs_heads = fault == "heads-ahead"
    try:
        await asyncio.wait_for(scenario.run(), 90)
    finally:
        node.stop()
        stack.proxies[0].well()
        journal.close()
    return judge(path, Terms(revoked_s=RIGHTS_S if fault is None else 1.0, heal_s=HEAL_S))


async def test_the_honest_server(stack: Stack, tmp_path: Path) -> None:
    honest = Node(stack, "honest", env=QUICK, database_url=stack.judged_url)  # type: ignore[attr-defined]
    verdict = await play(stack, honest, tmp_path / "journal")
    assert verdict.clean, verdict.table()
    # It was a scenario worth judging.
    assert verdict.counts["acknowledged"] > 50 and verdict.counts["delivered"] > 120 and verdict.counts["refused"] == 1
    text = (tmp_path / "journal").read_text()
    assert all(sign in text for sign in ('"duplicate": true', '"mode": "replay"', '"withheld": "retracted"', '"heads"', '"code": "room.removed"'))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault(stack: Stack, faulty: Nursery, tmp_path: Path, fault: str) -> None:
    verdict = await play(stack, Planted(stack, faulty, fault), tmp_path / "journal", fault=fault)
    assert FAULTS[fault].claim in verdict.faults, verdict.table()


def test_enough_faults() -> None:
    assert len(FAULTS) >= 12
    assert {fault.claim for fault in FAULTS.values()} == set(CLAIMS) - {"unreadable"}, "a claim that no faulty server breaks"
