"""Rights hold at once: on open sockets of both nodes and over HTTP, with Redis down too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.live import HEAL_S, RIGHTS_S, Node, Refused, Socket, Someone, Stack, http, one_log, patiently, sign_in, sockets, until
from tests.people import PASSWORD


@pytest.fixture(params=["redis up", "redis down"])
def world(request: pytest.FixtureRequest, pair: Stack) -> Iterator[Stack]:
    if request.param == "redis down":
        pair.stop_redis()
    yield pair


async def entered(node: Node, who: Someone, room: str) -> Socket:
    one = await Socket.open(node, who)
    await one.enter(room)
    return one


def lost(one: Socket, room: str) -> list[str]:
    return [f["code"] for f in one.of_type("left") if f["room"] == room]


async def test_removed(world: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """The row alone decides, whoever wrote it: `left` on every socket, nothing of the room after it, and HTTP knows of no such room."""
    camille, nadia = cast["camille"], cast["nadia"]
    room, other = world.room(camille, nadia), world.room(camille, nadia)
    stays, here, there = await entered(nodes[0], camille, room), await entered(nodes[0], nadia, room), await entered(nodes[1], nadia, room)
    await here.enter(other)
    await stays.post(room, "heard by all")
    assert await until(lambda: here.tip(room) == there.tip(room) == 1)
    world.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, nadia.id)
    # Over HTTP and for writing it holds with the commit.
    assert (await http(nodes[1], nadia, "GET", f"/api/v1/rooms/{room}/events")).status_code == 404
    with pytest.raises(Refused, match=r"room\.not_found"):
        await there.post(room, "still here?")
    assert await until(lambda: lost(here, room) == lost(there, room) == ["room.removed"], RIGHTS_S)
    await stays.post(room, "after")
    await stays.post(other, "the other room goes on")
    with pytest.raises(Refused, match=r"room\.not_found"):
        await here.enter(room)
    assert await until(lambda: here.events.get(other, []) != [], HEAL_S)
    assert here.bodies(room) == there.bodies(room) == ["heard by all"]
    for node in nodes:
        answers = [await http(node, nadia, "GET", f"/api/v1/rooms/{room}{path}") for path in ("", "/events", "/messages", "/members")]
        unknown = await http(node, nadia, "GET", "/api/v1/rooms/00000000-0000-4000-8000-000000000000/events")
        assert [a.status_code for a in answers] == [404] * 4 and all(a.json() == unknown.json() for a in answers)
    for one in (stays, here, there):
        await one.close()


async def test_suspended_and_unverified(world: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    idris, camille = cast["idris"], cast["camille"]
    room = world.room(idris, camille)
    stays = await entered(nodes[0], camille, room)
    both = [await entered(node, idris, room) for node in nodes]
    try:
        world.sql("UPDATE standing_standing SET verification = 'pending' WHERE person_id = %s", idris.id)
        assert await until(lambda: all(lost(one, room) == ["room.not_found"] for one in both), RIGHTS_S)
        await stays.post(room, "not for the unverified")
        assert (await http(nodes[1], idris, "GET", f"/api/v1/rooms/{room}/messages")).status_code == 404
        # The account stays, and the personal room with it: that is where the decision will be heard.
        assert all(one.closed is None for one in both)
        assert (await http(nodes[0], idris, "GET", f"/api/v1/rooms/{idris.personal}/events")).status_code == 200
        world.sql("UPDATE standing_standing SET verification = 'verified' WHERE person_id = %s", idris.id)
        assert (await both[1].enter(room))["head"]["seq"] == 1

        world.sql("UPDATE standing_standing SET suspended_until = now() + interval '1 hour' WHERE person_id = %s", idris.id)
        assert [await one.close_code(RIGHTS_S) for one in both] == [4403, 4403]
        refused = await http(nodes[1], idris, "POST", f"/api/v1/rooms/{room}/messages", json={"id": "6f2b1f3e-6d4b-4d5e-9a57-0c2a5d2f8e11", "body": "let me in"})
        assert refused.status_code in (403, 404)
        again = await Socket.knock(nodes[0], idris)
        ticket = await http(nodes[0], idris, "POST", "/api/v1/tickets")
        if ticket.status_code == 200:
            answer = await again.start("hello", protocols=[1], client="paths/1", ticket=ticket.json()["ticket"])
            assert await again.close_code() == 4403 and getattr(answer.exception(), "code", "") == "account.suspended"
        assert all(one.bodies(room) == [] for one in both)
        await again.close()
    finally:
        world.sql("UPDATE standing_standing SET suspended_until = NULL, verification = 'verified' WHERE person_id = %s", idris.id)
    await one_log(world, room, stays)
    for one in (stays, *both):
        await one.close()


async def test_signed_out(world: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """The sockets of that session end, on both nodes; those of another session of the same person stay."""
    helene = cast["helene"]
    room = world.room(helene)
    _, token = await sign_in(nodes[0], "helene")
    phone = replace(helene, token=token)
    ending = [await entered(node, phone, room) for node in nodes]
    staying = await entered(nodes[1], helene, room)
    assert (await http(nodes[0], phone, "DELETE", "/_allauth/app/v1/auth/session")).status_code == 401  # allauth's way to say: no session any more
    assert [await one.close_code(RIGHTS_S) for one in ending] == [4401, 4401]
    for node in nodes:
        assert (await http(node, phone, "GET", "/api/v1/rooms")).status_code == 401
        assert (await http(node, phone, "POST", "/api/v1/tickets")).status_code == 401
    await staying.post(room, "the other device")
    assert staying.closed is None
    for one in (*ending, staying):
        await one.close()


async def test_password_changed(world: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """Whoever signed in with the old password is out, on both nodes."""
    name, new = "soizic", "another-horse-entirely"
    soizic = cast[name]
    room = world.room(soizic)
    before = world.sql("SELECT password FROM clinicians_person WHERE id = %s", soizic.id)[0][0]
    (_, first), (_, second) = await sign_in(nodes[0], name), await sign_in(nodes[1], name)
    old = [await entered(node, replace(soizic, token=first), room) for node in nodes]
    try:
        changed = await http(
            nodes[1],
            replace(soizic, token=second),
            "POST",
            "/_allauth/app/v1/account/password/change",
            json={"current_password": PASSWORD, "new_password": new},
        )
        assert changed.status_code in (200, 401), changed.text
        assert [await one.close_code(RIGHTS_S) for one in old] == [4401, 4401]
        for node in nodes:
            assert (await http(node, replace(soizic, token=first), "GET", "/api/v1/rooms")).status_code == 401
        answer, token = await sign_in(nodes[0], name, new)
        assert answer.status_code == 200
        fresh = await entered(nodes[1], replace(soizic, token=token), room)
        await fresh.close()
    finally:
        world.sql("UPDATE clinicians_person SET password = %s WHERE id = %s", before, soizic.id)
    for one in old:
        await one.close()


async def test_queued_frames_of_a_lost_room_are_discarded(stack: Stack, cast: dict[str, Someone]) -> None:
    """A slow reader loses a room: what waited of it is not sent any more, only what the network had taken already."""
    node = stack.node(env={"OUTBOX_BYTES": "60000000"})  # so that it is not closed 4002 meanwhile
    camille, nadia = cast["camille"], cast["nadia"]
    room, other = stack.room(camille, nadia), stack.room(camille, nadia)
    writer, quick = await entered(node, camille, room), await entered(node, nadia, room)
    slow = await Socket.open(node, nadia, rcvbuf=4096)
    await slow.enter(room)
    await slow.enter(other)
    slow.reading.clear()
    for n in range(500):  # 12 MB: more than any network between them holds
        await writer.post(room, f"{n} " + "€" * 7900)
    stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, nadia.id)
    assert await until(lambda: lost(quick, room) == ["room.removed"], RIGHTS_S)
    await writer.post(other, "still yours")
    slow.reading.set()
    assert await until(lambda: slow.bodies(other) == ["still yours"], 30)
    assert lost(slow, room) == ["room.removed"] and slow.closed is None
    assert slow.events[room][-1]["seq"] < 500, "everything that waited was still sent"
    for one in (writer, quick, slow):
        await one.close()


async def test_a_node_that_cannot_read_changes_stops_delivering(proxied: Stack, cast: dict[str, Someone]) -> None:
    """One node's way to PostgreSQL swallows packets; bells still reach it. After 5 s it delivers nothing, until it can read again."""
    a, b = proxied.nodes
    camille, nadia, idris = cast["camille"], cast["nadia"], cast["idris"]
    room = proxied.room(camille, nadia, idris)
    writer, removed, stays = await entered(a, camille, room), await entered(b, nadia, room), await entered(b, idris, room)
    await writer.post(room, "before")
    assert await until(lambda: removed.tip(room) == stays.tip(room) == 1)
    proxied.proxies[1].freeze()
    await asyncio.sleep(5.5)  # ACCESS_STALE_S
    proxied.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, nadia.id)
    for n in range(5):
        await writer.post(room, f"while {n}")
    assert await until(lambda: writer.tip(room) == 6)
    await asyncio.sleep(1.5)
    assert removed.tip(room) == 1 and stays.tip(room) == 1, "delivered without knowing whom to"
    proxied.proxies[1].thaw()
    assert await until(lambda: stays.tip(room) == 6, HEAL_S + 10)
    assert await until(lambda: lost(removed, room) == ["room.removed"], RIGHTS_S)
    assert removed.bodies(room) == ["before"]
    await one_log(proxied, room, writer, stays)
    for one in (writer, removed, stays):
        await one.close()


async def test_frozen_postgresql(proxied: Stack, cast: dict[str, Someone]) -> None:
    """All of PostgreSQL is stopped (SIGSTOP) for longer than 5 s and goes on: so does Consult, and nothing is lost or twice."""
    a, b = proxied.nodes
    camille, nadia = cast["camille"], cast["nadia"]
    room = proxied.room(camille, nadia)
    async with sockets((a, camille), (b, nadia)) as (writer, reader):
        await writer.enter(room)
        await reader.enter(room)
        await writer.post(room, "before")
        proxied.services.freeze_postgres()
        try:
            answers = [await writer.start("message.post", room=room, id=f"00000000-0000-4000-8000-00000000000{n}", body=f"frozen {n}") for n in range(5)]
            pong = await reader.call("ping")
            assert pong["type"] == "ok"
            await asyncio.sleep(6)
            assert not any(x.done() for x in answers)
        finally:
            proxied.services.thaw_postgres()
        seqs = [(await asyncio.wait_for(x, 30))["seq"] for x in answers]
        assert seqs == [2, 3, 4, 5, 6]
        assert (await patiently(a, camille, "GET", f"/api/v1/rooms/{room}/events")).status_code == 200
        await one_log(proxied, room, writer, reader, seconds=20)
