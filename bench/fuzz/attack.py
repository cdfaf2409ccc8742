"""The attackers: sockets that say mutated commands, that knock wrongly, that speak no WebSocket; and a client of the HTTP doors."""

from __future__ import annotations

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.fuzz.bodies import Bodies
from bench.fuzz.frames import Frames, World, dumps
from bench.fuzz.garbage import GARBAGE_CODES, Garbage, handshakes, raw
from bench.fuzz.judge import Judge
from bench.fuzz.wire import Wire, check_close
from tests.live import Node, Someone, Stack

SPEAKERS = 8
WINDOW = 40  # frames that are sent before their answers are waited for
CONNECTION = 3000  # frames one connection carries
SPOKEN = {4400, 4413}
SERVER_MAX = 1_500_000  # bytes (four times frame_bytes and a million) that the server reads of one message; above, it cuts the line: 1009, or the reset that follows it
HELLO = {4400, 4413, 4401, 4403, 4006, 4426}
KEPT_S = 2.0  # an idle connection of the HTTP client; the server gives one up after 5, and a request on its way just then would be cut
UNFINISHED = 0.1  # seconds that a handshake which is none is given to be answered


@dataclass
class Plan:
    """How much of what; all is counted in frames but requests."""

    frames: int
    seed: int

    @property
    def garbage(self) -> int:
        return self.frames // 40

    @property
    def knocks(self) -> int:
        return self.frames // 200

    @property
    def handshakes(self) -> int:
        return self.frames // 200

    @property
    def requests(self) -> int:
        return self.frames // 30

    @property
    def spoken(self) -> int:
        return self.frames - self.garbage - self.handshakes


