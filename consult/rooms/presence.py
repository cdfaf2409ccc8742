"""Who is in a room right now, over all processes: what each process says of its own sockets, forgotten when it falls silent."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

SAMPLE = 12  # people named; the rest are counted
SILENCE_S = 60  # a process that has not spoken for so long is taken for gone


class Presence:
    """Per room: people here, and what other nodes said of theirs. A person with several sockets counts once a node."""

    def __init__(self) -> None:
        self._others: dict[uuid.UUID, dict[str, tuple[float, dict[str, dict[str, Any]]]]] = {}

    def heard(self, room: uuid.UUID, node: str, cards: dict[str, dict[str, Any]]) -> None:
        self._others.setdefault(room, {})[node] = (time.monotonic(), cards)

    def forget(self, room: uuid.UUID) -> None:
        self._others.pop(room, None)

    def of(self, room: uuid.UUID, here: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """{"count", "by_specialty": {code: people}, "sample": [actor]}; the specialty of most comes first, of equally many always the same."""
        people = {card["id"]: card for card in here}
        others = self._others.get(room, {})
        for node, (at, cards) in list(others.items()):
            if time.monotonic() - at > SILENCE_S:
                del others[node]
            else:
                people.update(cards)
        by_specialty = Counter(card["specialty"] for card in people.values() if card["specialty"])
        sample = sorted(people.values(), key=lambda c: (c["name"] or "", c["id"]))[:SAMPLE]
        return {"count": len(people), "by_specialty": dict(sorted(by_specialty.items(), key=lambda one: (-one[1], one[0]))), "sample": sample}
