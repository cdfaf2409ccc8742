"""What waits to be sent to one connection: bounded, in order, and dropped room by room when a right is lost.

`DirectOutbox` writes prebuilt messages to the transport of our own server class, at once where nothing waits; `AsgiOutbox` goes
through ASGI's send, in batches, and so works under any server (Daphne). Both give up on a reader that falls behind.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from django.conf import settings

from consult.rooms import wire

BATCH_BYTES = 1_000_000  # a batch is cut there, so that one message, or one write, stays small
HALF = 4096  # bytes below which nobody is slow


class Transport(Protocol):
    """What `consult.server` offers in scope["extensions"]["consult.transport"]."""

    heard_at: float
    on_message: Callable[[str | None, bytes | None], None] | None  # a whole message, text or binary, as it comes
    on_too_large: Callable[[], None] | None  # a message whose header says that it will not be read
    on_drained: Callable[[], None] | None
    choked: bool  # more is written than the network takes: what comes now waits in the outbox

    def write_framed(self, message: bytes) -> None: ...
    def backlog(self) -> int: ...
    def ping(self) -> None: ...
    def close(self, code: int, reason: str) -> None: ...


class Outbox:
    """A queue of chunks. `overflow` is called once when a reader is too slow."""

    def __init__(self, overflow: Callable[[], None]) -> None:
        self.waiting: deque[wire.Chunk] = deque()
        self.bytes = 0
        self.overflow = overflow
        self.ended = False

    def put(self, chunk: wire.Chunk) -> bool:
        """Puts it behind what waits; whether something now waits for `flush`."""
        if self.ended:
            return False
        self.waiting.append(chunk)
        self.bytes += chunk.size
        if self.bytes > HALF and self.bytes + self.unsent() > settings.OUTBOX_BYTES:
            self.ended = True
            self.overflow()
        return True

    def drop(self, room: uuid.UUID) -> None:
        """Discards what waits of a room that was lost."""
        self.waiting = deque(c for c in self.waiting if c.room != room)
        self.bytes = sum(c.size for c in self.waiting)

    def take(self) -> bytes:
        """The next write: what waits, each chunk framed once for all who get it."""
        chunk = self.waiting.popleft()
        self.bytes -= chunk.size
        if not self.waiting:
            return chunk.framed()
        parts, size = [chunk.framed()], chunk.size
        while self.waiting and size < BATCH_BYTES:
            chunk = self.waiting.popleft()
            self.bytes -= chunk.size
            size += chunk.size
            parts.append(chunk.framed())
        return b"".join(parts)

    def _gather(self) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        while self.waiting and len(frames) < wire.BATCH and size < BATCH_BYTES:
            chunk = self.waiting.popleft()
            room = wire.BATCH - len(frames)
            if len(chunk.frames) > room:
                self.waiting.appendleft(wire.Chunk(chunk.room, chunk.frames[room:]))
                frames += chunk.frames[:room]
                size += sum(map(len, chunk.frames[:room]))
            else:
                frames += chunk.frames
                size += chunk.size
        self.bytes -= size
        return frames

    def unsent(self) -> int:
        """Bytes the server below still holds."""
        return 0

    def flush(self) -> None:
        raise NotImplementedError

    def close(self, code: int, reason: str) -> None:
        raise NotImplementedError


class DirectOutbox(Outbox):
    def __init__(self, transport: Transport, overflow: Callable[[], None]) -> None:
        super().__init__(overflow)
        self.transport = transport
        transport.on_drained = self.flush

    def put(self, chunk: wire.Chunk) -> bool:
        # Most find nothing waiting: one call less for each of a room's readers. uvloop joins what is written in one turn of the loop into one system call.
        if self.waiting or self.ended or self.transport.choked:
            return super().put(chunk)
        self.transport.write_framed(chunk.framed())
        return False

    def unsent(self) -> int:
        return self.transport.backlog()

    def flush(self) -> None:
        while self.waiting and not self.transport.choked:
            self.transport.write_framed(self.take())

    def close(self, code: int, reason: str) -> None:
        self.ended = True
        if code not in (4002, 4003):  # a slow or silent reader is not sent the rest first
            while self.waiting:
                self.transport.write_framed(self.take())
        self.waiting.clear()
        self.transport.close(code, reason)


class AsgiOutbox(Outbox):
    """One task a connection that sends what waits; `held` asks the server how many bytes it holds, where it can tell."""

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]], held: Callable[[], int], overflow: Callable[[], None]) -> None:
        super().__init__(overflow)
        self.send, self.held = send, held
        self.wake = asyncio.Event()
        self.closing: tuple[int, str] | None = None
        self.task = asyncio.create_task(self._pump())

    def unsent(self) -> int:
        return self.held()

    def flush(self) -> None:
        self.wake.set()

    def close(self, code: int, reason: str) -> None:
        self.ended = True
        self.closing = (code, reason)
        if code in (4002, 4003):
            self.waiting.clear()
        self.wake.set()
        asyncio.get_running_loop().call_later(5, self.task.cancel)  # a send that blocks for ever does not keep us

    async def _pump(self) -> None:
        try:
            while True:
                await self.wake.wait()
                self.wake.clear()
                while self.waiting:
                    await self.send({"type": "websocket.send", "text": wire.join(self._gather()).decode()})
                if self.closing:
                    await self.send({"type": "websocket.close", "code": self.closing[0], "reason": self.closing[1]})
                    return
        except (asyncio.CancelledError, OSError):
            self.ended = True
        except Exception as error:
            if "disconnect" not in type(error).__name__.lower() and "close" not in str(error).lower():
                raise
            self.ended = True
