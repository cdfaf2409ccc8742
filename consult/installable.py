"""What makes the app installable: its manifest in the person's language, and the service worker at the root of the site."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.http import condition, require_safe

WORDS = {
    "fr": {"description": "Des salles où des soignants vérifiés se posent des questions, et y répondent.", "ask": "Demander", "rooms": "Salles"},
    "en": {"description": "Rooms where verified clinicians ask each other, and answer.", "ask": "Ask", "rooms": "Rooms"},
}
ICONS = [
    {"src": "/static/icons/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
    {"src": "/static/icons/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
    {"src": "/static/icons/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
    {"src": "/static/icons/maskable-192.png", "sizes": "192x192", "type": "image/png", "purpose": "maskable"},
    {"src": "/static/icons/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
]


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    lang = "en" if (get_language() or "fr").startswith("en") else "fr"
    words = WORDS[lang]
    icon = ICONS[:1]
    said: dict[str, Any] = {
        "id": "/",
        "name": "Consult",
        "short_name": "Consult",
        "description": words["description"],
        "lang": lang,
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f1f3f0",
        "theme_color": "#e6eae6",
        "categories": ["medical"],
        "icons": ICONS,
        "shortcuts": [{"name": words["ask"], "url": "/ask", "icons": icon}, {"name": words["rooms"], "url": "/", "icons": icon}],
    }
    response = JsonResponse(said, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-cache"
    return response


@cache
def built_worker() -> bytes | None:
    path = settings.FRONTEND_DIST / "sw.js"
    return path.read_bytes() if path.is_file() else None


def _worker_tag(request: HttpRequest) -> str | None:
    return f'"{hashlib.sha256(script).hexdigest()[:32]}"' if (script := built_worker()) else None


@require_safe
@condition(etag_func=_worker_tag)
def worker(request: HttpRequest) -> HttpResponse:
    """Asked for by the browser at every start, and never from a cache: what differs by one byte is a new version."""
    script = built_worker()
    if script is None:
        return HttpResponse("The front end is not built: make run builds it.", status=503, content_type="text/plain")
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["Service-Worker-Allowed"] = "/"
    return response
