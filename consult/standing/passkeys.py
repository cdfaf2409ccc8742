"""Passkeys: they uncover the screen of their person's own session, and nothing else; nobody signs in with one.

The checks of WebAuthn (type, challenge, relying party, presence, verification, signature) are fido2's. Ours are what it leaves to a
service: a challenge is used once and within minutes, the origin is exactly this one, and a counter never goes back.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from fido2.rpid import verify_rp_id
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)

from consult.audit.models import record
from consult.errors import Refusal

from .models import Challenge, Passkey, Standing
from .sessions import digest

logger = logging.getLogger(__name__)

MOST = 10  # of one person
NAMED = 60  # characters of a label
VALID = timedelta(minutes=5)  # as long as a person may take
T = TypeVar("T")
REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page is: `host` as the browser asked for it, with its port if that is not the usual one."""

    host: str

    @property
    def name(self) -> str:
        return urlsplit(f"//{self.host}").hostname or ""

    @property
    def able(self) -> bool:
        """WebAuthn knows names alone: an address such as 127.0.0.1 has no passkeys."""
        try:
            ip_address(self.name)
        except ValueError:
            return bool(self.name)
        return False

    def server(self) -> Fido2Server:
        """Raises Refusal passkey.host."""
        if not self.able:
            raise Refusal("passkey.host")
        return Fido2Server(PublicKeyCredentialRpEntity(id=self.name, name="Consult"), verify_origin=self._is_ours)

    def _is_ours(self, origin: str) -> bool:
        """fido2's own look would let another port and every subdomain through."""
        return verify_rp_id(self.name, origin) and urlsplit(origin).netloc == self.host


