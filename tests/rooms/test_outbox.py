"""What waits for one connection: in order, in batches, bounded, dropped room by room; and how each way out ends."""

from __future__ import annotations

import asyncio
import uuid
from itertools import chain
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from consult.rooms import wire
from consult.rooms.outbox import AsgiOutbox, DirectOutbox

R, S = uuid.uuid4(), uuid.uuid4()


def chunk(room: uuid.UUID | None, *values: Any) -> wire.Chunk:
    return wire.Chunk(room, [orjson.dumps({"n": v}) for v in values])


def numbers(message: Any) -> list[Any]:
    frames = orjson.loads(message)
    return [f["n"] for f in (frames if isinstance(frames, list) else [frames])]


class Wire:
    """A transport that keeps what is written; `choked` as one whose buffer is full."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.choked, self.unread, self.heard_at, self.on_drained, self.on_message, self.on_too_large = False, 0, 0.0, None, None, None

    def write_framed(self, message: bytes) -> None:
        assert not self.closed
        self.written.append(message)

    def backlog(self) -> int:
        return self.unread

    def ping(self) -> None: ...

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))

    def numbers(self) -> list[list[Any]]:
        """Of each WebSocket message, as a strict client takes them apart."""
        client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
        client.receive_data(b"".join(self.written))
        assert client.parser_exc is None
        return [numbers(f.data) for f in client.events_received() if isinstance(f, Frame)]


def direct(*, choked: bool = False) -> tuple[DirectOutbox, Wire, list[int]]:
    transport, overflows = Wire(), []  # type: ignore[var-annotated]
    transport.choked = choked
    return DirectOutbox(transport, lambda: overflows.append(1)), transport, overflows


def drained(transport: Wire) -> None:
    transport.choked = False
    assert transport.on_drained is not None
    transport.on_drained()


def test_what_comes_while_nothing_waits_is_written_at_once() -> None:
    outbox, transport, _ = direct()
    assert not outbox.put(chunk(R, 0)) and transport.numbers() == [[0]]
    transport.choked = True
    assert outbox.put(chunk(S, 1))
    transport.choked = False  # and not yet told so: what came first goes first
    assert outbox.put(chunk(R, 2)) and transport.numbers() == [[0]]
    outbox.flush()
    assert not outbox.put(chunk(R, 3)) and transport.numbers() == [[0], [1], [2], [3]] and outbox.bytes == 0


def test_what_waited_goes_in_one_write_in_order() -> None:
    outbox, transport, _ = direct(choked=True)
    outbox.put(chunk(R, 0))
    outbox.put(chunk(None, 1, 2))
    for n in range(3, 130):
        outbox.put(chunk(S, n))
    drained(transport)
    assert len(transport.written) == 1 and list(chain(*transport.numbers())) == list(range(130))
    assert outbox.bytes == 0
    outbox.put(chunk(R, 130))
    outbox.flush()
    assert transport.written[-1].endswith(b'{"n":130}') and not transport.written[-1].endswith(b"]"), "one frame alone is an object"


@given(sizes=st.lists(st.integers(1, 150), max_size=12), others=st.lists(st.booleans(), min_size=12, max_size=12))
def test_any_frames_come_out_whole_in_order_in_messages_of_at_most_64(sizes: list[int], others: list[bool]) -> None:
    outbox, transport, _ = direct()
    at = 0
    for size, flush in zip(sizes, others, strict=False):
        transport.choked = not flush
        for piece in wire.chunks(R, chunk(R, *range(at, at + size)).frames):
            outbox.put(piece)
        at += size
        if flush:
            outbox.flush()
    drained(transport)
    assert list(chain(*transport.numbers())) == list(range(at)) and all(len(m) <= wire.MOST for m in transport.numbers())
    assert outbox.bytes == 0 and not outbox.waiting


def test_a_write_is_cut_by_bytes() -> None:
    outbox, transport, _ = direct(choked=True)
    for n in range(5):
        outbox.put(chunk(R, "x" * 300_000 + str(n)))
    drained(transport)
    assert [len(w) // 300_000 for w in transport.written] == [4, 1]


def test_one_frame_a_message_where_the_setting_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BATCH", 1)
    outbox, transport, _ = direct(choked=True)
    outbox.put(chunk(R, 0, 1, 2))
    outbox.put(chunk(S, 3))
    drained(transport)
    assert len(transport.written) == 1 and transport.numbers() == [[0], [1], [2], [3]]


def test_a_full_transport_makes_frames_wait_and_drained_sends_them() -> None:
    outbox, transport, _ = direct()
    transport.choked = True
    outbox.put(chunk(R, 1))
    outbox.flush()
    assert not transport.written
    drained(transport)
    assert transport.numbers() == [[1]]


def test_a_lost_room_is_dropped_and_nothing_else() -> None:
    outbox, transport, _ = direct(choked=True)
    for room, n in ((R, 1), (S, 2), (None, 3), (R, 4), (S, 5)):
        outbox.put(chunk(room, n))
    outbox.drop(R)
    assert outbox.bytes == sum(c.size for c in outbox.waiting)
    drained(transport)
    assert list(chain(*transport.numbers())) == [2, 3, 5]


def test_a_dropped_room_is_dropped_also_where_a_part_of_it_has_gone() -> None:
    outbox, transport, _ = direct(choked=True)
    for piece in wire.chunks(R, chunk(R, *("x" * 20_000 + str(n) for n in range(100))).frames):
        outbox.put(piece)
    transport.write_framed(outbox.take())
    outbox.drop(R)
    drained(transport)
    assert len(list(chain(*transport.numbers()))) == 64 and outbox.bytes == 0


def test_too_much_overflows_once_and_takes_no_more(settings: Any) -> None:
    settings.OUTBOX_BYTES = 10_000
    outbox, transport, overflows = direct()
    transport.choked = True
    for n in range(50):
        outbox.put(chunk(R, "x" * 1000 + str(n)))
    assert overflows == [1]
    assert outbox.bytes <= 11_200, "memory is bounded"


def test_what_the_server_below_holds_counts_but_a_little_is_never_too_much(settings: Any) -> None:
    settings.OUTBOX_BYTES = 10_000
    outbox, transport, overflows = direct()
    transport.choked, transport.unread = True, 9_000
    outbox.put(chunk(R, "x" * 3000))
    assert overflows == [], "below HALF nobody is slow"
    outbox.put(chunk(R, "x" * 3000))
    assert overflows == [1]


@pytest.mark.parametrize(("code", "told"), [(4001, [[1]]), (4401, [[1]]), (4429, [[1]]), (4002, []), (4003, [])])
def test_closing_sends_what_waits_except_to_the_slow_and_the_silent(code: int, told: list[list[int]]) -> None:
    outbox, transport, _ = direct(choked=True)
    outbox.put(chunk(R, 1))
    outbox.close(code, "why")
    assert transport.numbers() == told and transport.closed == [(code, "why")]
    outbox.put(chunk(R, 2))
    outbox.flush()
    assert transport.numbers() == told, "after the end nothing is taken"


def test_a_chunk_for_many_is_framed_once() -> None:
    shared = chunk(R, 1, 2)
    found = []
    for _ in range(3):
        outbox, transport, _overflows = direct()
        outbox.put(shared)
        outbox.flush()
        found += transport.written
    assert found[0] is found[1] is found[2]


class Asgi:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        await self.gate.wait()
        if self.fault:
            raise self.fault
        self.sent.append(message)


async def test_through_asgi_what_waits_while_a_send_blocks_goes_together() -> None:
    asgi = Asgi()
    outbox = AsgiOutbox(asgi, lambda: 0, lambda: None)
    asgi.gate.clear()
    outbox.put(chunk(R, 0))
    outbox.flush()
    await asyncio.sleep(0.01)
    for n in range(1, 5):
        outbox.put(chunk(R, n))
        outbox.flush()
    asgi.gate.set()
    await asyncio.sleep(0.01)
    assert [numbers(m["text"]) for m in asgi.sent] == [[0], [1, 2, 3, 4]]
    outbox.put(chunk(R, 5))
    outbox.close(4001, "draining")
    await asyncio.wait_for(outbox.task, 1)
    assert numbers(asgi.sent[-2]["text"]) == [5]
    assert asgi.sent[-1] == {"type": "websocket.close", "code": 4001, "reason": "draining"}


async def test_through_asgi_what_the_server_holds_counts(settings: Any) -> None:
    settings.OUTBOX_BYTES = 10_000
    asgi, overflows, held = Asgi(), [], [0]  # type: ignore[var-annotated]
    outbox = AsgiOutbox(asgi, lambda: held[0], lambda: overflows.append(1))
    outbox.put(chunk(R, "x" * 5000))
    assert not overflows
    held[0] = 8_000
    outbox.put(chunk(R, "x" * 5000))
    assert overflows
    outbox.task.cancel()


@pytest.mark.parametrize("fault", [OSError("gone"), RuntimeError("Cannot call send once a close message has been sent"), type("ClientDisconnected", (Exception,), {})()])
async def test_a_peer_that_is_gone_ends_the_sending_quietly(fault: Exception) -> None:
    asgi = Asgi()
    asgi.fault = fault
    outbox = AsgiOutbox(asgi, lambda: 0, lambda: None)
    outbox.put(chunk(R, 1))
    outbox.flush()
    await asyncio.wait_for(outbox.task, 1)
    assert outbox.ended
