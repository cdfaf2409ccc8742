"""Reads rules.json once: patterns, word lists and levels, in the form that find.py and checks.py use."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import re2

_DATA: dict[str, Any] = json.loads(Path(__file__).with_name("rules.json").read_text(encoding="utf-8"))


class Rule(NamedTuple):
    category: str
    sign: str | None  # what is cheap to see and must be there: one of SIGNS,
    words: tuple[str, ...]  # and one of these words, where there are any
    pattern: re.Pattern[str]
    group: int  # of the pattern, where the identifier stands
    check: str | None
    hint: bool  # finds nothing that more than a hint follows from


def compiled(pattern: str) -> re.Pattern[str]:
    """As JavaScript reads it: \\b, \\w and \\d are ASCII, and $ is the very end."""
    return re.compile(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern, re.ASCII)


LEVELS: dict[str, Any] = _DATA["categories"]
FOLD = str.maketrans(_DATA["fold"]["from"], _DATA["fold"]["to"])
FOLD_LATIN = bytes(ord(chr(c).translate(FOLD)) for c in range(256))
DROPPED = re.compile(_DATA["dropped"])
SIGNS = {name: compiled(pattern) for name, pattern in (_DATA["signs"] | _DATA["signs_of_digits"]).items()}


def _rule(r: dict[str, Any]) -> Rule:
    hint = LEVELS[r["category"]] == "hint" and r["category"] != "date"  # a date may be one of birth
    return Rule(r["category"], r.get("sign"), tuple(r.get("words", ())), compiled(r["pattern"]), r.get("group", 0), r.get("check"), hint)


class Sieve:
    """Rules whose patterns are all looked for in one pass, by RE2: most texts hold none of them, and cost one pass instead of thirty."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        options = re2.Options()
        options.max_mem = 32 << 20  # states are made as texts ask for them, and forgotten when this is full
        self._set = re2.Set.SearchSet(options)
        for rule in rules:
            self._set.Add(rule.pattern.pattern)
        self._set.Compile()

    def left(self, low: str) -> list[Rule]:
        """The rules whose pattern is somewhere in a folded text, in their order."""
        return [self.rules[n] for n in sorted(self._set.Match(low.encode("utf-8", "replace")) or ())]


RULES = [_rule(r) for r in _DATA["rules"]]
WORDS: dict[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in _DATA["words"].items()}
PHONE_GROUPS = frozenset(_DATA["phone_groups"].split())
MONTHS: dict[str, int] = _DATA["months"]
BIRTH_BEFORE, BIRTH_AFTER = compiled(_DATA["birth"]["before"]), compiled(_DATA["birth"]["after"])
ALL, SURE = Sieve(RULES), Sieve([r for r in RULES if not r.hint])
