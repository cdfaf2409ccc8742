"""Pro Santé Connect, the sign-in of French health professionals (OpenID Connect): where a person is sent, and what the way back proves.

`begin` makes the address and what this service must remember of it; `finish` turns the code that came back into claims, or refuses.
Nothing of what is exchanged is kept or logged: no token, no claim (docs/decisions/0014-pro-sante-connect.md).
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
import orjson
from django.conf import settings
from django.db import connection
from django.utils.crypto import constant_time_compare

from consult.errors import Refusal

log = logging.getLogger("consult.pro_sante_connect")

SCOPES = "openid scope_all"
LEVEL = "eidas1"  # acr_values: the least of what Pro Santé Connect offers
DISCOVERY = "/.well-known/wallet-openid-configuration"  # not the path of the specification
ALGORITHM = "RS256"
VALID_S = 600  # between the press and the way back, as long as a person may take
LEEWAY_S = 30  # between two clocks
SECONDS = 10.0  # one request in all, to the last byte
ANSWER_BYTES = 256 * 1024
AT_ONCE = 8  # requests of this process: a provider that hangs takes no more threads than these
KEPT_S = 3600.0  # for which the provider's addresses and keys are believed
AGAIN_S = 30.0  # between two questions for a key that is not there
ATTEMPT, LICENCE = "psc_attempt", "psc_licence"  # in a session: what was begun; what was proven and is nobody's yet
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered of one press, in the session that pressed: the way back is good for it alone, and once."""

    state: str
    nonce: str
    verifier: str
    callback: str
    at: float  # epoch seconds

    @property
    def over(self) -> bool:
        return not 0 <= time.time() - self.at <= VALID_S


@dataclass(frozen=True, slots=True)
class Provider:
    authorization: str
    token: str
    userinfo: str
    certs: str


def on() -> bool:
    return bool(settings.PSC_CLIENT_ID and settings.PSC_CLIENT_SECRET)


def begin(*, callback: str, mark: str = "") -> tuple[Attempt, str]:
    """A new attempt, and the address to which the person is sent. `mark` begins the state, for the page that receives it.

    Raises Refusal psc.off, psc.unavailable.
    """
    provider = _provider()
    attempt = Attempt(mark + secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), callback, time.time())
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": settings.PSC_CLIENT_ID,
        "redirect_uri": callback,
        "scope": SCOPES,
        "acr_values": LEVEL,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return attempt, f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{urlencode(asked)}"


def finish(*, attempt: Attempt, state: str, code: str) -> dict[str, Any]:
    """The claims of whoever signed in there, with the ID token checked. Raises Refusal psc.off, psc.expired, psc.refused, psc.unavailable."""
    if attempt.over or not constant_time_compare(attempt.state, state):
        raise Refusal("psc.expired")
    provider = _provider()
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.callback,
        "code_verifier": attempt.verifier,
        "client_id": settings.PSC_CLIENT_ID,
        "client_secret": settings.PSC_CLIENT_SECRET,
    }
    tokens = _ask("POST", provider.token, data=given)
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str) or not access_token.isascii():
        raise _refused("no tokens")
    proven = _checked(id_token, provider, attempt.nonce)
    claims = _ask("GET", provider.userinfo, headers={"Authorization": f"Bearer {access_token}"})
    if claims.get("sub") != proven["sub"]:
        raise _refused("userinfo is of another subject")
    return {**proven, **claims}


def _checked(id_token: str, provider: Provider, nonce: str) -> dict[str, Any]:
    """The claims of an ID token signed by the provider, for this client, for this attempt. Raises Refusal psc.refused."""
    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") != ALGORITHM:
            raise _refused("alg")
        key = _key(provider.certs, header.get("kid"))
        claims: dict[str, Any] = jwt.decode(
            id_token, key, algorithms=[ALGORITHM], audience=settings.PSC_CLIENT_ID, issuer=settings.PSC_ISSUER, leeway=LEEWAY_S, options={"require": CLAIMS}
        )
    except jwt.PyJWTError as error:
        raise _refused(type(error).__name__) from None  # its words quote claims
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if others else settings.PSC_CLIENT_ID) != settings.PSC_CLIENT_ID:
        raise _refused("azp")
    if not isinstance(claims["nonce"], str) or not constant_time_compare(claims["nonce"], nonce):
        raise _refused("nonce")
    return claims


