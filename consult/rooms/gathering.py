"""Reads that wait while one runs go together into the next, as writes do in a lane: what makes many arrivals at once cheap."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

MOST = 64  # that share one reading


class Gathering:
    """`await gathering(item)` answers what `read_many([... item ...])` has at the item's place. Used on one loop.

    There is no timer: when nothing is being read, one item is read at once. A reading that fails for another reason than the
    database's absence is done again one by one, so that only the culprit fails.
    """

    def __init__(self, read: Callable[..., Awaitable[Any]], read_many: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self.read, self.read_many = read, read_many
        self.waiting: deque[tuple[Any, asyncio.Future[Any]]] = deque()
        self.task: asyncio.Task[None] | None = None

    async def __call__(self, item: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((item, future))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self.waiting:
            some = [self.waiting.popleft() for _ in range(min(MOST, len(self.waiting)))]
            some = [(item, future) for item, future in some if not future.done()]  # who has gone is not looked up
            await self._together(some)

    async def _together(self, some: Sequence[tuple[Any, asyncio.Future[Any]]]) -> None:
        if not some:
            return
        try:
            answers = await self.read(self.read_many, [item for item, _ in some])
        except Exception as error:
            if len(some) > 1 and not isinstance(error, OperationalError | InterfaceError):
                for one in some:
                    await self._together([one])
                return
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(some, answers, strict=True):
            if not future.done():
                future.set_result(answer)
