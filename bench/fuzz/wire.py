"""A raw client: it writes any bytes, reads frames one by one, and never hides how a connection ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bench.fuzz.judge import Judge
from bench.generator.sockets import frame as masked
from bench.generator.sockets import frames

PATIENCE = 60.0  # of a machine that has more to do
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def upgrade(port: int, path: str = "/ws/v1/") -> bytes:
    return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()


class Wire(asyncio.Protocol):
    """One TCP connection. `answers` counts ok and refused; `code` is the close code, 1006 where none was said."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.buffer = bytearray()
        self.head: bytes | None = None
        self.answers = self.pongs = 0
        self.window: dict[int, str] = {}  # by ref, what is being said
        self.last: list[str] = []  # the codes of the last answers
        self.code: int | None = None
        self.said_close: int | None = None
        self.asked: Any = None
        self.on_event: Callable[[dict[str, Any]], None] | None = None
        self.changed = asyncio.Event()

    @classmethod
    async def open(cls, port: int, judge: Judge, *, handshake: bytes | None = None) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(lambda: cls(judge), "127.0.0.1", port)
        wire.write(upgrade(port) if handshake is None else handshake)
        return wire

    # The transport's side

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.head is None:
            head, found, rest = bytes(self.buffer).partition(b"\r\n\r\n")
            if not found:
                return
            self.head, self.buffer = head, bytearray(rest)
        if self.head.startswith(b"HTTP/1.1 101"):
            self._read()
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.code = self.said_close or 1006
        self.changed.set()

    def _read(self) -> None:
        used = 0
        for opcode, payload in frames(self.buffer):
            n = len(payload)
            used += n + (2 if n < 126 else 4 if n < 65536 else 10)
            payload = bytes(payload)
            if opcode == 1:
                for said in self.judge.message(payload):
                    self._take(said)
            elif opcode == 8:
                self.said_close = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
                self.write(masked(payload[:2]).replace(b"\x81", b"\x88", 1))
            elif opcode == 9:
                self.write(b"\x8a\x80\0\0\0\0")
            elif opcode == 10:
                self.pongs += 1
            else:
                self.judge.find(f"opcode {opcode} from the server", payload[:100])
        del self.buffer[:used]

    def _take(self, said: Any) -> None:
        if not isinstance(said, dict):
            return self.judge.frame_said(said, self.asked)
        self.judge.frame_said(said, self.window.get(said.get("ref") or 0, self.asked))
        kind = said.get("type")
        if kind in ("ok", "refused"):
            self.answers += 1
            code = "ok" if kind == "ok" else str(said.get("code"))
            self.last = [*self.last[-99:], code]
        elif kind == "event" and self.on_event:
            self.on_event(said)

    # Ours

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def say(self, text: str | bytes) -> None:
        self.write(masked(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text))

    async def until(self, what: Callable[[], Any], patience: float = PATIENCE) -> bool:
        """Whether it came true before the connection ended or patience did."""
        try:
            async with asyncio.timeout(patience):
                while not what() and self.code is None:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass
        return bool(what())

    async def opened(self) -> bool:
        return await self.until(lambda: self.head is not None) and self.head is not None and self.head.startswith(b"HTTP/1.1 101")

    async def ended(self, patience: float = PATIENCE) -> int | None:
        await self.until(lambda: self.code is not None, patience)
        return self.code

    def abort(self) -> None:
        self.transport.abort()

    async def close(self) -> None:
        """The closing handshake; a server that does not answer it is a finding."""
        if self.code is None:
            self.write(b"\x88\x82\0\0\0\0\x03\xe8")
            if await self.ended() is None:
                self.judge.find("a close frame was not answered", self.asked)
                self.abort()


def check_close(wire: Wire, judge: Judge, code: int, allowed: set[int]) -> None:
    """A connection that the server closed: was it allowed, and did it say why before?"""
    judge.closed(code, allowed, wire.asked)
    # Ten in a row as they were sent; the answers of valid frames between them may have come later.
    if code == 4400 and wire.last[-1:] != ["hello.expected"] and (wire.last[-1:] != ["frame.invalid"] or wire.last.count("frame.invalid") < 10):
        judge.find("closed 4400 without ten invalid frames", {"last": wire.last, "asked": wire.asked})
    if code == 4413 and wire.last[-1:] != ["frame.too_large"]:
        judge.find("closed 4413 without saying frame.too_large", {"last": wire.last})
