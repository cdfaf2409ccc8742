"""Looks for identifiers in a text, exactly as frontend/src/identifiers/find.ts does: one rule set, two readers, the same cases.

The text is folded first, one code point to one: accents, typographic quotes, dashes and spaces. Patterns are written for folded,
small letters; those who need more than a pattern name a check of checks.py. Every pattern is bounded, so time grows with
the length of the text and not faster. Nothing here keeps, logs or stores a text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from consult.identifiers.checks import CHECKS, Candidate, Found
from consult.identifiers.rules import ALL, DROPPED, FOLD, FOLD_LATIN, LEVELS, SIGNS, SURE, Rule, compiled

Level = Literal["block", "confirm", "hint"]


class Finding(NamedTuple):
    """Where, in code points, and what: category is one of rules.json's, level says what follows."""

    start: int
    end: int
    category: str
    level: Level


@dataclass(slots=True)
class Folded:
    plain: str  # without accents
    low: str  # the same in small letters
    places: list[int] | None  # of each character in the text, where invisible ones were left out
    shouting: bool  # written in capital letters: then they say nothing

    def place(self, at: int) -> int:
        return at if self.places is None else self.places[at]


_SMALL = compiled("[a-z]")
# What French prose has beyond Latin-1: with these replaced, most texts can be folded as bytes, many times as quick.
_COMMON = [(c, c.translate(FOLD)) for c in "’œŒ–—\u202f"]


def fold(text: str) -> Folded:
    """A text as the patterns read it. Invisible and combining characters are left out, which moves what follows."""
    plain, places = text, None
    if not text.isascii():
        for c, folded in _COMMON:
            plain = plain.replace(c, folded)
    try:
        plain = plain.encode("latin-1").translate(FOLD_LATIN).decode("latin-1")
    except UnicodeEncodeError:
        plain = plain.translate(FOLD)
    if not plain.isascii() and DROPPED.search(plain):
        places = [n for n, c in enumerate(plain) if not DROPPED.match(c)]
        plain = "".join(plain[n] for n in places)
    return Folded(plain, plain.lower(), places, _SMALL.search(plain) is None)


def find(text: str, *, doctors: Collection[str] = (), hints: bool = True) -> list[Finding]:
    """What may identify someone, in order and without overlaps. `doctors` are family names that after "Dr" are the room's own.

    Without `hints` only what is blocked or must be confirmed is looked for, in less time.
    """
    folded = fold(text)
    low = folded.low
    rules = (ALL if hints else SURE).left(low)
    if not rules:
        return []
    own = frozenset(word for name in doctors for word in fold(name).low.split() if len(word) > 2)
    taken: list[Found] = []
    used = bytearray(len(low))  # 1 for each character that one of them has
    for rule in rules:
        if (rule.sign is None or SIGNS[rule.sign].search(low)) and (not rule.words or any(word in low for word in rule.words)):
            for found in _matches(rule, folded, own):
                start, end, _ = found
                if used.find(1, start, end) < 0:
                    taken.append(found)
                    used[start:end] = b"\1" * (end - start)
    return [Finding(folded.place(s), folded.place(e - 1) + 1, c, LEVELS[c]) for s, e, c in sorted(taken) if hints or LEVELS[c] != "hint"]


def _matches(rule: Rule, folded: Folded, own: frozenset[str]) -> Iterator[Found]:
    check = CHECKS[rule.check] if rule.check else None
    at = 0
    while match := rule.pattern.search(folded.low, at):
        start, end = match.span(rule.group)
        found = check(Candidate(folded.plain, folded.low, folded.shouting, start, end, match, own)) if check else (start, end, rule.category)
        if found:
            yield found
            at = max(found[1], match.end())
        else:  # the next one may begin within this
            at = match.start() + 1
