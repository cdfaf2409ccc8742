"""The real stack under faults: two web nodes behind nginx, a worker, a PostgreSQL and a Redis of their own, and proxies between them.

clients ▶ bad wires     ▶ nginx ▶ node 1, node 2 ▶ a wire-aware proxy each ▶ PostgreSQL (clock and disk can be made wrong)
                                                 ▶ one proxy              ▶ Redis
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg

from consult.local.supervise import Child
from tests import live
from tests.proxy import PgProxy, Proxy

from .. import nginx
from .clock import Clock
from .disk import Disk, own_mounts
from .schedule import PEOPLE, Plan
from .wires import Wire

NODE = {
    "HEARTBEAT_MS": "3000",
    "DRAIN_S": "1.5",
    "OUTCOME_S": "3",
    "OUTBOX_BYTES": "300000",
    "REPLAY_EVENTS": "60",
    "RESUME_EVENTS": "150",
    "HANDSHAKES": "50",
    "CONNECTIONS": "1000",
    "LOG_LEVEL": "WARNING",
}
STOPPED_S = 60
CAST = ["sacha", "camille", "nadia", "idris", *(f"writer{n}" for n in range(1, 9))]


class House:
    def __init__(self, services: live.Services, clock: Clock) -> None:
        self.services, self.clock = services, clock
        self.base = live.Stack(services)
        self.people = [services.people[name] for name in CAST[:PEOPLE]]
        self.disk = Disk(services, self.base.database)
        self.redis_proxy = Proxy(lambda: asyncio.open_unix_connection(str(self.base.folder / "r" / "redis.sock")))
        redis_url = f"redis://127.0.0.1:{self.redis_proxy.port}/0"
        self.pg: list[PgProxy] = []
        for n in range(2):
            proxy, url = self.base.proxy()
            self.pg.append(proxy)
            self.base.node(env={**NODE, "REDIS_URL": redis_url}, database_url=url)
            assert self.nodes[n].child.alive()
        self.port = live.free_port()
        self.nginx = nginx.launch(services.family, services.folder / "nginx", self.port, [node.port for node in self.nodes], silent_s=75)
        self.wires = [Wire(lambda: asyncio.open_connection("127.0.0.1", self.port)) for _ in range(3)]  # two that faults use, one that stays sound
        self.worker = self._worker()
        with open(self.base.folder / "acts.log", "ab") as log:
            words = [sys.executable, "-m", "bench.chaos.acts"]
            self.acts = subprocess.Popen(words, cwd=live.CHECKOUT, env=self.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.asked = 0  # acts not answered yet
        self.suspended: set[str] = set()
        self.draining: list[Child] = []
        assert live.wait_for(self._answers, 30), "nginx does not answer"

    @property
    def nodes(self) -> list[live.Node]:
        return self.base.nodes

    def env(self) -> dict[str, str]:
        return {**self.services.env(self.base.database, self.base.redis_url), "LOG_LEVEL": "WARNING"}

    def _worker(self) -> Child:
        with open(self.base.folder / "worker.log", "ab") as log:
            return self.services.family.start("worker", [sys.executable, "manage.py", "worker"], env=self.env(), cwd=live.CHECKOUT, log=log)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False, timeout=5).status_code == 200
        return False

    # --- a run's own rooms -------------------------------------------------------------------

    def rooms(self, plan: Plan) -> tuple[list[str], str]:
        """Two private rooms, a group and a case, as the plan says who is in them; and the crowd's quiet hall."""
        made = []
        for n, members in enumerate(plan.members[:3]):
            who = [self.people[m] for m in members]
            made.append(self.base.room(*who, owner=who[0], kind="group" if n == 2 else "private"))
        asker, *others = [str(self.people[m].id) for m in plan.members[3]]
        made.append(self.act({"do": "ask", "by": asker, "people": others, "id": str(uuid.uuid4())})["room"])
        return made, self.base.room(*self.people)

    def act(self, wish: dict[str, Any]) -> dict[str, Any]:
        self.ask(wish)
        return self.act_answered()

    def ask(self, wish: dict[str, Any]) -> None:
        """An act of a moderator, which may have to wait for the database: `act_answered()` waits for it."""
        assert self.acts.stdin
        self.acts.stdin.write(json.dumps(wish) + "\n")
        self.acts.stdin.flush()
        self.asked += 1

    def act_answered(self) -> dict[str, Any]:
        assert self.acts.stdout
        line = self.acts.stdout.readline()
        assert line, "the process of acts ended"
        self.asked -= 1
        answer: dict[str, Any] = json.loads(line)
        return answer

    # --- whole again -------------------------------------------------------------------------

    def heal(self) -> None:
        """Ends every fault and returns when the stack is whole: every node ready, by its own word."""
        for wire in self.wires:
            wire.well()
        self.redis_proxy.well()
        self.clock.right()
        if not self.services.postmaster.alive():
            self.start_postgres()
        self.writable()
        self.disk.free()
        if not self.worker.alive():
            self.start_worker()
        while self.draining:
            self._stopped(self.draining.pop())
        self.base.heal()
        while self.asked:
            self.act_answered()
        for node in self.nodes:
            node.ready()
        assert live.wait_for(self._answers, 20)

    @staticmethod
    def _stopped(child: Child) -> None:
        """A drain ends by itself, soon after DRAIN_S."""
        try:
            child.process.wait(STOPPED_S)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{child.name} does not stop on SIGTERM") from None

    def lift(self) -> None:
        for person in self.suspended:
            self.act({"do": "lift", "by": str(self.people[0].id), "person": person})
        self.suspended.clear()

    def drained(self) -> bool:
        """The worker has done what was left to it."""
        return live.wait_for(lambda: self.base.sql("SELECT count(*) FROM rooms_followup")[0][0] == 0, 20)

    # --- what faults use ----------------------------------------------------------------------

    def admin(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self.services.cluster.sockets), user="consult", dbname="postgres", autocommit=True, options="-c default_transaction_read_only=off"
        ) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def read_only(self) -> None:
        self.admin("ALTER SYSTEM SET default_transaction_read_only = on")
        self.admin("SELECT pg_reload_conf()")

    def writable(self) -> None:
        self.admin("ALTER SYSTEM RESET default_transaction_read_only")
        self.admin("SELECT pg_reload_conf()")

    def start_postgres(self) -> None:
        with self.clock.preloaded():
            self.services.start_postgres()

    def start_worker(self) -> None:
        self.services.family.forget(self.worker)
        self.worker = self._worker()

    def stop(self) -> None:
        assert self.acts.stdin
        self.acts.stdin.close()
        self.acts.wait(20)
        for proxy in (*self.wires, self.redis_proxy):
            proxy.well()
        self.services.family.stop(self.nginx)
        if self.worker.alive():
            self.worker.send(signal.SIGKILL)
        self.base.stop()
        for proxy in (*self.wires, self.redis_proxy):
            proxy.close()
        if self.services.postmaster.alive():
            self.services.family.stop(self.services.postmaster)
        self.disk.close()


@contextlib.contextmanager
def house() -> Iterator[House]:
    own_mounts()
    with contextlib.ExitStack() as ending:
        clock = Clock()
        ending.callback(clock.close)
        with clock.preloaded():
            services = ending.enter_context(live.services())
        made = House(services, clock)
        ending.callback(made.stop)
        yield made
