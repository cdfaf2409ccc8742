"""The TypeScript client as others get it: the built package in plain Node, against a real server over a network that fails."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import CHECKOUT, Node, Someone, Stack, sockets, until
from tests.people import PASSWORD
from tests.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
REPLAY = 20
PACKAGE = CHECKOUT / "frontend" / "dist-client"
NODE = shutil.which("node", path=f"{CHECKOUT / '.venv' / 'node-bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def node(stack: Stack) -> Node:
    return stack.node(env={"REPLAY_EVENTS": str(REPLAY), "HEARTBEAT_MS": "2000", "DRAIN_S": "1"})


@pytest.fixture
def way(node: Node) -> Iterator[Proxy]:
    """The app's network."""
    proxy = Proxy(lambda: asyncio.open_connection("127.0.0.1", node.port))
    yield proxy
    proxy.close()


class App:
    """The Node process: what it said, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.said, self.shown = process, list[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            what = json.loads(line)
            if "events" in what:
                self.shown.put_nowait(what)
            else:
                self.said.append(what)

    def do(self, **what: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what).encode() + b"\n")

    async def show(self) -> dict[str, Any]:
        self.do(show=True)
        return await asyncio.wait_for(self.shown.get(), 60)

    @property
    def state(self) -> dict[str, Any]:
        return next((s for s in reversed(self.said) if "state" in s), {"state": None})

    async def reaches(self, seq: int) -> dict[str, Any]:
        for _ in range(600):
            found = await self.show()
            if found["unsent"] == 0 and (found["cursor"] or {}).get("seq") == seq:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"not at {seq}: {found['cursor']}, {found['unsent']} unsent, {self.said[-3:]}")


@pytest.fixture
async def start(way: Proxy) -> AsyncIterator[Any]:
    assert NODE and (PACKAGE / "index.js").exists(), "make client"
    apps: list[App] = []

    async def begin(room: str) -> App:
        words = [NODE, "--experimental-websocket", "tests/client/app.mjs", f"http://127.0.0.1:{way.port}", "nadia@example.org", PASSWORD, room]
        process = await asyncio.create_subprocess_exec(*words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**24)
        apps.append(App(process))
        return apps[-1]

    yield begin
    for app in apps:
        if app.process.returncode is None:
            app.process.kill()
        await app.process.wait()
        app.reading.cancel()


def rows(found: dict[str, Any]) -> list[tuple[int, str]]:
    return [(e["seq"], e["kind"]) for e in found["events"]]


async def test_through_cuts_nothing_is_lost_and_nothing_doubled(start: Any, way: Proxy, stack: Stack, node: Node, cast: dict[str, Someone]) -> None:
    """Sign in by token, ticket, hello, enter, post; cut in odd places; resume. Both write all the while."""
    room, dice = stack.room(cast["camille"], cast["nadia"]), random.Random(7)
    async with sockets((node, cast["camille"])) as (camille,):
        await camille.post(room, "before")
        app = await start(room)
        assert await until(lambda: app.state["state"] == "ready", 90), app.said
        first = await app.reaches(1)
        assert [m["body"] for m in first["page"]["messages"]] == ["before"] and first["events"] == []
        for n in range(20):
            app.do(post=f"nadia {n}")
            await camille.post(room, f"camille {n}")
            await asyncio.sleep(dice.uniform(0, 0.1))
            if n % 3 == 0:
                way.drop()
        way.freeze()  # a tunnel: nothing is closed, nothing comes
        for n in range(2 * REPLAY):  # more than is replayed
            await camille.post(room, f"meanwhile {n}")
        app.do(post="from the tunnel")
        await asyncio.sleep(1)
        way.drop()
        way.thaw()
        mine = [f"nadia {n}" for n in range(20)] + ["from the tunnel"]
        assert await until(lambda: len([s for s in app.said if "sent" in s]) == len(mine), 120), app.said[-5:]
        log = stack.log(room)
        found = await app.reaches(log[-1][0])
    assert [seq for seq, _ in rows(found)] == list(range(2, log[-1][0] + 1)), "each event once, in order, and none left out"
    bodies = stack.bodies(room)
    assert [b for b in bodies if b.startswith(("nadia", "from"))] == mine, "each post once, in the order of writing"
    assert {e["data"]["body"] for e in found["events"] if e["kind"] == "message.posted"} == set(bodies) - {"before"}
    assert {s["sent"]: s["seq"] for s in app.said if "sent" in s} == {b: n + 1 for n, b in enumerate(bodies) if b in mine}
    assert way.accepted > 5 and not [s for s in app.said if "refused" in s]


async def test_refusals_a_lost_room_and_the_end_of_a_session(start: Any, stack: Stack, cast: dict[str, Someone]) -> None:
    room = stack.room(cast["camille"], cast["nadia"])
    app = await start(room)
    assert await until(lambda: app.state["state"] == "ready", 90), app.said
    for body in (" \n ", "after it"):
        app.do(post=body)
    assert await until(lambda: any(s.get("sent") == "after it" for s in app.said), 60), app.said
    assert [(s["refused"], s["code"]) for s in app.said if "refused" in s] == [(" \n ", "message.blank")]
    found = await app.reaches(1)
    assert found["events"] or found["page"]["messages"], "as an event, or in the page of an entry that came after it"
    stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, cast["nadia"].id)
    for _ in range(300):
        if (found := await app.show())["cursor"] is None:
            break
        await asyncio.sleep(0.1)
    assert found["cursor"] is None and found["events"] == [] and found["page"] is None
    app.do(signOut=True)
    assert await until(lambda: app.state == {"state": "stopped", "code": 4401}, 60), app.said


def test_its_types_serve_who_uses_it(tmp_path: Path) -> None:
    """What docs/mobile.md shows compiles against the package, without this front end."""
    text = (CHECKOUT / "docs" / "mobile.md").read_text()
    [shown] = re.findall(r"^```ts\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    scope = tmp_path / "node_modules" / "@consult"
    scope.mkdir(parents=True)
    (scope / "client").symlink_to(PACKAGE)
    (tmp_path / "package.json").write_text('{"type":"module"}')
    given = 'import { MemoryStore, type EventFrame } from "@consult/client";\ndeclare const token: string, room: string;\ndeclare function draw(room: string): void;\nconst store = new MemoryStore();\n'
    wrong = '// @ts-expect-error a kind that is none\nexport const none: EventFrame["kind"] = "message.eaten";\n'
    (tmp_path / "sample.ts").write_text(given + shown + wrong)
    words = [str(NODE), str(CHECKOUT / "frontend" / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit", "--strict", "--target", "es2022"]
    words += ["--module", "nodenext", "--lib", "es2023,webworker", "--types", "", "sample.ts"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
