"""How a refusal is answered over HTTP, by whatever door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from consult.errors import Refusal
from consult.locale import locale_of


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal object in the language of the request, with Retry-After where it is temporary."""
    response = JsonResponse(refusal.as_dict(locale_of(request)), status=refusal.status)
    if refusal.retry_after_ms:
        response["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return response
