"""French or English: which of the two a request asks for."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language_from_request


def locale_of(request: HttpRequest) -> str:
    return "en" if get_language_from_request(request).startswith("en") else "fr"
