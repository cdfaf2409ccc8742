"""PostgreSQL fails in the worst moments: between COMMIT and its answer, before it, for longer than OUTCOME_S, or restarts."""

from __future__ import annotations

import asyncio
import signal
import uuid
from typing import Any

import httpx
import pytest

from tests.live import HEAL_S, OUTCOME_S, Gone, Node, Refused, Socket, Someone, Stack, http, one_log, patiently, sockets, until
from tests.paths.test_crashes import Sender, all_there
from tests.proxy import AFTER_COMMIT, BEFORE_COMMIT, BEFORE_LOCK, BEFORE_WRITE


def committed(stack: Stack, id: str) -> list[tuple[int, str]]:
    return [(seq, str(m)) for seq, m in stack.sql("SELECT seq, message_id FROM rooms_clientid WHERE client_id = %s", id)]


@pytest.mark.parametrize("plan", [AFTER_COMMIT, BEFORE_COMMIT, BEFORE_WRITE])
async def test_connection_cut_around_commit(proxied: Stack, cast: dict[str, Someone], plan: str) -> None:
    """The server finds out by itself: one ok, the right seq, no word of a duplicate, and the log has it once."""
    (a, b), proxy = proxied.nodes, proxied.proxies[0]
    room = proxied.room(cast["camille"], cast["nadia"])
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        for n in range(1, 8):  # often enough that the driver prepares its statements
            assert (await camille.post(room, f"well {n}"))["seq"] == n
        id = str(uuid.uuid4())
        proxy.cut(plan)
        ok = await camille.post(room, "cut", id=id)
        assert proxy.cuts == 1, "nothing was cut"
        assert ok["seq"] == 8 and "duplicate" not in ok
        assert committed(proxied, id) == [(8, ok["message"])]
        # Every other write of the log, over the same fault.
        proxy.cut(plan)
        edit = await camille.call("message.edit", room=room, message=ok["message"], base=8, body="cut and mended")
        proxy.cut(plan)
        reaction = await camille.call("reaction.add", room=room, message=ok["message"], reaction="agree")
        proxy.cut(plan)
        retraction = await camille.call("message.retract", room=room, message=ok["message"])
        proxy.cut(plan)
        answer = await http(a, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": "over HTTP"})
        assert proxy.cuts == 1 and answer.status_code == 201
        assert [edit["seq"], reaction["seq"], retraction["seq"], answer.json()["seq"]] == [9, 10, 11, 12]
        await one_log(proxied, room, camille, nadia)


async def test_a_batch_cut_after_commit(proxied: Stack, cast: dict[str, Someone]) -> None:
    """Good, duplicate and refused posts in the batch whose answer is lost: each is told what became of it."""
    (a, b), proxy = proxied.nodes, proxied.proxies[0]
    room = proxied.room(cast["camille"], cast["nadia"])
    lock = proxied.connect()
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        old = str(uuid.uuid4())
        await camille.post(room, "before", id=old)
        lock.execute("BEGIN")
        lock.execute("SELECT 1 FROM rooms_room WHERE id = %s FOR UPDATE", [room])
        before = a.figure("consult_commands_total", type="message.post")
        first = await camille.start("message.post", room=room, id=str(uuid.uuid4()), body="alone")
        assert await until(lambda: a.figure("consult_commands_total", type="message.post") > before)
        good = [await camille.start("message.post", room=room, id=str(uuid.uuid4()), body=f"good {n}") for n in range(10)]
        again = await camille.start("message.post", room=room, id=old, body="before")
        blank = await camille.start("message.post", room=room, id=str(uuid.uuid4()), body="\u200b")
        assert await until(lambda: a.figure("consult_commands_total", type="message.post") >= before + 13)
        proxy.cut(AFTER_COMMIT, times=2)
        lock.execute("COMMIT")
        assert (await first)["seq"] == 2
        answers = await asyncio.gather(*good)
        assert [x["seq"] for x in answers] == list(range(3, 13)) and not any("duplicate" in x for x in answers)
        assert (await again)["seq"] == 1 and (await again)["duplicate"] is True
        with pytest.raises(Refused, match=r"message\.blank"):
            await blank
        assert proxy.cuts == 2
        await one_log(proxied, room, camille, nadia)
    lock.close()


async def test_outcome_unknown(proxied: Stack, cast: dict[str, Someone]) -> None:
    """After a lost answer PostgreSQL stays away: nothing is answered, 4004; over HTTP 503. Sent again later: a duplicate."""
    (a, b), proxy = proxied.nodes, proxied.proxies[0]
    room = proxied.room(cast["camille"], cast["nadia"])
    camille, nadia = await Socket.open(a, cast["camille"]), await Socket.open(b, cast["nadia"])
    await camille.enter(room)
    await nadia.enter(room)
    await camille.post(room, "well")
    id = str(uuid.uuid4())
    proxy.cut(AFTER_COMMIT, and_refuse=True)
    answer = await camille.start("message.post", room=room, id=id, body="unknown")
    assert await camille.close_code(OUTCOME_S + 15) == 4004
    assert isinstance(answer.exception(), Gone), "something was answered"
    ((seq, message),) = committed(proxied, id)
    assert seq == 2
    assert await until(lambda: nadia.tip(room) == 2, HEAL_S), "the other node heals what no bell told"
    proxy.well()
    back = await Socket.open(a, cast["camille"], resume={room: camille.after(room)})
    again = await back.post(room, "unknown", id=id)
    assert (again["seq"], again["message"], again.get("duplicate")) == (2, message, True)
    assert await until(lambda: back.tip(room) == 2)

    by_http = str(uuid.uuid4())
    await patiently(a, cast["camille"], "GET", f"/api/v1/rooms/{room}/events")
    proxy.cut(AFTER_COMMIT, and_refuse=True)
    lost = await http(a, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": by_http, "body": "unknown too"})
    assert lost.status_code == 503 and lost.json()["code"] == "outcome.unknown" and lost.json()["temporary"] is True
    proxy.well()
    repeated = await patiently(a, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": by_http, "body": "unknown too"})
    assert repeated.status_code == 200 and repeated.json()["duplicate"] is True and repeated.json()["seq"] == 3
    await one_log(proxied, room, nadia)
    for one in (camille, back, nadia):
        await one.close()


async def test_a_request_cut_after_commit(proxied: Stack, cast: dict[str, Someone]) -> None:
    """What is written outside the lanes: never told as not done where it may be done, and harmless to repeat."""
    a, proxy = proxied.nodes[0], proxied.proxies[0]
    await patiently(a, cast["camille"], "GET", "/api/v1/rooms")
    asked = {"id": str(uuid.uuid4()), "people": [str(cast["nadia"].id), str(cast["idris"].id)]}
    proxy.cut(AFTER_COMMIT)
    first = await http(a, cast["camille"], "POST", "/api/v1/conversations", json=asked)
    assert proxy.cuts == 1
    assert first.status_code == 201 or first.json()["code"] == "outcome.unknown", first.text
    again = await patiently(a, cast["camille"], "POST", "/api/v1/conversations", json=asked)
    assert again.status_code == 200, again.text
    assert proxied.sql("SELECT count(*) FROM rooms_receipt WHERE client_id = %s", asked["id"]) == [(1,)]
    await one_log(proxied, again.json()["room"], reader=cast["camille"])


async def test_away_before_anything_was_sent(proxied: Stack, cast: dict[str, Someone]) -> None:
    """PostgreSQL goes before COMMIT was sent, which is while the rooms are locked: refused as temporary, nothing written, and the socket lives on."""
    a, proxy = proxied.nodes[0], proxied.proxies[0]
    room = proxied.room(cast["camille"])
    async with sockets((a, cast["camille"])) as (camille,):
        await camille.enter(room)
        await camille.post(room, "well")
        id = str(uuid.uuid4())
        proxy.cut(BEFORE_LOCK, and_refuse=True)
        with pytest.raises(Refused) as refused:
            await camille.post(room, "never sent", id=id)
        assert refused.value.code == "service.unavailable" and refused.value.temporary
        assert not committed(proxied, id)
        ready = await http(a, None, "GET", "/readyz", timeout=30)
        assert ready.status_code == 503 and ready.json()["postgresql"] is False
        proxy.well()
        assert (await camille.post(room, "never sent", id=id))["seq"] == 2
        await one_log(proxied, room, camille)


async def test_every_backend_terminated(proxied: Stack, cast: dict[str, Someone]) -> None:
    """Every session is ended, again and again, while two people write: nothing is lost, nothing twice, nobody restarts Consult."""
    (a, b) = proxied.nodes
    room = proxied.room(cast["camille"], cast["nadia"])
    nadia = await Socket.open(b, cast["nadia"])
    epoch = (await nadia.enter(room))["head"]["epoch"]
    sender = Sender(a, cast["camille"], room, [f"terminated {n}" for n in range(300)])
    sender.after = {"epoch": epoch, "seq": 0}
    sending = asyncio.create_task(sender.run())
    for _ in range(4):
        await asyncio.sleep(0.25)
        proxied.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    await sending
    all_there(proxied, sender, in_order=False)
    await one_log(proxied, room, nadia)
    await nadia.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_restart(proxied: Stack, cast: dict[str, Someone], how: signal.Signals) -> None:
    """A restart of PostgreSQL, in order and at once: recovery without a restart of Consult, also where it took longer than OUTCOME_S."""
    a, b = proxied.nodes
    room = proxied.room(cast["camille"], cast["nadia"])
    nadia = await Socket.open(b, cast["nadia"])
    epoch = (await nadia.enter(room))["head"]["epoch"]
    sender = Sender(a, cast["camille"], room, [f"restarted {n}" for n in range(300)])
    sender.after = {"epoch": epoch, "seq": 0}
    sending = asyncio.create_task(sender.run(90))
    assert await until(lambda: len(sender.acked) > 0 or proxied.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0] > 40)
    proxied.hang_up()
    proxied.services.stop_postgres(how)
    await asyncio.sleep(OUTCOME_S + 1)
    proxied.services.start_postgres()
    await sending
    all_there(proxied, sender, in_order=False)
    await one_log(proxied, room, nadia, seconds=30)

    def ready(node: Node) -> bool:
        return httpx.get(f"{node.base}/readyz", trust_env=False, timeout=20).status_code == 200

    for node in (a, b):
        for _ in range(100):
            if await asyncio.to_thread(ready, node):
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("never ready again")
    late: dict[str, Any] = await nadia.post(room, "as if nothing had been")
    assert late["seq"] == 301
    await nadia.close()
