"""The close codes of a connection: what each says, and whether the client comes back."""

from __future__ import annotations

from typing import NamedTuple


class Close(NamedTuple):
    """A close code: whether the client stops or comes back, and what it says."""

    stop: bool
    why: str


CLOSES: dict[int, Close] = {
    4001: Close(False, "The node is draining, or a room's epoch was replaced."),
    4002: Close(False, "The reader was too slow: more waited for it than `OUTBOX_BYTES`."),
    4003: Close(False, "The heartbeat was missed: neither a frame nor a pong for twice `heartbeat_ms`."),
    4004: Close(False, "The outcome of a write is unknown. Send the same id again."),
    4005: Close(False, "No `hello` in time."),
    4006: Close(False, "The ticket is unknown, used or expired, or its session ended. Get a new one."),
    4007: Close(False, "Replaced: over `limits.connections` the connection longest without a client's frame goes, never the newest."),
    4429: Close(False, "Flood. Come back no sooner than the `retry_after_ms` of a frame before says."),
    1011: Close(False, "A fault of ours."),
    1013: Close(False, "The service cannot take the connection now."),
    4400: Close(True, "Malformed frames: ten in a row, or a first frame that is not `hello`."),
    4401: Close(True, "Not signed in, or the session ended."),
    4403: Close(True, "The account is suspended."),
    4413: Close(True, "A frame was larger than `limits.frame_bytes`."),
    4426: Close(True, "No protocol version in common."),
}
