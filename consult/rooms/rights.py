"""Rights hold at once: reads the access_change log and takes from open sockets what they may no longer hear."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from consult.errors import Refusal
from consult.rooms import access
from consult.standing import changes, sessions

if TYPE_CHECKING:
    from consult.rooms.connection import Connection
    from consult.rooms.hub import Hub

logger = logging.getLogger("consult.rights")


def on_a_fresh_connection(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Runs a read; where the connection turns out to be broken, drops it and runs it once more."""
    try:
        return call(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        return call(*args, **kwargs)


class Watch:
    """Polls every ACCESS_POLL_S and whenever the doorbell rings. While it could not read for ACCESS_STALE_S, nothing is delivered."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.wake = asyncio.Event()
        self.ready = asyncio.Event()  # the position in the log is taken: who is identified after it is watched
        self.reader: changes.Reader | None = None
        self.read_at = float("-inf")
        self.found: list[changes.Change] = []  # read, and not yet applied: the reader will not tell of them again
        self.serial = 0  # changes seen; an entry that began before one looks again

    def stale(self) -> bool:
        return bool(time.monotonic() - self.read_at > settings.ACCESS_STALE_S)

    async def run(self) -> None:
        self.wake.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), settings.ACCESS_POLL_S)
            self.wake.clear()
            try:
                if self.reader is None:
                    self.reader = await self.hub.read(changes.Reader)
                    self.ready.set()
                began = time.monotonic()
                self.found += await self.hub.read(self.reader.read)
                if self.found:
                    self.serial += 1
                    await self._apply(self.found)
                    self.found = []
                self.read_at = began
                await self._expired()
            except Exception as error:  # PostgreSQL away: what is stale is not delivered, and the next poll tries again
                logger.warning("access changes could not be read", extra={"why": type(error).__name__})

    async def _apply(self, found: Sequence[changes.Change]) -> None:
        ended = {c.session for c in found if c.kind == "session"}
        people = {c.person_id for c in found if c.kind in ("standing", "account") and c.person_id}
        doubtful = [c for c in self.hub.connections.values() if c.session_digest in ended or c.person in people]
        if doubtful:
            await self.look_again(doubtful)
        rooms = {c.room_id for c in found if c.kind in ("audience", "room") and c.room_id}
        members = {c.person_id for c in found if c.kind in ("membership", "remit", "visit") and c.person_id}
        # Who joins or leaves a group gains or loses the cases addressed to it, so all of that person's rooms are looked at.
        people |= members
        pairs = {(room, c.person) for person in people for c in self.hub.people.get(person, ()) for room in c.entered}
        pairs |= {(id, c.person) for id in rooms if id in self.hub.rooms for c in self.hub.rooms[id].live}
        if pairs:
            await self._rooms(sorted(pairs))

    async def _expired(self) -> None:
        """What ran out by itself, without a row that says so: sessions, verifications, agreed readings. It needs no worker."""
        now = time.time()
        late = [c for c in self.hub.connections.values() if c.session_ends < now]
        if late:
            await self.look_again(late)
        over = [c for c in self.hub.connections.values() if c.look_at < now]
        if over:
            await self._rooms(sorted({(room, c.person) for c in over for room, end in c.ends.items() if end < now}))
            for connection_ in over:
                connection_.look_at = min(connection_.ends.values(), default=float("inf"))

    async def look_again(self, doubtful: Sequence[Connection]) -> None:
        """Closes those of these connections whose session does not hold any more."""
        answers = await self.hub.read(sessions.still_valid, [c.session_key for c in doubtful])
        for connection_ in doubtful:
            verdict = answers.get(connection_.session_key, "ended")
            if verdict:
                code, refusal = (4403, Refusal("account.suspended")) if verdict == "suspended" else (4401, Refusal("session.none"))
                connection_.refuse(self.hub, refusal)
                connection_.close(code, refusal.code)

    async def _rooms(self, pairs: Sequence[access.Pair]) -> None:
        grants, ended = await self.hub.read(lambda: (access.grants(pairs), access.ended(pairs)))
        for (room, person), answer in grants.items():
            for connection_ in list(self.hub.people.get(person, ())):
                if room not in connection_.entered:
                    continue
                if isinstance(answer, Refusal):
                    self.hub.leave(connection_, room, ended.get((room, person), "room.not_found"))
                else:
                    connection_.heard_as(room, answer)
