"""A line as slow as a phone's: one width and one delay for all that passes over it, HTTP and WebSocket alike.

`cable.link = shaped(down_kbit=400, up_kbit=200, round_trip_ms=400)` shapes every connection from then on. All connections of a
proxy share the width of each direction, as they share an antenna; a new connection pays one round trip before its first byte, which is its
handshake.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tests.proxy import Link, Proxy

SEGMENT = 1448  # bytes of one packet: a long answer does not hold up what another connection says for longer than one
BUFFERED = 64  # packets that may wait in one direction of a connection; then the sender is not read any more


class Way:
    """One direction of the line: what enters leaves it in order, `delay` after its last bit was sent."""

    def __init__(self, kbit: float, delay: float) -> None:
        self.bytes_per_s, self.delay, self.free = kbit * 1000 / 8, delay, 0.0

    def arrival(self, size: int, now: float) -> float:
        """When so many bytes that are sent now have arrived."""
        self.free = max(self.free, now) + size / self.bytes_per_s
        return self.free + self.delay


class ShapedLink(Link):
    """One carried connection on a shaped line."""

    down_kbit = up_kbit = 1e6
    round_trip = 0.0

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(proxy, reader, writer)
        # The line is the proxy's; it is made with its first connection, and anew where its width changes.
        line: Any = getattr(proxy, "line", None)
        if line is None or line[0] is not type(self):
            line = (type(self), Way(self.up_kbit, self.round_trip / 2), Way(self.down_kbit, self.round_trip / 2))
            proxy.line = line  # type: ignore[attr-defined]
        self.up, self.down = line[1], line[2]

    def saw(self, data: bytes, *, upwards: bool) -> None:
        """What passes, for who counts."""

    async def forth(self) -> None:
        await asyncio.sleep(self.round_trip)
        await self._carry(self.near_reader, self.far, self.up, upwards=True)

    async def back(self) -> None:
        await self._carry(self.far_reader, self.near, self.down, upwards=False)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, *, upwards: bool) -> None:
        flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(BUFFERED)
        landing = asyncio.create_task(self._land(flying, writer))
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(SEGMENT):
                await self.proxy.thawed.wait()
                self.saw(data, upwards=upwards)
                await flying.put((way.arrival(len(data), loop.time()), data))
                # Who sends waits for the line, not for the far end.
                await asyncio.sleep(max(0.0, way.free - loop.time() - way.delay))
            await flying.join()
        finally:
            landing.cancel()

    async def _land(self, flying: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, data = await flying.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            writer.write(data)
            await writer.drain()
            flying.task_done()


def shaped(*, down_kbit: float, up_kbit: float, round_trip_ms: float, base: type[ShapedLink] = ShapedLink) -> type[ShapedLink]:
    """A kind of link of this width (kbit/s) and round trip (ms)."""
    return type("Shaped", (base,), {"down_kbit": down_kbit, "up_kbit": up_kbit, "round_trip": round_trip_ms / 1000})
