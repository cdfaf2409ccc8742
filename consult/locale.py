"""The language a request is answered in."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language_from_request


def locale_of(request: HttpRequest) -> str:
    """ "fr" or "en", by Accept-Language."""
    return "en" if get_language_from_request(request).startswith("en") else "fr"
