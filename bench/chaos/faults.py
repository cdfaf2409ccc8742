"""How each fault of the schedule begins and how it ends. All of them are real: signals, SQL, a full disk, a network that misbehaves."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable
from typing import Any

import redis as redis_client

from tests.proxy import AFTER_COMMIT

from .schedule import Fault, loser
from .stack import House

Act = Callable[[House, Fault, dict[str, Any]], None]  # the last is the run: its rooms and journal


def _node_killed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    node = house.nodes[fault.options["node"]]
    if node.child.alive():
        node.kill()


def _node_drained(house: House, fault: Fault, run: dict[str, Any]) -> None:
    node = house.nodes[fault.options["node"]]
    if node.child.alive():
        node.term()
        house.draining.append(node.child)


def _node_started(house: House, fault: Fault, run: dict[str, Any]) -> None:
    node = house.nodes[fault.options["node"]]
    if node.child.alive():
        return  # it drains longer than the fault lasts (`heal` starts it), or another fault started it
    house.services.family.forget(node.child)
    node.launch()


# --- Redis ------------------------------------------------------------------------


def _redis(house: House) -> redis_client.Redis[bytes]:
    return redis_client.Redis(unix_socket_path=str(house.base.folder / "r" / "redis.sock"), socket_timeout=2)


def _redis_killed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if house.base.redis.alive():
        house.base.stop_redis()


def _redis_started(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if not house.base.redis.alive():
        house.base.start_redis()
    if fault.name == "redis other data":
        _other_data(house, fault)


def _other_data(house: House, fault: Fault) -> None:
    """What another service left: the names that were here before, of another type, and names of its own."""
    with contextlib.closing(_redis(house)) as client:
        for name in [*fault.options["names"], *(f"other:{n}" for n in range(50))]:
            client.delete(name)
            client.hset(name, "other", random.randbytes(20).hex())


def _redis_other_data(house: House, fault: Fault, run: dict[str, Any]) -> None:
    fault.options["names"] = []
    if house.base.redis.alive():
        with contextlib.closing(_redis(house)) as client, contextlib.suppress(redis_client.TimeoutError):  # it may be frozen
            fault.options["names"] = client.keys("*")
        house.base.stop_redis()


def _redis_frozen(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.base.freeze_redis()


def _redis_thawed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.base.thaw_redis()


def _redis_flushed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if house.base.redis.alive():
        with contextlib.closing(_redis(house)) as client:
            client.flushall()


def _redis_pubsub_killed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if house.base.redis.alive():
        with contextlib.closing(_redis(house)) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


# --- PostgreSQL -------------------------------------------------------------------


def _sessions_ended(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{house.base.database}' AND pid <> pg_backend_pid()")


def _postgres_restarted(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.services.stop_postgres(signal.SIGQUIT if fault.options["at_once"] else signal.SIGINT)
    house.start_postgres()


def _read_only(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.read_only()


def _writable(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.writable()


def _disk_full(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.disk.fill()


def _disk_freed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.disk.free()


def _commit_cut(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.pg[fault.options["node"]].cut(AFTER_COMMIT, times=fault.options["times"])


def _clock_jumps(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.clock.jump(fault.options["by"])


def _clock_right(house: House, fault: Fault, run: dict[str, Any]) -> None:
    house.clock.right()


# --- the network of the clients -----------------------------------------------------


def _net(house: House, fault: Fault, run: dict[str, Any]) -> None:
    wire = house.wires[fault.options["wire"]]
    match fault.name:
        case "net delay":
            wire.delay = fault.options["delay"]
        case "net cut":
            wire.drop()
        case "net half-open":
            wire.freeze()
        case "net one way frozen":
            wire.freeze_way("back")
        case "net fragments":
            wire.fragments = True


def _net_well(house: House, fault: Fault, run: dict[str, Any]) -> None:
    wire = house.wires[fault.options["wire"]]
    wire.well()
    if fault.name == "net half-open":
        wire.drop()


# --- rights and the worker ------------------------------------------------------------


def _member_removed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    owner, member = house.people[0], house.people[loser(run["plan"], fault)]
    house.ask({"do": "remove", "by": str(owner.id), "room": run["rooms"][fault.options["room"]], "person": str(member.id), "journal": run["acts"]})


def _member_suspended(house: House, fault: Fault, run: dict[str, Any]) -> None:
    person = str(house.people[fault.options["person"]].id)
    house.suspended.add(person)
    house.ask({"do": "suspend", "by": str(house.people[0].id), "person": person, "journal": run["acts"]})


def _worker_killed(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if house.worker.alive():
        os.kill(house.worker.pid, signal.SIGKILL)
        house.worker.process.wait(10)


def _worker_started(house: House, fault: Fault, run: dict[str, Any]) -> None:
    if not house.worker.alive():
        house.start_worker()


def nothing(house: House, fault: Fault, run: dict[str, Any]) -> None:
    """It has no end, or the clients do it themselves."""


HOW: dict[str, tuple[Act, Act]] = {
    "node killed": (_node_killed, _node_started),
    "node drained": (_node_drained, _node_started),
    "redis killed": (_redis_killed, _redis_started),
    "redis frozen": (_redis_frozen, _redis_thawed),
    "redis flushed": (_redis_flushed, nothing),
    "redis pubsub killed": (_redis_pubsub_killed, nothing),
    "redis other data": (_redis_other_data, _redis_started),
    "postgres sessions ended": (_sessions_ended, nothing),
    "postgres restarted": (_postgres_restarted, nothing),
    "postgres read-only": (_read_only, _writable),
    "postgres disk full": (_disk_full, _disk_freed),
    "commit cut": (_commit_cut, nothing),
    "net delay": (_net, _net_well),
    "net cut": (_net, nothing),
    "net half-open": (_net, _net_well),
    "net one way frozen": (_net, _net_well),
    "net fragments": (_net, _net_well),
    "reader stuck": (nothing, nothing),
    "resend everything": (nothing, nothing),
    "member removed": (_member_removed, nothing),
    "member suspended": (_member_suspended, nothing),
    "worker killed": (_worker_killed, _worker_started),
    "clock jump": (_clock_jumps, _clock_right),
    "crowd back": (nothing, nothing),
}
