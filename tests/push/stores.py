"""FCM's and APNs' dialects on this machine: a token endpoint and a send endpoint over HTTP, and HTTP/2 over TLS."""

from __future__ import annotations

import datetime
import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import h2.config
import h2.connection
import h2.events
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


class Fcm:
    """Gives access tokens for assertions that its key verifies, and takes messages that bear one of them."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.got: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.issued = 0
        self.base = ""

    def account(self) -> str:
        return json.dumps({"project_id": "consult-test", "client_email": "push@consult-test.example", "private_key": pem(self.key), "token_uri": f"{self.base}/token"})

    def token(self, form: dict[str, list[str]]) -> tuple[int, Any]:
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        claims = jwt.decode(form["assertion"][0], self.key.public_key(), algorithms=["RS256"], audience=f"{self.base}/token")
        assert claims["scope"].endswith("/auth/firebase.messaging") and 0 < claims["exp"] - time.time() <= 3600
        self.issued += 1
        token = f"access-{self.issued}"
        self.tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3599}

    def send(self, path: str, bearer: str, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        assert path == "/v1/projects/consult-test/messages:send"
        if bearer.removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": {"status": "UNAUTHENTICATED"}}, {}
        if self.answers:
            return self.answers.pop(0)
        assert all(isinstance(v, str) for v in body["message"]["data"].values())
        self.got.append(body["message"])
        return 200, {"name": "projects/consult-test/messages/1"}, {}


@contextmanager
def fcm() -> Iterator[Fcm]:
    made = Fcm()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer, headers = (*made.token(parse_qs(body.decode())), {}) if self.path == "/token" else made.send(self.path, self.headers["Authorization"], json.loads(body))
            text = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


class Apns:
    """HTTP/2 alone, over TLS; takes what bears a provider token that its key verifies."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.answers: list[tuple[int, str]] = []
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        own = ec.generate_private_key(ec.SECP256R1())
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.datetime.now(datetime.UTC)
        cert = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(own, hashes.SHA256())
        )
        (folder / "apns.pem").write_bytes(cert.public_bytes(Encoding.PEM) + pem(own).encode())
        self.trust = ssl.create_default_context(cafile=str(folder / "apns.pem"))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "apns.pem")
        self.context.set_alpn_protocols(["h2"])
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"https://localhost:{self.listening.getsockname()[1]}"

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        token = headers["authorization"].removeprefix("bearer ")
        assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEYID12345", "typ": "JWT"}
        claims = jwt.decode(token, self.key.public_key(), algorithms=["ES256"])
        assert claims["iss"] == "TEAMID1234" and abs(claims["iat"] - time.time()) < 3600
        if self.answers:
            return self.answers.pop(0)
        self.got.append((headers, json.loads(body)))
        return 200, ""

    def serve(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._unless_broken, args=(line,), daemon=True).start()

    def _unless_broken(self, line: socket.socket) -> None:
        with suppress(OSError):  # a client that does not trust us, or leaves
            self._talk(line)

    def _talk(self, plain: socket.socket) -> None:
        with self.context.wrap_socket(plain, server_side=True) as line:
            talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
            talk.initiate_connection()
            line.sendall(talk.data_to_send())
            heads: dict[int, dict[str, str]] = {}
            bodies: dict[int, bytes] = {}
            while data := line.recv(65536):
                for event in talk.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        heads[event.stream_id] = dict(event.headers)
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                        talk.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        status, reason = self.answer(heads[event.stream_id], bodies[event.stream_id])
                        talk.send_headers(event.stream_id, [(":status", str(status))])
                        talk.send_data(event.stream_id, json.dumps({"reason": reason}).encode() if reason else b"", end_stream=True)
                line.sendall(talk.data_to_send())


@contextmanager
def apns(folder: Path) -> Iterator[Apns]:
    made = Apns(folder)
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.listening.close()
