"""Who asks: the person of a request that the API has let in."""

from __future__ import annotations

import uuid

from django.http import HttpRequest

from consult.errors import Refusal


def person_of(request: HttpRequest) -> uuid.UUID:
    """The id of the person signed in. Raises Refusal session.none where there is none."""
    if request.user.pk is None:
        raise Refusal("session.none")
    return request.user.pk


def session_of(request: HttpRequest) -> str:
    """The key of the session this request came with, which the API put there (a cookie's, or an app's token)."""
    return str(request.session_key)  # type: ignore[attr-defined]
