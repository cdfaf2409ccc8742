"""Whose session is this, and does it still hold? For sockets, which outlive the request that opened them.

An app client's `X-Session-Token` is the session key itself (allauth's SessionTokenStrategy), so both kinds of client end
here. A session names its person inside its signed data, so two set queries answer for any number of sessions: the
sessions, then their people with their standing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as Row
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from .models import Standing

Lost = Literal["ended", "suspended"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds now. `session_digest` is what access_change says of it when it ends."""

    person: Any  # the account
    session_digest: str
    expires_at: datetime
    suspended: bool

    @property
    def person_id(self) -> uuid.UUID:
        return self.person.pk  # type: ignore[no-any-return]


def digest(session_key: str) -> str:
    """SHA-256 of a session key in hex, as the trigger on django_session writes it."""
    return hashlib.sha256(session_key.encode("utf-8", "surrogatepass")).hexdigest()


def speaker(session_key: str) -> Session | None:
    """The session of this key, or None: unknown, expired, of a closed account, or older than the password."""
    return speakers([session_key]).get(session_key)


def speakers(session_keys: Iterable[str]) -> dict[str, Session]:
    """The same for many, in two queries; those that do not hold are not there."""
    return _sessions(list(dict.fromkeys(session_keys)))


def still_valid(session_keys: Iterable[str]) -> dict[str, Lost | None]:
    """For each key None where the session holds, "ended" or "suspended" where it does not."""
    keys = list(session_keys)
    found = _sessions(keys)
    return {key: "ended" if key not in found else "suspended" if found[key].suspended else None for key in keys}


def _sessions(keys: list[str]) -> dict[str, Session]:
    sane = [key for key in keys if isinstance(key, str) and key.isascii() and key.isalnum() and len(key) <= 40]
    if not sane:
        return {}
    store, named = SessionStore(), {}
    for row in Row.objects.filter(session_key__in=sane, expire_date__gt=timezone.now()):
        data = store.decode(row.session_data)
        try:
            person_id = uuid.UUID(data[SESSION_KEY])
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS:
            named[row.session_key] = (row.expire_date, person_id, str(data.get(HASH_SESSION_KEY) or ""))
    people = {person.pk: person for person in _with_standing({person_id for _, person_id, _ in named.values()})}
    return {
        key: Session(people[person_id], digest(key), expires_at, people[person_id].suspended)
        for key, (expires_at, person_id, auth_hash) in named.items()
        if person_id in people and _fits(people[person_id], auth_hash)
    }


def _with_standing(ids: set[uuid.UUID]) -> Iterable[Any]:
    from django.db.models import Exists, OuterRef

    barred = Standing.objects.filter(person_id=OuterRef("pk"), suspended_until__gt=timezone.now())
    return get_user_model()._default_manager.filter(pk__in=ids, is_active=True).annotate(suspended=Exists(barred)) if ids else []


def _fits(person: Any, auth_hash: str) -> bool:
    """The session was opened under the present password (or under a former SECRET_KEY that is still accepted)."""
    hashes = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    return any(constant_time_compare(auth_hash, each) for each in hashes)
