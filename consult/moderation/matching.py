"""Whether a text is what a rule looks for, in a time that no text and no pattern can stretch.

Patterns run in RE2, whose time grows with the text alone and which refuses what cannot be bounded (back references, look-around); a limit on
the size of the compiled program bounds the rest. Words are compared without case and accents, whole words only.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import re2
from django.conf import settings

from consult.errors import Refusal
from consult.rooms.content import fold

from .models import RuleKind

Matches = Callable[[str], bool]

PATTERN, PROGRAM, MEMORY = 500, 3000, 1 << 20  # characters; RE2's instructions (a class of all letters has 1,200); bytes of its automaton
SLOW_S = 0.05  # of processor time for one text: a message that takes a rule longer would make others wait
WORDS, WORD = 200, 80
HOSTS, HOST = 500, 253
MOST_POSTS, LONGEST_S, MOST_DAYS = 200, 86_400, 365
TEXTS = (RuleKind.WORDS, RuleKind.PATTERN, RuleKind.LINKS)  # decided by the text alone; the others count


def matcher(kind: str, data: Mapping[str, Any]) -> Matches:
    """The test of a rule of the kinds in TEXTS. Raises Refusal rule.pattern, frame.invalid (data)."""
    match kind:
        case RuleKind.WORDS:
            return _words(_texts(data, "words", WORDS, WORD))
        case RuleKind.PATTERN:
            return _pattern(data)
        case _:
            return _links(_texts(data, "hosts", HOSTS, HOST, empty=True))


def check(kind: str, data: Mapping[str, Any]) -> None:
    """Raises Refusal rule.pattern or frame.invalid (data) where `data` is not what a rule of this kind needs."""
    if kind in TEXTS:
        matcher(kind, data)
        return
    expected = {"messages": MOST_POSTS, "seconds": LONGEST_S, **({"days": MOST_DAYS} if kind == RuleKind.NEWCOMER else {})}
    lowest = {"messages": 0 if kind == RuleKind.NEWCOMER else 1}
    if data.keys() != expected.keys() or any(type(value) is not int or not lowest.get(name, 1) <= value <= expected[name] for name, value in data.items()):
        raise Refusal("frame.invalid", fields=["data"])


def _texts(data: Mapping[str, Any], name: str, most: int, longest: int, *, empty: bool = False) -> list[str]:
    given = data.get(name)
    if (
        data.keys() != {name}
        or not isinstance(given, list)
        or len(given) > most
        or (not given and not empty)
        or not all(isinstance(g, str) and g.strip() and len(g) <= longest and "\x00" not in g for g in given)
    ):
        raise Refusal("frame.invalid", fields=["data"])
    return given


def _words(words: list[str]) -> Matches:
    wanted = [f" {spaced} " for word in words if (spaced := _spaced(word))]
    if len(wanted) < len(words):  # signs alone are no word
        raise Refusal("frame.invalid", fields=["data"])

    def matches(text: str) -> bool:
        said = f" {_spaced(text)} "
        return any(word in said for word in wanted)

    return matches


def _spaced(text: str) -> str:
    """Words in lower case without accents, one space between two; whatever is neither letter nor digit parts them, or where it is
    invisible, does not."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(c if c.isalnum() else " " for c in fold(visible)).split())


def _pattern(data: Mapping[str, Any]) -> Matches:
    pattern = data.get("pattern")
    if data.keys() != {"pattern"} or not isinstance(pattern, str) or not pattern or "\x00" in pattern:
        raise Refusal("frame.invalid", fields=["data"])
    if len(pattern) > PATTERN:
        raise Refusal("rule.pattern", fields=["data"], detail=f"{len(pattern)} > {PATTERN}")
    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = MEMORY, False, True
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise Refusal("rule.pattern", fields=["data"], detail=_words_of(error)) from None
    if compiled.programsize > PROGRAM:
        raise Refusal("rule.pattern", fields=["data"], detail=f"program size {compiled.programsize} > {PROGRAM}")
    if (took := _longest(compiled, pattern)) > SLOW_S:
        raise Refusal("rule.pattern", fields=["data"], detail=f"{took * 1000:.0f} ms > {SLOW_S * 1000:.0f} ms")
    return lambda text: compiled.search(text) is not None


def _longest(compiled: Any, pattern: str) -> float:
    """Seconds of processor time for the worse of two texts as long as a message may be: one letter, and the pattern's own, over and over."""
    longest = 0.0
    for letters in ("a", "".join(c for c in pattern if c.isalnum()) or "a"):
        text = (letters * settings.LIMITS["body_chars"])[: settings.LIMITS["body_chars"]]
        began = time.thread_time()
        compiled.search(text)
        longest = max(longest, time.thread_time() - began)
    return longest


def _words_of(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else type(error).__name__


_LINK = re2.compile(r"(?i)(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"'()]+")


def _links(hosts: list[str]) -> Matches:
    allowed = {host.strip().lower().strip(".") for host in hosts}

    def matches(text: str) -> bool:
        return any(not _allowed(link, allowed) for link in _LINK.findall(text))

    return matches


def _allowed(link: str, allowed: set[str]) -> bool:
    """Whether a link leads to one of these hosts, or to a name below one. What names no host is none of them."""
    try:
        host = (urlsplit(link if "://" in link else f"https://{link}").hostname or "").strip(".")
    except ValueError:
        return False
    labels = host.split(".")
    return any(".".join(labels[n:]) in allowed for n in range(len(labels)))
