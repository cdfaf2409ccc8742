"""One WebSocket, from its ticket to its close code: hello, refs, answers, and the silence that means it is dead.

It knows frames and no rooms: what arrives is handed on, in order. `Closed` says how it ended; whether to come back, and when, is the client's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable

import websockets
from websockets.asyncio.client import ClientConnection, connect

from .doors import Frame, Refused

STOP = {4400: "malformed frames", 4401: "signed out", 4403: "suspended", 4413: "frame too large", 4426: "this app is too old"}
HELLO_S, ANSWER_S = 10, 15


class Closed(Exception):
    """The connection is over. `hold_s`: the server asked not to be called sooner."""

    def __init__(self, code: int, hold_s: float = 0) -> None:
        super().__init__(str(code))
        self.code, self.hold_s = code, hold_s


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row: full jitter, so that ten thousand phones do not come back together."""
    return random.uniform(0, min(30, 0.5 * 2 ** min(failures, 10)))


class Connection:
    """`heard(frame, asked)` gets every frame in order of delivery, with the command that an `ok` or `refused` answers."""

    def __init__(self, url: str, heard: Callable[[Frame, Frame | None], None]) -> None:
        self.url, self.heard = url, heard
        self.ws: ClientConnection
        self.refs = itertools.count(1)
        self.waiting: dict[int, tuple[asyncio.Future[Frame], Frame]] = {}
        self.silence_s = 50.0
        self.not_before = 0.0  # on the loop's clock
        self.moving: asyncio.TimerHandle | None = None

    async def open(self, ticket: str, client: str, locale: str, resume: list[Frame]) -> Frame:
        """Connects and says hello; its `ok`. `run()` must be under way to hear it. Raises Closed, Refused."""
        try:
            # No Origin, no cookie: the ticket alone says who this is. A batch may be large, so no limit of ours.
            self.ws = await connect(self.url, compression=None, max_size=None, ping_interval=None, open_timeout=HELLO_S, close_timeout=2, proxy=None)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise Closed(1006) from error
        self.reading = asyncio.create_task(self._read())
        hello: Frame = {"type": "hello", "protocols": [1], "ticket": ticket, "client": client, "locale": locale}
        try:
            ok = await self._hello(hello, resume)
        except Refused:
            raise await self.ended() from None  # what was refused, the close code says as well
        self.silence_s = 2 * ok["heartbeat_ms"] / 1000
        return ok

    async def _hello(self, hello: Frame, resume: list[Frame]) -> Frame:
        try:
            return await self.call({**hello, "resume": resume} if resume else hello)
        except Refused as refusal:
            if refusal.code != "frame.invalid" or not resume:
                raise
            return await self.call(hello)  # a cursor gone bad locks nobody out

    async def ended(self) -> Closed:
        """Waits for the end, and says how it was."""
        return await self.reading

    async def call(self, command: Frame) -> Frame:
        """The `ok`. Raises Refused, or Closed where there was no answer: then nobody knows, and the same id may be sent again."""
        ref = next(self.refs)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self.waiting[ref] = answer, command
        try:
            await self.ws.send(json.dumps({**command, "ref": ref}))
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            self.ws.transport.abort()
            raise Closed(1006) from None
        except websockets.ConnectionClosed:
            raise await self.ended() from None
        finally:
            self.waiting.pop(ref, None)

    async def close(self) -> None:
        if hasattr(self, "reading"):
            await self.ws.close()
            await self.reading

    async def _read(self) -> Closed:
        try:
            while True:
                async with asyncio.timeout(self.silence_s):  # `heads` comes at the heartbeat's pace: twice that is silence
                    text = await self.ws.recv()
                message = json.loads(text)
                for frame in message if isinstance(message, list) else [message]:  # a batch: order inside it is order
                    self._frame(frame)
        except TimeoutError:
            self.ws.transport.abort()
            code = 4003
        except websockets.ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd else 1006
        if self.moving:
            self.moving.cancel()
        closed = Closed(code, max(0.0, self.not_before - asyncio.get_running_loop().time()))
        for answer, _ in self.waiting.values():
            if not answer.done():
                answer.set_exception(closed)
                answer.exception()  # seen: who waits may have gone
        return closed

    def _frame(self, frame: Frame) -> None:
        answer, asked = self.waiting.get(frame.get("ref") or 0, (None, None))
        if frame["type"] == "refused" and frame["code"] == "frame.flood":
            self._hold(frame["retry_after_ms"])
        elif frame["type"] == "reconnect":
            # This node drains. Its delay is the jitter; what is under way finishes until then.
            self._hold(frame["after_ms"])
            self.moving = asyncio.get_running_loop().call_at(self.not_before, self.ws.transport.close)
        self.heard(frame, asked)
        if answer and not answer.done():
            if frame["type"] == "ok":
                answer.set_result(frame)
            else:
                answer.set_exception(Refused.of(frame))

    def _hold(self, ms: int) -> None:
        self.not_before = max(self.not_before, asyncio.get_running_loop().time() + ms / 1000)
