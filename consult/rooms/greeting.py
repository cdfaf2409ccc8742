"""Opening a connection: who may knock, who is speaking, and the answer to hello."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from consult import __version__, figures
from consult.errors import Refusal
from consult.rooms import access, wire
from consult.rooms.actions import personal
from consult.rooms.entering import Entry
from consult.rooms.outbox import AsgiOutbox, DirectOutbox, Outbox, Transport
from consult.standing import sessions, tickets
from consult.standing.models import Standing, Verification

PROTOCOLS = [1]
FEATURES: list[str] = ["cases", "identifiers", "image.pointer", "moderation"]


class Unwelcome(Exception):
    """A hello that opens nothing: the refusal, and the close code that follows it."""

    def __init__(self, code: str, close: int) -> None:
        super().__init__(code)
        self.refusal, self.close = Refusal(code), close


class Door:
    """What the upgrade request says: Host, Origin, cookie, language."""

    def __init__(self, scope: dict[str, Any]) -> None:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        host = headers.get("host", "")
        self.host_known = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
        self.origin = headers.get("origin")
        self.locale = "en" if headers.get("accept-language", "fr").lower().startswith("en") else "fr"
        self.cookie = _cookie(headers.get("cookie", ""))
        own = self.origin is not None and self._own(self.origin, host, scope)
        self.foreign_with_cookie = bool(self.cookie) and self.origin is not None and not own
        self.session_key = self.cookie if own else None  # a cookie speaks only for a page of ours

    @staticmethod
    def _own(origin: str, host: str, scope: dict[str, Any]) -> bool:
        if origin in settings.ALLOWED_ORIGINS:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:  # "http://[": nobody's page
            return False
        return bool(parts.netloc.lower() == host.lower()) and parts.scheme in (("http", "https") if settings.LOCAL else ("https",))


def _cookie(text: str) -> str | None:
    try:
        morsel = SimpleCookie(text).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel else None


@dataclass(slots=True)
class Speaker:
    person: uuid.UUID
    personal: uuid.UUID
    session_key: str
    session_digest: str
    session_ends: float
    card: dict[str, Any]
    roles: list[str]


def identify(asks: Sequence[tuple[Door, str | None]]) -> list[Speaker | Unwelcome]:
    """Who is speaking: by ticket where there is one, else by the cookie; for many who came at once. Reads the database."""
    redeemed = tickets.redeem_many(ticket for _, ticket in asks if ticket is not None)
    # Of two that bring the same ticket one is let in.
    keys = [door.session_key or "" if ticket is None else redeemed.pop(ticket, ("", ""))[1] for door, ticket in asks]
    found = sessions.speakers(key for key in keys if key)
    standings = Standing.objects.in_bulk({s.person.pk for s in found.values()})
    rooms = personal.rooms_of(standings)
    answers: list[Speaker | Unwelcome] = []
    for (_, ticket), key in zip(asks, keys, strict=True):
        session = found.get(key)
        if session is None:
            answers.append(Unwelcome("session.none", 4401) if ticket is None else Unwelcome("ticket.unknown", 4006))
        elif session.suspended:
            answers.append(Unwelcome("account.suspended", 4403))
        else:
            answers.append(_speaker(session, key, standings[session.person.pk], rooms[session.person.pk]))
    return answers


def _speaker(session: sessions.Session, key: str, standing: Standing, room: uuid.UUID) -> Speaker:
    person = session.person
    roles = ["clinician"] if standing.verification == Verification.VERIFIED else []
    roles += ["moderator"] if standing.moderator else []
    roles += ["administrator"] if person.is_staff else []
    card = access.card(person.pk, person.title, person.given_name, person.family_name, person.profession, person.specialty, person.level)
    return Speaker(person.pk, room, key, session.session_digest, session.expires_at.timestamp(), card, roles)


def ok(ref: int, speaker: Speaker, own: Entry) -> bytes:
    """The answer to hello."""
    card = speaker.card
    return wire.frame(
        type="ok",
        ref=ref,
        protocol=1,
        server=__version__,
        features=FEATURES,
        session=speaker.session_digest[:16],
        me={"id": card["id"], "name": card["name"] or "—", "profession": card["profession"], "specialty": card["specialty"], "roles": speaker.roles},
        personal={"room": str(speaker.personal), "head": {"epoch": own.epoch, "seq": own.seq}},
        limits=settings.LIMITS,
        heartbeat_ms=settings.HEARTBEAT_MS,
        server_time=wire.time(now()),
    )


def now() -> datetime:
    return datetime.now(UTC)


# --- the way out, and how many may knock at once ------------------------------------

_knocking: set[int] = set()


def admit() -> bool:
    return len(_knocking) < int(settings.HANDSHAKES)


def knock(consumer: object) -> None:
    _knocking.add(id(consumer))
    figures.handshakes.set(len(_knocking))


def release(consumer: object) -> None:
    _knocking.discard(id(consumer))
    figures.handshakes.set(len(_knocking))


async def turn_away(scope: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """503 with Retry-After where the server can say it, else a refused upgrade."""
    figures.turned_away.inc()
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": 503, "headers": [(b"retry-after", b"2"), (b"content-type", b"text/plain")]})
        await send({"type": "websocket.http.response.body", "body": b"busy"})
    else:
        await send({"type": "websocket.close", "code": 1013})


def way_out(scope: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[None]], too_slow: Callable[[], None]) -> tuple[Outbox, Transport | None]:
    """Our own server class offers its transport; any other is written to through ASGI."""
    transport = scope.get("extensions", {}).get("consult.transport")
    if transport is not None:
        return DirectOutbox(transport, too_slow), transport
    return AsgiOutbox(send, _held_by(send), too_slow), None


def _held_by(send: Any) -> Callable[[], int]:
    """Bytes that Daphne holds for a reader who does not read (daphne#170): it never blocks a send, so they must be counted."""
    protocol = next((a for a in getattr(send, "args", ()) if hasattr(a, "transport")), None)
    if protocol is None:
        return lambda: 0

    def held() -> int:
        inner = protocol.transport
        return len(getattr(inner, "dataBuffer", b"")) + getattr(inner, "_tempDataLen", 0)

    return held
