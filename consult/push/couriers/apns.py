"""iOS, by APNs over HTTP/2: an alert of a localisation key, which the app turns into words. The provider token is renewed as Apple asks."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from consult.push.couriers import Fate, Outcome, Wake, sending
from consult.push.couriers.sending import Reply

RENEW_S = 40 * 60.0  # Apple refuses tokens older than 60 minutes, and more than one in 20
LEAST_S = 20 * 60.0
OURS_S = 60.0
DEAD = ("BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken")
OURS = ("ExpiredProviderToken", "InvalidProviderToken", "MissingProviderToken", "BadCertificate", "BadCertificateEnvironment", "TooManyProviderTokenUpdates")


def key(text: str) -> EllipticCurvePrivateKey:
    """A .p8 key: its PEM, or the path of the file. Raises ValueError with what is wrong, and nothing of the key."""
    try:
        pem = text.replace("\\n", "\n").encode() if "-----BEGIN" in text else Path(text).read_bytes()
        found = load_pem_private_key(pem, None)
    except (OSError, ValueError, TypeError):
        raise ValueError("is neither PEM nor the path of a file of PEM") from None
    if not isinstance(found, EllipticCurvePrivateKey) or not isinstance(found.curve, SECP256R1):
        raise ValueError("must be a key on P-256")
    return found


class ApnsCourier:
    """`context` is whom it trusts, where that is not the usual authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.key = key(settings.APNS_KEY)
        self.client = sending.client(http2=True, context=context)
        self.token, self.made, self.forced = "", 0.0, -LEAST_S

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        base = settings.APNS_SANDBOX_URL if address.get("sandbox") else settings.APNS_URL
        url, content = f"{base.rstrip('/')}/3/device/{address['token']}", orjson.dumps(_payload(wake))
        token = self._provider()
        for renewed in (False, True):
            reply = await sending.post(self.client, url, content=content, headers={"Authorization": f"bearer {token}", **_headers(wake)})
            if isinstance(reply, Outcome):
                return reply
            if renewed or _reason(reply) != "ExpiredProviderToken":
                return verdict(reply)
            fresh = self._provider(instead_of=token)
            if fresh == token:
                return verdict(reply)
            token = fresh
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self.client.aclose()

    def _provider(self, instead_of: str = "") -> str:
        """The provider token. One that Apple calls expired before its time (our clock was wrong) is replaced once in 20 minutes."""
        now = time.monotonic()
        refused = bool(instead_of) and instead_of == self.token and now - self.forced >= LEAST_S
        if not self.token or now - self.made >= RENEW_S or refused:
            self.forced = now if refused else self.forced
            self.token = jwt.encode({"iss": settings.APNS_TEAM, "iat": int(time.time())}, self.key, algorithm="ES256", headers={"kid": settings.APNS_KEY_ID})
            self.made = now
        return self.token


def _payload(wake: Wake) -> dict[str, object]:
    """The words are the app's, by its `loc-key`; `mutable-content` lets it fetch more before it shows anything."""
    aps = {"alert": {"loc-key": f"push.{wake.reason}"}, "badge": wake.badge, "sound": "default", "thread-id": str(wake.room), "mutable-content": 1}
    return {"aps": aps, **wake.payload()}


def _headers(wake: Wake) -> dict[str, str]:
    return {
        "apns-topic": settings.APNS_TOPIC,
        "apns-push-type": "alert",
        "apns-priority": "10" if wake.pressing else "5",
        "apns-expiration": str(int(time.time()) + wake.ttl_s),
        "apns-collapse-id": wake.collapse_key,
    }


def _reason(reply: Reply) -> str:
    return str(reply.json().get("reason", ""))[:40]


def verdict(reply: Reply) -> Outcome:
    """What an answer of APNs means. What is wrong with our own token is no device's end."""
    reason = _reason(reply)
    why = f"{reply.status} {reason}".strip()
    if reply.status == 410 or (reply.status == 400 and reason in DEAD):
        return Outcome(Fate.GONE, why)
    if reason in OURS:
        return Outcome(Fate.LATER, why, OURS_S)
    if reply.status == 404:  # BadPath, or a gateway: nothing that is said of a device
        return Outcome(Fate.REJECTED, why)
    return sending.fate(reply.status, reply.wait_s, reason)
