"""Blacks out what could identify someone in the few words of an excerpt; what is left tells what a message is about.

It errs on the side of black: whoever decides opens the item, which shows the words and leaves a line in the audit trail.
"""

from __future__ import annotations

import re

_CIVILITY = r"(?:M\.|MM\.|Mr|Mme|Mlle|Monsieur|Madame|Mademoiselle|Mrs|Ms|Miss|Dr|Pr|patiente?|née?)"
_NAME = r"[^\W\d_a-zà-öø-ÿ][\w'’-]*"  # a word that begins with a capital
_NAMED = re.compile(rf"(\b{_CIVILITY}\s+)({_NAME}(?:\s+{_NAME})*)")
_DIGITS = re.compile(r"\+?\d(?:[\s./-]?\d){3,}")  # four and more, a year among them
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")


def blackout(text: str) -> str:
    """The same text, as long as it was, with █ over names after a civility, runs of digits, addresses."""
    for pattern in (_ADDRESS, _DIGITS):
        text = pattern.sub(lambda m: _black(m[0]), text)
    return _NAMED.sub(lambda m: m[1] + _black(m[2]), text)


def _black(text: str) -> str:
    return re.sub(r"\S", "█", text)
