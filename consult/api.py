"""The map of HTTP doors under /api/v1/, who comes in, and how a refusal is answered."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.utils import check_csrf

from consult import __version__
from consult.errors import OutcomeUnknown, Refusal
from consult.refusing import refuse
from consult.rooms.body import StrictJSON
from consult.who import person_of

log = logging.getLogger("consult.api")
SAFE = ("GET", "HEAD", "OPTIONS")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refuse(request, Refusal("session.csrf"))


def signed_in(request: HttpRequest) -> Any:
    """A person by X-Session-Token (apps), or by the session cookie together with the CSRF token where it writes."""
    from allauth.headless.contrib.ninja.security import x_session_token_auth

    token = request.headers.get("X-Session-Token")
    if token is not None:
        person = x_session_token_auth(request)
        if not person:
            raise Refusal("session.none")
        request.session_key = token  # type: ignore[attr-defined]
    else:
        person = request.user if request.user.is_authenticated else None
        if person is None:
            raise Refusal("session.none")
        if request.method not in SAFE and check_csrf(request):
            raise Refusal("session.csrf")
        request.session_key = request.session.session_key  # type: ignore[attr-defined]
    if not person.is_active:
        raise Refusal("session.none")
    # A service worker sends what somebody wrote, and cannot see who has signed in since.
    meant = request.headers.get("X-Consult-Person")
    if meant is not None and meant != str(person.pk):
        raise Refusal("session.other")
    request.user = person
    if request.method not in SAFE:
        _charge(request)
    return person


def _charge(request: HttpRequest) -> None:
    """HTTP writes count like a socket's commands; tickets, which a reconnecting client needs first, have a bucket of their own."""
    from consult.rooms import limits

    bucket = limits.tickets if request.path.endswith("/tickets") else limits.commands
    wait, _ = bucket.take(person_of(request))
    if wait:
        raise Refusal("frame.flood", retry_after_ms=wait)


api = NinjaAPI(
    title="Consult",
    version=__version__,
    auth=signed_in,
    docs_url=None,
    urls_namespace="api",
    parser=StrictJSON(),
    description="The HTTP doors of Consult. Errors carry the same codes as the socket's `refused` frames.",
)


@api.exception_handler(Refusal)
def on_refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    return refuse(request, error)


@api.exception_handler(OutcomeUnknown)
def on_unknown(request: HttpRequest, error: OutcomeUnknown) -> HttpResponse:
    return refuse(request, Refusal("outcome.unknown", retry_after_ms=1000))


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = sorted({str(part) for e in error.errors for part in e["loc"][1:][-1:]} or {"body"})
    return refuse(request, Refusal("frame.invalid", fields=fields))


@api.exception_handler(HttpError)
@api.exception_handler(Http404)
@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    from django.db import InterfaceError, OperationalError

    from consult.database import read_only

    if isinstance(error, OperationalError | InterfaceError) or read_only(error) or type(error).__name__ == "PoolTimeout":
        from consult.rooms.log import commit_was_sent

        log.warning("database unavailable", extra={"why": type(error).__name__})
        # A write outside the lanes whose COMMIT was sent may be done: the client sends the same id again.
        return refuse(request, Refusal("outcome.unknown" if commit_was_sent(error) else "service.unavailable", retry_after_ms=1000))
    if isinstance(error, Http404):
        return refuse(request, Refusal("request.not_found"))
    if isinstance(error, HttpError) and error.status_code < 500:
        return refuse(request, Refusal("frame.invalid", fields=["body"]))
    if isinstance(error, RequestDataTooBig):
        return refuse(request, Refusal("frame.too_large"))
    log.exception("request failed")
    return refuse(request, Refusal("request.failed"))


def mount() -> None:
    """Hangs every router on its path. Called by urls.py once all apps are loaded."""
    from consult.cases.api import router as cases
    from consult.cases.api_feed import router as feed
    from consult.clinicians.api import router as clinicians
    from consult.moderation.api import router as moderation
    from consult.moderation.api_console import router as console
    from consult.moderation.api_rules import router as rules
    from consult.moderation.transparency import router as transparency
    from consult.rooms.api import router as rooms
    from consult.rooms.api_lists import router as lists
    from consult.rooms.api_search import router as search
    from consult.rooms.moderation_api import router as tools
    from consult.rooms.people_api import router as people
    from consult.rooms.pictures_api import router as pictures
    from consult.rooms.push_api import router as push
    from consult.standing.api import router as standing
    from consult.standing.passkeys_api import router as passkeys

    # `feed` before `cases`: its /cases/similar would be taken for a case's id. One address stands in one router: a second one answers 405 there.
    for router in (standing, passkeys, people, clinicians, rooms, lists, search, tools, pictures, feed, cases, push, moderation, console, rules, transparency):
        api.add_router("", router)
