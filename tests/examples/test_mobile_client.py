"""The reference client against real servers, over a network that fails: nothing lost, nothing doubled, its log is the server's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.mobile.client import Client
from examples.mobile.connection import Connection
from examples.mobile.doors import Refused
from examples.mobile.store import Store
from tests.live import CHECKOUT, HEAL_S, Node, Someone, Stack, http, sockets, until
from tests.people import PASSWORD
from tests.proxy import Proxy
from tests.push.fcm_service import FcmService

pytestmark = pytest.mark.slow
REPLAY = 20


@pytest.fixture
def node(stack: Stack) -> Node:
    return stack.node(env={"REPLAY_EVENTS": str(REPLAY), "HEARTBEAT_MS": "2000", "DRAIN_S": "1"})


@pytest.fixture
def way(node: Node) -> Iterator[Proxy]:
    """The phone's network."""
    proxy = Proxy(lambda: asyncio.open_connection("127.0.0.1", node.port))
    yield proxy
    proxy.close()


@pytest.fixture
async def phone(way: Proxy, tmp_path: Path, cast: dict[str, Someone]) -> AsyncIterator[Client]:
    """Nadia's, signed in and with the app open."""
    client = Client(f"http://127.0.0.1:{way.port}", Store(tmp_path / "phone.sqlite3"))
    await client.sign_in("nadia@example.org", PASSWORD)
    running = asyncio.create_task(client.run())
    yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await client.close()
    await client.doors.close()


def seen(client: Client, room: str) -> list[tuple[Any, ...]]:
    return [(row["seq"], row["message"], row["client_id"], row["body"], row["withheld"], row["edited_seq"]) for row in client.store.messages(room)]


async def truth(node: Node, who: Someone, room: str) -> list[tuple[Any, ...]]:
    items: list[dict[str, Any]] = []
    while True:
        page = (await http(node, who, "GET", f"/api/v1/rooms/{room}/messages", params={"after": items[-1]["seq"] if items else 0, "limit": 200})).json()
        items += page["messages"]
        if not page["more"]["after"]:
            return [(i["seq"], i["message"], i["client_id"], i["body"], i["withheld"], i["edited_seq"]) for i in items]


async def same(client: Client, stack: Stack, room: str, seconds: float = 30) -> None:
    """The copy on the phone is the server's: every message as it stands, and every event since the first cursor once and in order."""
    rows = stack.log(room)
    head = rows[-1][0] if rows else 0
    assert await until(lambda: (client.store.cursor(room) or {"seq": -1})["seq"] == head, seconds), f"{client.store.cursor(room)} of {head}, {client.state}"
    log = client.store.log(room)
    assert log == rows[len(rows) - len(log) :]
    assert seen(client, room) == await truth(stack.nodes[0], stack.people["camille"], room)


async def at_rest(client: Client) -> None:
    assert await until(lambda: client.state == "live", 40), client.state


async def test_live_and_back_through_cuts(phone: Client, way: Proxy, stack: Stack, node: Node, cast: dict[str, Someone]) -> None:
    """Both write while the network is cut in odd places and frozen; each message is in the log once, and on the phone once."""
    room, dice = stack.room(cast["camille"], cast["nadia"]), random.Random(4)
    phone.follow(room)
    async with sockets((node, cast["camille"])) as (camille,):
        for n in range(30):
            phone.post(room, f"nadia {n}")
            await camille.post(room, f"camille {n}")
            await asyncio.sleep(dice.uniform(0, 0.1))
            if n % 3 == 0:
                way.drop()
        way.freeze()  # a tunnel: nothing is closed, nothing comes
        for n in range(5):
            phone.post(room, f"in the tunnel {n}")
            await camille.post(room, f"meanwhile {n}")
        await asyncio.sleep(1)
        way.drop()
        way.thaw()
        assert await until(lambda: not phone.store.unsent() and phone.state == "live", 60)
    await same(phone, stack, room)
    bodies = stack.bodies(room)
    mine = [f"nadia {n}" for n in range(30)] + [f"in the tunnel {n}" for n in range(5)]
    assert [b for b in bodies if b.startswith(("nadia", "in the"))] == mine, "each once, in the order of writing"
    assert len(bodies) == 70 and way.accepted > 5


