"""One open socket after its hello: who speaks, what they have entered, and the way out to them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from consult import figures
from consult.errors import Refusal
from consult.rooms import wire
from consult.rooms.access import Grant
from consult.rooms.entering import Entry
from consult.rooms.outbox import Outbox, Transport


def refused(refusal: Refusal, ref: int | None, locale: str) -> bytes:
    return wire.frame(type="refused", ref=ref, **refusal.as_dict(locale))


class Connection:
    """Belongs to a session and dies with it. `entered` maps each room to the head last told in `heads`."""

    def __init__(
        self,
        *,
        person: uuid.UUID,
        card: dict[str, Any],
        session_key: str,
        session_digest: str,
        session_ends: float,
        personal: uuid.UUID,
        locale: str,
        outbox: Outbox,
        transport: Transport | None,
        on_close: Callable[[int], None],
        next_beat: float,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.person, self.card, self.personal, self.locale = person, card, personal, locale
        self.session_key, self.session_digest, self.session_ends = session_key, session_digest, session_ends
        self.outbox, self.transport, self.on_close = outbox, transport, on_close
        self.entered: dict[uuid.UUID, int] = {}
        self.cards: dict[uuid.UUID, dict[str, Any]] = {}
        self.silenced: dict[uuid.UUID, datetime] = {}  # rooms that this person may not write in, and until when
        self.ends: dict[uuid.UUID, float] = {}  # rooms whose right runs out by itself, and when (Unix seconds)
        self.look_at = float("inf")  # the soonest of them
        self.spoke_at = time.monotonic()  # its last frame: who is silent longest makes room (4007)
        self.next_beat = next_beat
        self.closed: int | None = None

    def enter(self, room: uuid.UUID, entry: Entry) -> None:
        self.entered[room] = entry.seq
        self.heard_as(room, entry.grant)

    def heard_as(self, room: uuid.UUID, grant: Grant) -> None:
        """What the others are told of this person, and whether they are."""
        self.cards[room] = grant.card
        self.silenced.pop(room, None)
        if grant.silenced_until:
            self.silenced[room] = grant.silenced_until
        self.ends.pop(room, None)
        if grant.ends:
            self.ends[room] = grant.ends.timestamp()
            self.look_at = min(self.look_at, self.ends[room])

    def heard_at(self) -> float:
        """When anything at all, a pong included, came from the client. Without our own server class the server's pings decide."""
        return self.transport.heard_at if self.transport else float("inf")

    def ping(self) -> None:
        if self.transport:
            self.transport.ping()

    def refuse(self, hub: Any, refusal: Refusal, ref: int | None = None) -> None:
        figures.refusals.labels(refusal.code).inc()
        hub.send(self, refused(refusal, ref, self.locale))

    def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = code
            figures.closes.labels(str(code)).inc()
            self.outbox.close(code, reason)
            self.on_close(code)
