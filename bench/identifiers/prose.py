"""Makes labelled prose from templates: slots are filled, some are labelled, and the whole is roughened as people write.

A template holds `{slot}`; a part of the corpus (held_out.py, development.py) brings its own templates, lists and ways to write
numbers. Only `Random.random()` is used, whose sequence Python promises never to change: a seed is a corpus.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

Fill = Callable[["Chance"], str]


class Label(NamedTuple):
    start: int  # code points
    end: int
    category: str


@dataclass(frozen=True)
class Text:
    body: str
    labels: tuple[Label, ...]
    style: str


class Chance:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def one(self, things: Sequence[Any]) -> Any:
        return things[int(self._random() * len(things))]

    def number(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def happens(self, share: float) -> bool:
        return self._random() < share

    def digits(self, count: int) -> str:
        return "".join(str(self.number(0, 9)) for _ in range(count))


def nir_key(thirteen: str) -> str:
    """The two digits that end a NIR (Corsica's 2A and 2B count as 19 and 18)."""
    return f"{97 - int(thirteen.replace('2A', '19').replace('2B', '18')) % 97:02d}"


@dataclass(frozen=True)
class Part:
    """One part of the corpus: what its texts are made of."""

    seed: int
    neutral: Sequence[str]  # templates without anything to find
    telling: Mapping[str, Sequence[str]]  # category of their main slot -> templates
    slots: Mapping[str, Fill]
    labelled: Mapping[str, str]  # slot -> category
    weights: Sequence[str]  # categories, each as often as it should come up
    typos: Sequence[tuple[str, str]]
    abbreviations: Sequence[tuple[str, str]]

    def texts(self, count: int) -> Iterator[Text]:
        chance = Chance(self.seed)
        for _ in range(count):
            yield self._text(chance)

    def _text(self, chance: Chance) -> Text:
        sentences = [chance.one(self.neutral) for _ in range(chance.number(1, 3))]
        if not chance.happens(0.4):
            for _ in range(2 if chance.happens(0.25) else 1):
                sentences.insert(chance.number(0, len(sentences)), chance.one(self.telling[chance.one(self.weights)]))
        pieces: list[tuple[str, str | None]] = []
        for n, sentence in enumerate(sentences):
            if n:
                pieces.append((chance.one([" ", " ", " ", "\n"]), None))
            pieces.extend(self._filled(sentence, chance))
        style = chance.one(["plain"] * 9 + ["upper"] * 2 + ["bare"] * 4 + ["dictated"] * 2 + ["hasty"] * 3)
        return _joined([(self._styled(text, category, style, chance), category) for text, category in pieces], style)

    def _filled(self, template: str, chance: Chance) -> Iterator[tuple[str, str | None]]:
        for n, piece in enumerate(re.split(r"\{(\w+)\}", template)):
            if n % 2 == 0:
                if piece:
                    yield piece, None
            else:
                yield self.slots[piece](chance), self.labelled.get(piece)

    def _styled(self, text: str, category: str | None, style: str, chance: Chance) -> str:
        if style == "upper":
            return text.upper()
        if style == "bare":  # no accents
            return bare(text)
        if style == "dictated":  # no punctuation at the ends of sentences, mostly small letters
            small = text.lower() if category != "name" or chance.happens(0.3) else text
            return re.sub(r"[,;:]?( |$)", r"\1", re.sub(r"\.( |$)", r"\1", small)) if category is None else small
        if style == "hasty" and category is None:
            for long, short in self.abbreviations:
                if chance.happens(0.6):
                    text = text.replace(long, short)
            for right, wrong in self.typos:
                if chance.happens(0.5):
                    text = text.replace(right, wrong)
        return text


def bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).replace("œ", "oe").replace("’", "'")


def _joined(pieces: Sequence[tuple[str, str | None]], style: str) -> Text:
    body, labels = "", []
    for text, category in pieces:
        if category:
            labels.append(Label(len(body), len(body) + len(text), category))
        body += text
    return Text(body, tuple(labels), style)


def checksum(texts: Sequence[Text]) -> str:
    """SHA-256 over all texts with their labels, one JSON line each."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(json.dumps([text.body, [list(label) for label in text.labels], text.style], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
