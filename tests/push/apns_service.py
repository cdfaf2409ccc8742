"""APNs on loopback: a real HTTP/2 server (TLS with a certificate of its own authority, or with prior knowledge) that checks like Apple's."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import re
import secrets
import ssl
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.push.serving import Answer, Script


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "apns.test")]), datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "apns.pem", folder / "apns.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate, private


def reason(status: int, text: str, **more: Any) -> Answer:
    return Answer(status, {"reason": text, **more})


class ApnsService(Script):
    """`tls=False` speaks HTTP/2 in clear (prior knowledge), for processes that cannot be given `certificate` to trust."""

    def __init__(self, *, tls: bool = True) -> None:
        super().__init__()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.key_id, self.team, self.topic = "ABC123DEFG", "DEF123GHIJ", "example.consult.app"
        self.devices: set[str] = set()
        self.tokens: list[str] = []  # provider tokens seen, in order, each once
        self.stale: set[str] = set()  # provider tokens that are answered ExpiredProviderToken
        self.connections = 0
        self.folder = tempfile.TemporaryDirectory(prefix="apns-")
        self.certificate, private = _certificate(Path(self.folder.name))
        self.loop = asyncio.new_event_loop()
        context: ssl.SSLContext | None = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, private)
            context.set_alpn_protocols(["h2"])
        started: threading.Event = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(context, started), daemon=True)
        self.thread.start()
        assert started.wait(10)
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def _run(self, context: ssl.SSLContext | None, started: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(self.loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=context, backlog=512))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    @property
    def pem(self) -> str:
        """The .p8 key that Apple gives a team."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()

    @property
    def env(self) -> dict[str, str]:
        return {"APNS_KEY": self.pem, "APNS_KEY_ID": self.key_id, "APNS_TEAM": self.team, "APNS_TOPIC": self.topic, "APNS_URL": self.base, "APNS_SANDBOX_URL": self.base}

    def install(self) -> str:
        token = secrets.token_hex(32)
        self.devices.add(token)
        return token

    def asked(self, headers: dict[str, str], body: bytes) -> Answer:
        path = headers[":path"]
        found = re.fullmatch(r"/3/device/([0-9a-f]+)", path)
        token = found[1] if found else ""
        planned = self.planned(token)
        if planned is not None and planned.status != 200:
            return planned
        if headers[":method"] != "POST":
            return reason(405, "MethodNotAllowed")
        if not found:
            self.complain(f"path {path}")
            return reason(404, "BadPath")
        wrong = self._wrong_sender(headers.get("authorization", "")) or self._wrong(headers, body)
        if wrong is not None:
            if wrong.body["reason"] != "ExpiredProviderToken":
                self.complain(str(wrong.body))
            return wrong
        if token not in self.devices:
            return reason(400, "BadDeviceToken")
        self.accept(token, json.loads(body), headers)
        return Answer(200, headers={"apns-id": headers.get("apns-id", secrets.token_hex(16))})

    def _wrong_sender(self, authorization: str) -> Answer | None:
        token = authorization.removeprefix("bearer ")
        if token == authorization:
            return reason(403, "MissingProviderToken")
        if token not in self.tokens:
            self.tokens.append(token)
        if token in self.stale:
            return reason(403, "ExpiredProviderToken")
        try:
            claims = jwt.decode(token, self.key.public_key(), algorithms=["ES256"], issuer=self.team, options={"require": ["iat", "iss"]})
        except jwt.InvalidTokenError:
            return reason(403, "InvalidProviderToken")
        if jwt.get_unverified_header(token).get("kid") != self.key_id or set(claims) - {"iss", "iat"}:
            return reason(403, "InvalidProviderToken")
        if not time.time() - 3600 < claims["iat"] <= time.time() + 60:
            return reason(403, "ExpiredProviderToken")
        return None

    def _wrong(self, headers: dict[str, str], body: bytes) -> Answer | None:
        if len(body) > 4096:
            return reason(413, "PayloadTooLarge")
        if headers.get("apns-topic") != self.topic:
            return reason(400, "BadTopic")
        if headers.get("apns-push-type") not in ("alert", "background"):
            return reason(400, "InvalidPushType")
        if headers.get("apns-priority", "10") not in ("1", "5", "10"):
            return reason(400, "BadPriority")
        if not re.fullmatch(r"\d+", headers.get("apns-expiration", "0")):
            return reason(400, "BadExpirationDate")
        if len(headers.get("apns-collapse-id", "").encode()) > 64:
            return reason(400, "BadCollapseId")
        try:
            return None if isinstance(json.loads(body)["aps"], dict) else reason(400, "PayloadEmpty")
        except (ValueError, KeyError):
            return reason(400, "PayloadEmpty")

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.folder.cleanup()

    def __enter__(self) -> ApnsService:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class _Connection(asyncio.Protocol):
    """One HTTP/2 connection: streams are answered each in its own time."""

    def __init__(self, service: ApnsService) -> None:
        self.service, self.streams = service, dict[int, tuple[dict[str, str], bytearray]]()
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.service.connections += 1
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.streams[event.stream_id] = (dict(event.headers), bytearray())  # type: ignore[arg-type]
            elif isinstance(event, h2.events.DataReceived):
                self.streams[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                headers, body = self.streams.pop(event.stream_id)
                answer = self.service.asked(headers, bytes(body))
                self.service.loop.call_later(answer.after_s, self.answer, event.stream_id, answer)
            elif isinstance(event, h2.events.StreamReset):
                self.streams.pop(event.stream_id, None)
        self.flush()

    def answer(self, stream: int, answer: Answer) -> None:
        if self.transport.is_closing():
            return
        if answer.cut:
            self.transport.abort()
            return
        try:
            self.h2.send_headers(stream, [(":status", str(answer.status)), *((k.lower(), v) for k, v in answer.headers.items())], end_stream=answer.body is None)
            if answer.body is not None:
                self.h2.send_data(stream, json.dumps(answer.body).encode(), end_stream=True)
        except h2.exceptions.ProtocolError:
            return  # the client gave this stream up
        self.flush()

    def goodbye(self) -> None:
        self.h2.close_connection(h2.errors.ErrorCodes.NO_ERROR)
        self.flush()
        self.transport.close()
