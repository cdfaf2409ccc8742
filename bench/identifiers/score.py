"""Precision and recall of the rules on labelled texts, by category, and the false alarms that people would see."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from consult.identifiers import Finding, find

from .prose import Label, Text

# A number that looks like a NIR is found as well as one whose key is right: they are one family to whoever wrote it.
FAMILY = {"nir_like": "nir"}
HINTS = ("date", "town", "job", "age")


def of(category: str) -> str:
    return FAMILY.get(category, category)


@dataclass
class Score:
    texts: int = 0
    clean: int = 0  # texts with nothing to find
    labels: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # labels that a finding of their category covers by half or more
    findings: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)  # level -> texts with nothing to find in which something was
    us: float = 0.0  # CPU microseconds a text
    missed: list[tuple[Text, Label]] = field(default_factory=list)
    false: list[tuple[Text, Finding]] = field(default_factory=list)

    def recall(self, category: str) -> float:
        return self.found[category] / self.labels[category] if self.labels[category] else float("nan")

    def precision(self, category: str) -> float:
        return self.right[category] / self.findings[category] if self.findings[category] else float("nan")

    def overall(self, *, hints: bool) -> tuple[float, float]:
        """(precision, recall) over all categories, with or without those that are only hinted at."""
        kept = [c for c in self.labels | self.findings if hints or c not in HINTS]
        return (
            sum(self.right[c] for c in kept) / sum(self.findings[c] for c in kept),
            sum(self.found[c] for c in kept) / sum(self.labels[c] for c in kept),
        )


def score(texts: Sequence[Text]) -> Score:
    made = Score(texts=len(texts))
    began = time.process_time()
    answers = [find(text.body) for text in texts]
    made.us = (time.process_time() - began) / len(texts) * 1e6
    for text, findings in zip(texts, answers, strict=True):
        _count(made, text, findings)
    return made


def post_us(texts: Sequence[Text]) -> float:
    """CPU microseconds a text, looked at as the server does in the path of a post."""
    began = time.process_time()
    for text in texts:
        find(text.body, hints=False)
    return (time.process_time() - began) / len(texts) * 1e6


def _count(made: Score, text: Text, findings: list[Finding]) -> None:
    if not text.labels:
        made.clean += 1
        for level in {f.level for f in findings}:
            made.alarms[level] += 1
    for label in text.labels:
        made.labels[of(label.category)] += 1
        if any(of(f.category) == of(label.category) and _shared(f, label) * 2 >= label.end - label.start for f in findings):
            made.found[of(label.category)] += 1
        else:
            made.missed.append((text, label))
    for finding in findings:
        made.findings[of(finding.category)] += 1
        if any(of(label.category) == of(finding.category) and _shared(finding, label) > 0 for label in text.labels):
            made.right[of(finding.category)] += 1
        else:
            made.false.append((text, finding))


def _shared(finding: Finding, label: Label) -> int:
    return min(finding.end, label.end) - max(finding.start, label.start)
