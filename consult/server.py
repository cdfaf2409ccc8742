"""Our uvicorn: a WebSocket protocol that offers its transport to the rooms, and a server that drains before it stops."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.speedups import apply_mask

from consult.standing import draining

HIGH_WATER = 256 * 1024  # bytes in the transport above which frames wait in the outbox


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol with a short way in and out; in addition the `Transport` that `rooms.outbox` writes to.

    In: a text message that came whole in one frame goes to `on_message` within the same call, without uvicorn's queue, the
    task that waits on it and the pause of reading a message. Every other frame (pings, closes, fragments, faults) is
    uvicorn's and websockets', which are handed whole frames, in their order. Out: messages are written whole and in order
    here and nowhere else, so they never fall inside a fragmented one.
    """

    heard_at = 0.0
    on_message: Callable[[str | None, bytes | None], None] | None = None
    on_too_large: Callable[[], None] | None = None
    on_drained: Callable[[], None] | None = None
    choked = False
    partial = b""  # the beginning of a frame
    fragmented = False  # inside a message of several frames
    too_long = False  # a frame that is refused by its header: nothing after it is taken apart

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self.heard_at = self.loop.time()
        if (sock := transport.get_extra_info("socket")) is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        if self.too_long and self.close_sent:
            return  # the rest of what was refused: read, so that our close frame is, and thrown away
        if not self.handshake_initiated or self.too_long:
            return super().data_received(data)
        if self.partial:
            data = self.partial + data
        at, end = 0, len(data)
        while end - at >= 2:  # RFC 6455, section 5.2
            size, payload = data[at + 1] & 0x7F, at + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                payload += width
                if payload > end:
                    break
                size = int.from_bytes(data[at + 2 : payload])
                if size > self.config.ws_max_size:
                    self.partial, self.too_long = b"", True
                    return self.on_too_large() if self.on_too_large is not None else super().data_received(data[at:])
            masked = data[at + 1] & 0x80
            if masked:
                payload += 4
            if payload + size > end:
                break
            if data[at] == 0x81 and masked and self.on_message is not None and not self.fragmented:
                self._message(True, apply_mask(data[payload : payload + size], data[payload - 4 : payload]))
            else:
                if data[at] & 0x0F < 8:  # not a control frame
                    self.fragmented = not data[at] & 0x80
                super().data_received(data[at : payload + size])
            at = payload + size
        self.partial = data[at:]

    def send_receive_event_to_app(self) -> None:
        if self.on_message is None:
            return super().send_receive_event_to_app()
        data, self.frames = b"".join(self.frames), []
        self._message(self.curr_msg_data_type == "text", data)

    def _message(self, text: bool, data: bytes) -> None:
        if self.close_sent or self.disconnected or self.on_message is None:
            return
        if not text:
            return self.on_message(None, data)
        try:
            decoded = data.decode()
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            return self.handle_parser_exception()
        self.on_message(decoded, None)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, Any], self.scope["extensions"])["consult.transport"] = self

    def pause_writing(self) -> None:
        self.choked = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.choked = False
        super().resume_writing()
        if self.on_drained is not None:
            self.on_drained()

    # --- rooms.outbox.Transport -------------------------------------------------

    def write_framed(self, message: bytes) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(message)

    def backlog(self) -> int:
        return self.transport.get_write_buffer_size()

    def ping(self) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(b"\x89\x00")

    def handle_pong(self, event: Any) -> None:
        """Any sign of life counts (`heard_at`); uvicorn's own keepalive is off."""

    def close(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # A peer that does not read never echoes the close and never takes the buffer, and one that is in the middle of too long a
        # message cannot be understood any more: then the connection is cut.
        self.close_timer = self.loop.call_later(1.0 if self.choked or self.too_long else self.close_timeout, self._cut)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _cut(self) -> None:
        self.transport.abort()


class Server(uvicorn.Server):
    """On SIGTERM: /readyz fails and new sockets are refused, clients are told to reconnect, spread over DRAIN_S, then 4001."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining.begin()
        from consult.rooms import hub as hubs
        from consult.rooms import lanes

        hub = hubs._hub
        if hub is not None and hub.connections and not self.force_exit:
            await drain(hub)
        for _ in range(100):
            if lanes.idle():
                break
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


async def drain(hub: Any) -> None:
    """Tells every client when to come back, spread evenly over DRAIN_S; who is still here then is closed with 4001."""
    from consult.rooms import wire

    connections = list(hub.connections.values())
    random.shuffle(connections)
    for i, connection in enumerate(connections):
        hub.send(connection, wire.frame(type="reconnect", after_ms=int(settings.DRAIN_S * 1000 * i / len(connections))))
    give_up = hub.loop.time() + settings.DRAIN_S
    while hub.connections and hub.loop.time() < give_up:
        await asyncio.sleep(0.05)
    for connection in list(hub.connections.values()):
        connection.close(4001, "draining")


def config(**changes: Any) -> uvicorn.Config:
    """The way this server is always configured; no per-message deflate, no server-side ping of its own."""
    return uvicorn.Config(
        "consult.asgi:application",
        ws=SocketProtocol,
        ws_max_size=settings.LIMITS["frame_bytes"] * 4 + 1_000_000,
        ws_ping_interval=None,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        timeout_graceful_shutdown=10,
        **changes,
    )
