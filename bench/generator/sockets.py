"""Opening sockets: sign-in and tickets over HTTP, the upgrade, and each contestant's own greeting.

An adapter knows how a contestant's client greets and how a post looks; nothing else in the generator knows who it talks to.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARK = b"^^^"  # begins every body; no header of a frame and no field of an envelope holds it
BODY = 250  # bytes of every message's text
AT_ONCE = 50  # sockets opened side by side
PATIENCE = 60.0
_FILLER = (
    " Avis demande: lesion pigmentee de l'avant-bras, bords irreguliers, evolution sur trois mois, pas de prurit, pas d'antecedent familial; photographie jointe au dossier, "
    "merci de vos avis sur la conduite a tenir avant exerese et sur le delai raisonnable ici."
)


def body(serial: int) -> str:
    return f"^^^{serial:08d}{_FILLER}"[:BODY]


def frame(text: bytes) -> bytes:
    """A client's text frame; the mask is zero, which is valid and costs the generator nothing."""
    n = len(text)
    head = struct.pack("!BB", 0x81, 0x80 | n) if n < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, n) if n < 65536 else struct.pack("!BBQ", 0x81, 0x80 | 127, n)
    return head + b"\0\0\0\0" + text


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(opcode, payload) of the complete server frames at the start of some bytes."""
    at, end = 0, len(data)
    while at + 2 <= end:
        n, start = data[at + 1] & 0x7F, at + 2
        if n == 126:
            if start + 2 > end:
                return
            n, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        elif n == 127:
            if start + 8 > end:
                return
            n, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        if start + n > end:
            return
        yield data[at] & 0x0F, data[start : start + n]
        at = start + n


@dataclass
class Client:
    """One open socket. `room` is where it posts."""

    sock: socket.socket
    room: str = ""
    data: bytearray = field(default_factory=bytearray)  # received during the greeting, not yet understood

    def pull(self) -> None:
        more = self.sock.recv(65536)
        if not more:
            raise ConnectionError(f"closed by the server after {bytes(self.data[-200:])!r}")
        self.data += more

    def next(self) -> bytes:
        """The payload of the next text frame, while greeting."""
        while True:
            for opcode, payload in frames(self.data):
                size = len(payload)
                del self.data[: size + (2 if size < 126 else 4 if size < 65536 else 10)]
                if opcode == 1:
                    return payload
                if opcode == 8:
                    raise ConnectionError(f"closed by the server: {payload!r}")
                break
            else:
                self.pull()

    def until(self, what: bytes) -> bytes:
        while what not in (text := self.next()):
            if b'"refused"' in text:
                raise ConnectionError(text.decode())
        return text


class Adapter:
    """The simplest contestant: an upgrade, and text frames both ways."""

    checked = True  # whether messages are numbered as they were sent
    framed = True  # in WebSocket messages
    ack = b""  # what an acknowledgement holds, where posts are acknowledged
    path = "/"

    def __init__(self, *, host: str, port: int, path: str = "", rooms: Sequence[str] = ("lobby",), **options: Any) -> None:
        self.host, self.port, self.rooms, self.options = host, port, rooms, options
        self.path = path or self.path
        self.run = uuid.uuid4().hex  # no client id is ever used twice

    def prepare(self, n: int) -> None:
        """What is needed before sockets are opened."""

    def upgrade(self, i: int) -> bytes:
        return (
            f"GET {self.path.format(room=self.rooms[i % len(self.rooms)])} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"{self.headers()}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def headers(self) -> str:
        return f"Origin: http://{self.host}:{self.port}\r\n"

    def connect(self) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def open(self, n: int, first: int = 0) -> list[Client]:
        """Opens n sockets, some side by side, and leaves them greeted."""
        self.prepare(n)
        made: list[Client] = []
        for start in range(first, first + n, AT_ONCE):
            some = range(start, min(start + AT_ONCE, first + n))
            clients = [Client(self.connect(), self.rooms[i % len(self.rooms)]) for i in some]
            for i, client in zip(some, clients, strict=True):
                client.sock.sendall(self.upgrade(i))
            for client in clients:
                while b"\r\n\r\n" not in client.data:
                    client.pull()
                head, _, rest = bytes(client.data).partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 101"):
                    raise ConnectionError(head.decode(errors="replace"))
                client.data[:] = rest
            for step in self.steps():
                for i, client in zip(some, clients, strict=True):
                    step(client, i)
            made += clients
        return made

    def steps(self) -> Sequence[Any]:
        return ()

    def post(self, client: Client, serial: int, text: str) -> bytes:
        return frame(json.dumps({"message": text}).encode())


class Tutorial(Adapter):
    path = "/ws/chat/{room}/"


class Ws(Adapter):
    path = "/{room}"

    def post(self, client: Client, serial: int, text: str) -> bytes:
        return frame(b'{"message":"' + text.encode() + b"." * self.options.get("envelope", 0) + b'"}')


class SocketIo(Adapter):
    path = "/socket.io/?EIO=4&transport=websocket"

    def steps(self) -> Sequence[Any]:
        return (
            lambda client, i: client.until(b'"sid"'),
            lambda client, i: client.sock.sendall(frame(b"40")),
            lambda client, i: client.until(b"40{"),
            lambda client, i: client.sock.sendall(frame(b'42["join","' + client.room.encode() + b'"]')),
            lambda client, i: client.until(b"joined"),
        )

    def post(self, client: Client, serial: int, text: str) -> bytes:
        return frame(b'42["post","' + text.encode() + b'"]')


class Consult(Adapter):
    """Real accounts that signed in over HTTP, a ticket a socket, hello, then room.enter of `enters` rooms each."""

    path = "/ws/v1/"
    ack = b'"type":"ok"'

    def prepare(self, n: int) -> None:
        tokens: list[str] = self.options["tokens"]

        def some(k: int) -> list[str]:
            line = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
            got = []
            for i in range(k, n, 4):
                line.request("POST", "/api/v1/tickets", headers={"X-Session-Token": tokens[i % len(tokens)], "Content-Length": "0"})
                answer = line.getresponse()
                text = answer.read()
                if answer.status != 200:
                    raise ConnectionError(f"no ticket: {answer.status} {text!r}")
                got.append(json.loads(text)["ticket"])
            line.close()
            return got

        with ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(some, range(4)))
        self.tickets = [parts[i % 4][i // 4] for i in range(n)]  # socket i belongs to the person of token i

    def headers(self) -> str:
        return ""

    def steps(self) -> Sequence[Any]:
        hello, enter = self.options.get("resume"), self.options.get("enters", 1)
        return (self._hello(hello), lambda client, i: client.until(b'"type":"ok","ref":1,'), *[step for k in range(enter) for step in self._enter(k)])

    def _hello(self, resume: Any) -> Any:
        def step(client: Client, i: int) -> None:
            ask = {"type": "hello", "ref": 1, "protocols": [1], "ticket": self.tickets[i], "client": "bench/1"}
            if resume:
                ask["resume"] = [{"room": room, "after": None} for room in resume[i % len(resume)]]
            client.sock.sendall(frame(json.dumps(ask).encode()))

        return step

    def _enter(self, k: int) -> Sequence[Any]:
        def ask(client: Client, i: int) -> None:
            room = self.rooms[(i + k) % len(self.rooms)]
            client.sock.sendall(frame(json.dumps({"type": "room.enter", "ref": 2 + k, "room": room, "after": None}).encode()))

        return ask, lambda client, i: client.until(b'"type":"ok","ref":%d,' % (2 + k))

    def post(self, client: Client, serial: int, text: str) -> bytes:
        r = self.run
        id = f"{r[:8]}-{r[8:12]}-4{r[12:15]}-8{r[13:16]}-{serial:012x}"
        return frame(f'{{"type":"message.post","ref":{serial + 1000},"room":"{client.room}","id":"{id}","body":"{text}"}}'.encode())


class Xmpp(Adapter):
    """ejabberd's clients: anonymous sign-in, one multi-user room; the room sends each message back to everyone."""

    framed = False

    def open(self, n: int, first: int = 0) -> list[Client]:
        made = []
        stream = b"<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        for i in range(first, first + n):
            client = Client(self.connect(), self.rooms[i % len(self.rooms)])
            for ask, answer in (
                (stream, b"</stream:features>"),
                (b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", b"<success"),
                (stream, b"</stream:features>"),
                (b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", b"</iq>"),
                (b"<presence to='%s@rooms.localhost/n%d'><x xmlns='http://jabber.org/protocol/muc'/></presence>" % (client.room.encode(), i), b"<subject"),
            ):
                client.data.clear()
                client.sock.sendall(ask)
                while answer not in client.data:
                    client.pull()
            made.append(client)
        return made

    def post(self, client: Client, serial: int, text: str) -> bytes:
        return b"<message to='%s@rooms.localhost' type='groupchat' id='m%d'><body>%s</body></message>" % (client.room.encode(), serial, text.encode().replace(b"'", b"&apos;"))


class Plain(Adapter):
    """The generator's own ceiling: raw TCP, a server that writes prebuilt frames (`bench.generator.ceiling`)."""

    checked = False

    def open(self, n: int, first: int = 0) -> list[Client]:
        return [Client(self.connect()) for _ in range(n)]

    def post(self, client: Client, serial: int, text: str) -> bytes:
        return text.encode() + b"\n"


ADAPTERS: dict[str, type[Adapter]] = {"consult": Consult, "tutorial": Tutorial, "ws": Ws, "socketio": SocketIo, "plain": Plain, "xmpp": Xmpp}


def sign_in(host: str, port: int, people: Sequence[str], password: str) -> list[str]:
    """Session tokens of these people, as a phone gets them."""
    tokens = []
    for email in people:
        line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        line.request("POST", "/_allauth/app/v1/auth/login", json.dumps({"email": email, "password": password}), {"Content-Type": "application/json"})
        answer = json.loads(line.getresponse().read())
        line.close()
        tokens.append(answer["meta"]["session_token"])
    return tokens


def wait_for(where: tuple[str, int] | Path, seconds: float = 60) -> None:
    """Until something listens there: at host and port, or at a unix socket."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.socket(socket.AF_UNIX if isinstance(where, Path) else socket.AF_INET) as tried:
                tried.settimeout(2)
                tried.connect(str(where) if isinstance(where, Path) else where)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


REF = re.compile(rb'"type":"ok","ref":(\d+)')
SERIAL = re.compile(rb"\^\^\^(\d{8})")
