"""kill -9 in the middle of a burst, and SIGTERM: what was acknowledged is there exactly once, and clients resume."""

from __future__ import annotations

import asyncio
import random
import signal
import uuid
from typing import Any

import httpx
import pytest
import websockets

from tests.live import HEAL_S, Gone, Node, Refused, Socket, Someone, Stack, http, one_log, until


class Sender:
    """An outbox: sends in order, keeps what was not acknowledged, comes back and sends the same ids again."""

    def __init__(self, node: Node, who: Someone, room: str, bodies: list[str]) -> None:
        self.node, self.who, self.room = node, who, room
        self.waiting = {str(uuid.uuid4()): body for body in bodies}
        self.sent = dict(self.waiting)
        self.acked: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[int, str, str | None]] = []
        self.after: dict[str, Any] | None = None
        self.lives = self.duplicates = 0
        self.codes: list[int | None] = []

    async def run(self, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while self.waiting:
                try:
                    await self._life()
                except (Gone, OSError, httpx.HTTPError, websockets.InvalidHandshake, EOFError, TimeoutError):
                    await asyncio.sleep(random.uniform(0, 0.3))
                except Refused as refusal:
                    assert refusal.temporary, refusal
                    await asyncio.sleep(0.2)
            await self.catch_up()

    async def catch_up(self) -> None:
        one = await Socket.open(self.node, self.who, resume={self.room: self.after})
        head = one.of_type("entered")[0]["head"]["seq"] if one.of_type("entered") or await until(lambda: bool(one.of_type("entered"))) else 0
        assert await until(lambda: one.tip(self.room) >= head)
        self._keep(one)
        await one.close()

    def _keep(self, one: Socket) -> None:
        heard = one.log(self.room)
        assert [seq for seq, *_ in heard] == list(range(len(self.log) + 1, len(self.log) + 1 + len(heard))), "resumed with a hole, or heard twice"
        self.log += heard
        assert not one.faults, one.faults
        if self.room in one.epochs:
            self.after = {"epoch": one.epochs[self.room], "seq": len(self.log)}

    async def _life(self) -> None:
        one = await Socket.open(self.node, self.who, resume={self.room: self.after})
        self.lives += 1
        try:
            work = {}
            for id, body in list(self.waiting.items()):
                work[id] = await one.start("message.post", room=self.room, id=id, body=body)
                await asyncio.sleep(0.002)
            for id, answer in work.items():
                self._acknowledged(id, await asyncio.wait_for(answer, 30))
            assert await until(lambda: one.tip(self.room) >= max(a["seq"] for a in self.acked.values()) or one.closed is not None)
        finally:
            for id, answer in work.items():
                if answer.done() and not answer.exception():
                    self._acknowledged(id, answer.result())
            if one.closed is None:
                one.ws.transport.abort()
                await one.close_code(5)
            self.codes.append(one.closed)
            self._keep(one)

    def _acknowledged(self, id: str, ok: dict[str, Any]) -> None:
        if id in self.acked:
            assert (self.acked[id]["seq"], self.acked[id]["message"]) == (ok["seq"], ok["message"])
            return
        self.acked[id] = ok
        self.duplicates += bool(ok.get("duplicate"))
        self.waiting.pop(id, None)


def all_there(stack: Stack, sender: Sender, *, in_order: bool = True) -> None:
    """Everything acknowledged, exactly once, at the place that was told, and in the order it was written.

    Not in order where a post was refused for the moment: what was sent behind it may have been taken.
    """
    rows = stack.sql("SELECT client_id, seq, id, body FROM rooms_message WHERE room_id = %s AND author_id = %s ORDER BY seq", sender.room, sender.who.id)
    written, wanted = [str(r[0]) for r in rows], list(sender.sent)
    assert (written if in_order else sorted(written)) == (wanted if in_order else sorted(wanted)), "lost, written twice, or in another order"
    assert {str(client): (seq, str(id)) for client, seq, id, _ in rows} == {id: (ok["seq"], ok["message"]) for id, ok in sender.acked.items()}
    assert [r[3] for r in rows] == [sender.sent[id] for id in written]
    assert sender.log == stack.log(sender.room)


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_kill_in_a_burst(stack: Stack, cast: dict[str, Someone], kind: str) -> None:
    a, b = stack.node(kind=kind), stack.node()
    room = stack.room(cast["camille"], cast["nadia"])
    nadia = await Socket.open(b, cast["nadia"])
    epoch = (await nadia.enter(room))["head"]["epoch"]
    sender = Sender(a, cast["camille"], room, [f"burst {n}" for n in range(300)])
    sender.after = {"epoch": epoch, "seq": 0}
    sending = asyncio.create_task(sender.run())
    for threshold in (60, 160):
        assert await until(lambda threshold=threshold: stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0] >= threshold or sending.done())  # type: ignore[misc]
        a.kill()
        a.launch()
        await asyncio.to_thread(a.ready)
    await sending
    assert sender.lives >= 3
    all_there(stack, sender)
    await one_log(stack, room, nadia)
    assert nadia.bodies(room) == list(sender.sent.values())
    await nadia.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_drain(stack: Stack, cast: dict[str, Someone], workers: int) -> None:
    """SIGTERM: `reconnect` to each, /readyz 503, newcomers refused, delays spread over DRAIN_S, 4001 for who stays, nothing lost, exit code 0."""
    old, new = stack.node(workers=workers, env={"DRAIN_S": "3"}), stack.node()
    people = [cast[f"writer{n}"] for n in range(1, 9)]
    room = stack.room(*people)
    listening = [await Socket.open(old, who) for who in people]
    for one in listening:
        await one.enter(room)
    sender = Sender(old, people[0], room, [f"draining {n}" for n in range(400)])
    sender.after = {"epoch": listening[0].epochs[room], "seq": 0}
    sending = asyncio.create_task(sender.run())
    assert await until(lambda: len(sender.acked) > 20 or sending.done() or stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0] > 20)
    old.term()
    for one in listening:
        assert await until(lambda one=one: one.of_type("reconnect"))  # type: ignore[misc]
    for _ in range(100):  # each worker hears of it in its own time
        ready = await http(old, None, "GET", "/readyz")
        if ready.status_code == 503:
            break
    assert ready.status_code == 503 and ready.json()["serving"] is False
    with pytest.raises((websockets.InvalidStatus, websockets.InvalidHandshake)):
        await Socket.knock(old, people[0])
    sender.node = new  # as the balancer does
    obedient, deaf = listening[:4], listening[4:]
    delays = [f["after_ms"] for one in listening for f in one.of_type("reconnect")]
    assert len(delays) == len(listening) and all(0 <= d <= 3000 for d in delays) and max(delays) - min(delays) >= 3000 / len(listening), delays

    async def obey(one: Socket) -> None:
        await asyncio.sleep(one.of_type("reconnect")[0]["after_ms"] / 1000)
        await one.close()

    await asyncio.gather(*map(obey, obedient))
    assert [await one.close_code(30) for one in deaf] == [4001] * len(deaf)
    await sending
    assert await asyncio.to_thread(old.child.process.wait, 40) in (0, -signal.SIGTERM)
    stack.nodes.remove(old)
    stack.services.family.forget(old.child)
    all_there(stack, sender)
    # Everyone resumes on the other node, from where they were.
    for one in listening:
        back = await Socket.open(new, one.who, resume={room: one.after(room)})
        assert await until(lambda back=back: back.tip(room) == len(sender.log), HEAL_S)  # type: ignore[misc]
        assert one.log(room) + back.log(room) == stack.log(room) or [f["mode"] for f in back.of_type("entered")] == ["page"]
        await back.close()
    await one_log(stack, room, reader=people[0])


async def test_daphne_ends_without_a_word(stack: Stack, cast: dict[str, Someone]) -> None:
    """Under Daphne the promise is: nothing acknowledged is lost, and clients resume."""
    old = stack.node(kind="daphne")
    room = stack.room(cast["camille"])
    sender = Sender(old, cast["camille"], room, [f"daphne {n}" for n in range(200)])
    one = await Socket.open(old, cast["camille"])
    sender.after = {"epoch": (await one.enter(room))["head"]["epoch"], "seq": 0}
    sending = asyncio.create_task(sender.run())
    assert await until(lambda: stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0] > 20)
    old.child.send(signal.SIGTERM)
    await asyncio.to_thread(old.child.process.wait, 40)
    stack.services.family.forget(old.child)
    old.launch()
    await asyncio.to_thread(old.ready)
    await sending
    assert await one.close_code() is not None
    all_there(stack, sender)
