"""Tests of what finds identifiers, and of the corpus that judges it."""

from stdnum.fr import nir


def nir_valid(text: str) -> bool:
    """By python-stdnum, which shares no line with ours."""
    return nir.is_valid("".join(c for c in text.upper() if c.isalnum()))
