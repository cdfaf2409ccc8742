"""What a person reads: one line a run, and at the end the totals, the faults and how often each, and the figures that have a target."""

from __future__ import annotations

from collections import Counter

from .run import Outcome, p99
from .schedule import FAULTS

COLUMNS = {"acknowledged": "ack", "missing": "missing", "lied": "lied", "duplicated": "dup", "out of order": "disorder", "differing logs": "differ", "revoked": "revoked"}
FROZEN_RATIO = 2.0
FROZEN_FLOOR_S = 0.010  # a p99 below this is not measured on a shared machine
FEW = 200  # acknowledgements under a frozen Redis, below which a p99 says nothing


def heading() -> str:
    return "seed  " + "  ".join(f"{short:>8}" for short in COLUMNS.values()) + "  others   s  faults"


def line(outcome: Outcome) -> str:
    rows = outcome.verdict.rows
    claims = list(rows)[list(rows).index("missing") :]  # the checker prints what it counted first
    others = sum(rows[claim] for claim in claims if claim not in COLUMNS)
    faults = ", ".join(f"{fault.name} {fault.at:g}" for fault in outcome.plan.faults)
    text = f"{outcome.plan.seed:>4}  " + "  ".join(f"{rows[name]:>8}" for name in COLUMNS) + f"  {others:>6}  {outcome.seconds:>2.0f}  {faults}"
    if outcome.frozen:
        text += f" (p99 {p99(outcome.normal) * 1000:.0f} ms, Redis frozen {p99(outcome.frozen) * 1000:.0f} ms)"
    if outcome.plan.crowd:
        text += f" ({outcome.plan.crowd} back in {outcome.counted['crowd_back_s']:.1f} s, at most {outcome.counted['crowd_peak']} handshakes open)"
    text += "".join(f"\n      ! {what}" for what in outcome.wrong)
    return text if outcome.well else f"{text}\n      ! see {outcome.folder}"


def _summed(outcomes: list[Outcome], name: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(outcome.counted[name])
    return total


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} × {n}" for name, n in counted.most_common()) or "none"


def totals(outcomes: list[Outcome]) -> str:
    rows: Counter[str] = Counter()
    for outcome in outcomes:
        rows.update(outcome.verdict.rows)
    happened = Counter(fault.name for outcome in outcomes for fault in outcome.plan.faults)
    lines = ["", f"{len(outcomes)} runs, {sum(not o.well for o in outcomes)} with faults"]
    lines += [f"  {name:<16} {n:>9}" for name, n in rows.items()]
    lines += ["faults made"] + [f"  {name:<24} {happened[name]:>5}" for name in FAULTS]
    lines += [f"  commits cut off          {sum(o.cuts for o in outcomes):>5}"]
    lines += [f"closes: {_listed(_summed(outcomes, 'closes'))}", f"refusals: {_listed(_summed(outcomes, 'refusals'))}"]
    lines += [f"HTTP: {_listed(_summed(outcomes, 'statuses'))}", f"handshakes turned away: {_listed(_summed(outcomes, 'handshakes'))}"]
    lines += [f"entered: {_listed(_summed(outcomes, 'modes'))}; told to reconnect {sum(o.counted['told_to_reconnect'] for o in outcomes)} times"]
    lines += [f"a node grew by at most {max((o.grown for o in outcomes), default=0) / 1e6:.0f} MB in a run", _frozen(outcomes)]
    return "\n".join(lines)


def _pooled(outcomes: list[Outcome]) -> tuple[list[float], list[float]]:
    return [t for o in outcomes for t in o.normal], [t for o in outcomes for t in o.frozen]


def _frozen(outcomes: list[Outcome]) -> str:
    normal, frozen = _pooled(outcomes)
    if not frozen:
        return "Redis was not frozen"
    return f"acknowledgement p99: normal {p99(normal) * 1000:.1f} ms ({len(normal)}), Redis frozen {p99(frozen) * 1000:.1f} ms ({len(frozen)}); at most {FROZEN_RATIO} × is allowed"


def _frozen_well(outcomes: list[Outcome]) -> bool:
    normal, frozen = _pooled(outcomes)
    return len(frozen) < FEW or p99(frozen) <= FROZEN_RATIO * max(p99(normal), FROZEN_FLOOR_S)


def well(outcomes: list[Outcome], *, timed: bool = True) -> bool:
    return all(outcome.well for outcome in outcomes) and (not timed or _frozen_well(outcomes))
