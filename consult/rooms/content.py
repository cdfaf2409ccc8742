"""What a message's words may be: neither blank nor too long, without control characters; the tags and mentions in them."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any

from consult.errors import Refusal
from consult.rooms import limits
from consult.rooms.access import id_of

CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # all but tabs and line ends, as a class of a pattern has them
_CONTROL = re.compile(f"[{CONTROL}]")
# White_Space and Default_Ignorable_Code_Point (Unicode 15, DerivedCoreProperties).
_BLANK = re.compile(
    "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)
_TAG = re.compile(r"(?<![\w#&/])#([^\W\d_]\w{1,49})")


def check_body(body: str) -> None:
    """Raises Refusal message.blank, message.too_long or message.characters. Length in code points."""
    if len(body) > limits.LIMITS["body_chars"]:
        raise Refusal("message.too_long")
    if _CONTROL.search(body):
        raise Refusal("message.characters")
    if _BLANK.fullmatch(body):
        raise Refusal("message.blank")


def fold(text: str) -> str:
    """Lower case, without accents: how tags are compared."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def tags(body: str) -> list[str]:
    """The #tags of a text, folded, each once, at most ten."""
    return list(dict.fromkeys(fold(t)[:60] for t in _TAG.findall(body)))[:10] if "#" in body else []


def mentioned(mentions: Sequence[Any] | None) -> list[uuid.UUID]:
    """The people named. Raises Refusal message.mentions where an id cannot be one of ours."""
    try:
        return list(dict.fromkeys(id_of(m.person) for m in mentions or ()))
    except ValueError:
        raise Refusal("message.mentions") from None


def check_mentions(body: str, mentions: Sequence[Any] | None) -> list[dict[str, Any]]:
    """The mentions as stored. Raises Refusal message.mentions where one lies outside the body."""
    if any(m.start + m.length > len(body) for m in mentions or ()):
        raise Refusal("message.mentions")
    return [{"person": m.person, "start": m.start, "length": m.length} for m in mentions or ()]
