"""Firebase Cloud Messaging, HTTP v1: data messages for Android apps, by a service account's access token.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import orjson
from django.conf import settings

from consult.push.couriers import Fate, Outcome, Wake
from consult.push.couriers.answers import TIMEOUT, fate

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
# What an error's details say more closely than the status (ErrorCode).
_CODES = {"UNREGISTERED": Fate.GONE, "SENDER_ID_MISMATCH": Fate.FORBIDDEN, "INVALID_ARGUMENT": Fate.REJECTED, "THIRD_PARTY_AUTH_ERROR": Fate.FORBIDDEN}


class FcmCourier:
    def __init__(self) -> None:
        self.account: dict[str, str] = orjson.loads(settings.FCM_ACCOUNT)
        self.client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self.token, self.until = "", 0.0

    async def carry(self, address: Mapping[str, str], wake: Wake) -> Outcome:
        message = {
            "token": address["token"],
            "data": {name: str(value) for name, value in wake.payload().items()},  # strings alone, says FCM
            "android": {"collapse_key": wake.collapse_key, "priority": "HIGH" if wake.urgent or wake.reason in ("mention", "direct") else "NORMAL", "ttl": f"{wake.ttl_s}s"},
        }
        try:
            answer = await self._send(message)
            if answer.status_code == 401:  # the token was withdrawn before its time
                self.until = 0.0
                answer = await self._send(message)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            return Outcome(Fate.LATER, type(error).__name__)
        outcome = fate(answer.status_code, answer.headers.get("Retry-After", ""))
        return outcome if outcome.fate is Fate.TAKEN else _closer(answer, outcome)

    async def close(self) -> None:
        await self.client.aclose()

    async def _send(self, message: dict[str, Any]) -> httpx.Response:
        url = f"{settings.FCM_URL}/v1/projects/{self.account['project_id']}/messages:send"
        return await self.client.post(url, json={"message": message}, headers={"Authorization": f"Bearer {await self._access()}"})

    async def _access(self) -> str:
        """An access token, asked for anew a minute before it ends. Raises httpx.HTTPError, KeyError, ValueError."""
        if self.until < time.time() + 60:
            now, aim = int(time.time()), self.account["token_uri"]
            claims = {"iss": self.account["client_email"], "scope": SCOPE, "aud": aim, "iat": now, "exp": now + 3600}
            assertion = jwt.encode(claims, self.account["private_key"], algorithm="RS256")
            answer = await self.client.post(aim, data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})
            answer.raise_for_status()
            given = answer.json()
            self.token, self.until = given["access_token"], time.time() + float(given["expires_in"])
        return self.token


def _closer(answer: httpx.Response, outcome: Outcome) -> Outcome:
    try:
        details = answer.json()["error"].get("details", [])
        code = next((d["errorCode"] for d in details if "errorCode" in d), "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return outcome
    return Outcome(_CODES[code], code) if code in _CODES else outcome
