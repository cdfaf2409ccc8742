"""Is a series flat? The slope over its second half, taken so that neither noise nor a single jump decides."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """How much a figure may rise over the second half: the larger of a share of its level and a least amount."""

    share: float
    least: float

    def of(self, level: float) -> float:
        return max(self.least, self.share * abs(level))


@dataclass(frozen=True)
class Verdict:
    name: str
    first: float
    level: float  # the median of the second half
    rise: float  # over the second half, along the slope
    per_hour: float
    bound: float

    @property
    def flat(self) -> bool:
        return self.rise <= self.bound


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Theil and Sen's: the median of the slopes of all pairs. A third of the samples may be anything."""
    pairs = [(values[j] - values[i]) / (times[j] - times[i]) for i in range(len(times)) for j in range(i + 1, len(times)) if times[j] > times[i]]
    return statistics.median(pairs) if pairs else 0.0


MOST = 400  # samples that are compared in pairs; longer series are thinned out


def judge(name: str, times: Sequence[float], values: Sequence[float], bound: Bound) -> Verdict:
    """The second half of a series: the first is the warm-up. Only a rise is a fault."""
    half = len(times) // 2
    late, seen = list(times[half:]), list(values[half:])
    if len(late) < 5:
        raise ValueError(f"{name}: {len(times)} samples are too few to say whether it is flat")
    step = -(-len(late) // MOST)
    level, steepness = statistics.median(seen), slope(late[::step], seen[::step])
    return Verdict(name, values[0], level, steepness * (late[-1] - late[0]), steepness * 3600, bound.of(level))
