"""One-time tickets: how a client without a cookie opens a socket for its session."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import connection

from consult.errors import Refusal

LONGEST = 200  # characters; a real ticket has 43


def issue(*, person_id: uuid.UUID, session_key: str) -> tuple[str, int]:
    """A new ticket (256 random bits, URL-safe text) and the seconds it lasts. Only its SHA-256 is stored."""
    ticket = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO standing_ticket (digest, person_id, session_key, expires_at) VALUES (%s, %s, %s, clock_timestamp() + %s * interval '1 second')",
            [_digest(ticket), person_id, session_key, settings.TICKET_S],
        )
    return ticket, settings.TICKET_S


def redeem(ticket: str) -> tuple[uuid.UUID, str]:
    """(person_id, session_key) of a ticket, once: of two that come at the same time one is refused.

    Refusal `ticket.unknown` for anything else, whatever the text holds.
    """
    found = redeem_many([ticket])
    if ticket not in found:
        raise Refusal("ticket.unknown")
    return found[ticket]


def redeem_many(given: Iterable[str]) -> dict[str, tuple[uuid.UUID, str]]:
    """(person_id, session_key) of each of these tickets that is one, which it then no longer is."""
    by_digest = {_digest(ticket): ticket for ticket in given if len(ticket) <= LONGEST}
    if not by_digest:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM standing_ticket WHERE digest = ANY(%s) AND expires_at > clock_timestamp() RETURNING digest, person_id, session_key",
            [list(by_digest)],
        )
        return {by_digest[bytes(digest)]: (person, key) for digest, person, key in cursor.fetchall()}


def purge() -> int:
    """Deletes expired tickets; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM standing_ticket WHERE expires_at <= clock_timestamp()")
        return int(cursor.rowcount)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
