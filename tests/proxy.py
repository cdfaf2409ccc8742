"""TCP proxies that fail on purpose: one that knows nothing, and one that reads PostgreSQL's messages.

They run on a loop and a thread of their own, so that they go on while a test blocks. A proxy can be frozen (nothing is
relayed, nothing is closed: a network that swallows packets), can refuse newcomers, and can drop all it carries. The one for
PostgreSQL drops a connection at a chosen message of a transaction that writes to a room's log.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from collections.abc import Callable
from typing import Any

WRITES = b"rooms_event"  # what the statements of a log-writing transaction name
LOCKS = b"FOR NO KEY UPDATE"  # how it begins
AFTER_COMMIT, BEFORE_COMMIT, BEFORE_WRITE, BEFORE_LOCK = "after commit", "before commit", "before write", "before lock"


class Link:
    """One carried connection."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy, self.near_reader, self.near = proxy, reader, writer
        self.far_reader: asyncio.StreamReader
        self.far: asyncio.StreamWriter

    async def run(self) -> None:
        self.far_reader, self.far = await asyncio.wait_for(self.proxy.connect(), 10)
        ways = [asyncio.create_task(self.forth()), asyncio.create_task(self.back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.abort()

    def abort(self) -> None:
        self.near.transport.abort()
        with contextlib.suppress(AttributeError):
            self.far.transport.abort()

    async def forth(self) -> None:
        """Client to server."""
        while data := await self.near_reader.read(65536):
            await self.proxy.thawed.wait()
            self.far.write(data)
            await self.far.drain()

    async def back(self) -> None:
        """Server to client."""
        while data := await self.far_reader.read(65536):
            await self.proxy.thawed.wait()
            self.near.write(data)
            await self.near.drain()


class Proxy:
    """Listens on 127.0.0.1:`port`, carries to `connect()`. Its methods may be called from any thread."""

    link: type[Link] = Link

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.connect = connect
        self.links: set[Link] = set()
        self.refusing = False
        self.accepted = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True)
        self.thread.start()
        self._do(self._listen())

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def _listen(self) -> None:
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self.server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refusing:
            writer.transport.abort()
            return
        link = self.link(self, reader, writer)
        self.links.add(link)
        try:
            await link.run()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            link.abort()
        finally:
            self.links.discard(link)

    # --- faults --------------------------------------------------------------------

    def freeze(self) -> None:
        self._do(self._thaw(False))

    def thaw(self) -> None:
        self._do(self._thaw(True))

    async def _thaw(self, yes: bool) -> None:
        self.thawed.set() if yes else self.thawed.clear()

    def refuse(self) -> None:
        """From now on newcomers are dropped at once; what is open stays."""
        self.refusing = True

    def accept(self) -> None:
        self.refusing = False

    def drop(self) -> None:
        """Cuts all that is open."""
        self._do(self._drop())

    async def _drop(self) -> None:
        for link in list(self.links):
            link.abort()

    def well(self) -> None:
        """As if nothing had ever been wrong."""
        self.accept()
        self.thaw()

    def close(self) -> None:
        async def end() -> None:
            self.thawed.set()
            self.server.close()
            await self._drop()
            rest = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self._do(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


class PgLink(Link):
    """Reads the client's messages: which statement is prepared under which name, and what the transaction has run."""

    def __init__(self, proxy: PgProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(proxy, reader, writer)
        self.pg = proxy
        self.prepared: dict[bytes, bytes] = {}
        self.writes = False  # this transaction wrote to a room's log
        self.answered = asyncio.Event()
        self.hold = False  # what the server says is seen, and not passed on
        self.tail = b""

    async def forth(self) -> None:
        await self._greeting()
        while True:
            head = await self.near_reader.readexactly(5)
            body = await self.near_reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            await self.proxy.thawed.wait()
            sql = self._statement(head[:1], body)
            plan = self.pg.plan
            if sql and self._begins(sql):
                self.writes = False
            writing = bool(sql) and WRITES in sql and b"INSERT" in sql.upper()
            if plan == BEFORE_WRITE and writing and self.pg.take(self):
                return
            if plan == BEFORE_LOCK and sql and LOCKS in sql and self.pg.take(self):
                return
            self.writes = self.writes or writing
            commit = sql is not None and sql.strip(b" ;\0").upper() == b"COMMIT"
            if commit and self.writes and plan == BEFORE_COMMIT and self.pg.take(self):
                return
            if commit and self.writes and plan == AFTER_COMMIT and self.pg.take(self):
                self.answered.clear()
                self.hold = True
                self.far.write(head + body)
                await self._through_sync(head[:1])
                await asyncio.wait_for(self.answered.wait(), 20)  # it is committed, and nobody hears of it
                return
            self.far.write(head + body)
            await self.far.drain()

    async def _through_sync(self, kind: bytes) -> None:
        """A COMMIT that was bound is run by the messages after it, and answered at the next Sync."""
        while kind not in (b"Q", b"S"):
            head = await self.near_reader.readexactly(5)
            self.far.write(head + await self.near_reader.readexactly(struct.unpack("!I", head[1:])[0] - 4))
            kind = head[:1]
        await self.far.drain()

    async def _greeting(self) -> None:
        """The start-up messages carry no type. A request for TLS or GSS is one of them."""
        while True:
            size = await self.near_reader.readexactly(4)
            body = await self.near_reader.readexactly(struct.unpack("!I", size)[0] - 4)
            await self.proxy.thawed.wait()
            self.far.write(size + body)
            await self.far.drain()
            if struct.unpack("!I", body[:4])[0] not in (80877103, 80877104):
                return

    def _statement(self, kind: bytes, body: bytes) -> bytes | None:
        """The SQL that this message runs or names, where it does."""
        if kind == b"Q":
            return body
        if kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self.prepared[name] = sql
            return None
        if kind == b"B":
            _, name, _ = body.split(b"\0", 2)
            return self.prepared.get(name)
        return None

    @staticmethod
    def _begins(sql: bytes) -> bool:
        return sql.lstrip()[:5].upper() == b"BEGIN"

    async def back(self) -> None:
        while data := await self.far_reader.read(65536):
            if self.hold:
                self.tail = self.tail[-16:] + data
                if b"COMMIT\0" in self.tail:
                    self.answered.set()
                    await asyncio.sleep(3600)
                continue
            await self.proxy.thawed.wait()
            self.near.write(data)
            await self.near.drain()


class PgProxy(Proxy):
    """`cut(plan, times)` drops that many connections, each at that point of a transaction that writes a room's log."""

    link = PgLink

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.plan: str | None = None
        self.times = 0
        self.cuts = 0
        self.and_refuse = False
        super().__init__(connect)

    def cut(self, plan: str, *, times: int = 1, and_refuse: bool = False) -> None:
        """With `and_refuse` nobody gets in after the first cut, until `well()`."""
        self.cuts, self.times, self.and_refuse, self.plan = 0, times, and_refuse, plan

    def take(self, cutting: Link) -> bool:
        if self.times <= 0:
            return False
        self.times -= 1
        self.cuts += 1
        if self.times == 0:
            self.plan = None
        if self.and_refuse:
            self.refusing = True
            here = [link for link in self.links if link is not cutting]
            self.loop.call_later(0.05, lambda: [link.abort() for link in here])
        return True

    def well(self) -> None:
        self.plan, self.times, self.and_refuse = None, 0, False
        super().well()
