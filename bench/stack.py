"""The machine under test: a private PostgreSQL (fsync on) and Redis, the contestants' servers, the generator, each on its core."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consult.local import binaries, places, postgres
from consult.local.errors import LocalError
from consult.local.places import Home
from consult.local.services import services
from consult.local.stack import free_port
from consult.local.supervise import Child, Family

from . import seed
from .generator.sockets import wait_for

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / ".bench"
HOST = "127.0.0.1"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, OTHER_CORE = CORES[0], CORES[-1]

# Limits are settings: raised for the bench, and printed with its tables.
RAISED = {
    "COMMANDS_BURST": "100000000",
    "COMMANDS_PER_SECOND": "100000000",
    "POSTS_BURST": "100000000",
    "POSTS_PER_SECOND": "100000000",
    "CONNECTIONS": "100000",
    "HANDSHAKES": "10000",
    "TICKET_S": "600",
    "HELLO_S": "120",
    "HEARTBEAT_MS": "3600000",
    "LOG_LEVEL": "ERROR",
}


POSTGRES_PORT = 5432  # ejabberd's driver knows no unix sockets; the port is part of a socket's name, so it is the usual one


class BenchError(Exception):
    """What keeps the bench from measuring, in one line."""


@dataclass
class Server:
    kind: str
    port: int
    child: Child

    @property
    def roots(self) -> list[int]:
        return [self.child.pid]

    @property
    def beside(self) -> dict[str, list[int]]:
        """Processes of its own whose CPU is shown apart."""
        return {}


@dataclass
class Generator:
    """The load generator's process, spoken to in JSON lines."""

    process: subprocess.Popen[str]

    def __call__(self, do: str, **options: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, **options}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BenchError(f"the generator ended ({self.process.wait(5)})")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{do}: {answer['error']}")
        return answer


@dataclass
class Stack:
    family: Family
    env: dict[str, str]
    generator: Generator
    tokens: list[str] = field(default_factory=list)

    @property
    def databases(self) -> dict[str, list[int]]:
        pids = {c.name: [c.pid] for c in self.family.children}
        return {"postgres": pids["PostgreSQL"], "redis": pids["Redis"]}

    def roots(self, server: Server | None = None) -> dict[str, list[int]]:
        """Whose CPU seconds are counted."""
        found = {**self.databases, "generator": [self.generator.process.pid]}
        return {"server": server.roots, **found, **server.beside} if server else found

    @property
    def redis_socket(self) -> str:
        return self.env["REDIS_URL"].removeprefix("unix://")

    def manage(self, *words: str, **changes: str) -> None:
        self._run([sys.executable, "manage.py", *words], changes)

    def module(self, *words: str, **changes: str) -> None:
        self._run([sys.executable, "-m", *words], changes)

    def _run(self, argv: list[str], changes: dict[str, str]) -> None:
        done = subprocess.run(argv, check=False, cwd=CHECKOUT, env={**self.env, **changes}, capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"{' '.join(argv[1:])}: {done.stderr[-2000:]}")

    def start(self, kind: str, *, core: int | None = SERVER_CORE, **changes: str) -> Server:
        """A contestant's server, on its core (None: on all), ready for sockets."""
        port = free_port(HOST, 0)
        words, env, cwd = COMMANDS[kind](self, port)
        pinned = ["taskset", "-c", str(core) if core is not None else ",".join(map(str, CORES)), *words]
        folder = FOLDER / "logs"
        folder.mkdir(exist_ok=True)
        with open(folder / f"{kind}.log", "ab") as log:
            child = self.family.start(kind, pinned, env={**self.env, **env, **changes}, cwd=cwd, log=log)
        server = Server(kind, port, child)
        try:
            wait_for(unix_socket(port) if kind == "consult-unix" else (HOST, port))
        except OSError as error:
            raise BenchError(f"{kind} did not start; see .bench/logs/{kind}.log") from error
        return server

    def stop(self, server: Server) -> None:
        self.family.stop(server.child)
        unix_socket(server.port).unlink(missing_ok=True)

    def sign_in(self, server: Server) -> None:
        """Everyone signs in once; sessions are rows, so every server of this database knows them."""
        if not self.tokens:
            people = [seed.email(k) for k in range(seed.PEOPLE)]
            self.tokens = self.generator("sign_in", host=HOST, port=server.port, people=people, password=seed.PASSWORD)["tokens"]


