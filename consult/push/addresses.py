"""Where a wake-up may be sent: what a client registers is checked before anything of it is kept.

An endpoint is a URL that this server will post to, chosen by a client: only the push services of PUSH_HOSTS are ever called.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from consult.errors import Refusal

LONGEST = 2048
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")  # what a resolver can be asked for
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_TOKEN = {"fcm": re.compile(r"[A-Za-z0-9_:.\-]{20,1024}"), "apns": re.compile(r"(?:[0-9a-f]{2}){32,100}")}


def checked(courier: str, address: Mapping[str, object]) -> dict[str, str]:
    """The address as it is kept. Raises Refusal device.endpoint, device.keys, device.token, frame.invalid."""
    if courier == "web":
        endpoint, p256dh, auth = (_text(address, name) for name in ("endpoint", "p256dh", "auth"))
        return {"endpoint": endpoint_of(endpoint), "p256dh": _point(p256dh), "auth": _key(auth, 16)}
    token = _text(address, "token")
    if not _TOKEN[courier].fullmatch(token):
        raise Refusal("device.token")
    return {"token": token, **({"sandbox": "1"} if address.get("sandbox") is True else {})}


def expiry(address: Mapping[str, object]) -> datetime | None:
    """When the browser says that its subscription ends. Raises Refusal device.expired, frame.invalid."""
    if address.get("expires_at") is None:
        return None
    try:
        found = datetime.fromisoformat(_text(address, "expires_at"))
    except ValueError:
        raise Refusal("frame.invalid", fields=["address.expires_at"]) from None
    if found.tzinfo is None:
        raise Refusal("frame.invalid", fields=["address.expires_at"])
    if found <= timezone.now():
        raise Refusal("device.expired")
    try:
        return found.astimezone(UTC)
    except OverflowError:  # after the year 9999 there: PostgreSQL would keep it, and no row that holds it could be read again
        raise Refusal("frame.invalid", fields=["address.expires_at"]) from None


def digest(courier: str, address: Mapping[str, str]) -> bytes:
    """SHA-256 of what names the device at its push service: one address, one owner."""
    named = _one_spelling(address["endpoint"]) if "endpoint" in address else address["token"]
    return hashlib.sha256(f"{courier} {named}".encode()).digest()


def _one_spelling(endpoint: str) -> str:
    """Of all that mean the same (RFC 3986, section 6.2): otherwise one browser could be registered under as many addresses as it has spellings."""

    def unescaped(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()

    url = httpx.URL(_ESCAPED.sub(unescaped, endpoint))
    return str(url if url.query else url.copy_with(query=None))


def endpoint_of(text: str) -> str:
    """An endpoint of a push service that is allowed. Raises Refusal device.endpoint."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        called = httpx.URL(text).host  # by the library that will call it: two readings of one address are a way in
    except (ValueError, httpx.InvalidURL):
        raise Refusal("device.endpoint") from None
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text and len(text) <= LONGEST
    bare = parts.username is None and parts.password is None and "#" not in text
    if parts.scheme not in ("http", "https") or not plain or not bare or called != host or not _allowed(host):
        raise Refusal("device.endpoint")
    if loopback(host):
        return text
    if parts.scheme != "https" or port not in (None, 443):
        raise Refusal("device.endpoint")
    return text


def _allowed(host: str) -> bool:
    if (_literal(host) or not _NAME.fullmatch(host)) and not loopback(host):
        return False
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:]) and len(host) >= len(one)) for one in settings.PUSH_HOSTS)


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit() or host.startswith("0x")
    return True


def loopback(host: str) -> bool:
    """This machine: only where it was started for development, and only when PUSH_HOSTS names it."""
    return bool(settings.LOCAL) and host in ("127.0.0.1", "localhost") and host in settings.PUSH_HOSTS


def public(ip: str) -> bool:
    """Whether a name's address lies outside of this network: a name can point anywhere, whatever it is called."""
    found = ipaddress.ip_address(ip)
    if isinstance(found, ipaddress.IPv6Address):  # one that stands for an IPv4 address reaches wherever that one is
        inner = found.ipv4_mapped or found.sixtofour or (ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not found.is_multicast


def _text(address: Mapping[str, object], name: str) -> str:
    value = address.get(name)
    if not isinstance(value, str):
        raise Refusal("frame.invalid", fields=[f"address.{name}"])
    return value


def _key(text: str, size: int) -> str:
    """Base64url without padding, as browsers give it (RFC 8291, section 2)."""
    try:
        if len(text) > 200 or len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) != size or re.search(r"[^A-Za-z0-9_\-]", text.rstrip("=")):
            raise Refusal("device.keys")
    except ValueError:
        raise Refusal("device.keys") from None
    return text.rstrip("=")


def _point(text: str) -> str:
    key = _key(text, 65)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    except ValueError:
        raise Refusal("device.keys") from None
    return key
