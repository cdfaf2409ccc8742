"""Our uvicorn: frames that a strict parser reads, a transport that is bounded, and a drain that sends everyone away in time."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from consult import server
from consult.rooms import wire
from consult.standing import draining
from tests import people
from tests.rooms.conftest import ended
from tests.rooms.helpers import group, joined, post
from tests.rooms.sockets import db, ticket_of

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 200_000]


def read(data: bytes, step: int) -> list[Frame]:
    """What the `websockets` client makes of these bytes, `step` at a time."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    frames: list[Any] = []
    for at in range(0, len(data), step):
        client.receive_data(data[at : at + step])
        frames += client.events_received()
    assert client.state is State.OPEN and client.parser_exc is None
    return frames


@pytest.mark.parametrize("size", SIZES)
def test_a_strict_client_reads_what_is_framed(size: int) -> None:
    text = b"x" * size
    for step in (1, 7, 1_000_000) if size < 1000 else (4096, 1_000_000):
        [frame] = read(wire.framed(text), step)
        assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, text)


def test_messages_one_after_another_are_read_one_by_one() -> None:
    texts = [b"x" * size for size in SIZES]
    assert [bytes(f.data) for f in read(b"".join(map(wire.framed, texts)), 5000)] == texts


def test_a_chunk_is_framed_as_its_frames_joined() -> None:
    chunk = wire.Chunk(None, [b'{"n":1}', b'{"n":"\xc3\xa9"}'])
    [frame] = read(chunk.framed(), 3)
    assert json.loads(bytes(frame.data)) == [{"n": 1}, {"n": "é"}] and chunk.framed() is chunk.framed()


@pytest.fixture
async def address(transactional_db: None, settings: Any) -> AsyncIterator[str]:
    """The whole application under our server, on a free port of this loop."""
    from consult.rooms import doorbell
    from consult.rooms import hub as hubs

    hubs._hub, settings.SWEEP_S = None, 0.2
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    own = server.Server(server.config())
    own.config.loop = "none"
    own.capture_signals = _no_signals  # type: ignore[method-assign]
    task = asyncio.create_task(own.serve(sockets=[sock]))
    while not own.started:
        await asyncio.sleep(0.01)
    yield f"ws://localhost:{sock.getsockname()[1]}/ws/v1/"
    own.should_exit = own.force_exit = True
    await asyncio.wait_for(task, 10)
    draining._flag.clear()
    if hubs._hub is not None:
        await ended(hubs._hub)
    hubs._hub = doorbell._listener = doorbell._access_listener = None


def _no_signals() -> Any:
    import contextlib

    return contextlib.nullcontext()


async def say(to: ClientConnection, type: str, ref: int, **fields: Any) -> dict[str, Any]:
    await to.send(json.dumps({"type": type, "ref": ref, **fields}))
    return await hear(to, lambda f: f.get("ref") == ref)


async def hear(client: ClientConnection, wanted: Any) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            message = json.loads(await client.recv())
            for frame in message if isinstance(message, list) else [message]:
                if wanted(frame):
                    return frame  # type: ignore[no-any-return]


async def opened(address: str, person: Any, **options: Any) -> ClientConnection:
    client = await connect(address, compression="deflate", max_size=None, **options)
    assert (await say(client, "hello", 1, protocols=[1], client="t/1", ticket=await db(ticket_of, person)))["type"] == "ok"
    return client


async def test_a_message_goes_through_the_real_server(address: str) -> None:
    camille = await db(people.camille)
    room = await db(lambda: joined(group(), camille))
    client = await opened(address, camille)
    assert not client.protocol.extensions, "no per-message deflate"
    assert (await say(client, "room.enter", 2, room=str(room), after=None))["mode"] == "reset"
    for n, size in enumerate((1, 125, 7000)):
        body = "é" * size
        await client.send(json.dumps({"type": "message.post", "ref": 3 + n, "room": str(room), "id": str(uuid.uuid4()), "body": body}))
        assert (await hear(client, lambda f, n=n: f.get("seq") == 2 + n and f["type"] == "event"))["data"]["body"] == body
    await client.close()


async def test_text_that_is_not_utf8_closes_1007(address: str) -> None:
    client = await opened(address, await db(people.camille))
    client.transport.write(b"\x81\x82\x00\x00\x00\x00\xff\xfe")
    with pytest.raises(websockets.ConnectionClosed):
        await asyncio.wait_for(client.recv(), 5)
    assert client.close_code == 1007


