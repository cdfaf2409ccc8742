"""Android, by FCM's HTTP v1: a data message that the app turns into words. The access token is asked for with a signed assertion (RFC 7523)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from consult.push.couriers import Fate, Outcome, Wake, sending
from consult.push.couriers.sending import Reply

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REST_S = 10.0  # after an exchange that failed: a thousand notices do not ask a thousand times
OURS_S = 60.0  # what is wrong with our own account is no device's fault, and not mended in a moment
NAMES = ("project_id", "client_email", "private_key", "private_key_id", "token_uri")


def account(text: str) -> dict[str, str]:
    """A service account: its JSON, or the path of the file. Raises ValueError with what is wrong, and nothing of the key."""
    try:
        given = orjson.loads(text if text.lstrip().startswith("{") else Path(text).read_bytes())
    except (OSError, ValueError):
        raise ValueError("is neither JSON nor the path of a file of JSON") from None
    found = {name: value for name in NAMES if isinstance(given, dict) and isinstance(value := given.get(name), str) and value}
    if len(found) != len(NAMES):
        raise ValueError(f"must hold {', '.join(NAMES)}")
    if urlsplit(found["token_uri"]).scheme != "https" and not settings.LOCAL:
        raise ValueError("must name a token_uri under https")
    try:
        key = load_pem_private_key(found["private_key"].encode(), None)
    except (ValueError, TypeError):
        raise ValueError("must hold its private key as PEM") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("must hold an RSA key")
    return found


class FcmCourier:
    def __init__(self) -> None:
        self.account = account(settings.FCM_ACCOUNT)
        self.url = f"{settings.FCM_URL.rstrip('/')}/v1/projects/{self.account['project_id']}/messages:send"
        self.client = sending.client()
        self.asking = asyncio.Lock()
        self.token, self.until = "", 0.0
        self.failed, self.resting = Outcome(Fate.LATER), 0.0

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        content = orjson.dumps({"message": _message(address["token"], wake)})
        token = await self._access()
        for renewed in (False, True):
            if isinstance(token, Outcome):
                return token
            reply = await sending.post(self.client, self.url, content=content, headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
            if isinstance(reply, Outcome):
                return reply
            if reply.status != 401 or _error(reply) == "THIRD_PARTY_AUTH_ERROR" or renewed:
                return verdict(reply)
            token = await self._access(instead_of=token)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self.client.aclose()

    async def _access(self, instead_of: str = "") -> str | Outcome:
        """The access token, asked for once however many wait for it; `instead_of` one that was refused."""
        async with self.asking:
            if self.token and self.token != instead_of and time.monotonic() < self.until:
                return self.token
            if time.monotonic() < self.resting:
                return self.failed
            asked = await self._exchange()
            if isinstance(asked, Outcome):
                self.failed, self.resting = asked, time.monotonic() + REST_S
            return asked

    async def _exchange(self) -> str | Outcome:
        now, mine = int(time.time()), self.account
        claims = {"iss": mine["client_email"], "scope": SCOPE, "aud": mine["token_uri"], "iat": now, "exp": now + 3600}
        assertion = jwt.encode(claims, mine["private_key"], algorithm="RS256", headers={"kid": mine["private_key_id"]})
        form = urlencode({"grant_type": GRANT, "assertion": assertion}).encode()
        reply = await sending.post(self.client, mine["token_uri"], content=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        if isinstance(reply, Outcome):
            return reply
        said = reply.json()
        token, lasts = said.get("access_token"), said.get("expires_in")
        if reply.status != 200 or not isinstance(token, str) or not isinstance(lasts, int):
            return Outcome(Fate.LATER, f"token {reply.status}", max(reply.wait_s, OURS_S if 400 <= reply.status < 500 else 0.0))
        self.token, self.until = token, time.monotonic() + lasts - min(300, lasts / 10)
        return token


def _message(token: str, wake: Wake) -> dict[str, object]:
    """FCM's data are strings; no `notification`, so that no text of ours passes through Google."""
    android = {"collapse_key": wake.collapse_key, "priority": "HIGH" if wake.pressing else "NORMAL", "ttl": f"{wake.ttl_s}s"}
    return {"token": token, "data": {name: str(value) for name, value in wake.payload().items()}, "android": android}


def _error(reply: Reply) -> str:
    """FCM's own name of what was wrong, or Google's."""
    error = reply.json().get("error")
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("errorCode"), str):
            return str(detail["errorCode"])[:40]
    return str(error.get("status", ""))[:40]


def verdict(reply: Reply) -> Outcome:
    """What an answer of FCM means. A refusal of our account, or of our project, is no device's end."""
    error = _error(reply)
    why = f"{reply.status} {error}".strip()
    if reply.status == 404 and error not in ("UNREGISTERED", "NOT_FOUND"):
        return Outcome(Fate.LATER, why, OURS_S)  # not FCM's words: a gateway, or FCM_URL is wrong
    if reply.status == 401 or (reply.status == 403 and error != "SENDER_ID_MISMATCH"):
        return Outcome(Fate.LATER, why, OURS_S)
    if reply.status == 429:
        return Outcome(Fate.LATER, why, reply.wait_s or 60.0)  # FCM: where no time is told, a minute
    return sending.fate(reply.status, reply.wait_s, error)