@dataclass
class Attack:
    stack: Stack
    node: Node
    judge: Judge
    plan: Plan
    sent: int = 0
    spoken: int = 0
    requests: int = 0
    stopped: bool = False
    wires: set[Wire] = field(default_factory=set)

    def __post_init__(self) -> None:
        people = self.stack.people
        self.speakers = [people[f"writer{n}"] for n in (1, 2, 3, 4)]
        self.callers = [people[f"writer{n}"] for n in (5, 6, 7)]
        self.client = httpx.AsyncClient(base_url=self.node.base, trust_env=False, timeout=30, limits=httpx.Limits(max_connections=12, keepalive_expiry=KEPT_S))

    async def world(self) -> World:
        owner, stranger = self.stack.people["camille"], self.stack.people["nadia"]
        everyone = [owner, *self.speakers, *self.callers]
        rooms = [self.stack.room(*everyone, kind="group", owner=owner) for _ in range(2)]
        rooms += [self.stack.room(*self.speakers, self.callers[0]), self.stack.room(*self.speakers[:2])]
        foreign = [self.stack.room(owner, stranger)]
        body: dict[str, Any] = {"id": str(uuid.uuid4()), "title": "Lésion", "question": "Avis ?", "specialty": "SM15", "urgency": "week", "everyone": True}
        case = (await self._post(owner, "/api/v1/cases", body))["room"]
        hidden = (await self._post(owner, f"/api/v1/rooms/{foreign[0]}/messages", {"id": str(uuid.uuid4()), "body": "not for you"}))["message"]
        personal = [p.personal for p in (owner, stranger, *self.speakers)]
        return World([*rooms, case], foreign, [str(p.id) for p in (*everyone, stranger)], personal, [hidden])

    async def _post(self, who: Someone, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(path, json=body, headers=who.headers)
        answer.raise_for_status()
        return dict(answer.json())

    async def ticket(self, who: Someone) -> str:
        return str((await self._post(who, "/api/v1/tickets", {}))["ticket"])

    async def wire(self, handshake: bytes | None = None) -> Wire:
        wire = await Wire.open(self.node.port, self.judge, handshake=handshake)
        self.wires.add(wire)
        if handshake is None and not await wire.opened():  # who speaks before the 101 is not heard, and may not (RFC 6455, 4.1)
            self.judge.find("a sound handshake was not answered 101", wire.head or wire.code)
        return wire

    def done(self, wire: Wire) -> None:
        self.wires.discard(wire)

    async def greeted(self, who: Someone, world: World) -> Wire:
        ticket = await self.ticket(who)  # before the socket: it has 10 s for its hello, and the machine may be slow
        wire = await self.wire()
        wire.on_event = world.heard
        wire.say(dumps({"type": "hello", "ref": 1, "protocols": [1], "client": "fuzz/1", "ticket": ticket}))
        await wire.until(lambda: wire.answers >= 1)
        if wire.last != ["ok"]:
            self.judge.find("a sound hello was not answered ok", wire.last or wire.code)
        return wire

    # --- the attackers ---------------------------------------------------------

    async def speak(self, n: int, world: World) -> None:
        """Mutated and valid commands in windows, on one socket after the other."""
        frames = Frames(random.Random(f"{self.plan.seed}/speak/{n}"), world)
        garbage = Garbage(frames.random)
        while self.spoken < self.plan.spoken and not self.stopped:
            wire, carried, ref = await self.greeted(self.speakers[n % len(self.speakers)], world), 0, 2
            for room in world.rooms:
                wire.say(dumps({"type": "room.enter", "ref": ref, "room": room, "after": None}))
                ref += 1
            await wire.until(lambda wire=wire, ref=ref: wire.answers == ref - 1)  # type: ignore[misc]
            while carried < CONNECTION and self.spoken < self.plan.spoken and wire.code is None and not self.stopped:
                texts = self._window(frames, garbage, ref)
                ref += 10 * WINDOW
                carried += len(texts)
                self.spoken += len(texts)
                self.sent += len(texts)
                if not await self._said(wire, texts):
                    break
            if wire.code is None:
                await wire.close()
            self.done(wire)

    def _window(self, frames: Frames, garbage: Garbage, ref: int) -> list[str]:
        chance, texts = frames.random.random(), []
        if chance < 0.1:
            texts = frames.sequence(ref)
        while len(texts) < WINDOW:
            n = ref + len(texts) * 8
            noise = chance > 0.9 and frames.random.random() < 0.5
            texts.append("".join(chr(frames.random.randrange(1, 0xD7FF)) for _ in range(frames.random.randrange(60))) if noise else frames.some(n))
            if chance < 0.97 and len(texts) % 6 == 0:  # or else ten in a row are soon reached; in 3 of 100 windows they may be
                texts.append(dumps({"type": "ping", "ref": n + 7}))
        return texts

    async def _said(self, wire: Wire, texts: list[str]) -> bool:
        """Says a window and waits for as many answers. False where the connection is over."""
        before = wire.answers
        wire.asked = texts
        wire.window = {ref: text for text in texts if (ref := _ref(text))}
        for text in texts:
            wire.say(text)
        await wire.until(lambda: wire.answers - before >= len(texts))
        if wire.code is not None:
            check_close(wire, self.judge, wire.code, SPOKEN | _cut_off(texts))
            return False
        if wire.answers - before != len(texts):
            self.judge.find("not as many answers as frames", {"sent": len(texts), "answered": wire.answers - before, "asked": texts})
            wire.abort()
            return False
        return True

    async def knock(self, world: World) -> None:
        """Greetings that are wrong, and commands before any."""
        frames = Frames(random.Random(f"{self.plan.seed}/knock"), world)
        for i in range(self.plan.knocks):
            if self.stopped:
                return
            who = self.speakers[i % len(self.speakers)]
            ticket = frames.random.choice([None, "x", "é" * 40, await self.ticket(who), await self.ticket(who)])
            wire = await self.wire()
            texts = [frames.mutated(frames.hello(k + 1, ticket)) if frames.random.random() < 0.8 else frames.some(k + 1) for k in range(frames.random.choice([1, 2, 12]))]
            wire.asked = texts
            for text in texts:
                wire.say(text)
            self.sent += len(texts)
            await wire.until(lambda wire=wire, texts=texts: wire.answers >= len(texts))  # type: ignore[misc]
            if wire.code is not None or not await wire.until(lambda wire=wire, texts=texts: wire.answers >= len(texts), 1):  # type: ignore[misc]
                check_close(wire, self.judge, wire.code, HELLO | _cut_off(texts)) if wire.code is not None else self.judge.find("a greeting was not answered", texts)
            await wire.close()
            self.done(wire)

    async def spill(self, world: World) -> None:
        """What is no WebSocket: each must close, be answered, or leave the connection alive."""
        chance = random.Random(f"{self.plan.seed}/spill")
        garbage = Garbage(chance)
        for i in range(self.plan.garbage):
            if self.stopped:
                return
            greeted = chance.random() < 0.25
            wire = await self.greeted(self.speakers[i % len(self.speakers)], world) if greeted else await self.wire()
            item = garbage.some()
            wire.asked = item
            answers = wire.answers
            for piece in item.pieces:
                wire.write(piece)
                await asyncio.sleep(0)
            self.sent += 1
            if item.name in ("noise", "half"):
                await wire.ended(0.02)
            elif item.must_close:
                if await wire.ended() is None:
                    self.judge.find(f"{item.name} did not close", item)
            else:
                await wire.until(lambda wire=wire, item=item, answers=answers: wire.answers >= answers + item.answers)  # type: ignore[misc]
                wire.write(raw(9, b"alive?"))
                pongs = wire.pongs
                if not await wire.until(lambda wire=wire, pongs=pongs: wire.pongs > pongs) and wire.code is None:  # type: ignore[misc]
                    self.judge.find(f"after {item.name} the connection neither answers nor is closed", item)
            if wire.code is not None:
                self.judge.closed(wire.code, GARBAGE_CODES | ({1006} if item.name in ("noise", "more_than_a_message_may_have") else set()), item)
            wire.abort()
            self.done(wire)

    async def shake(self) -> None:
        """Handshakes that are nearly one."""
        chance = random.Random(f"{self.plan.seed}/shake")
        source = handshakes(chance, self.node.port)
        for _ in range(self.plan.handshakes):
            if self.stopped:
                return
            request = next(source)
            wire = await self.wire(request)
            await wire.until(lambda wire=wire: wire.head is not None, UNFINISHED)  # type: ignore[misc]
            line = (wire.head or b"").split(b"\r\n")[0].decode("latin-1")
            if line:
                self.judge.note(f"handshake {line.split(' ')[1] if ' ' in line else line}")
            if line.startswith("HTTP/1.1 5"):
                self.judge.find(f"a handshake was answered {line}", request)
            self.sent += 1
            wire.abort()
            self.done(wire)

    async def call(self, n: int, world: World) -> None:
        """The HTTP doors."""
        bodies = Bodies(Frames(random.Random(f"{self.plan.seed}/call/{n}"), world), self.callers, self.node)
        while self.requests < self.plan.requests and not self.stopped:
            self.requests += 1
            await bodies.one(self.client, self.judge)
            if self.requests % 500 == 0:  # PATCH /me sends people back to pending
                self.stack.sql("UPDATE standing_standing SET verification = 'verified' WHERE person_id = ANY(%s)", [p.id for p in self.callers])

    # --- all of them -------------------------------------------------------------

    async def run(self) -> None:
        world = await self.world()
        try:
            async with asyncio.TaskGroup() as group:
                for n in range(SPEAKERS):
                    group.create_task(self.speak(n, world))
                for n in range(3):
                    group.create_task(self.call(n, world))
                group.create_task(self.knock(world))
                group.create_task(self.spill(world))
                group.create_task(self.shake())
        finally:
            for wire in list(self.wires):
                wire.abort()
            await self.client.aclose()


def _cut_off(texts: list[str]) -> set[int]:
    return {1009, 1006} if max(len(t.encode("utf-8", "surrogatepass")) for t in texts) > SERVER_MAX else set()


def _ref(text: str) -> int | None:
    """The ref that a text seems to carry, for examples alone."""
    _, found, rest = text.partition('"ref": ')
    digits = rest[:17].split(",")[0].split("}")[0].strip()
    return int(digits) if found and digits.isascii() and digits.isdigit() else None
