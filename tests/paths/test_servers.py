"""The same basic path under Daphne, under uvicorn with two workers, and between different servers."""

from __future__ import annotations

import asyncio

import pytest

from tests.live import Node, Someone, Stack, one_log, sockets, until
from tests.paths.test_two_sockets import conversation


async def test_under_daphne(stack: Stack, cast: dict[str, Someone]) -> None:
    daphne = stack.node(kind="daphne")
    async with sockets((daphne, cast["camille"]), (daphne, cast["nadia"])) as (camille, nadia):
        await conversation(stack, camille, nadia)


async def test_between_daphne_and_two_workers(stack: Stack, cast: dict[str, Someone]) -> None:
    """Enough sockets that both workers have some: each post reaches all of them, in one order."""
    daphne, pair = stack.node(kind="daphne"), stack.node(workers=2)
    async with sockets((daphne, cast["camille"]), (pair, cast["nadia"])) as (camille, nadia):
        await conversation(stack, camille, nadia)
    people = [cast[f"writer{n}"] for n in range(1, 9)]
    room = stack.room(*people)
    wanted: list[tuple[Node, Someone]] = [(pair, who) for who in people] + [(daphne, people[0]), (daphne, people[1])]
    async with sockets(*wanted) as all_of_them:
        for one in all_of_them:
            await one.enter(room)
        for one in all_of_them:
            for n in range(5):
                await one.post(room, f"{one.node.name} {one.who.name} {n}")
        assert await until(lambda: all(one.tip(room) == 50 for one in all_of_them))
        await one_log(stack, room, *all_of_them)
        assert pair.figure("consult_sockets") == 8  # /metrics speaks for both workers


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_a_strange_path_is_answered_not_broken_on(stack: Stack, kind: str) -> None:
    node = stack.node(kind=kind)
    for target in ("*", "//", "?x", "http:", "%"):
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        # Some of these no parser takes; none may find the application at a loss.
        assert not answer or 200 <= int(answer.split()[1]) < 500, (target, answer[:200])
