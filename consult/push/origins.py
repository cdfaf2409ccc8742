"""How much of one push service is under way at once, and its rest when it does not answer: one that hangs must not keep the others waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from consult.push.couriers import Fate, Outcome

AT_ONCE = 25  # requests under way to one of them
SILENT = 5  # requests without an answer, one after the other, and it rests
REST_S = 30.0  # then one request asks whether it is back
KNOWN = 1000  # browsers name them


def name(courier: str, address: Mapping[str, str]) -> str:
    """Whom a request goes to: the host that a browser named, or the service of an app's courier."""
    return urlsplit(address["endpoint"]).netloc.lower() if "endpoint" in address else courier


class Origin:
    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.silent, self.until = 0, 0.0

    def rest(self) -> Outcome | None:
        """What becomes of a request while it rests, without a call; None where it may be made."""
        if self.silent < SILENT:
            return None
        left = self.until - time.monotonic()
        if left > 0:
            return Outcome(Fate.LATER, "resting", left)
        self.until = time.monotonic() + REST_S  # the others wait for what this one hears
        return None

    def heard(self, outcome: Outcome) -> None:
        self.silent = self.silent + 1 if outcome.silent else 0
        self.until = time.monotonic() + REST_S


class Origins:
    """By their name: those that have been known for longest make room."""

    def __init__(self) -> None:
        self.known: dict[str, Origin] = {}

    def of(self, courier: str, address: Mapping[str, str]) -> Origin:
        found = self.known.setdefault(name(courier, address), Origin())
        if len(self.known) > KNOWN:
            del self.known[next(iter(self.known))]
        return found
