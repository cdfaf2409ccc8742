"""Redis is only the doorbell: stopped or frozen, messages are acknowledged, rooms are entered, and other nodes heal."""

from __future__ import annotations

import asyncio

import pytest

from tests.live import HEAL_S, Node, Socket, Someone, Stack, one_log, sockets, until


@pytest.mark.parametrize("fault", ["stopped", "frozen"])
async def test_messages_and_entering_go_on(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone], fault: str) -> None:
    a, b = nodes
    room, other = pair.room(cast["camille"], cast["nadia"]), pair.room(cast["camille"], cast["nadia"])
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        await camille.post(room, "before")
        assert await until(lambda: nadia.tip(room) == 1)
        healed = b.figure("consult_healed_events_total")

        pair.stop_redis() if fault == "stopped" else pair.freeze_redis()
        for n in range(5):
            await camille.post(room, f"in the dark {n}")
        assert await until(lambda: nadia.tip(room) == 6, HEAL_S), f"stood at {nadia.tip(room)}"
        assert b.figure("consult_healed_events_total") >= healed + 5, "a bell rang, though Redis was away"
        # Entering, and everything else that writes, waits for Redis no more than a post does.
        await nadia.enter(other)
        await nadia.post(other, "entered in the dark")
        newcomer = await Socket.open(b, cast["camille"])
        assert (await newcomer.enter(room, {"epoch": camille.epochs[room], "seq": 0}))["mode"] == "replay"
        assert await until(lambda: newcomer.tip(room) == 6)
        await nadia.call("reaction.add", room=room, message=camille.events[room][0]["data"]["message"], reaction="agree")
        assert await until(lambda: camille.tip(room) == 7, HEAL_S)

        pair.start_redis() if fault == "stopped" else pair.thaw_redis()
        for n in range(5):
            await camille.post(room, f"after {n}")
            await asyncio.sleep(0.3)
        assert await until(lambda: nadia.tip(room) == 12 and newcomer.tip(room) == 12, HEAL_S)
        await one_log(pair, room, camille, nadia, newcomer)
        # The doorbell rings again: what is posted now needs no healing, once the nodes have found Redis again.
        for n in range(40):
            healed, before = b.figure("consult_healed_events_total"), nadia.tip(room)
            await camille.post(room, f"by bell {n}")
            assert await until(lambda before=before: nadia.tip(room) > before, HEAL_S)
            if b.figure("consult_healed_events_total") == healed:
                break
            await asyncio.sleep(0.3)
        else:
            pytest.fail("no bell rings any more")
        await one_log(pair, room, camille, nadia, newcomer)
        await newcomer.close()


async def test_flushed_and_restarted_in_a_burst(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """Whatever becomes of Redis while both write, both hear one log."""
    room = pair.room(cast["camille"], cast["nadia"])
    async with sockets((nodes[0], cast["camille"]), (nodes[1], cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)

        async def write(one: Socket) -> None:
            for n in range(60):
                await one.post(room, f"{one.who.name} {n}")
                await asyncio.sleep(0.02)

        async def trouble() -> None:
            await asyncio.sleep(0.3)
            pair.stop_redis()
            await asyncio.sleep(0.4)
            pair.start_redis()

        await asyncio.gather(write(camille), write(nadia), trouble())
        rows = await one_log(pair, room, camille, nadia)
        assert len(rows) == 120