# --- what the provider says of itself -------------------------------------------

_cache: dict[str, tuple[float, Any]] = {}  # address -> (when it was read, what it said); two entries


def _provider() -> Provider:
    """Where its doors are. The secret and the tokens go to the issuer's own host alone. Raises Refusal psc.off, psc.unavailable."""
    if not on():
        raise Refusal("psc.off")
    issuer = settings.PSC_ISSUER
    address = settings.PSC_DISCOVERY or issuer + DISCOVERY
    read, said = _cache.get(address, (0.0, None))
    if said is None or time.monotonic() - read > KEPT_S:
        said = _ask("GET", address)
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        if said.get("issuer") != issuer or not all(isinstance(said.get(name), str) for name in names):
            raise _unavailable("its configuration is of another issuer, or incomplete")
        if any(_origin(said[name]) != _origin(issuer) for name in names[1:]):
            raise _unavailable("its configuration leads to another host")
        _cache[address] = time.monotonic(), said
    return Provider(settings.PSC_AUTHORIZATION or said["authorization_endpoint"], said["token_endpoint"], said["userinfo_endpoint"], said["jwks_uri"])


def _key(address: str, kid: Any) -> Any:
    """The provider's key of this name; asked for again where it is not known, for keys are renewed. Raises Refusal psc.refused, psc.unavailable."""
    read, keys = _cache.get(address, (0.0, {}))
    age = time.monotonic() - read
    if not keys or age > KEPT_S or (kid not in keys and age > AGAIN_S):
        said = _ask("GET", address)
        try:
            keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(said).keys if key.key_type == "RSA" and key.public_key_use in (None, "sig")}
        except jwt.PyJWTError as error:
            raise _unavailable(type(error).__name__) from None
        _cache[address] = time.monotonic(), keys
    if kid is None or kid not in keys:
        raise _refused("kid")
    return keys[kid]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


# --- one request ----------------------------------------------------------------

_places = threading.BoundedSemaphore(AT_ONCE)


def _ask(method: str, url: str, **what: Any) -> dict[str, Any]:
    """An object that the provider answers with: bounded in time and size, never redirected.

    Raises Refusal psc.unavailable, or psc.refused where the provider says that the request is at fault (a code used twice, say).
    """
    if not connection.in_atomic_block:
        connection.close()  # back to the pool: no connection waits for somebody else's server
    if not _places.acquire(blocking=False):
        raise _unavailable("too many at once")
    try:
        status, body = _read(method, url, **what)
    except httpx.HTTPError as error:
        raise _unavailable(type(error).__name__) from None
    finally:
        _places.release()
    if 400 <= status < 500 and status != 429:
        raise _refused(f"HTTP {status}")
    if status != 200:
        raise _unavailable(f"HTTP {status}")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise _unavailable("no object of JSON")
    return said


@cache
def _client() -> httpx.Client:
    """One for all threads of this process: it keeps connections, and what TLS believes is read once."""
    return httpx.Client(timeout=SECONDS / 2, follow_redirects=False)


def _read(method: str, url: str, **what: Any) -> tuple[int, bytes]:
    until, body = time.monotonic() + SECONDS, b""
    with _client().stream(method, url, **what) as answer:
        for part in answer.iter_bytes():
            body += part
            if len(body) > ANSWER_BYTES or time.monotonic() > until:  # a server may also drip, or never end
                raise httpx.ReadTimeout("too long")
        return answer.status_code, body


def _unavailable(why: str) -> Refusal:
    log.warning("Pro Santé Connect did not answer as it should", extra={"why": why})
    return Refusal("psc.unavailable", retry_after_ms=5000)


def _refused(why: str) -> Refusal:
    log.warning("an answer of Pro Santé Connect was refused", extra={"why": why})
    return Refusal("psc.refused")
