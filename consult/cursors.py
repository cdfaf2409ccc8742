"""Opaque page cursors: what a list's last row was sorted by, signed, so that a client can only hand back what it was given."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core import signing

from consult.errors import Refusal


def seal(kind: str, position: list[Any]) -> str:
    """`position` is JSON: the sort keys of the last row shown. `kind` names the list; another list's cursor is refused."""
    return signing.dumps(position, salt=f"consult.cursor.{kind}", compress=False)


def unseal(kind: str, cursor: str | None) -> list[Any] | None:
    """The position, or None where there is no cursor. Raises Refusal `cursor.invalid` for anything not made by `seal`."""
    if not cursor:
        return None
    try:
        position = signing.loads(cursor, salt=f"consult.cursor.{kind}")
    except (signing.BadSignature, ValueError, UnicodeError):
        raise Refusal("cursor.invalid") from None
    if not isinstance(position, list):
        raise Refusal("cursor.invalid")
    return position


def next_url(path: str, kind: str, position: list[Any] | None, **query: Any) -> str | None:
    """The ready relative URL of the next page, or None after the last. Empty parameters are left out."""
    if position is None:
        return None
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode({**given, 'cursor': seal(kind, position)})}"
