"""The shaped line is as slow as it says, in both directions, and carries what it is given."""

from __future__ import annotations

import asyncio
import os
import time

from tests.proxy import Proxy
from tests.shape import shaped


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes so many bytes, and answers with as many of the same."""
    size = int(await reader.readline())
    data = await reader.readexactly(size)
    writer.write(b"got\n")
    await writer.drain()
    assert await reader.readline() == b"now\n"
    writer.write(data)
    await writer.drain()
    writer.close()


def test_it_has_the_width_and_the_round_trip_that_it_says() -> None:
    async def story() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        proxy = Proxy(lambda: asyncio.open_connection("127.0.0.1", port))
        proxy.link = shaped(down_kbit=400, up_kbit=200, round_trip_ms=400)
        try:
            data = os.urandom(20_000)
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            begun = time.perf_counter()
            writer.write(b"20000\n" + data)
            assert await reader.readline() == b"got\n"
            up = time.perf_counter() - begun
            begun = time.perf_counter()
            writer.write(b"now\n")
            assert await reader.readexactly(len(data)) == data
            down = time.perf_counter() - begun
            # The handshake's round trip, 160 kbit at 200 kbit/s, and one round trip; then 160 kbit at 400 kbit/s, and one. A machine may be slower, a line not faster.
            assert up >= 1.6 and down >= 0.8, (up, down)
            writer.close()
        finally:
            await asyncio.to_thread(proxy.close)
            server.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_all_connections_share_the_line() -> None:
    async def story() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        proxy = Proxy(lambda: asyncio.open_connection("127.0.0.1", port))
        proxy.link = shaped(down_kbit=8000, up_kbit=160, round_trip_ms=20)

        async def one() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"10000\n" + bytes(10_000))
            assert await reader.readline() == b"got\n"
            writer.close()

        try:
            begun = time.perf_counter()
            await asyncio.gather(one(), one())
            assert time.perf_counter() - begun >= 1.0  # 160 kbit at 160 kbit/s
        finally:
            await asyncio.to_thread(proxy.close)
            server.close()

    asyncio.run(asyncio.wait_for(story(), 60))
