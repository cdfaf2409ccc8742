"""Secrets at rest: what who steals a copy of the database must not be able to use. Fernet (AES-128-CBC, HMAC), keys from the environment."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


@cache
def _keys(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"consult.sealed" + one.encode()).digest())) for one in secrets])


def seal(content: dict[str, str]) -> bytes:
    """Encrypts under the first of SECRETS_KEYS."""
    return _keys(tuple(settings.SECRETS_KEYS)).encrypt(orjson.dumps(content))


def unseal(sealed: bytes) -> dict[str, str] | None:
    """What was sealed under any of SECRETS_KEYS; None where none of them fits: as good as lost."""
    try:
        content: dict[str, str] = orjson.loads(_keys(tuple(settings.SECRETS_KEYS)).decrypt(bytes(sealed)))
    except InvalidToken:
        return None
    return content