def masked(opcode: int, payload: bytes, *, fin: bool = True, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A client's frame, with the length in the form that fits."""
    n = len(payload)
    size = bytes([0x80 | n]) if n < 126 else b"\xfe" + n.to_bytes(2) if n < 65536 else b"\xff" + n.to_bytes(8)
    return bytes([(0x80 if fin else 0) | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


@pytest.mark.parametrize("step", [1, 3, 1000, 10_000_000])
async def test_frames_however_they_are_cut_are_taken_whole_and_in_order(address: str, step: int) -> None:
    """What goes the short way, what goes through websockets (fragments, pings, binary) and what both share stay in one order."""
    client = await opened(address, await db(people.camille), ping_interval=None)
    ask = lambda ref, pad=0: json.dumps({"type": "ping", "ref": ref}).encode() + b" " * pad  # noqa: E731
    long = ask(14)
    stream = b"".join(
        [
            masked(1, ask(11)),
            masked(1, ask(12, 200)),  # a length of two bytes
            masked(9, b"are you there"),
            masked(1, long[:5], fin=False),
            masked(9, b""),  # a control frame between two fragments
            masked(0, long[5:12], fin=False),
            masked(0, long[12:]),
            masked(1, ask(15, 70_000)) if step > 3 else masked(1, ask(15)),  # of eight
            masked(2, b"binary"),
            masked(1, ask(16)),
        ]
    )
    for at in range(0, len(stream), step):
        client.transport.write(stream[at : at + step])
        if step <= 3:
            await asyncio.sleep(0)
    refs: list[Any] = []
    async with asyncio.timeout(20):
        while not refs or refs[-1] != 16:
            message = json.loads(await client.recv())
            refs += [f["ref"] for f in (message if isinstance(message, list) else [message]) if "ref" in f]
    assert refs == [11, 12, 14, 15, None, 16], "the binary message is refused in its turn"
    await client.close()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (masked(1, b"\xff\xfe"), 1007),
        (masked(1, b"{", fin=False) + masked(1, b"}"), 1002),  # a new message inside a fragmented one
        (masked(0, b"{}"), 1002),  # a continuation of nothing
        (b"\x81\x02{}", 1002),  # not masked
        (masked(0x41, b"{}"), 1002),  # a reserved bit
        (masked(3, b"{}"), 1002),  # an opcode that there is not
        (masked(9, b"x" * 126), 1002),  # a ping that is too long
        (b"\x81\xff" + (1 << 62).to_bytes(8) + b"\0\0\0\0" + b"x" * 100, 4413),
        (masked(1, b"x" * 2_000_000), 4413),
    ],
)
async def test_what_is_no_frame_closes_with_its_code(address: str, bad: bytes, code: int) -> None:
    client = await opened(address, await db(people.camille), ping_interval=None)
    client.transport.write(bad)
    told = []
    with pytest.raises(websockets.ConnectionClosed):
        while True:
            told.append(json.loads(await asyncio.wait_for(client.recv(), 5)).get("code"))
    assert client.close_code == code and told == (["frame.too_large"] if code == 4413 else [])


async def test_the_server_pings_and_a_silent_client_is_closed(address: str, settings: Any) -> None:
    settings.HEARTBEAT_MS = 200
    client = await opened(address, await db(people.camille), ping_interval=None)
    assert (await hear(client, lambda f: f["type"] == "heads"))["rooms"] == {}
    await asyncio.sleep(0.8)
    assert client.close_code is None, "a pong is a sign of life"
    client.transport.pause_reading()  # neither reads nor pongs
    from consult.rooms import hub as hubs

    assert hubs._hub is not None
    async with asyncio.timeout(5):
        while hubs._hub.connections:
            await asyncio.sleep(0.02)
    client.transport.resume_reading()
    await asyncio.wait_for(client.wait_closed(), 5)
    assert client.close_code == 4003


async def test_a_reader_that_does_not_read_is_closed_and_the_others_hear_on(address: str, settings: Any) -> None:
    from consult.rooms import hub as hubs

    settings.OUTBOX_BYTES = 300_000
    camille, nadia = await db(people.camille), await db(people.nadia)
    room = await db(lambda: joined(group(), camille, nadia))
    slow, fast = await opened(address, nadia), await opened(address, camille)
    for client in (slow, fast):
        await say(client, "room.enter", 2, room=str(room), after=None)
    slow.transport.pause_reading()
    hub = hubs._hub
    assert hub is not None
    sent = 0
    async with asyncio.timeout(60):
        while len(hub.connections) == 2:
            await db(lambda: [post(room, camille, "x" * 8000) for _ in range(40)])
            sent += 40
    assert (await hear(fast, lambda f: f.get("seq") == 2 + sent))["type"] == "event"
    assert next(iter(hub.connections.values())).person == camille.pk


async def test_a_drain_tells_everyone_when_to_come_back_and_closes_who_stays(address: str, settings: Any) -> None:
    from consult.rooms import hub as hubs

    settings.DRAIN_S = 0.6
    clients = [await opened(address, await db(people.camille)) for _ in range(4)]
    task = asyncio.create_task(server.drain(hubs._hub))
    delays = sorted([(await hear(c, lambda f: f["type"] == "reconnect"))["after_ms"] for c in clients])
    assert delays == [0, 150, 300, 450], "spread evenly"
    await clients[0].close()
    started = time.monotonic()
    for client in clients[1:]:
        await asyncio.wait_for(client.wait_closed(), 3)
    await task
    assert [c.close_code for c in clients[1:]] == [4001] * 3 and time.monotonic() - started > 0.2
