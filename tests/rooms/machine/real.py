"""The real thing beside the model: two servers on one database, one socket a person, and answers held against what must be.

People stay the same over all examples and keep their sockets; every example has rooms of its own, so nothing is ever emptied.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.live import CHECKOUT, HEAL_S, RIGHTS_S, Gone, Refused, Socket, Stack, until
from tests.rooms.machine.hand import Hand
from tests.rooms.machine.model import BODY_CHARS, REPLAY_EVENTS, RESUME_EVENTS, Event, Member, Model, Refuse, Room, resumed

NAMES = ("camille", "nadia", "idris", "helene", "soizic")
ENV = {
    "REPLAY_EVENTS": str(REPLAY_EVENTS),
    "RESUME_EVENTS": str(RESUME_EVENTS),
    "BODY_CHARS": str(BODY_CHARS),
    "SWEEP_S": "0.1",  # what the hand writes rings no bell
    "ACCESS_POLL_S": "0.1",
    "CONNECTIONS": "100",
}


class Line(Socket):
    """A socket whose events are those of the run that goes on."""

    def _entered(self, after: dict[str, Any] | None, frame: dict[str, Any]) -> None:
        super()._entered(after, frame)
        self.events[frame["room"]] = []


@dataclass
class Run:
    """A room that a socket has entered: everything after `low` must have come, in the form that was true then."""

    room: Room
    low: int


class Real:
    """Everything that outlives an example."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.loop = stack, asyncio.new_event_loop()
        self.nodes = [stack.node(env=ENV), stack.node(env=ENV)]
        self.hand = Hand(stack.services.env(stack.database, stack.redis_url), CHECKOUT)
        self.people = {name: stack.people[name] for name in NAMES}
        self.clients = [httpx.AsyncClient(base_url=node.base, trust_env=False, timeout=20) for node in self.nodes]
        self.lines: dict[str, Line] = {}
        self.runs: dict[str, dict[str, Run]] = {name: {} for name in NAMES}
        self.seen: Counter[str] = Counter()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        async def end() -> None:
            for line in self.lines.values():
                line.task.cancel()
                line.ws.transport.abort()
            for client in self.clients:
                await client.aclose()
            await asyncio.sleep(0.05)

        self.do(end())
        self.loop.close()
        self.hand.close()

    # --- an example's rooms ----------------------------------------------------------

    def begin(self) -> Model:
        """A group of three with an owner, and a conversation of two with one; all stand well, nobody has entered either."""
        model = Model({name: str(someone.id) for name, someone in self.people.items()})
        camille, nadia, idris = (self.people[name] for name in NAMES[:3])
        for kind, members in (("group", [camille, nadia, idris]), ("private", [camille, nadia])):
            id = self.stack.room(*members, kind=kind, owner=camille)
            epoch = self.stack.sql("SELECT epoch FROM rooms_room WHERE id = %s", id)[0][0]
            model.rooms[id] = Room(model, id, kind, epoch, {p.name: Member("owner" if p is camille else "member") for p in members})
        for name in NAMES:
            self.do(self.connect(name))
        self.own_heads = {name: self.stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", someone.personal)[0][0] for name, someone in self.people.items()}
        return model

    def end(self, model: Model) -> None:
        """Leaves nothing of the example behind; a socket that is in doubt is opened anew next time."""
        for name in model.suspended:
            self.hand("lift", who=model.ids[name])
        for name in NAMES:
            line = self.lines.get(name)
            if line is not None and (line.closed is not None or line.faults or line.waiting or self.runs[name]):
                line.task.cancel()
                line.ws.transport.abort()
                del self.lines[name]
            elif line is not None:
                line.frames.clear()
                line.events.clear()
            self.runs[name] = {}

    # --- sockets ---------------------------------------------------------------------

    def node(self, name: str) -> int:
        return NAMES.index(name) % 2

    async def connect(self, name: str, resume: dict[str, dict[str, Any] | None] | None = None) -> Line:
        line = self.lines.get(name)
        if line is not None and line.closed is None and resume is None:
            return line
        n, who = self.node(name), self.people[name]
        ticket = await self.clients[n].post("/api/v1/tickets", headers=who.headers)
        assert ticket.status_code == 200, ticket.text
        line = await Line.knock(self.nodes[n], who)
        assert isinstance(line, Line)
        self.lines[name] = line
        line.resumes = dict(resume or {})
        more = {"resume": [{"room": room, "after": after} for room, after in resume.items()]} if resume else {}
        line.hello = await line.call("hello", protocols=[1], client="machine/1", ticket=ticket.json()["ticket"], **more)
        return line

    def cut(self, name: str) -> dict[str, int]:
        """Ends a socket without a word; up to where it had heard each room."""
        line = self.lines.pop(name)
        tips = {id: line.tip(id) for id in self.runs[name]}

        async def end() -> None:
            line.task.cancel()
            line.ws.transport.abort()
            await asyncio.gather(line.task, return_exceptions=True)

        self.do(end())
        assert not line.faults, line.faults
        self.runs[name] = {}
        return tips

    def say(self, name: str, asked: Sequence[tuple[str, dict[str, Any], Callable[[dict[str, Any] | None], Any]]]) -> None:
        """Sends these commands at once; each is (type, fields, what the model does given the real answer)."""
        line = self.lines[name]

        async def all_of_them() -> list[Any]:
            futures = [await line.start(type, **fields) for type, fields, _ in asked]
            return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)

        before = len(line.answered)
        answers = self.do(all_of_them())
        assert line.answered[before:] == sorted(line.answered[before:]), "commands to one room are answered in the order they were sent"
        for (type, fields, model), answer in zip(asked, answers, strict=True):
            self.compare(model, answer, f"{name}: {type} {fields}")

    def http(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        answer: httpx.Response = self.do(self.clients[self.node(name)].request(method, f"/api/v1{path}", headers=self.people[name].headers, **more))
        assert answer.status_code < 500, answer.text
        return answer

    def ask(self, name: str, path: str, body: dict[str, Any], model: Callable[[dict[str, Any] | None], Any]) -> httpx.Response:
        """A write over HTTP, held against the model as a command is."""
        answer = self.http(name, "POST", path, json=body)
        said = answer.json()
        self.compare(model, said if answer.status_code < 400 else Refused(said), f"{name}: POST {path} {body}")
        return answer

    def compare(self, model: Callable[[dict[str, Any] | None], Any], answer: Any, what: str) -> None:
        """An answer against what the model makes of the same act."""
        said = {k: v for k, v in answer.items() if k not in ("type", "ref")} if isinstance(answer, dict) else None
        try:
            expected = model(said)
        except Refuse as refuse:
            self.seen[refuse.code] += 1
            assert isinstance(answer, Refused), f"{what}: {answer!r}, where {refuse.code} must be told"
            assert answer.code == refuse.code, f"{what}: refused {answer.code}, not {refuse.code}"
            return
        assert said is not None, f"{what}: {answer!r}, where {expected} is right"
        assert said == expected, f"{what}: {said}, not {expected}"
        self.seen["duplicate" if "duplicate" in expected else "unchanged" if "unchanged" in expected else "ok"] += 1

    # --- entering --------------------------------------------------------------------

    def enter(self, name: str, room: Room, after: dict[str, Any] | None) -> None:
        line = self.lines[name]
        answer = self.do(_result(line.start("room.enter", room=room.id, after=after)))
        if code := room.may(name):
            assert isinstance(answer, Refused) and answer.code == code, (answer, code)
            return
        assert isinstance(answer, dict), answer
        mode, low = room.mode(name, after)
        self._check_entry(name, room, answer, mode, low)

    def _check_entry(self, name: str, room: Room, answer: dict[str, Any], mode: str, low: int) -> None:
        assert (answer["mode"], answer["head"]) == (mode, {"epoch": room.epoch, "seq": room.head}), (answer, mode, room.head)
        self.seen[f"mode {mode}"] += 1
        said = {k: v for k, v in answer["state"].items() if k != "present"}
        assert said == room.state(name), f"state for {name}: {said}, not {room.state(name)}"
        self.runs[name][room.id] = Run(room, low)
        self._hear(name, room)
        # What a replay says is what holds now, not what once was said.
        for event, heard in zip(room.log[low:], self.lines[name].events[room.id], strict=True):
            assert heard["data"] == room.data(event), (heard["data"], room.data(event))

    def resume(self, name: str, model: Model, cursors: dict[str, dict[str, Any] | None]) -> None:
        """Opens a new socket that resumes these rooms."""

        async def opened() -> Line:
            line = await self.connect(name, cursors)
            assert await until(lambda: not (line.resumes.keys() - {f["room"] for f in line.of_type("left")}), RIGHTS_S), (line.resumes, line.frames)
            return line

        line = self.do(opened())
        readable = [(room, cursors[id]) for id in cursors if (room := model.rooms[id]).may(name) is None]
        entered = {f["room"]: f for f in line.of_type("entered")}
        expected = resumed(readable, name)
        assert list(entered) == [room.id for room, *_ in expected], "rooms are entered by the latest read mark"
        assert {f["room"]: f["code"] for f in line.of_type("left")} == dict.fromkeys(cursors.keys() - entered.keys(), "room.not_found")
        self.seen["resumed"] += bool(expected)
        for room, mode, low in expected:
            self._check_entry(name, room, entered[room.id], mode, low)
        line.frames.clear()

    def leave_room(self, name: str, room: Room) -> None:
        self.settle_one(name, room)
        self.say(name, [("room.leave", {"room": room.id}, lambda said: {})])
        self.runs[name].pop(room.id, None)

    # --- what was delivered ------------------------------------------------------------

    def _hear(self, name: str, room: Room) -> None:
        """Waits until a socket has heard a room up to its head."""
        line = self.lines[name]
        assert self.do(until(lambda: line.tip(room.id) >= room.head or line.closed is not None, HEAL_S)), f"{name} stands at {line.tip(room.id)} of {room.head}"
        assert line.closed is None, f"{name}'s socket was closed with {line.closed}"

    def settle_one(self, name: str, room: Room) -> None:
        if run := self.runs[name].get(room.id):
            self._hear(name, room)
            self._compare(name, run, room.head)

    def settle(self, model: Model) -> None:
        """Every socket has heard everything of every room it has entered, and nothing else."""
        for name, runs in self.runs.items():
            for run in list(runs.values()):
                self.settle_one(name, run.room)
            if name in self.lines:
                line = self.lines[name]
                assert not line.faults, line.faults
                assert line.closed is None, line.closed

    def _compare(self, name: str, run: Run, high: int) -> None:
        heard = self.lines[name].events.get(run.room.id, [])
        wanted = run.room.log[run.low : high]
        assert [e["seq"] for e in heard] == [e.seq for e in wanted], (name, [e["seq"] for e in heard], run.low, high)
        for event, frame in zip(wanted, heard, strict=True):
            check_event(run.room, event, frame)

    # --- rights ------------------------------------------------------------------------

    def lost(self, name: str, room: Room, code: str) -> None:
        """Someone lost a room: their socket is told once, and hears nothing after it."""
        run = self.runs[name].pop(room.id, None)
        if run is None:
            return
        line = self.lines[name]
        assert self.do(until(lambda: any(f["room"] == room.id for f in line.of_type("left")), RIGHTS_S)), f"{name} was not told of losing a room"
        assert [f["code"] for f in line.of_type("left") if f["room"] == room.id] == [code]
        self.seen[f"left {code}"] += 1
        line.frames[:] = [f for f in line.frames if f["type"] != "left"]
        heard = line.events.get(room.id, [])
        assert not heard or heard[-1]["seq"] <= room.head
        self._compare(name, run, run.low + len(heard))

    def suspended(self, name: str, model: Model) -> None:
        line = self.lines.pop(name)
        code = self.do(line.close_code(RIGHTS_S))
        self.seen["suspended"] += 1
        assert code == 4403, f"a suspended person's socket was closed with {code}"
        assert [f["code"] for f in line.of_type("refused")] == ["account.suspended"]
        for run in self.runs[name].values():
            heard = line.events.get(run.room.id, [])
            for event, frame in zip(run.room.log[run.low :], heard, strict=False):
                check_event(run.room, event, frame)
        assert not line.faults, line.faults
        self.runs[name] = {}


async def _result(starting: Coroutine[Any, Any, asyncio.Future[dict[str, Any]]]) -> Any:
    try:
        return await asyncio.wait_for(await starting, 20)
    except (Refused, Gone) as no:
        return no


def check_event(room: Room, event: Event, frame: dict[str, Any]) -> None:
    assert (frame["kind"], frame["epoch"], frame["actor"]["id"]) == (event.kind, room.epoch, room.model.ids[event.actor]), (frame, event)
    assert frame["data"] in room.told(event), (frame["data"], room.told(event))


def new_id() -> str:
    return str(uuid.uuid4())
