"""The same basic path under Daphne, under uvicorn with two workers, and between different servers."""

from __future__ import annotations

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
