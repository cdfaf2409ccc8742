"""The load of the soak: people who read, write, look things up, come and go. As many of everything in the last minute as in the first."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.live import Gone, Refused, Socket, Someone, Stack

ROOMS, MEMBERS, ENTERED = 20, 6, 4  # rooms, people in each, rooms that one socket enters
REMEMBERED = 512  # events that a hub keeps of a room (RING_FRAMES): until then its memory grows as it should
KEPT_S = 2.0  # an idle connection of the HTTP client; the server gives one up after 5, and a request on its way just then would be cut
WORDS = [
    "avis",
    "lésion",
    "stable",
    "trois",
    "mois",
    "dermato",
    "photo",
    "jointe",
    "merci",
    "suivi",
    "biopsie",
    "exérèse",
    "contrôle",
    "prurit",
    "fièvre",
    "dossier",
    "patient",
    "demande",
    "conduite",
    "tenir",
    "délai",
]


class Reader(Socket):
    """A socket that keeps counts, not events: it must not grow itself."""

    heard = number = 0

    def _event(self, frame: dict[str, Any]) -> None:
        super()._event(frame)
        self.heard += 1
        self.last = frame
        self.events.clear()
        self.answered.clear()
        if len(self.frames) > 50:
            self.frames.clear()


@dataclass
class Load:
    stack: Stack
    sockets: int
    posts: float  # a second
    seed: int = 1
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    open: list[Reader] = field(default_factory=list)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.people = [p for p in self.stack.people.values() if p.name not in ("yann",)]  # who is not verified enters nothing
        self.rooms: dict[str, list[Someone]] = {}
        self.messages: dict[str, list[tuple[str, Someone, int]]] = {}  # recent ones by room: id, author, version
        self.clients = [httpx.AsyncClient(base_url=node.base, trust_env=False, timeout=30, limits=httpx.Limits(keepalive_expiry=KEPT_S)) for node in self.stack.nodes]

    def make_rooms(self) -> None:
        for n in range(ROOMS):
            members = [self.people[(n + k * 3) % len(self.people)] for k in range(MEMBERS)]
            room = self.stack.room(*dict.fromkeys(members), kind="group" if n % 2 else "private")
            self.rooms[room] = list(dict.fromkeys(members))

    # --- sockets -----------------------------------------------------------------

    async def come(self, n: int) -> Reader:
        """One socket in some of its person's rooms; the number says who and where, so that each node has as many at all times."""
        person = self.people[n // len(self.stack.nodes) % len(self.people)]
        node = self.stack.nodes[n % len(self.stack.nodes)]
        ticket = await self.clients[self.stack.nodes.index(node)].post("/api/v1/tickets", headers=person.headers)
        ticket.raise_for_status()
        reader = await Reader.knock(node, person)
        assert isinstance(reader, Reader)
        await reader.call("hello", protocols=[1], client="soak/1", ticket=ticket.json()["ticket"])
        own = [room for room, members in self.rooms.items() if person in members]
        for room in self.random.sample(own, min(ENTERED, len(own))):
            await reader.enter(room)
        reader.number = n
        self.done["came"] += 1
        return reader

    async def fill(self) -> None:
        """Opens the sockets; before the last of them come, each room gets as many posts as a hub remembers of it."""
        for start in range(0, self.sockets, 20):
            self.open += await asyncio.gather(*(self.come(n) for n in range(start, min(start + 20, self.sockets))))
            if start == 20:
                await asyncio.gather(*(self.warm(room) for room in self.rooms))

    async def warm(self, room: str) -> None:
        """As many through each node: what a post costs in memory is taken by the node that writes it, too."""
        for node in self.stack.nodes:
            reader = next((r for r in self.open if r.who in self.rooms[room] and r.node is node), None)
            for _ in range(0, REMEMBERED if reader else 0, 32):
                assert reader is not None
                await asyncio.gather(*[await reader.start("message.post", room=room, id=str(uuid.uuid4()), body=self.words()) for _ in range(32)])

    async def go(self, reader: Reader) -> None:
        """Half say goodbye, half are cut."""
        self.open.remove(reader)
        self.faults += reader.faults
        if reader.closed is not None:
            self.faults.append(f"a socket was closed with {reader.closed}")
        if self.random.random() < 0.5:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(reader.ws.close(), 5)
        reader.task.cancel()
        reader.ws.transport.abort()
        await asyncio.gather(reader.task, return_exceptions=True)
        self.done["went"] += 1

    # --- what is done, each at its pace -------------------------------------------------

    def some(self) -> tuple[Reader, str]:
        """A socket, and a room that its person is in."""
        reader = self.random.choice(self.open)
        return reader, self.random.choice([room for room, members in self.rooms.items() if reader.who in members])

    def words(self) -> str:
        text = " ".join(self.random.choices(WORDS, k=self.random.randrange(3, 30)))
        return text + (f" #{self.random.choice(WORDS)}" if self.random.random() < 0.1 else "")

    async def post(self) -> None:
        reader, room = self.some()
        answer = await reader.post(room, self.words())
        recent = self.messages.setdefault(room, [])
        recent.append((answer["message"], reader.who, answer["seq"]))
        del recent[:-30]

    async def change(self) -> None:
        """An edit, a retraction or a reaction."""
        reader, room = self.some()
        if not self.messages.get(room):
            return
        n = self.random.randrange(len(self.messages[room]))
        message, author, version = self.messages[room][n]
        mine = next((r for r in self.open if r.who == author), None)
        if mine is None or self.random.random() < 0.5:
            await reader.call("reaction.add", room=room, message=message, reaction=self.random.choice(["agree", "useful", "thanks"]))
        elif self.random.random() < 0.8:
            answer = await mine.call("message.edit", room=room, message=message, base=version, body=self.words())
            self.messages[room][n] = message, author, answer["seq"]
        else:
            await mine.call("message.retract", room=room, message=message)
            self.messages[room].pop(n)

    async def small(self) -> None:
        """Typing, a read mark, a ping."""
        reader, room = self.some()
        await reader.call("typing", room=room)
        await reader.call("read.mark", room=room, seq=self.messages[room][-1][2] if self.messages.get(room) else 0)
        await reader.call("ping")

    async def look(self) -> None:
        """Pages, lists and search over HTTP."""
        reader, room = self.some()
        node = self.random.randrange(len(self.clients))
        path = self.random.choice(
            ["/rooms", f"/rooms/{room}/events", f"/rooms/{room}/messages", f"/rooms/{room}/members", "/me", f"/search?q={self.random.choice(WORDS)}", "/people?q=a", "/groups"]
        )
        answer = await self.clients[node].get(f"/api/v1{path}", headers=reader.who.headers)
        self.done[f"HTTP {answer.status_code}"] += 1
        if answer.status_code >= 400:
            self.faults.append(f"GET {path}: {answer.status_code} {answer.text[:200]}")

    async def churn(self) -> None:
        reader = self.random.choice(self.open)
        await self.go(reader)
        self.open.append(await self.come(reader.number))

    async def every(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        """At this pace, also when one took longer; what is refused for a reason of two acts crossing is counted."""
        due = time.monotonic()
        while not self.stopping:
            due += seconds * self.random.uniform(0.5, 1.5)
            try:
                await act()
                self.done[act.__name__] += 1
            except Refused as refused:
                self.done[refused.code] += 1
                if refused.code not in ("message.changed", "message.retracted", "message.not_author"):
                    self.faults.append(f"{act.__name__}: {refused}")
            except httpx.HTTPError as error:
                self.faults.append(f"{act.__name__}: {error!r}")
            except Gone as gone:
                self.done[f"gone {gone.code}"] += 1  # a socket that went in the middle of it
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def run(self) -> None:
        posting = max(1, round(self.posts / 5))
        async with asyncio.TaskGroup() as group:
            for _ in range(posting):
                group.create_task(self.every(posting / self.posts, self.post))
            for pace, act in ((0.5, self.change), (0.3, self.small), (0.25, self.look), (1.0, self.churn)):
                group.create_task(self.every(pace, act))

    async def stop(self) -> None:
        for reader in list(self.open):
            await self.go(reader)
        for client in self.clients:
            await client.aclose()
