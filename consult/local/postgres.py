"""One private PostgreSQL cluster: made once, started on a unix socket only, made sound again after any death."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from . import binaries, places
from .binaries import Postgres
from .errors import LocalError, say
from .supervise import Child, Family, Person

NAME = "consult"  # of the database and of its owner, who is superuser of this cluster
EXTENSIONS = ("pg_trgm", "unaccent", "citext", "btree_gin")
SETTINGS = {"listen_addresses": "", "max_connections": "200", "unix_socket_permissions": "0700"}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_S = 60
# SIGINT: sessions end, all is written. SIGQUIT: at once, and the next start replays the log.
ENDING = ((signal.SIGINT, 30), (signal.SIGQUIT, 5))
THROWAWAY_ENDING = ((signal.SIGQUIT, 5),)
LOG_LIMIT = 10_000_000


@dataclass(frozen=True)
class Cluster:
    """Where one cluster lives, and what serves it."""

    server: Postgres
    data: Path
    sockets: Path
    log: Path
    person: Person | None
    throwaway: bool

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={self.sockets}"

    def start(self, family: Family) -> Child:
        places.give(self.sockets, self.person)
        if not (self.data / "PG_VERSION").exists():
            self._make(family)
        end_leftover(self.data)
        settings = {**SETTINGS, "unix_socket_directories": str(self.sockets)}
        if self.throwaway:
            settings |= THROWAWAY_SETTINGS
        argv: list[str | Path] = [self.server.bin / "postgres", "-D", self.data]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        with open(self.log, "ab") as log:
            child = family.start(
                "PostgreSQL",
                argv,
                env=clean_environment(),
                person=self.person,
                cwd=self.data,
                log=log,
                ending=THROWAWAY_ENDING if self.throwaway else ENDING,
            )
        try:
            ready = family.until(lambda: not child.alive() or self._is_ready(child.pid), seconds=START_S)
        except BaseException:
            family.stop(child)
            raise
        if not ready or not child.alive():
            family.stop(child)
            raise LocalError(f"PostgreSQL did not start; its log {self.log} ends with:\n{tail(self.log)}")
        self._prepare_database()
        return child

    def _is_ready(self, pid: int) -> bool:
        lines = _pid_file(self.data)
        return len(lines) > 7 and lines[0] == str(pid) and lines[7] == "ready"

    def _prepare_database(self) -> None:
        with psycopg.connect(host=str(self.sockets), user=NAME, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")
            rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        missing = set(EXTENSIONS) - {row[0] for row in rows}
        if missing:
            raise LocalError(
                f"{self.server} has no extension {', '.join(sorted(missing))}; install its contrib package "
                f"(Fedora: dnf install postgresql-contrib; Alpine: apk add postgresql-contrib)"
            )

    # Making it

    def _make(self, family: Family) -> None:
        say(f"making a database cluster with {self.server}" + (" …" if self.throwaway else f" in {self.data} …"))
        draft = self.data.with_name(self.data.name + ".new")
        with open(self.log, "ab") as log:
            for locale in locales(self.server.major):
                shutil.rmtree(draft, ignore_errors=True)
                places.give(draft, self.person)
                sync = ["--no-sync"] if self.throwaway else []
                options = ["--username", NAME, "--auth=trust", "--encoding=UTF8", *locale, *sync]
                initdb = family.start(
                    "initdb",
                    [self.server.bin / "initdb", "-D", draft, *options],
                    env=clean_environment(),
                    person=self.person,
                    cwd=draft,
                    log=log,
                )
                if family.wait(initdb) == 0:
                    # Complete, or not there: a start that was killed meanwhile leaves no half cluster.
                    if self.data.exists():
                        self.data.rmdir()
                    draft.rename(self.data)
                    return
        raise LocalError(f"initdb failed; its log {self.log} ends with:\n{tail(self.log)}")


def kept(home: places.Home, sockets: Path, person: Person | None) -> Cluster:
    """`make run`'s: survives, and keeps to the major version it was made with."""
    folder = home.for_postgres(person)
    data = folder / "postgres"
    major = made_by(data)
    try:
        server = binaries.postgres(major=major)
    except binaries.WrongMajor as error:
        raise LocalError(
            f"the data in {data} was made by PostgreSQL {major}, and this machine has "
            f"{', '.join(map(str, error.found))}. Install PostgreSQL {major} (Debian, Ubuntu: apt-get install "
            f"postgresql-{major}), or begin with an empty database: mv {data} {data}-{major}"
        ) from error
    log = folder / "postgres.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    server = runnable(server, home.state, person)
    return Cluster(server=server, data=data, sockets=sockets, log=log, person=person, throwaway=False)


