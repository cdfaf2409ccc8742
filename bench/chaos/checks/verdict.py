"""The verdict on one journal: what was counted, and each claim with the lines that break it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

CLAIMS = {
    "missing": "what was acknowledged stands in the log, at its place, by its sender, with its words",
    "lied": "what was refused was not written; a repeated client id gets the first answer",
    "duplicated": "no client id twice in a log, no effect twice, no event twice in a run of deliveries",
    "out of order": "events and answers in sequence, no hole, nothing outside a run, time and heads never go back",
    "differing logs": "all members read one log, and what was delivered is what it says",
    "words": "withheld words are not shown again, and none are withheld without an event that says so",
    "epoch": "a room keeps its epoch, and no client is told to reset without a reason",
    "revoked": "nothing of a room 1 s after the right to it was lost, and no post after it",
    "not delivered": "who has entered a room has received all of it, soon",
    "heads": "heads counts only what was delivered before it",
    "answers": "each command is answered once, and nothing else is",
    "unreadable": "the journal can be judged",
}
SHOWN = 5


@dataclass(frozen=True)
class Terms:
    """How long things may take. The protocol's figures are for clients that read at once."""

    revoked_s: float = 1.0
    heal_s: float = 8.0  # the protocol says 2; a machine that runs two nodes, databases and clients on two cores is slower


@dataclass
class Verdict:
    """`counts` of what was seen; `faults` of each claim, and the first few of them in words, each with its journal line."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    line: int = 0  # of the journal, where the judge is

    def fault(self, claim: str, what: str) -> None:
        assert claim in CLAIMS, claim
        self.faults[claim] += 1
        shown = self.examples.setdefault(claim, [])
        if len(shown) < SHOWN:
            shown.append(f"line {self.line}: {what}")

    @property
    def clean(self) -> bool:
        return not self.faults

    def table(self) -> str:
        rows = [(name, str(n), "") for name, n in self.counts.items()]
        rows += [(claim, str(self.faults[claim]), says) for claim, says in CLAIMS.items()]
        wide = max(len(name) for name, *_ in rows)
        lines = []
        for name, n, says in rows:
            lines.append(f"{name:<{wide}}  {n:>9}  {says}".rstrip())
            lines += [f"{'':<{wide}}             {example}" for example in self.examples.get(name, [])]
        return "\n".join(lines)
