"""What is more than one of each: a streaming replica, Redis shards, sentinels. All of them really run, on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from consult.local import binaries, places, postgres, redis
from consult.local.supervise import Child
from tests.live import Services, Stack, wait_for
from tests.paths.conftest import cast, clean_cache, own_services, stack

__all__ = ["cast", "clean_cache", "own_services", "replica", "stack"]


class Replica:
    """A streaming replica of the tests' cluster: a base backup that follows by the primary's log."""

    def __init__(self, services: Services) -> None:
        self.services = services
        primary = services.cluster
        copy = primary.server.bin / "pg_basebackup"
        if not copy.exists():
            pytest.skip(f"{primary.server} has no pg_basebackup")
        data, person = services.folder / "standby", places.person()
        places.give(data, person)
        account = {"user": person.uid, "group": person.gid, "extra_groups": []} if person else {}
        words = [copy, "-D", data, "-h", primary.sockets, "-U", postgres.NAME, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, cwd="/", **account)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr
        self.cluster = replace(primary, data=data, sockets=services.folder / "pg2", log=services.folder / "standby.log")
        self.start()

    def start(self) -> None:
        self.child = self.cluster.start(self.services.family)

    def kill(self) -> None:
        """At once, as a lost machine would be."""
        if self.child.alive():
            self.services.family.stop(self.child)

    def url(self, database: str) -> str:
        return f"postgresql://{postgres.NAME}@/{database}?host={self.cluster.sockets}"

    def ask(self, query: str, database: str = "postgres") -> Any:
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None

    def has(self, database: str) -> bool:
        """Whether this database has arrived."""
        return bool(self.ask(f"SELECT count(*) FROM pg_database WHERE datname = '{database}'"))

    def pause(self) -> None:
        self.ask("SELECT pg_wal_replay_pause()")
        assert wait_for(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def freeze(self) -> list[int]:
        """SIGSTOP to the server and all its sessions; who they are."""
        pids = [self.child.pid]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.child.pid:
                    pids.append(int(stat.parent.name))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        return pids

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")


def thaw(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def following(services: Services) -> Iterator[Replica]:
    made = Replica(services)
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="session")
def standby(own_services: Services) -> Iterator[Replica]:
    with following(own_services) as made:
        yield made


@pytest.fixture
def replica(standby: Replica) -> Iterator[Replica]:
    """The replica, following; a test may pause or kill it."""
    yield standby
    if not standby.child.alive():
        standby.start()
    standby.resume()


# --- Redis, more than one -----------------------------------------------------


def launch(stack: Stack, folder: Path, *words: str | Path) -> Child:
    """A Redis of our own words, in a folder of its own."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with open(folder / "redis.log", "ab") as log:
        return stack.services.family.start("Redis", [binaries.redis().path, *words], cwd=folder, log=log, ending=redis.ENDING)


def end(stack: Stack, child: Child) -> None:
    """kill -9."""
    child.send(signal.SIGKILL)
    child.process.wait(10)
    stack.services.family.forget(child)


def answering(port: int) -> bool:
    from redis import Redis, RedisError

    try:
        with Redis(port=port, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False
