"""A reader that stops reading hurts only itself: closed 4002, memory bounded, everyone else served, and it can come back."""

from __future__ import annotations

import asyncio

import pytest

from tests.live import HEAL_S, Socket, Someone, Stack, one_log, until

STUCK, POSTS, BODY = 8, 600, "€" * 7900  # 24 kB each: 14 MB a reader, were it kept


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_one_that_stops_reading(stack: Stack, cast: dict[str, Someone], kind: str) -> None:
    node = stack.node(kind=kind)
    people = [cast[f"writer{n}"] for n in range(1, 9)]
    room = stack.room(cast["camille"], cast["nadia"], *people)
    writer, healthy = await Socket.open(node, cast["camille"]), await Socket.open(node, cast["nadia"])
    for one in (writer, healthy):
        await one.enter(room)
    await writer.post(room, BODY)
    stuck = [await Socket.open(node, who, rcvbuf=4096) for who in people[:STUCK]]
    for one in stuck:
        await one.enter(room)
        one.reading.clear()
    before = node.rss()
    peak = 0
    for n in range(POSTS):
        await writer.post(room, f"{n} {BODY}")
        if n % 20 == 0:
            peak = max(peak, node.rss())
    peak = max(peak, node.rss())
    grown = (peak - before) / 1e6
    # Kept for each: OUTBOX_BYTES, what the transport holds, a batch; for all: the ring of encoded events.
    assert grown < 70, f"grew by {grown:.0f} MB behind {STUCK} readers ({STUCK * POSTS * len(BODY.encode()) / 1e6:.0f} MB were sent to them)"
    assert await until(lambda: node.figure("consult_closes_total", code="4002") >= STUCK, 20)
    assert node.figure("consult_outbox_overflows_total") >= STUCK
    assert await until(lambda: healthy.tip(room) == POSTS + 1, HEAL_S), "another reader waited"
    await one_log(stack, room, writer, healthy)
    first = stuck[0]
    for one in stuck:
        one.reading.set()
    codes = [await one.close_code(30) for one in stuck]
    assert set(codes) <= {4002, 1006}, codes  # whoever reads too late finds the connection cut
    back = await Socket.open(node, first.who, resume={room: first.after(room)})
    assert await until(lambda: bool(back.of_type("entered")))
    assert back.of_type("entered")[0]["mode"] in ("replay", "page")
    await writer.post(room, "back again")
    assert await until(lambda: back.tip(room) == POSTS + 2, HEAL_S)
    for one in (writer, healthy, back, *stuck):
        await one.close()


async def test_the_close_code_is_heard(stack: Stack, cast: dict[str, Someone]) -> None:
    """One that reads again in time hears 4002, which means: come back."""
    node = stack.node(env={"OUTBOX_BYTES": "300000"})
    room = stack.room(cast["camille"], cast["nadia"])
    writer, slow = await Socket.open(node, cast["camille"]), await Socket.open(node, cast["nadia"], rcvbuf=65536)
    await writer.enter(room)
    await slow.enter(room)
    slow.reading.clear()
    for n in range(2000):
        await writer.post(room, f"{n} {BODY}")
        if n % 4 == 0 and node.figure("consult_outbox_overflows_total"):
            break
    slow.reading.set()
    assert await slow.close_code(20) in (4002, 1006)
    await asyncio.sleep(0)
    assert node.figure("consult_closes_total", code="4002") == 1
    assert not slow.faults and slow.tip(room) < writer.tip(room)
    await slow.close()
    await writer.close()
