"""What goes over the wire: one event encoded once, frames joined into batches."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from consult.rooms.access import card

MOST = 64  # frames one WebSocket message may carry (protocol, section 3), and that wait for a connection as one
BATCH: int = settings.BATCH_FRAMES  # what this service puts into one

# Kinds after which the content of earlier events of the same message is no longer what it was.
WITHHOLDS = frozenset({"message.edited", "message.retracted", "message.hidden", "message.restored", "message.withdrawn", "message.erased"})
REASONED = ("moderator.joined", "room.locked")  # kinds whose event shows its act's reason


class Frame(NamedTuple):
    """One encoded event."""

    seq: int
    kind: str
    message: str | None
    text: bytes


class Row(NamedTuple):
    """What one event's frame is made of: the permanent position, and the content as it stands now."""

    room: uuid.UUID
    epoch: str
    seq: int
    kind: str
    at: datetime
    actor: uuid.UUID | None
    title: str | None
    given_name: str | None
    family_name: str | None
    profession: str | None
    specialty: str | None
    level: str | None
    actor_as: str | None
    message: uuid.UUID | None
    person: uuid.UUID | None
    data: Any
    client_id: uuid.UUID | None = None
    post_no: int | None = None
    body: str | None = None
    mentions: Any = None
    reply_to: uuid.UUID | None = None
    images: Sequence[uuid.UUID] = ()
    form: str | None = None
    edited_seq: int | None = None
    withheld: str | None = None
    reason: str | None = None  # of a kind that shows why


def time(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def event(row: Row) -> Frame:
    """An entry of the log as every reader gets it. The order of precedence of `withheld` is the protocol's, section 7."""
    actor = None
    if row.actor is not None:
        actor = card(row.actor, row.title or "", row.given_name or "", row.family_name or "", row.profession or "", row.specialty or "", row.level or "", row.actor_as)
    message = str(row.message) if row.message else None
    frame = {
        "type": "event",
        "room": str(row.room),
        "epoch": row.epoch,
        "seq": row.seq,
        "kind": row.kind,
        "at": time(row.at),
        "actor": actor,
        "data": _data(row, message),
    }
    return Frame(row.seq, row.kind, message, encoded(frame))


def _data(row: Row, message: str | None) -> dict[str, Any]:
    stored = row.data if isinstance(row.data, dict) else orjson.loads(row.data) if row.data else {}
    data: dict[str, Any] = {}
    if message:
        data["message"] = message
    if row.person:
        data["person"] = str(row.person)
    data.update(stored)
    if row.kind in REASONED:
        data["reason"] = row.reason
    if row.kind in ("message.posted", "message.edited"):
        current = row.edited_seq is None if row.kind == "message.posted" else row.edited_seq == row.seq
        withheld = row.withheld or (None if current else "superseded")
        data["body"] = None if withheld else row.body
        mentions = row.mentions if isinstance(row.mentions, list) else orjson.loads(row.mentions) if row.mentions else []
        data["mentions"] = None if withheld else mentions
        if row.kind == "message.posted":
            data.update(
                client_id=str(row.client_id), post_no=row.post_no, reply_to=str(row.reply_to) if row.reply_to else None, images=[str(i) for i in row.images or ()], form=row.form
            )
        data["withheld"] = withheld
    return data


def frame(**fields: Any) -> bytes:
    """Any other frame: ok, refused, signal, heads …"""
    return encoded(fields)


def encoded(fields: dict[str, Any]) -> bytes:
    """JSON in no more memory than its bytes. orjson does not give back the rest of the buffer it wrote into (4 kB for an answer of 100 bytes,
    256 kB for one of 24 kB), while frames wait for readers, and are remembered, by bytes counted."""
    return b"".join((orjson.dumps(fields), b""))


class Chunk:
    """Frames that go to many connections: joined and framed once, whoever needs them first."""

    __slots__ = ("_framed", "frames", "room", "size")

    def __init__(self, room: uuid.UUID | None, frames: Sequence[bytes]) -> None:
        self.room, self.frames = room, frames
        self.size = sum(map(len, frames))
        self._framed: bytes | None = None

    def framed(self) -> bytes:
        """The chunk as unmasked WebSocket text messages of at most BATCH frames."""
        if self._framed is None:
            if len(self.frames) <= BATCH:
                self._framed = framed(join(self.frames))
            else:
                self._framed = b"".join(framed(join(self.frames[i : i + BATCH])) for i in range(0, len(self.frames), BATCH))
        return self._framed


def chunks(room: uuid.UUID | None, frames: Sequence[bytes]) -> list[Chunk]:
    """Frames of one room in pieces, so that what was not yet written of a lost room can be dropped."""
    if len(frames) <= MOST:
        return [Chunk(room, frames)]
    return [Chunk(room, frames[i : i + MOST]) for i in range(0, len(frames), MOST)]


def join(frames: Sequence[bytes]) -> bytes:
    """Up to BATCH frames as one WebSocket message: an object alone, or an array."""
    return frames[0] if len(frames) == 1 else b"[" + b",".join(frames) + b"]"


def framed(text: bytes) -> bytes:
    """A final, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + text
    return struct.pack("!BBQ", 0x81, 127, size) + text
