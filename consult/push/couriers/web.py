"""Web Push: RFC 8030 with VAPID (RFC 8292), the payload encrypted for the browser alone (RFC 8291)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from py_vapid import Vapid02, VapidException

from consult.errors import Refusal
from consult.push import addresses
from consult.push.couriers import Fate, Outcome, Wake, sending

TOKEN_S = 12 * 3600  # at most 24 h (RFC 8292, section 2)


def sound(key: str, subject: str) -> bool:
    """Whether a token can be signed with these."""
    try:
        return bool(Vapid02.from_string(key).sign({"aud": "https://push.example", "sub": subject, "exp": 1}))
    except (ValueError, TypeError, VapidException):
        return False


class WebCourier:
    def __init__(self) -> None:
        self.client = sending.client(outside=True)
        self.vapid = Vapid02.from_string(settings.VAPID_PRIVATE_KEY)
        self.signed: dict[str, tuple[float, str]] = {}  # origin -> until when, and the header: signing costs more than sending

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        from pywebpush import WebPusher, WebPushException  # it brings two HTTP clients that only the worker's start should wait for

        endpoint = address["endpoint"]
        try:
            addresses.endpoint_of(endpoint)  # the allow-list of today, not of the day it was registered
            keys = {"endpoint": endpoint, "keys": {"p256dh": address["p256dh"], "auth": address["auth"]}}
            body = WebPusher(keys).encode(orjson.dumps(wake.payload()), content_encoding="aes128gcm")["body"]
        except (Refusal, ValueError, WebPushException) as error:  # keys were checked when they came; what does not encrypt never will
            return Outcome(Fate.GONE, type(error).__name__)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(wake.ttl_s),
            "Topic": wake.collapse_key,
            "Urgency": "high" if wake.pressing else "normal",
            "Authorization": self._authorization(endpoint),
        }
        reply = await sending.post(self.client, endpoint, content=body, headers=headers)
        return reply if isinstance(reply, Outcome) else sending.fate(reply.status, reply.wait_s)

    async def close(self) -> None:
        await self.client.aclose()

    def _authorization(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.hostname}" + ("" if parts.port in (None, 443) else f":{parts.port}")  # RFC 6454: the usual port is not said
        until, header = self.signed.get(origin, (0.0, ""))
        if until < time.time() + 60:
            until = time.time() + TOKEN_S
            header = self.vapid.sign({"aud": origin, "sub": settings.VAPID_SUBJECT, "exp": int(until)})["Authorization"]
            if len(self.signed) > 100:
                self.signed.clear()
            self.signed[origin] = until, header
        return header
