"""The table of planted faults, and how one gets into it."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import NamedTuple


class Fault(NamedTuple):
    says: str
    claim: str  # of the checker's claims, the one that must be broken
    plant: Callable[[], None]


FAULTS: dict[str, Fault] = {}


def fault(name: str, says: str, *, breaks: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(plant: Callable[[], None]) -> Callable[[], None]:
        FAULTS[name] = Fault(says, breaks, plant)
        return plant

    return keep


def every(n: int) -> Callable[[], bool]:
    """True each n-th time: the same faults in the same places, whenever it is run."""
    count = itertools.count(1)
    return lambda: next(count) % n == 0


class One:
    """The first person asked about, and no one else."""

    def __init__(self) -> None:
        self.person: uuid.UUID | None = None

    def __call__(self, person: uuid.UUID) -> bool:
        self.person = self.person or person
        return person == self.person
