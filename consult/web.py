"""The page itself, the headers that guard it, and what an operator asks: alive, ready, figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from consult import shards
from consult.errors import Refusal
from consult.refusing import refuse
from consult.rooms import parsing

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
LONG = 1000  # bytes of an answer
# One policy of trusted types: the one that lets the service worker's own address be registered (frontend/src/device/worker.ts).
PAGE_POLICY = POLICY + "; require-trusted-types-for 'script'; trusted-types consult-worker"


def headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Puts the Content-Security-Policy on every answer, and forbids caches what belongs to a person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.path.startswith(("/api/", "/_allauth/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


class Compressed(GZipMiddleware):
    """Answers of the API in gzip, where they are long enough to gain by it: on a phone's line a page of events is most of the wait.

    Pictures are small already, and an answer that is a secret is short. What Django's own adds against guessing by length (a name of
    random length) stays.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or len(response.content) < LONG or not response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return super().process_response(request, response)


def sound_sign_in(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Sign-in's doors read only JSON as sound as ours: the library behind them answers numbers and nesting without end with 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/_allauth/") and request.method not in ("GET", "HEAD"):
            try:
                if request.body:
                    parsing.decode(request.body.decode())
            except RequestDataTooBig:
                return refuse(request, Refusal("frame.too_large"))
            except (UnicodeDecodeError, Refusal):
                return refuse(request, Refusal("frame.invalid", fields=["body"]))
        return get_response(request)

    return middleware


@cache
def built_page() -> bytes | None:
    index = settings.FRONTEND_DIST / "index.html"
    return index.read_bytes() if index.is_file() else None


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The single page, for every path that is one of its views."""
    html = built_page()
    if html is None:
        return HttpResponse("The front end is not built: make run builds it.", status=503, content_type="text/plain")
    response = HttpResponse(html)
    response["Content-Security-Policy"] = PAGE_POLICY
    response["Cache-Control"] = "no-cache"
    return response


@csrf_exempt
def no_such_door(request: HttpRequest) -> HttpResponse:
    return refuse(request, Refusal("request.not_found"))


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where PostgreSQL and Redis answer and no migration is missing; else 503 and which of them is not."""
    from consult.standing.draining import draining

    state = {"postgresql": _database(), "redis": _redis(), "migrations": _migrated(), "serving": not draining()}
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Exception:
        return False


def _redis() -> bool:
    return all(shards.answers(host) for host in settings.REDIS_HOSTS)


_applied = False


def _migrated() -> bool:
    """Asked of the database until it once held; migrations are not taken back under a running server."""
    global _applied
    if not _applied:
        from django.db.migrations.executor import MigrationExecutor

        try:
            executor = MigrationExecutor(connection)
            _applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except Exception:
            return False
    return _applied


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format; with several workers the figures of all."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if settings.PROMETHEUS_DIR:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
