"""Which action carries out the commands of an app above the rooms: that app names it as it loads, for rooms know nothing above them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from consult.rooms.commands.fields import Command
from consult.rooms.lanes import RunMany


@dataclass(slots=True, eq=False)
class Asked:
    """One command of one person on its way; `charged` once it was counted against the rate of posts, however often it is tried."""

    room: uuid.UUID
    person: uuid.UUID
    command: Any
    charged: bool = False


_carriers: dict[type[Command], RunMany] = {}


def carries(base: type[Command], run: RunMany) -> None:
    """Says that `run` carries out every command that is a `base`."""
    _carriers[base] = run


def carrier(command: Command) -> RunMany:
    return next(run for base, run in _carriers.items() if isinstance(command, base))