async def test_a_server_restart_and_more_than_is_replayed(phone: Client, stack: Stack, node: Node, cast: dict[str, Someone]) -> None:
    """While the phone's node drains and starts again, the others write more than a replay holds."""
    room, other = stack.room(cast["camille"], cast["nadia"]), stack.node()
    phone.follow(room)
    async with sockets((other, cast["camille"])) as (camille,):
        await at_rest(phone)
        await camille.post(room, "before")
        await same(phone, stack, room)
        node.term()
        node.child.process.wait(30)
        stack.services.family.forget(node.child)
        phone.post(room, "written while nobody listened")
        for n in range(3 * REPLAY):
            await camille.post(room, f"away {n}")
        node.launch()
        node.ready()
        assert await until(lambda: not phone.store.unsent(), 40)
    await same(phone, stack, room)
    assert len(phone.store.log(room)) >= 3 * REPLAY


async def test_what_changed_while_away(phone: Client, way: Proxy, stack: Stack, node: Node, cast: dict[str, Someone], tmp_path: Path) -> None:
    """Retracted and edited words are gone from the phone, to the last byte of its file; reactions and the rest follow."""
    room = stack.room(cast["camille"], cast["nadia"])
    phone.follow(room)
    await at_rest(phone)
    async with sockets((node, cast["camille"])) as (camille,):
        gone = await camille.post(room, "planted-words-one")
        kept = await camille.post(room, "planted-words-two")
        await same(phone, stack, room)
        assert b"planted-words" in (tmp_path / "phone.sqlite3").read_bytes()
        way.refuse()
        way.drop()
        await camille.call("message.retract", room=room, message=gone["message"])
        await camille.call("message.edit", room=room, message=kept["message"], base=kept["seq"], body="better")
        await camille.call("reaction.add", room=room, message=kept["message"], reaction="useful")
        way.accept()
        await same(phone, stack, room)
    assert [(row["body"], row["withheld"]) for row in phone.store.messages(room)] == [(None, "retracted"), ("better", None)]
    assert json.loads(phone.store.messages(room)[1]["reactions"])["useful"] == 1
    assert b"planted-words" not in (tmp_path / "phone.sqlite3").read_bytes()


