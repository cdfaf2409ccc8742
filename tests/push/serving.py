"""What the local push services have in common: a scripted answer for each request, and what has come in so far."""

from __future__ import annotations

import base64
import collections
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import orjson


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Answer:
    """What a service says to one request. `after_s` waits first; `cut` closes the connection instead."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    cut: bool = False


HANG = Answer(0, after_s=3600, cut=True)
CUT = Answer(0, cut=True)


@dataclass(frozen=True)
class Push:
    """One accepted request: to whom, what it held once opened, and the headers (lower-case names)."""

    to: str
    payload: Any
    headers: dict[str, str]
    at: float  # time.monotonic() of the answer


class Script:
    """The book of one service. `plan` queues answers for the requests to come, `always` fixes one for an address; without either
    the service answers by its own rules. `received` holds what it accepted, `complaints` what no sender should have sent."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.received: list[Push] = []
        self.complaints: list[str] = []
        self.requests = 0
        self.closing = threading.Event()
        self._next: collections.deque[Answer] = collections.deque()
        self._fixed: dict[str, Answer] = {}

    def plan(self, *answers: Answer) -> None:
        with self.changed:
            self._next.extend(answers)

    def always(self, to: str, answer: Answer | None) -> None:
        with self.changed:
            self._fixed.pop(to, None)
            if answer is not None:
                self._fixed[to] = answer

    def planned(self, to: str) -> Answer | None:
        with self.changed:
            self.requests += 1
            return self._fixed.get(to) or (self._next.popleft() if self._next else None)

    def accept(self, to: str, payload: Any, headers: dict[str, str]) -> None:
        with self.changed:
            self.received.append(Push(to, payload, headers, time.monotonic()))
            self.changed.notify_all()

    def complain(self, what: str) -> None:
        with self.changed:
            self.complaints.append(what)

    def wait_for(self, count: int, seconds: float = 10) -> list[Push]:
        """All that was accepted, once there are so many (or the time is over)."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.received) >= count, seconds)
            return list(self.received)

    def forget(self) -> None:
        with self.changed:
            self.received, self.complaints, self.requests = [], [], 0
            self._next.clear()
            self._fixed.clear()


class HttpService(Script):
    """An HTTP/1.1 server on loopback, one thread a connection. Subclasses answer `asked`."""

    def __init__(self) -> None:
        super().__init__()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm: ClassVar[bool] = True

            def do_POST(self) -> None:
                service.handle(self)

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 512

            def handle_error(self, *_: Any) -> None: ...  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def asked(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.rfile.read(int(headers.get("content-length", 0)))
        answer = self.asked(request.path, headers, body)
        if answer.after_s:
            self.closing.wait(answer.after_s)
        if answer.cut:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        content = b"" if answer.body is None else answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
        request.send_response(answer.status)
        for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
