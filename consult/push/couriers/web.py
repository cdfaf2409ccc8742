"""Web Push: RFC 8030 with VAPID (RFC 8292), the payload encrypted for the browser alone (RFC 8291)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import orjson
from django.conf import settings
from py_vapid import Vapid02
from pywebpush import WebPusher

from consult.errors import Refusal
from consult.push import addresses
from consult.push.couriers import Fate, Outcome, Wake, answers

TOKEN_S = 12 * 3600  # at most 24 h (RFC 8292, section 2)


class WebCourier:
    def __init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=answers.TIMEOUT, follow_redirects=False, limits=httpx.Limits(max_connections=100, max_keepalive_connections=20), trust_env=False)
        self.vapid = Vapid02.from_string(settings.VAPID_PRIVATE_KEY)
        self.signed: dict[str, tuple[float, str]] = {}  # origin -> until when, and the header: signing costs more than sending
        self.known: dict[str, float] = {}  # host -> until when its addresses are known to be public

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        endpoint = address["endpoint"]
        try:
            addresses.endpoint_of(endpoint)  # the allow-list of today, not of the day it was registered
            await self._outside(urlsplit(endpoint).hostname or "")
            keys = {"endpoint": endpoint, "keys": {"p256dh": address["p256dh"], "auth": address["auth"]}}
            body = WebPusher(keys).encode(orjson.dumps(wake.payload()), content_encoding="aes128gcm")["body"]
        except Exception as error:
            return Outcome(Fate.GONE, type(error).__name__)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(wake.ttl_s),
            "Topic": wake.collapse_key,
            "Urgency": "high" if wake.urgent or wake.reason in ("mention", "direct") else "normal",
            "Authorization": self._authorization(endpoint),
        }
        try:
            response = await self.client.post(endpoint, content=body, headers=headers)
        except httpx.HTTPError as error:
            return Outcome(Fate.LATER, type(error).__name__)
        return answers.fate(response.status_code, response.headers.get("Retry-After", ""))

    async def close(self) -> None:
        await self.client.aclose()

    def _authorization(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        until, header = self.signed.get(origin, (0.0, ""))
        if until < time.time() + 60:
            until = time.time() + TOKEN_S
            header = self.vapid.sign({"aud": origin, "sub": settings.VAPID_SUBJECT, "exp": int(until)})["Authorization"]
            if len(self.signed) > 100:
                self.signed.clear()
            self.signed[origin] = until, header
        return header

    async def _outside(self, host: str) -> None:
        """Raises Refusal where a name that is allowed points into our own network."""
        if addresses.loopback(host) or self.known.get(host, 0) > time.monotonic():
            return
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except OSError:
            return  # the request will fail by itself, and is tried again later
        if not all(addresses.public(str(one[4][0])) for one in found):
            raise Refusal("device.endpoint")
        self.known[host] = time.monotonic() + 60