async def test_a_room_is_lost_live_and_while_away(phone: Client, way: Proxy, stack: Stack, node: Node, cast: dict[str, Someone]) -> None:
    here, there = (stack.room(cast["camille"], cast["nadia"]) for _ in range(2))
    for room in (here, there):
        phone.follow(room)
        await http(node, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": "hello"})
        await same(phone, stack, room)
    stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", here, cast["nadia"].id)
    assert await until(lambda: here not in phone.store.rooms(), HEAL_S)
    way.refuse()
    way.drop()
    stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", there, cast["nadia"].id)
    way.accept()
    assert await until(lambda: there not in phone.store.rooms(), 40)
    assert phone.store.messages(here) == phone.store.messages(there) == []
    id = phone.post(here, "too late")
    assert await until(lambda: [(row["id"], row["failed"]) for row in phone.store.failed()] == [(id, "room.not_found")], 20)


async def test_an_answer_that_is_lost(phone: Client, stack: Stack, node: Node, cast: dict[str, Someone], monkeypatch: pytest.MonkeyPatch) -> None:
    """The post is committed and its `ok` never comes: the same id goes again, and is a duplicate."""
    room = stack.room(cast["camille"], cast["nadia"])
    phone.follow(room)
    await at_rest(phone)
    heard, eaten, cut = Connection._frame, list[dict[str, Any]](), None

    def deaf(self: Connection, frame: dict[str, Any]) -> None:
        nonlocal cut
        _, asked = self.waiting.get(frame.get("ref") or 0, (None, None))
        if not eaten and asked and asked["type"] == "message.post":
            eaten.append(frame)
            cut = self  # its event is not heard either
            self.ws.transport.abort()
        elif self is not cut:
            heard(self, frame)

    monkeypatch.setattr(Connection, "_frame", deaf)
    id = phone.post(room, "once")
    assert await until(lambda: not phone.store.unsent(), 30)
    await same(phone, stack, room)
    assert eaten and [(row["client_id"], row["body"]) for row in phone.store.messages(room)] == [(id, "once")]


async def test_refusals(phone: Client, stack: Stack, cast: dict[str, Someone]) -> None:
    """What is temporary is sent again, what is not is shown to its author; neither holds up the next."""
    room = stack.room(cast["camille"], cast["nadia"])
    stack.sql("UPDATE rooms_room SET slow_mode = 1 WHERE id = %s", room)
    phone.follow(room)
    for body in ("first", " \n ", "second"):
        phone.post(room, body)
    assert await until(lambda: not phone.store.unsent(), 30)
    await same(phone, stack, room)
    assert stack.bodies(room) == ["first", "second"] and [row["failed"] for row in phone.store.failed()] == ["message.blank"]


async def test_woken_by_a_push(phone: Client, stack: Stack, node: Node, cast: dict[str, Someone], tmp_path: Path) -> None:
    """A second process on the same file catches up over HTTP and sends; the app's socket takes up the cursor where it was left."""
    room = stack.room(cast["camille"], cast["nadia"])
    extension = Client(node.base, Store(tmp_path / "phone.sqlite3"))
    async with sockets((node, cast["camille"])) as (camille,):
        await camille.post(room, "first")
        push = {"v": 1, "room": room, "seq": 1, "reason": "direct", "badge": 3}
        assert [row["body"] for row in await extension.wake(push)] == ["first"]
        extension.post(room, "from the lock screen")
        for n in range(2 * REPLAY):
            await camille.post(room, f"more {n}")
        new = await extension.wake({**push, "seq": 2 * REPLAY + 1, "badge": 4, "more": "unknown"})
        assert len(new) >= 2 * REPLAY and extension.store.fact("badge") == "4"
        assert await extension.wake({**push, "seq": 1}) == [], "an old push brings nothing back"
        assert await extension.wake({"v": 1, "reason": "test", "room": room, "seq": 1, "badge": 4}) == []
        phone.follow(room)
        await camille.post(room, "live")
        await same(phone, stack, room)
        stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, cast["nadia"].id)
        assert await extension.wake({**push, "seq": 99}) == [] and room not in extension.store.rooms()
    await extension.doors.close()


