"""Pro Santé Connect as it is on the wire, on a port of its own: configuration at its odd path, authorization, token, certs, userinfo, RS256.

Who comes to its authorization door is sent back at once with a code, as the person in `claims`. What it does wrong is a field of `Wrong`.
It is as strict as the real one: a code is good once, for its client, its callback and its PKCE verifier.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "consult-tests", "a-secret-of-the-tests"
REALM = "/auth/realms/esante-wallet"
CONNECT = f"{REALM}/protocol/openid-connect"
RPPS = "10003456789"


def claims(rpps: str = RPPS, family: str = "AUBRAC", given: str = "CAMILLE", *, profession: str = "10", specialty: str = "SM54", **more: Any) -> dict[str, Any]:
    """Someone as the real claims tell them: names in capitals, one exercise with one activity."""
    exercise = {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "DR",
        "codeTypeSavoirFaire": "S",
        "codeSavoirFaire": specialty,
        "activities": [{"codeModeExercice": "S", "codeSecteurDactivite": "SA01"}],
    }
    return {
        "sub": f"f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:8{rpps}",
        "SubjectNameID": f"8{rpps}",
        "given_name": given,
        "family_name": family,
        "otherIds": [{"identifiant": f"8{rpps}", "origine": "RPPS", "qualite": 1}],
        "SubjectRole": [f"{profession}^1.2.250.1.213.1.1.5.5"],
        "Secteur_Activite": "SA01^1.2.250.1.71.4.2.4",
        "SubjectRefPro": {"codeCivilite": "MME", "exercices": [exercise]},
        **more,
    }


Forge = Callable[["Provider", dict[str, Any]], str]


@dataclass
class Wrong:
    """What the next answers do wrong; nothing, as it stands."""

    token: dict[str, Any] = field(default_factory=dict)  # claims of the ID token that are other than they should be; None: left out
    forge: Forge | None = None  # makes the ID token instead
    userinfo: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    denies: str = ""  # the error with which the person comes back
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # by the end of the path
    drips: str = ""  # the end of the path whose answer comes a byte at a time, for ever
    endless: str = ""  # the end of the path whose answer never ends, as fast as it can


class Provider:
    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "key-1"
        self.claims, self.wrong = claims(), Wrong()
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []  # paths, in their order
        self.sent: list[dict[str, str]] = []  # what came to the authorization door
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.answer(self, {name: value[0] for name, value in parse_qs(body).items()})

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.issuer = self.base + REALM
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        return {"PSC_CLIENT_ID": CLIENT, "PSC_CLIENT_SECRET": SECRET, "PSC_ISSUER": self.issuer}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def reset(self) -> None:
        self.claims, self.wrong = claims(), Wrong()
        self.asked.clear()
        self.sent.clear()

    # What it answers

    def answer(self, to: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        path, _, query = to.path.partition("?")
        self.asked.append(path)
        end = path.rpartition("/")[2]
        if end in (self.wrong.drips, self.wrong.endless):
            return self._without_end(to, end)
        if end in self.wrong.answers:
            status, body = self.wrong.answers[end]
            return _send(to, status, body)
        asked = {name: value[0] for name, value in parse_qs(query).items()}
        if path == f"{REALM}/.well-known/wallet-openid-configuration":
            return _json(to, 200, self.configuration())
        if path == "/wallet/auth":
            to.send_response(302)
            to.send_header("Location", self.back(asked))
            to.end_headers()
            return None
        if path == f"{CONNECT}/certs":
            return _json(to, 200, {"keys": [self.jwk()]})
        if path == f"{CONNECT}/token":
            return _json(to, *self.exchange(form))
        if path == f"{CONNECT}/userinfo":
            token = to.headers.get("Authorization", "").removeprefix("Bearer ")
            if token not in self.tokens:
                return _json(to, 401, {"error": "invalid_token"})
            return _json(to, 200, {**self.tokens[token], **self.wrong.userinfo})
        return _json(to, 404, {})

    def configuration(self) -> dict[str, Any]:
        doors = {"token_endpoint": "token", "userinfo_endpoint": "userinfo", "jwks_uri": "certs", "end_session_endpoint": "logout"}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/wallet/auth",
            **{name: f"{self.base}{CONNECT}/{end}" for name, end in doors.items()},
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.wrong.configuration,
        }

    def jwk(self) -> dict[str, Any]:
        return {**jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": self.kid, "use": "sig", "alg": "RS256"}

    def back(self, asked: dict[str, str]) -> str:
        """The address with which a person who was sent here comes back."""
        self.sent.append(asked)
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "openid scope_all" and asked["acr_values"] == "eidas1" and asked["nonce"]
        if self.wrong.denies:
            return f"{asked['redirect_uri']}?{urlencode({'error': self.wrong.denies, 'state': asked['state']})}"
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'session_state': 'x'})}"

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "unauthorized_client"}
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(12)
        self.tokens[access] = dict(self.claims)
        now = int(time.time())
        proven: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "azp": CLIENT,
            "sub": self.claims["sub"],
            "iat": now,
            "exp": now + 120,
            "nonce": asked["nonce"],
            "acr": "eidas1",
        }
        proven = {name: value for name, value in {**proven, **self.wrong.token}.items() if value is not None}
        made = self.wrong.forge(self, proven) if self.wrong.forge else self.sign(proven)
        return 200, {"access_token": access, "id_token": made, "token_type": "Bearer", "expires_in": 120}

    def sign(self, proven: dict[str, Any], key: rsa.RSAPrivateKey | None = None, **header: Any) -> str:
        return jwt.encode(proven, key or self.key, algorithm="RS256", headers={"kid": self.kid, **header})

    def _without_end(self, to: BaseHTTPRequestHandler, end: str) -> None:
        piece, pause = (b" ", 0.2) if end == self.wrong.drips else (b" " * 65536, 0.0)
        to.send_response(200)
        to.end_headers()
        try:
            while end in (self.wrong.drips, self.wrong.endless):
                to.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            return  # who waited has gone


def returned(location: str) -> dict[str, str]:
    """What the address of a way back holds, as the page or an app reads it."""
    found = {name: value[0] for name, value in parse_qs(urlsplit(location).query).items()}
    return {name: found[name] for name in ("state", "code", "error") if name in found}


def _json(to: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    _send(to, status, json.dumps(body).encode())


def _send(to: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    to.send_response(status)
    to.send_header("Content-Type", "application/json")
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)
