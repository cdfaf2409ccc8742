"""Where what stands above rooms may look at words about to be written: today the rules of moderation, registered at start.

The judge is asked under the room's lock, once a post or edit, so it must be quick and must not wait. It does not write: what a verdict brings
along goes with the commit of the words themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from consult.database import Statement


class Said(NamedTuple):
    """Words somebody is about to post, or with `edit` to put in place of others."""

    room: uuid.UUID
    kind: str  # of the room
    person: uuid.UUID
    body: str
    moderates: bool  # says it as a moderator
    edit: bool = False


class Kept(NamedTuple):
    """The same words once they have their place: `seq` is that of the event. `twin` is (room, message) of the case or card that says the same."""

    message: uuid.UUID
    seq: int
    at: datetime
    twin: tuple[uuid.UUID, uuid.UUID] | None = None


class Verdict(NamedTuple):
    """With `hold` the words are stored and withheld from everyone as `hidden`. `writes` is what goes with them."""

    hold: bool
    writes: Callable[[Kept], list[Statement]]


Judge = Callable[[Said], Verdict | None]
_judge: Judge | None = None


def register(judge: Judge | None) -> None:
    """From now on this judge is asked; None: nobody."""
    global _judge
    _judge = judge


def judge(said: Said) -> Verdict | None:
    return None if _judge is None else _judge(said)