async def test_registered_and_woken_through_a_push_service(stack: Stack, cast: dict[str, Someone], tmp_path: Path) -> None:
    """Register, be written to, get FCM's data message, read the message, sign out: the whole way, with the worker and a server that speaks FCM."""
    room = stack.room(cast["camille"], cast["nadia"])
    with FcmService() as google:
        env, former, token = google.env, google.install(), google.install()
        node = stack.node(env=env)
        client = Client(node.base, Store(tmp_path / "phone.sqlite3"))
        services = stack.services
        with open(stack.folder / "worker.log", "ab") as log:
            worker = services.family.start("worker", [sys.executable, "manage.py", "worker"], env={**services.env(stack.database, stack.redis_url), **env}, cwd=CHECKOUT, log=log)
        try:
            await client.sign_in("nadia@example.org", PASSWORD)
            device = await client.register("fcm", {"token": former}, "Pixel")
            assert await client.register("fcm", {"token": former}, "Pixel") == device, "at each start of the app"
            assert await client.register("fcm", {"token": token}) != device, "the system renewed the token"
            answer = await http(node, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": "Un avis ?"})
            assert answer.status_code == 201
            assert await until(lambda: len(google.received) == 1, 20), Path(stack.folder / "worker.log").read_text()[-2000:]
            assert google.received[0].payload["token"] == token
            push = google.received[0].payload["data"]
            assert push == {"v": "1", "room": room, "seq": "1", "reason": "direct", "badge": "1"}
            assert [row["body"] for row in await client.wake(push)] == ["Un avis ?"] and client.store.fact("badge") == "1"
            await client.sign_out()
            assert await until(lambda: stack.sql("SELECT count(*) FROM push_device")[0][0] == 0, 10)
            assert await client.wake(push) == [] and client.store.rooms() == []
        finally:
            services.family.stop(worker)
            await client.doors.close()


async def test_another_epoch(phone: Client, way: Proxy, stack: Stack, node: Node, cast: dict[str, Someone]) -> None:
    """After a restore the copy is void: by socket (`reset`) and by page (409) the newest page takes its place."""
    room = stack.room(cast["camille"], cast["nadia"])
    phone.follow(room)
    async with sockets((node, cast["camille"])) as (camille,):
        for n in range(3):
            await camille.post(room, f"old {n}")
        await same(phone, stack, room)
        await phone.close()
        way.refuse()
        way.drop()
        stack.sql("UPDATE rooms_room SET epoch = 'restored' WHERE id = %s", room)
        assert await until(lambda: phone.state != "live")
        way.accept()
        await phone.wake({"v": 1, "room": room, "seq": 4, "reason": "direct", "badge": 1})
    await at_rest(phone)
    assert await until(lambda: (phone.store.cursor(room) or {}).get("epoch") == "restored", 20)
    assert len(phone.store.messages(room)) == 3


async def test_sign_out_leaves_nothing_and_an_ended_session_stops(phone: Client, stack: Stack, cast: dict[str, Someone], tmp_path: Path) -> None:
    room = stack.room(cast["camille"], cast["nadia"])
    phone.follow(room)
    phone.post(room, "planted-words-three")
    assert await until(lambda: len(phone.store.messages(room)) == 1, 20)
    other = Client(phone.base, Store(tmp_path / "other.sqlite3"))
    await other.sign_in("nadia@example.org", PASSWORD)
    running = asyncio.create_task(other.run())
    assert await until(lambda: other.state == "live", 20)
    token = other.doors.token
    await other.doors.sign_out()
    await asyncio.wait_for(running, 20)
    assert (other.state, other.stopped) == ("stopped", 4401) and other.store.rooms() == []
    other.doors.token = token
    with pytest.raises(Refused, match=r"session\.none"):
        await other.doors.me()
    await other.doors.close()
    await phone.sign_out()
    assert phone.store.rooms() == [] and phone.store.fact("token") is None
    assert b"planted-words" not in (tmp_path / "phone.sqlite3").read_bytes()


async def test_the_command(stack: Stack, node: Node, cast: dict[str, Someone], tmp_path: Path) -> None:
    room = stack.room(cast["camille"], cast["nadia"], title="Dermatologie")

    async def run(*words: str, typed: str = "") -> tuple[int, str]:
        command = [sys.executable, "examples/mobile_client.py", "--base", node.base, "--store", str(tmp_path / "phone.sqlite3"), *words]
        done = await asyncio.to_thread(subprocess.run, command, cwd=CHECKOUT, input=typed, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    code, said = await run("--email", "nadia@example.org", "--password", PASSWORD, "rooms")
    assert code == 0 and f"{room}    0  Dermatologie" in said
    assert await run("post", room, "Bonjour") == (0, "sent\n")
    async with sockets((node, cast["camille"])) as (camille,):
        posted = await camille.post(room, "Bonsoir")
    push = json.dumps({"v": 1, "room": room, "seq": posted["seq"], "reason": "direct", "badge": 1})
    code, said = await run("wake", "-", typed=push + "\n")
    assert code == 0 and "Bonsoir" in said and "badge 1" in said
    assert (await run("post", room, " "))[1] == "message.blank\n"
    assert await run("sign-out") == (0, "")
    assert await run("rooms") == (1, "refused: session.none\n")
    with contextlib.closing(Store(tmp_path / "phone.sqlite3")) as store:
        assert store.rooms() == []