def mine(*, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """One's passkeys, the oldest first: {"passkey","label","made_at","used_at"}."""
    held = Passkey.objects.filter(person_id=person_id).order_by("made_at")
    return [{"passkey": str(key.pk), "label": key.label, "made_at": key.made_at, "used_at": key.used_at} for key in held]


def begin_adding(*, person_id: uuid.UUID, session_key: str, name: str, site: Site) -> dict[str, Any]:
    """Options for `navigator.credentials.create`, bytes as base64url. The door has made sure of a fresh password.

    Raises Refusal account.suspended, passkey.host, passkey.full.
    """
    _require_standing(person_id)
    server, held = site.server(), list(Passkey.objects.filter(person_id=person_id))
    if len(held) >= MOST:
        raise Refusal("passkey.full")
    user = PublicKeyCredentialUserEntity(id=person_id.bytes, name=name, display_name=name)
    options, state = server.register_begin(user, [_data(key) for key in held], user_verification=REQUIRED)
    _ask(session_key, "add", state)
    return dict(options.public_key)


def add(*, person_id: uuid.UUID, session_key: str, label: str, response: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """Keeps the key that the browser made. Answers {"passkey"}.

    Raises Refusal account.suspended, passkey.host, passkey.expired, passkey.refused, passkey.full.
    """
    _require_standing(person_id)
    server, state = site.server(), _taken(session_key, "add")
    credential, counter = _checked(lambda: _registered(server, state, response))
    told = "".join(c for c in label if c.isprintable()).strip()[:NAMED]
    key = Passkey(person_id=person_id, credential=bytes(credential), digest=_digest(credential.credential_id), counter=counter, label=told, made_at=timezone.now())
    try:
        with transaction.atomic():
            # The person's row is locked: of two tabs at once one makes the last key.
            Standing.objects.select_for_update().filter(person_id=person_id).first()
            if Passkey.objects.filter(person_id=person_id).count() >= MOST:
                raise Refusal("passkey.full")
            key.save(force_insert=True)
            record(act="passkey.added", person=person_id, object=str(key.pk))
    except IntegrityError:  # this very key is somebody's already
        raise Refusal("passkey.refused") from None
    return {"passkey": str(key.pk)}


def remove(*, person_id: uuid.UUID, passkey_id: uuid.UUID) -> None:
    """Raises Refusal passkey.not_found."""
    with transaction.atomic():
        gone, _ = Passkey.objects.filter(pk=passkey_id, person_id=person_id).delete()
        if not gone:
            raise Refusal("passkey.not_found")
        record(act="passkey.removed", person=person_id, object=str(passkey_id))


def begin_uncovering(*, person_id: uuid.UUID, session_key: str, site: Site) -> dict[str, Any]:
    """Options for `navigator.credentials.get`, with one's own keys alone. Raises Refusal account.suspended, passkey.host, passkey.none."""
    _require_standing(person_id)
    server, held = site.server(), list(Passkey.objects.filter(person_id=person_id))
    if not held:
        raise Refusal("passkey.none")
    options, state = server.authenticate_begin([_data(key) for key in held], user_verification=REQUIRED)
    _ask(session_key, "uncover", state)
    return dict(options.public_key)


def uncover(*, person_id: uuid.UUID, session_key: str, response: Mapping[str, Any], site: Site) -> None:
    """Returns where one of this person's keys signed this session's challenge. Raises Refusal account.suspended, passkey.host, passkey.expired, passkey.refused."""
    _require_standing(person_id)
    server, state = site.server(), _taken(session_key, "uncover")
    held = {bytes(key.credential): key for key in Passkey.objects.filter(person_id=person_id)}
    used = _checked(lambda: server.authenticate_complete(state, [AttestedCredentialData(data) for data in held], response))
    counter = _checked(lambda: AuthenticationResponse.from_dict(response)).response.authenticator_data.counter
    key = held[bytes(used)]
    with transaction.atomic():
        now = Passkey.objects.select_for_update().filter(pk=key.pk).first()
        if now is None:
            raise Refusal("passkey.refused")
        if counter <= now.counter and (counter or now.counter):
            logger.warning("a passkey's counter went back: it may have been copied", extra={"passkey": str(key.pk)})
            raise Refusal("passkey.refused")
        now.counter, now.used_at = counter, timezone.now()
        now.save(update_fields=["counter", "used_at"])


def _require_standing(person_id: uuid.UUID) -> None:
    if Standing.objects.filter(person_id=person_id, suspended_until__gt=timezone.now()).exists():
        raise Refusal("account.suspended")


def _data(key: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(key.credential))


def _digest(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()


def _ask(session_key: str, purpose: str, state: dict[str, Any]) -> None:
    now = timezone.now()
    Challenge.objects.filter(at__lt=now - VALID).delete()  # what nobody answered
    Challenge.objects.update_or_create(session_digest=digest(session_key), purpose=purpose, defaults={"value": state["challenge"], "at": now})


def _taken(session_key: str, purpose: str) -> dict[str, Any]:
    """The challenge, which is then gone whatever comes of it. Raises Refusal passkey.expired."""
    with transaction.atomic():
        asked = Challenge.objects.select_for_update().filter(session_digest=digest(session_key), purpose=purpose).first()
        if asked is not None:
            asked.delete()
    if asked is None or asked.at < timezone.now() - VALID:
        raise Refusal("passkey.expired")
    return {"challenge": asked.value, "user_verification": REQUIRED}


def _registered(server: Fido2Server, state: dict[str, Any], response: Mapping[str, Any]) -> tuple[AttestedCredentialData, int]:
    made = server.register_complete(state, response)
    if made.credential_data is None:
        raise ValueError("no credential")
    return made.credential_data, made.counter


def _checked(look: Callable[[], T]) -> T:
    """What fido2 makes of bytes that come from outside. Raises Refusal passkey.refused."""
    try:
        return look()
    except Exception as error:  # it promises no kind: CBOR, keys and signatures fail in many ways, and all mean the same here
        logger.info("a passkey's answer was refused", extra={"why": type(error).__name__})
        raise Refusal("passkey.refused") from error
