"""A TCP proxy that is a bad network: it delays, cuts, accepts and never answers, freezes one way, and breaks what it carries into tiny writes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from tests.proxy import Link, Proxy

PIECE = 7  # bytes at most of a fragment
FRAGMENTED = 600  # bytes of a chunk that are broken up; the rest follows whole, else a run is all system calls


class BadLink(Link):
    async def forth(self) -> None:
        await self._carry(self.near_reader, lambda: self.far, "forth")

    async def back(self) -> None:
        await self._carry(self.far_reader, lambda: self.near, "back")

    async def _carry(self, source: asyncio.StreamReader, target: Callable[[], asyncio.StreamWriter], way: str) -> None:
        wire = self.proxy
        assert isinstance(wire, Wire)
        while data := await source.read(65536):
            if wire.delay:
                await asyncio.sleep(wire.delay * random.uniform(0.2, 1))
            await wire.thawed.wait()
            await wire.ways[way].wait()
            for piece in wire.pieces(data):
                target().write(piece)
                await target().drain()


class Wire(Proxy):
    """Between clients and nginx. `well()` ends all of it."""

    link = BadLink

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.delay = 0.0
        self.fragments = False
        super().__init__(connect)

    async def _listen(self) -> None:
        self.ways = {"forth": asyncio.Event(), "back": asyncio.Event()}
        for way in self.ways.values():
            way.set()
        await super()._listen()

    def pieces(self, data: bytes) -> list[bytes]:
        if not self.fragments:
            return [data]
        made, at = [], 0
        while at < min(len(data), FRAGMENTED):
            size = random.randint(1, PIECE)
            made.append(data[at : at + size])
            at += size
        return [*made, data[at:]] if at < len(data) else made

    def freeze_way(self, way: str) -> None:
        self._do(self._way(way, False))

    async def _way(self, way: str, open: bool) -> None:
        self.ways[way].set() if open else self.ways[way].clear()

    def well(self) -> None:
        self.delay, self.fragments = 0.0, False
        for way in self.ways:
            self._do(self._way(way, True))
        super().well()
