"""Real servers for whole paths: a PostgreSQL and a Redis of the tests' own, server processes, and strict clients.

`Services` starts the cluster and makes one migrated template with the cast, `Stack` is one database with one Redis and any
number of server processes before them, `Socket` is one connection that notes every breach of the protocol in `faults`.
As a command (`python -m tests.live seed|batches`) it runs inside Django on the database that DATABASE_URL names.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import websockets
from websockets.asyncio.client import connect

from consult.local import places, postgres, redis
from consult.local.supervise import Child, Family
from tests.proxy import PgProxy

CHECKOUT = Path(__file__).resolve().parents[1]
MIGRATED, TEMPLATE = "migrated", "paths"
KEPT = "CONSULT_TESTS_KEPT"
# The protocol says 1 s for rights and 2 s for holes. The machine that runs the tests may be slow: so much longer is waited.
PATIENCE = float(os.environ.get("PATHS_PATIENCE", "4"))
RIGHTS_S, HEAL_S = 1 * PATIENCE, 2 * PATIENCE
OUTCOME_S = 2  # of the nodes behind proxies
# Limits are not what these tests are about.
NO_LIMITS = dict.fromkeys(("POSTS_BURST", "POSTS_PER_SECOND", "COMMANDS_BURST", "COMMANDS_PER_SECOND", "ROOMS"), "1000000")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


async def until(what: Callable[[], Any], seconds: float = 15) -> bool:
    """Asks again and again; whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


# --- services ----------------------------------------------------------------


class Children(Family):
    """consult.local's children, under a parent that keeps its own signal handlers.

    The kernel ends a child with the thread that forked it: so none is started in `asyncio.to_thread`.
    """

    def start(self, *args: Any, **kwargs: Any) -> Child:
        assert threading.current_thread() is threading.main_thread(), "a child dies with the thread that started it"
        return super().start(*args, **kwargs)

    def _sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, 0.05)))


@dataclass(frozen=True)
class Someone:
    name: str
    id: uuid.UUID
    personal: str
    token: str  # of a session that the template holds: an app's X-Session-Token

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Session-Token": self.token}


