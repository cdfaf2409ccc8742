"""Apple Push Notification service over HTTP/2, by a provider token: an alert that names its words by key and holds none.

https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping

import httpx
import jwt
from django.conf import settings

from consult.push.couriers import Fate, Outcome, Wake
from consult.push.couriers.answers import TIMEOUT, fate

TOKEN_S = 40 * 60  # Apple wants a new one no sooner than after 20 minutes and no later than after 60
_REASONS = {
    "BadDeviceToken": Fate.GONE,
    "Unregistered": Fate.GONE,
    "ExpiredToken": Fate.GONE,
    "DeviceTokenNotForTopic": Fate.GONE,
    "PayloadTooLarge": Fate.REJECTED,
    "TooManyProviderTokenUpdates": Fate.LATER,
    # Ours to mend, no fault of the device.
    "InvalidProviderToken": Fate.LATER,
    "ExpiredProviderToken": Fate.LATER,
    "MissingProviderToken": Fate.LATER,
}


class ApnsCourier:
    def __init__(self, trust: ssl.SSLContext | bool = True) -> None:
        self.client = httpx.AsyncClient(http2=True, verify=trust, timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self.token, self.made = "", 0.0

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        try:
            answer = await self._send(address, wake)
            if _reason(answer) == "ExpiredProviderToken":
                self.made = 0.0
                answer = await self._send(address, wake)
        except (httpx.HTTPError, ValueError) as error:
            return Outcome(Fate.LATER, type(error).__name__)
        outcome, reason = fate(answer.status_code, answer.headers.get("retry-after", "")), _reason(answer)
        return Outcome(_REASONS[reason], reason, outcome.wait_s) if reason in _REASONS else outcome

    async def close(self) -> None:
        await self.client.aclose()

    async def _send(self, address: Mapping[str, str], wake: Wake) -> httpx.Response:
        base = settings.APNS_SANDBOX_URL if address.get("sandbox") else settings.APNS_URL
        body = {"aps": {"alert": {"loc-key": f"push.{wake.reason}"}, "badge": wake.badge, "thread-id": str(wake.room), "mutable-content": 1}, **wake.payload()}
        headers = {
            "authorization": f"bearer {self._provider()}",
            "apns-topic": settings.APNS_TOPIC,
            "apns-push-type": "alert",
            "apns-collapse-id": wake.collapse_key,
            "apns-priority": "10" if wake.urgent or wake.reason in ("mention", "direct") else "5",
            "apns-expiration": str(int(time.time()) + wake.ttl_s),
        }
        return await self.client.post(f"{base}/3/device/{address['token']}", json=body, headers=headers)

    def _provider(self) -> str:
        if self.made < time.time() - TOKEN_S:
            self.made = time.time()
            self.token = jwt.encode({"iss": settings.APNS_TEAM, "iat": int(self.made)}, settings.APNS_KEY, algorithm="ES256", headers={"kid": settings.APNS_KEY_ID})
        return self.token


def _reason(answer: httpx.Response) -> str:
    if answer.status_code == 200:
        return ""
    try:
        return str(answer.json().get("reason", ""))
    except (ValueError, AttributeError):
        return ""