def made_by(data: Path) -> int | None:
    """The major version of the data, should there be any."""
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def throwaway(home: places.Home, folder: Path, person: Person | None) -> Cluster:
    """The tests': without fsync, in a folder that goes away."""
    server = runnable(binaries.postgres(), home.state, person)
    return Cluster(
        server=server,
        data=folder / "data",
        sockets=folder / "pg",
        log=folder / "postgres.log",
        person=person,
        throwaway=True,
    )


def runnable(server: Postgres, state: Path, person: Person | None) -> Postgres:
    """The same server where its account may run it: a wheel under root's home is copied to the state folder."""
    if places.reaches(person, server.bin / "postgres"):
        return server
    if not server.wheel:
        raise LocalError(f"{person and person.name} may not run {server.bin / 'postgres'}")
    package = server.root.parent
    stamp = int((server.bin / "postgres").stat().st_mtime)
    copy = state / f"{package.name}-{server.major}-{stamp}"
    if not copy.exists():
        say(f"copying {server} to {copy}, where {person and person.name} may run it …")
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o755, parents=True)
        # The package and, beside it, the libraries that its binaries look for.
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        draft.rename(copy)
    return Postgres(bin=copy / package.name / server.bin.relative_to(package), major=server.major, wheel=True)


def locales(major: int) -> Iterator[list[str]]:
    """What initdb is tried with: case and letters of all languages, by code point, on every system."""
    if major >= 17:
        yield ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        yield ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    yield ["--locale=C.UTF-8"]
    yield ["--locale-provider=icu", "--icu-locale=und", "--locale=C"]
    yield ["--locale=en_US.UTF-8"]


def clean_environment() -> Mapping[str, str]:
    """Ours without PGDATA, PGPORT, PGOPTIONS …, which would speak for another server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


# After a death


def end_leftover(data: Path, *, seconds: float = 40) -> None:
    """Makes the folder free to start on: ends a server that outlived its supervisor, removes a dead one's traces.

    PostgreSQL believes a pid file whose pid exists, be it a zombie that nobody reaps or, after a restart of the
    machine, somebody else. Its own check of the shared memory block stays.
    """
    lines = _pid_file(data)
    if not lines:
        return
    pid = int(lines[0]) if lines[0].isdigit() else 0
    signals = [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]
    told = False
    while serves(pid, data):
        if not told:
            say("waiting for the PostgreSQL of an earlier start to end …")
            told = True
        if not signals:
            raise LocalError(f"process {pid} still serves {data} and cannot be ended")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signals.pop(0))
        deadline = time.monotonic() + seconds / 2
        while serves(pid, data) and time.monotonic() < deadline:
            time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, data: Path) -> bool:
    """Whether this process is alive and a PostgreSQL server of this folder."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    status = _proc(pid, "stat")
    if status is None:
        # No /proc (macOS): ask ps.
        return _ps_serves(pid, data)
    if not status or status.rpartition(b")")[2].split()[0] in (b"Z", b"X"):
        return False
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
    except OSError:
        return str(data).encode() in (_proc(pid, "cmdline") or b"")


def _proc(pid: int, name: str) -> bytes | None:
    """None where there is no /proc at all, empty where the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b"" if Path("/proc/self/stat").exists() else None


def _ps_serves(pid: int, data: Path) -> bool:
    line = os.popen(f"ps -o stat=,command= -p {pid:d}").read().strip()
    return bool(line) and not line.startswith("Z") and str(data) in line


def _pid_file(data: Path) -> list[str]:
    try:
        text = (data / "postmaster.pid").read_text()
    except OSError:
        return []
    return [line.strip() for line in text.splitlines()] or ["0"]


def tail(log: Path, lines: int = 12) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