@contextlib.contextmanager
def _kept() -> Iterator[Path | None]:
    """The folder of this run that one `Services` at a time may look into, where `python -m tests` made one."""
    if KEPT not in os.environ:
        yield None
        return
    folder = Path(os.environ[KEPT])
    with open(folder / "seeding", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


class Services:
    """One throwaway cluster, with the templates that every stack's database is copied from: migrated, and migrated with the cast."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.family, self.secret = folder, Children(), secrets.token_hex(32)
        self.names = itertools.count(1)
        person = places.person()
        places.give(folder / "data", person)
        self.cluster = postgres.throwaway(places.Home(), folder, person)
        with _kept() as kept:
            if kept and (kept / "cast.json").exists():
                self._take(kept)
            else:
                cast = self._make()
                if kept:
                    self._leave(kept, cast)

    def _make(self) -> str:
        self.postmaster = self.cluster.start(self.family)
        self.admin(f"CREATE DATABASE {MIGRATED}")
        self._django(MIGRATED, "manage.py", "migrate", "--verbosity=0")
        self.admin(f"CREATE DATABASE {TEMPLATE} TEMPLATE {MIGRATED}")
        cast = self._django(TEMPLATE, "-m", "tests.live", "seed").splitlines()[-1]
        self._know(cast)
        return cast

    def _leave(self, kept: Path, cast: str) -> None:
        self.stop_postgres(signal.SIGINT)
        subprocess.run(["cp", "-a", self.folder / "data", kept / "data"], check=True)
        (kept / "cast.json").write_text(json.dumps([self.secret, cast]))
        self.start_postgres()

    def _take(self, kept: Path) -> None:
        self.secret, cast = json.loads((kept / "cast.json").read_text())
        self._know(cast)
        (self.folder / "data").rmdir()
        subprocess.run(["cp", "-a", kept / "data", self.folder / "data"], check=True)
        self.postmaster = self.cluster.start(self.family)

    def _know(self, cast: str) -> None:
        self.people = {name: Someone(name, uuid.UUID(x["id"]), x["personal"], x["token"]) for name, x in json.loads(cast).items()}

    def _django(self, database: str, *words: str) -> str:
        env = self.env(database, "redis://127.0.0.1:1")
        done = subprocess.run([sys.executable, *words], cwd=CHECKOUT, env=env, check=False, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def admin(self, statement: str) -> None:
        with psycopg.connect(host=str(self.cluster.sockets), user=postgres.NAME, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def url(self, database: str) -> str:
        return f"postgresql://{postgres.NAME}@/{database}?host={self.cluster.sockets}"

    def env(self, database: str, redis_url: str, database_url: str | None = None) -> dict[str, str]:
        ours = {
            "DATABASE_URL": database_url or self.url(database),
            "REDIS_URL": redis_url,
            "SECRET_KEY": self.secret,
            "CONSULT_LOCAL": "1",
            "IMAGES_DIR": str(self.folder / "images" / database),
        }
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "consult.settings", "PYTHONUNBUFFERED": "1", **NO_LIMITS, **ours}

    def new_database(self) -> str:
        name = f"paths_{next(self.names)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        # Should the cluster be killed: what was answered is in its files.
        self.admin(f"ALTER DATABASE {name} SET synchronous_commit = on")
        return name

    # The cluster's own faults

    def _processes(self) -> list[int]:
        parent, found = self.postmaster.pid, [self.postmaster.pid]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(stat.parent.name))
        return found

    def freeze_postgres(self) -> None:
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw_postgres(self) -> None:
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def stop_postgres(self, signum: signal.Signals) -> None:
        """SIGINT ends sessions and writes all; SIGQUIT stops at once, and the next start replays the log."""
        self.postmaster.process.send_signal(signum)
        self.postmaster.process.wait(60)
        self.family.forget(self.postmaster)

    def start_postgres(self) -> None:
        self.postmaster = self.cluster.start(self.family)

    def stop(self) -> None:
        if self.postmaster.alive():
            self.thaw_postgres()
        self.family.stop_all()


@contextlib.contextmanager
def services() -> Iterator[Services]:
    with places.run_folder(places.person(), end=lambda old: postgres.end_leftover(old / "data")) as folder:
        made = Services(folder)
        try:
            yield made
        finally:
            made.stop()


class Node:
    """One started server: `consult.serve` with one worker or several, or Daphne."""

    def __init__(self, stack: Stack, name: str, *, kind: str = "uvicorn", workers: int = 1, env: dict[str, str] | None = None, database_url: str | None = None) -> None:
        self.stack, self.name, self.kind, self.workers = stack, name, kind, workers
        self.extra, self.database_url = env or {}, database_url
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = stack.folder / f"{name}.log"
        self.launch()
        self.ready()

    def words(self) -> list[str]:
        if self.kind == "daphne":
            return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "--no-server-name", "consult.asgi:application"]
        return [sys.executable, "-m", "consult.serve", "--port", str(self.port), "--workers", str(self.workers)]

    def launch(self) -> None:
        services = self.stack.services
        env = {**services.env(self.stack.database, self.stack.redis_url, self.database_url), **self.extra}
        env.pop("PROMETHEUS_MULTIPROC_DIR", None)
        with open(self.log, "ab") as log:
            self.child: Child = services.family.start(self.name, self.words(), env=env, cwd=CHECKOUT, log=log)

    def ready(self) -> None:
        def answers() -> bool:
            assert self.child.alive(), f"{self.name} ended ({self.child.how_it_ended()}):\n{postgres.tail(self.log, 30)}"
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"{self.base}/readyz", trust_env=False, timeout=5).status_code == 200
            return False

        assert wait_for(answers, 60), f"{self.name} did not get ready:\n{postgres.tail(self.log, 30)}"

    def kill(self) -> None:
        """kill -9, its workers too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.process.wait(20)
        self.stack.services.family.forget(self.child)

    def term(self) -> None:
        self.child.process.terminate()

    def stop(self) -> None:
        if self.child.alive():
            os.killpg(self.child.pid, signal.SIGCONT)
        self.kill()

    def figure(self, name: str, **labels: str) -> float:
        """A figure of /metrics, summed over what labels are not given."""
        total = 0.0
        for line in httpx.get(f"{self.base}/metrics", trust_env=False, timeout=10).text.splitlines():
            if line.startswith((f"{name} ", f"{name}{{")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total

    def rss(self) -> int:
        """Resident bytes of the process."""
        return int(next(x for x in Path(f"/proc/{self.child.pid}/status").read_text().splitlines() if x.startswith("VmRSS")).split()[1]) * 1024


class Stack:
    """One database, one Redis, and the servers before them."""

    def __init__(self, services: Services) -> None:
        self.services, self.database = services, services.new_database()
        self.folder = Path(tempfile.mkdtemp(prefix="s", dir=services.folder))
        self.redis, self.redis_url = redis.start(services.family, self.folder / "r")
        self.redis_words = list(self.redis.process.args)  # type: ignore[arg-type]
        self.nodes: list[Node] = []
        self.proxies: list[PgProxy] = []
        self.people = services.people
        self.connection: psycopg.Connection[Any] | None = None

    def node(self, **how: Any) -> Node:
        node = Node(self, f"node-{len(self.nodes) + 1}", **how)
        self.nodes.append(node)
        return node

    def proxy(self) -> tuple[PgProxy, str]:
        """A proxy before PostgreSQL, and the URL that leads through it."""
        path = str(self.services.cluster.sockets / ".s.PGSQL.5432")
        proxy = PgProxy(lambda: asyncio.open_unix_connection(path))
        self.proxies.append(proxy)
        return proxy, f"postgresql://{postgres.NAME}@127.0.0.1:{proxy.port}/{self.database}?sslmode=disable&gssencmode=disable"

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        for proxy in self.proxies:
            proxy.close()
        self.hang_up()
        if self.redis.alive():
            self.redis.send(signal.SIGCONT)
            self.services.family.stop(self.redis)

    # Redis

    def stop_redis(self) -> None:
        self.redis.process.kill()
        self.redis.process.wait(10)
        self.services.family.forget(self.redis)

    def start_redis(self) -> None:
        with open(self.folder / "r" / "redis.log", "ab") as log:
            self.redis = self.services.family.start("Redis", self.redis_words, cwd=self.folder / "r", log=log, ending=redis.ENDING)
        assert wait_for(lambda: redis.answers(self.folder / "r" / "redis.sock"), 20)

    def freeze_redis(self) -> None:
        self.redis.send(signal.SIGSTOP)

    def thaw_redis(self) -> None:
        self.redis.send(signal.SIGCONT)

    def heal(self) -> None:
        """Ends whatever fault a test may have left."""
        for proxy in self.proxies:
            proxy.well()
        if not self.redis.alive():
            self.start_redis()
        self.thaw_redis()
        for node in self.nodes:
            if not node.child.alive():
                self.services.family.forget(node.child)
                node.launch()
                node.ready()

    # SQL

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.services.url(self.database), autocommit=True, connect_timeout=5)

    def sql(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        if self.connection is None or self.connection.closed:
            self.connection = self.connect()
        try:
            cursor = self.connection.execute(query, params or None)  # type: ignore[call-overload]
        except psycopg.OperationalError:  # another test restarted PostgreSQL
            self.hang_up()
            self.connection = self.connect()
            cursor = self.connection.execute(query, params or None)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []

    def room(self, *members: Someone, kind: str = "private", owner: Someone | None = None, **fields: Any) -> str:
        """A room with these members, as if it had always been there."""
        id = uuid.uuid4()
        self.sql(
            "INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, listed, slow_mode, moderators_live, created_at) "
            "VALUES (%s, %s, %s, '', %s, 0, 0, %s, 0, 0, now())",
            id,
            kind,
            fields.get("title", "A room"),
            secrets.token_hex(6),
            kind == "group",
        )
        for member in members:
            self.sql(
                "INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at) VALUES (%s, %s, %s, 0, 0, false, now())",
                id,
                member.id,
                "owner" if member == owner else "member",
            )
        return str(id)

    def log(self, room: str) -> list[tuple[int, str, str | None]]:
        """What the database says: (seq, kind, message)."""
        found = self.sql("SELECT seq, kind, coalesce(message_id::text, data->>'message') FROM rooms_event WHERE room_id = %s ORDER BY seq", room)
        return [(seq, kind, message) for seq, kind, message in found]

    def bodies(self, room: str) -> list[str]:
        return [b for (b,) in self.sql("SELECT body FROM rooms_message WHERE room_id = %s ORDER BY seq", room)]


# --- clients -----------------------------------------------------------------


class Refused(Exception):
    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(f"{frame.get('code')}: {frame.get('message')}")
        self.frame, self.code, self.temporary = frame, str(frame.get("code")), frame.get("temporary") is True


class Gone(Exception):
    """The connection ended before an answer."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed {code}")
        self.code = code


async def http(node: Node, who: Someone | None, method: str, path: str, *, timeout: float = 20, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=node.base, trust_env=False, verify=False, timeout=timeout) as client:
        return await client.request(method, path, headers={**(who.headers if who else {}), **(headers or {})}, **more)


async def patiently(node: Node, who: Someone | None, method: str, path: str, **more: Any) -> httpx.Response:
    """As a client does: what is refused for the moment is asked again."""
    deadline = time.monotonic() + 20
    while True:
        answer = await http(node, who, method, path, **more)
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer
        assert answer.json()["temporary"] is True
        await asyncio.sleep(0.1)


async def sign_in(node: Node, name: str, password: str | None = None) -> tuple[httpx.Response, str]:
    """Signs in as an app does; the answer and the session token."""
    from tests.people import PASSWORD

    answer = await http(node, None, "POST", "/_allauth/app/v1/auth/login", json={"email": f"{name}@example.org", "password": password or PASSWORD})
    return answer, (answer.json().get("meta") or {}).get("session_token", "")


@dataclass
class Socket:
    """One connection, faithful to the wire. Within a run every event follows its predecessor, else `faults` says so."""

    who: Someone
    ws: Any
    node: Node
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heard_at: dict[tuple[str, int], float] = field(default_factory=dict)  # (room, seq) -> when, by the monotonic clock
    left_at: dict[str, float] = field(default_factory=dict)
    expect: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, str] = field(default_factory=dict)
    waiting: dict[int, tuple[asyncio.Future[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    resumes: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)  # all but events and answers
    faults: list[str] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    hello: dict[str, Any] = field(default_factory=dict)
    closed: int | None = None
    closed_at: float = 0.0

    def __post_init__(self) -> None:
        self.refs = itertools.count(1)
        self.reading = asyncio.Event()
        self.reading.set()
        self.task = asyncio.create_task(self._read())

    @classmethod
    async def knock(cls, node: Node, who: Someone, *, rcvbuf: int | None = None) -> Socket:
        """A connection that has not said hello."""
        more: dict[str, Any] = {}
        if rcvbuf:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", node.port))
            more["sock"] = sock
        url = f"ws://127.0.0.1:{node.port}/ws/v1/"
        ws = await connect(url, compression=None, max_size=None, max_queue=4, ping_interval=None, close_timeout=2, open_timeout=20, proxy=None, **more)
        return cls(who, ws, node)

    @classmethod
    async def open(cls, node: Node, who: Someone, *, resume: dict[str, dict[str, Any] | None] | None = None, rcvbuf: int | None = None) -> Socket:
        """Ticket, connection, hello."""
        answer = await patiently(node, who, "POST", "/api/v1/tickets")
        if answer.status_code != 200:
            raise Refused(answer.json())
        self = await cls.knock(node, who, rcvbuf=rcvbuf)
        self.resumes = dict(resume or {})
        more = {"resume": [{"room": room, "after": after} for room, after in resume.items()]} if resume else {}
        self.hello = await self.call("hello", protocols=[1], ticket=answer.json()["ticket"], client="paths/1", **more)
        return self

    async def _read(self) -> None:
        try:
            while True:
                await self.reading.wait()
                message = json.loads(await self.ws.recv())
                for frame in message if isinstance(message, list) else [message]:
                    self._take(frame)
        except websockets.ConnectionClosed as end:
            self.closed = end.rcvd.code if end.rcvd else 1006
        except asyncio.CancelledError:
            self.closed = self.closed or 1000
        self.closed_at = time.monotonic()
        for answer, _ in self.waiting.values():
            if not answer.done():
                answer.set_exception(Gone(self.closed))
                answer.exception()
        self.waiting.clear()

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in ("ok", "refused"):
            self._answer(frame)
        elif kind == "event":
            self._event(frame)
        else:
            self.frames.append(frame)
            if kind == "entered":
                self._entered(self.resumes.pop(frame["room"], None), frame)
            elif kind == "left":
                self.left_at[frame["room"]] = time.monotonic()
                self.expect.pop(frame["room"], None)

    def _answer(self, frame: dict[str, Any]) -> None:
        ref = frame["ref"]
        if ref is None:
            self.frames.append(frame)  # why the socket is about to be closed
            return
        if ref not in self.waiting:
            self.faults.append(f"answer to {ref}, which waits for none: {frame}")
            return
        self.answered.append(ref)
        answer, asked = self.waiting.pop(ref)
        if frame["type"] == "ok" and asked["type"] == "room.enter":
            self._entered(asked["after"], frame)
        elif frame["type"] == "ok" and asked["type"] == "room.leave":
            self.expect.pop(asked["room"], None)
        elif frame["type"] == "ok" and asked["type"] == "hello":
            own = frame["personal"]
            if own["room"] not in self.resumes:
                self.expect[own["room"]], self.epochs[own["room"]] = own["head"]["seq"] + 1, own["head"]["epoch"]
        if not answer.done():
            answer.set_result(frame) if frame["type"] == "ok" else answer.set_exception(Refused(frame))

    def _entered(self, after: dict[str, Any] | None, frame: dict[str, Any]) -> None:
        room, head = frame["room"], frame["head"]
        base = after["seq"] if frame["mode"] == "replay" and after else head["seq"]
        if frame["mode"] == "replay" and (not after or after["epoch"] != head["epoch"]):
            self.faults.append(f"replay after {after} with head {head}")
        self.expect[room], self.epochs[room] = base + 1, head["epoch"]

    def _event(self, frame: dict[str, Any]) -> None:
        room, seq = frame["room"], frame["seq"]
        if self.expect.get(room) != seq:
            self.faults.append(f"event {seq} of {room} where {self.expect.get(room)} was next")
        if frame["epoch"] != self.epochs.get(room):
            self.faults.append(f"event {seq} of {room} with epoch {frame['epoch']}")
        self.expect[room] = seq + 1
        self.heard_at[room, seq] = time.monotonic()
        self.events.setdefault(room, []).append(frame)

    # Commands

    async def start(self, type: str, **fields: Any) -> asyncio.Future[dict[str, Any]]:
        """Sends a command; the future brings its ok, or Refused or Gone."""
        if self.closed is not None:
            raise Gone(self.closed)
        ref, answer = next(self.refs), asyncio.get_running_loop().create_future()
        self.waiting[ref] = answer, {"type": type, **fields}
        try:
            await self.ws.send(json.dumps({"type": type, "ref": ref, **fields}))
        except websockets.ConnectionClosed:
            await asyncio.wait([self.task], timeout=5)
            raise Gone(self.closed or 1006) from None
        return answer

    async def call(self, type: str, *, timeout: float = 30, **fields: Any) -> dict[str, Any]:
        return await asyncio.wait_for(await self.start(type, **fields), timeout)

    async def enter(self, room: str, after: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self.call("room.enter", room=room, after=after)

    async def post(self, room: str, body: str, *, id: str | None = None, **more: Any) -> dict[str, Any]:
        return await self.call("message.post", room=room, id=id or str(uuid.uuid4()), body=body, **more)

    # What was heard

    def tip(self, room: str) -> int:
        return self.expect.get(room, 1) - 1

    def after(self, room: str) -> dict[str, Any]:
        return {"epoch": self.epochs[room], "seq": self.tip(room)}

    def log(self, room: str) -> list[tuple[int, str, str | None]]:
        return [(e["seq"], e["kind"], e["data"].get("message")) for e in self.events.get(room, [])]

    def bodies(self, room: str) -> list[str]:
        return [e["data"]["body"] for e in self.events.get(room, []) if e["kind"] == "message.posted"]

    def of_type(self, type: str) -> list[dict[str, Any]]:
        return [f for f in self.frames if f["type"] == type]

    async def close_code(self, seconds: float = 20) -> int | None:
        """The code it was closed with, or None where it stays open."""
        await asyncio.wait([self.task], timeout=seconds)
        return self.closed

    async def close(self) -> None:
        self.reading.set()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.ws.close(), 5)
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert not self.faults, self.faults


@contextlib.asynccontextmanager
async def sockets(*wanted: tuple[Node, Someone]) -> Any:
    """Opens one socket each, and in the end closes all and looks at their faults."""
    opened = [await Socket.open(node, who) for node, who in wanted]
    try:
        yield opened
    except BaseException:
        for one in opened:
            one.task.cancel()
            one.ws.transport.abort()
        raise
    for one in opened:
        await one.close()


async def pages(node: Node, who: Someone, room: str, limit: int = 200) -> list[dict[str, Any]]:
    """The whole log over HTTP, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await patiently(node, who, "GET", f"/api/v1/rooms/{room}/events", params={"after": len(found), "limit": limit})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["events"]
        if not page["events"] or len(found) >= page["head"]:
            return found


async def one_log(stack: Stack, room: str, *heard: Socket, reader: Someone | None = None, seconds: float = HEAL_S) -> list[tuple[int, str, str | None]]:
    """Asserts that database, HTTP and these sockets (all of which entered at the start) hold the same gapless log."""
    rows = stack.log(room)
    head = stack.sql("SELECT last_seq, last_post_no FROM rooms_room WHERE id = %s", room)[0]
    assert [seq for seq, *_ in rows] == list(range(1, head[0] + 1)), "a hole in the log"
    posts = stack.sql("SELECT post_no, seq FROM rooms_message WHERE room_id = %s ORDER BY seq", room)
    assert [no for no, _ in posts] == list(range(1, head[1] + 1)), "a hole in the posts' own count"
    assert len({message for _, kind, message in rows if kind == "message.posted"}) == len(posts)
    for one in heard:
        assert await until(lambda one=one: one.tip(room) >= head[0] or one.closed is not None, seconds), f"{one.who.name} stands at {one.tip(room)} of {head[0]}"  # type: ignore[misc]
        assert one.log(room) == rows[len(rows) - len(one.log(room)) :], f"{one.who.name} heard another order"
        assert not one.faults, one.faults
    someone = reader or (heard[0].who if heard else None)
    if someone is not None:
        for node in stack.nodes:
            events = await pages(node, someone, room)
            assert [(e["seq"], e["kind"], e["data"].get("message")) for e in events] == rows
            times = [e["at"] for e in events]
            assert times == sorted(times), "time went back"
    return rows


# --- inside Django -----------------------------------------------------------


def _seed() -> None:
    """Makes the cast in a migrated database, and prints {name: {id, personal, token}}."""
    from consult.rooms.actions import personal
    from tests import people

    cast = [people.camille(), people.nadia(), people.idris(), people.helene(), people.tessard(), people.soizic(), people.moderator(), people.unverified()]
    cast += [people.person(f"writer{n}", family_name="Test", profession="10") for n in range(1, 9)]
    print(json.dumps({p.email.partition("@")[0]: {"id": str(p.pk), "personal": str(personal.room_of(p.pk)), "token": people.session_of(p)} for p in cast}))


def _batches(plan: dict[str, Any]) -> None:
    """Posts `plan["batches"]` (lists of {room, person, id, body}) straight through post_many, over some threads; prints the answers."""
    from concurrent.futures import ThreadPoolExecutor

    from consult.database import own_connection
    from consult.errors import Refusal
    from consult.rooms.actions.messages import Post, post_many

    def run(batch: Sequence[dict[str, str]]) -> list[Any]:
        posts = [Post(uuid.UUID(p["room"]), uuid.UUID(p["person"]), uuid.UUID(p["id"]), p["body"]) for p in batch]
        return [{"code": a.code} if isinstance(a, Refusal) else a for a in post_many(posts)]

    with ThreadPoolExecutor(plan["threads"], initializer=own_connection) as pool:
        print(json.dumps(list(pool.map(run, plan["batches"]))))


def batches_of(stack: Stack, plan: dict[str, Any]) -> subprocess.Popen[str]:
    """A process of its own that runs `_batches`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.live", "batches"],
        cwd=CHECKOUT,
        env=stack.services.env(stack.database, stack.redis_url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    process.stdin = None
    return process


def shuffled(items: Sequence[Any], seed: int) -> list[Any]:
    made = list(items)
    random.Random(seed).shuffle(made)
    return made


if __name__ == "__main__":
    import django

    django.setup()
    _seed() if sys.argv[1] == "seed" else _batches(json.loads(sys.stdin.read()))
