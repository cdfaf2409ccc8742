"""A push service on this machine: takes what a browser's would, checks who sent it, and decrypts it as the browser does (RFC 8291)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hkdf(salt: bytes, secret: bytes, info: bytes, size: int) -> bytes:
    prk = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()[:size]


class Browser:
    """One subscription: its endpoint at the service, and the keys that only it has."""

    def __init__(self, base: str, name: str) -> None:
        self.name, self.endpoint = name, f"{base}/send/{name}"
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), hashlib.sha256(name.encode()).digest()[:16]
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def address(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "p256dh": b64(self.point), "auth": b64(self.auth)}

    def decrypt(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        ikm = _hkdf(self.auth, shared, b"WebPush: info\x00" + self.point + sender, 32)
        key, nonce = _hkdf(salt, ikm, b"Content-Encoding: aes128gcm\x00", 16), _hkdf(salt, ikm, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        text, mark = plain.rstrip(b"\x00")[:-1], plain.rstrip(b"\x00")[-1:]
        assert mark == b"\x02", "the last record"
        return text


@dataclass
class Service:
    base: str
    browsers: dict[str, Browser] = field(default_factory=dict)
    # By name of the browser: the statuses of its next answers ("hang", "cut" are the network's; "silent": none as long as the service is there), then 201.
    answers: dict[str, list[Any]] = field(default_factory=dict)
    retry_after: str = ""
    got: list[tuple[str, dict[str, Any], dict[str, str], float]] = field(default_factory=list)  # name, payload, headers, when
    asked: list[str] = field(default_factory=list)

    def browser(self, name: str) -> Browser:
        self.browsers[name] = Browser(self.base, name)
        return self.browsers[name]

    def payloads(self, name: str) -> list[dict[str, Any]]:
        return [payload for who, payload, _, _ in self.got if who == name]

    def wait(self, count: int, seconds: float = 10) -> list[tuple[str, dict[str, Any], dict[str, str], float]]:
        until = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.got


def check_vapid(authorization: str, origin: str) -> None:
    """RFC 8292: a token for this origin, by the key that is sent beside it, that ends within a day and names whom to ask."""
    scheme, rest = authorization.split(" ", 1)
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
    claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=origin)
    assert 0 < claims["exp"] - time.time() <= 24 * 3600 and claims["sub"].startswith("mailto:")


@contextmanager
def web_push() -> Iterator[Service]:
    """The service, on a free port of 127.0.0.1."""

    closing = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            name = self.path.rsplit("/", 1)[1]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.asked.append(name)
            answer = (service.answers.get(name) or [201]).pop(0)
            if answer == "hang":
                time.sleep(1.5)
            if answer == "silent":
                closing.wait()
            if answer in ("hang", "cut", "silent"):
                self.close_connection = True
                return
            if answer == 201:
                check_vapid(self.headers["Authorization"], service.base)
                payload = json.loads(service.browsers[name].decrypt(body))
                service.got.append((name, payload, dict(self.headers.items()), time.time()))
            self.send_response(answer)
            if service.retry_after:
                self.send_header("Retry-After", service.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads, request_queue_size = True, 512  # a hundred that come at once are not turned away

    server = Server(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
