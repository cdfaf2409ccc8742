"""FCM on loopback: Google's token endpoint, which checks the signed assertion, and the send door of HTTP v1."""

from __future__ import annotations

import json
import re
import secrets
import time
import urllib.parse
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.push.serving import Answer, HttpService


def _fcm_error(status: int, name: str, code: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return Answer(status, {"error": {"code": status, "message": "…", "status": name, "details": details}}, headers or {})


class FcmService(HttpService):
    """Google's token endpoint and FCM's send door. `errors` has its refusals by FCM's own names, for `plan` and `always`."""

    errors = {
        "UNREGISTERED": _fcm_error(404, "NOT_FOUND", "UNREGISTERED"),
        "INVALID_ARGUMENT": _fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
        "SENDER_ID_MISMATCH": _fcm_error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
        "QUOTA_EXCEEDED": _fcm_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", {"Retry-After": "7"}),
        "UNAVAILABLE": _fcm_error(503, "UNAVAILABLE", "UNAVAILABLE", {"Retry-After": "3"}),
        "INTERNAL": _fcm_error(500, "INTERNAL", "INTERNAL"),
        "UNAUTHENTICATED": _fcm_error(401, "UNAUTHENTICATED"),
        "THIRD_PARTY_AUTH_ERROR": _fcm_error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    }

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.email, self.project = "push@consult-test.iam.gserviceaccount.com", "consult-test"
        self.issued: dict[str, float] = {}  # access token -> until, time.monotonic()
        self.expires_in, self.exchanges, self.token_answers = 3599, 0, list[Answer]()
        self.devices: set[str] = set()
        super().__init__()

    @property
    def account(self) -> dict[str, str]:
        """The service account's JSON, as Google's console gives it."""
        pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "k1",
            "private_key": pem,
            "client_email": self.email,
            "token_uri": f"{self.base}/token",
        }

    @property
    def env(self) -> dict[str, str]:
        return {"FCM_ACCOUNT": json.dumps(self.account), "FCM_URL": self.base}

    def install(self) -> str:
        """A new app: its registration token."""
        token = f"{secrets.token_urlsafe(16)}:APA91b{secrets.token_urlsafe(100)}"
        self.devices.add(token)
        return token

    def revoke(self) -> None:
        """All access tokens given so far are worth nothing any more."""
        self.issued.clear()

    def asked(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path == "/token":
            return self._exchange(body)
        if path != f"/v1/projects/{self.project}/messages:send":
            self.complain(f"path {path}")
            return _fcm_error(404, "NOT_FOUND")
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        message = json.loads(body)["message"]
        planned = self.planned(message.get("token", ""))
        if planned is not None:
            return planned
        if self.issued.get(bearer, 0) < time.monotonic():
            return self.errors["UNAUTHENTICATED"]
        if wrong := self._wrong(message):
            self.complain(wrong)
            return self.errors["INVALID_ARGUMENT"]
        if message["token"] not in self.devices:
            return self.errors["UNREGISTERED"]
        self.accept(message["token"], message, headers)
        return Answer(200, {"name": f"projects/{self.project}/messages/{secrets.token_hex(8)}"})

    def _wrong(self, message: dict[str, Any]) -> str:
        android, data = message.get("android", {}), message.get("data", {})
        if set(message) - {"token", "data", "android"} or set(android) - {"collapse_key", "priority", "ttl"}:
            return f"fields {sorted(message)} {sorted(android)}"
        if not data or not all(isinstance(v, str) for v in data.values()) or {"from", "message_type"} & set(data) or any(k.startswith(("google", "gcm")) for k in data):
            return "data"
        if android.get("priority", "NORMAL").upper() not in ("NORMAL", "HIGH") or not re.fullmatch(r"\d+(\.\d+)?s", android.get("ttl", "0s")):
            return "priority or ttl"
        return ""

    def _exchange(self, body: bytes) -> Answer:
        self.exchanges += 1
        if self.token_answers:
            return self.token_answers.pop(0)
        form = dict(urllib.parse.parse_qsl(body.decode()))
        try:
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", "grant_type"
            claims = jwt.decode(
                form["assertion"], self.key.public_key(), algorithms=["RS256"], audience=f"{self.base}/token", issuer=self.email, options={"require": ["exp", "iat"]}
            )
            assert claims["exp"] - claims["iat"] <= 3600, "exp"
            assert "https://www.googleapis.com/auth/firebase.messaging" in claims["scope"].split(), "scope"
        except (KeyError, AssertionError, jwt.InvalidTokenError) as error:
            self.complain(f"assertion: {error!r}")
            return Answer(400, {"error": "invalid_grant", "error_description": "…"})
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.issued[token] = time.monotonic() + self.expires_in
        return Answer(200, {"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer"})