def _consult(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    return [sys.executable, "-m", "consult.serve", "--host", HOST, "--port", str(port), "--workers", "1"], RAISED, CHECKOUT


def unix_socket(port: int) -> Path:
    """Where "consult-unix" listens; the port, which nothing else takes, names it."""
    return FOLDER / f"consult-{port}.sock"


def _consult_unix(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    return [sys.executable, "-m", "consult.serve", "--uds", str(unix_socket(port)), "--workers", "1"], RAISED, CHECKOUT


def _consult_two(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    return [sys.executable, "-m", "consult.serve", "--host", HOST, "--port", str(port), "--workers", "2"], RAISED, CHECKOUT


def _tutorial_daphne(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    words = [sys.executable, "-m", "daphne", "-b", HOST, "-p", str(port), "--ping-interval", "3600", "--ping-timeout", "7200", "bench.peers.tutorial.asgi:application"]
    return words, {"DJANGO_SETTINGS_MODULE": "bench.peers.tutorial.settings"}, CHECKOUT


def _tutorial_uvicorn(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
    words = [sys.executable, "-m", "uvicorn", "--host", HOST, "--port", str(port), "--ws-ping-interval", "3600", "--ws-ping-timeout", "7200", "--log-level", "warning"]
    return [*words, "bench.peers.tutorial.asgi:application"], {"DJANGO_SETTINGS_MODULE": "bench.peers.tutorial.settings"}, CHECKOUT


def _node(folder: str, **env: str) -> Any:
    def command(stack: Stack, port: int) -> tuple[list[str], dict[str, str], Path]:
        return ["node", "server.js"], {"PORT": str(port), "REDIS_SOCKET": stack.redis_socket, "NODE_ENV": "production", **env}, install(folder)

    return command


COMMANDS: dict[str, Any] = {
    "consult": _consult,
    "consult-unix": _consult_unix,
    "consult-two": _consult_two,
    "tutorial-daphne": _tutorial_daphne,
    "tutorial-uvicorn": _tutorial_uvicorn,
    "ws": _node("ws"),
    "ws-batching": _node("ws", BATCH="1"),
    "socketio": _node("socketio"),
}


def install(name: str) -> Path:
    """A peer of Node, with the packages of its lock file, in .bench/."""
    source, target = CHECKOUT / "bench" / "peers" / name, FOLDER / name
    target.mkdir(parents=True, exist_ok=True)
    stale = not (target / "package-lock.json").exists() or (source / "package-lock.json").read_bytes() != (target / "package-lock.json").read_bytes()
    for file in ("package.json", "package-lock.json", "server.js", ".npmrc"):
        shutil.copy(source / file, target / file)
    if stale or not (target / "node_modules").is_dir():
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], check=False, cwd=target, capture_output=True, text=True)
        if done.returncode:
            (target / "package-lock.json").unlink()
            raise BenchError(f"npm ci for {name}: {done.stderr[-1000:]}")
    return target


def installed(name: str, package: str) -> str:
    return str(json.loads((FOLDER / name / "node_modules" / package / "package.json").read_text())["version"])


@contextmanager
def stack(*, fresh: bool) -> Iterator[Stack]:
    """Everything but the contestants: started on the second core, ended with the block."""
    os.sched_setaffinity(0, {OTHER_CORE})
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    FOLDER.mkdir(exist_ok=True)
    with contextlib.suppress(LocalError):
        free_port(HOST, POSTGRES_PORT)
        postgres.SETTINGS["listen_addresses"] = HOST
    home = Home(checkout=FOLDER)
    if fresh:
        shutil.rmtree(home.for_postgres(places.person()) / "postgres", ignore_errors=True)
    with Family() as family, services(family, throwaway=False, home=home) as added:
        env = {**os.environ, **added, "PYTHONPATH": str(CHECKOUT)}
        process = subprocess.Popen([sys.executable, "-m", "bench.generator"], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        made = Stack(family, env, Generator(process))
        try:
            made.manage("migrate", "--no-input", "--verbosity", "0")
            made.module("bench.seed")
            yield made
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def postgres_bin() -> Path:
    return binaries.postgres().bin


def ceiling(stack: Stack, n: int, batch: int) -> Server:
    """The writer that the generator is measured against."""
    port = free_port(HOST, 0)
    words = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "bench.generator.ceiling", str(port), str(n), str(batch)]
    child = stack.family.start("ceiling", words, env=stack.env, cwd=CHECKOUT)
    stack.family.until(lambda: _listens(port), seconds=10)
    return Server("ceiling", port, child)


def _listens(port: int) -> bool:
    wanted = f"0100007F:{port:04X}"
    return any(wanted in line and line.split()[3] == "0A" for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
