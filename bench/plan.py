"""How many nodes, shards and what database carry so many members in their peak hour: arithmetic over measured costs.

`python -m bench.plan --members 100000` prints it, any assumption may be given (`--help` lists them); `--write` puts the tables and
the picture of docs/scale.md in their places. The costs are in bench/costs.json, each with its unit and where it was measured.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

COSTS = Path(__file__).with_name("costs.json")
MICRO = 1e-6


@dataclass(frozen=True)
class Costs:
    """One field a measured cost; the names are those of bench/costs.json."""

    delivery_us: float
    post_us: float
    post_database_us: float
    hello_us: float
    hello_database_us: float
    page_us: float
    page_database_us: float
    beat_us: float
    bell_us: float
    sweep_us: float
    sweep_database_us: float
    process_database_us: float
    publish_us: float
    subscriber_us: float
    socket_kb: float
    process_mb: float
    wal_bytes: float
    stored_bytes: float
    commits: float
    hot_room_commits: float

    @classmethod
    def read(cls, path: Path = COSTS) -> Costs:
        rows = json.loads(path.read_text())
        return cls(**{f.name: float(rows[f.name]["value"]) for f in fields(cls)})


def given(default: float, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Assumptions:
    """What people and machines are taken to be like. None of it is measured: put your own in its place."""

    members: float = given(14_000, "clinicians with an account")
    online: float = given(0.2, "share of them online in the peak hour")
    sockets: float = given(1.5, "sockets of one who is online: a browser, and for every second one a phone")
    rooms: float = given(8, "rooms a socket has entered")
    posts: float = given(6, "posts of one who is online, an hour")
    writes: float = given(2, "events written for each post, itself included: reactions, edits, mentions")
    pages: float = given(40, "pages of history and searches of one who is online, an hour")
    readers: float = given(20, "sockets in the room of a case or a conversation")
    groups: float = given(60, "specialty groups")
    groups_each: float = given(2, "groups a member belongs to")
    group_most: float = given(20_000, "members at which a group is divided, by region say")
    group_posts: float = given(0.05, "share of posts that go to a specialty group; the others go to cases and conversations")
    hot: float = given(20, "how much busier the busiest group is than the average one")
    reconnects: float = given(1, "times an hour a socket comes back: a lift, a lock screen")
    storm_s: float = given(120, "seconds in which everyone is back after everyone was cut")
    heartbeat_s: float = given(25, "HEARTBEAT_MS")
    sweep_s: float = given(1, "SWEEP_S")
    headroom: float = given(0.5, "share of a core that may be in use in the peak hour")
    storm_headroom: float = given(0.9, "the same while everyone comes back")
    sockets_most: float = given(10_000, "sockets a process")
    cores: float = given(8, "cores, so processes, a web node")
    pool: float = given(12, "connections to PostgreSQL a process: LANES + READERS + what requests use of DATABASE_POOL")
    replica: float = given(0, "1 where pages of history and searches are read from a replica")
    busy_hours: float = given(6, "peak hours' worth of posts a day")
    primary_cores: float = given(64, "cores of the largest database machine one would buy")
    primary_connections: float = given(2_000, "connections one PostgreSQL carries well")
    presence_s: float = given(2, "seconds between two tellings of who is in a room, where that changes")
    card_bytes: float = given(220, "bytes of one person in such a telling")
    shard_mb: float = given(500, "MB/s out of one Redis shard")
    primary_wal: float = given(200, "MB/s of log that its disk and its replicas take")


@dataclass(frozen=True)
class Plan:
    """The peak hour in figures a second, and what carries it."""

    sockets: float
    posts: float
    writes: float
    readers_of_group: float
    deliveries: float
    pages: float
    hellos: float
    processes: int
    nodes: int
    node_gb: float
    bells: float
    rooms: float
    web_cores: float
    shards: int
    redis_cores: float
    database_cores: int
    database_steady: float
    replica_cores: float
    connections: float
    wal: float
    hot_room: float
    year_gb: float
    used: dict[str, float]  # what cannot be had twice by adding a node, and the share of it that is in use

    @property
    def first(self) -> str:
        return max(self.used, key=lambda name: self.used[name])


def spread(readers: float, processes: int) -> float:
    """How many of the processes have a room open that `readers` sockets entered, each on any of them."""
    return processes * (1 - (1 - 1 / processes) ** readers) if processes > 1 else min(1.0, readers)


def plan(a: Assumptions, c: Costs) -> Plan:
    online = a.members * a.online
    sockets = online * a.sockets
    posts = online * a.posts / 3600
    writes = posts * a.writes
    group = min(a.members * a.groups_each / a.groups, a.group_most) * a.online * a.sockets
    deliveries = writes * (a.group_posts * group + (1 - a.group_posts) * a.readers)
    pages = online * a.pages / 3600
    hellos = sockets / a.storm_s

    def bells(processes: int) -> float:
        return writes * (a.group_posts * spread(group, processes) + (1 - a.group_posts) * spread(a.readers, processes))

    def local(processes: int) -> float:
        """Rooms that a sweep asks for, over all processes."""
        small = sockets * max(a.rooms - a.groups_each, 0) / a.readers
        return small * spread(a.readers, processes) + max(a.groups, a.members * a.groups_each / a.group_most) * spread(group, processes)

    work = writes * c.post_us + deliveries * c.delivery_us + pages * c.page_us
    work += sockets * (c.beat_us / a.heartbeat_s + a.reconnects / 3600 * c.hello_us)
    storm = hellos * c.hello_us

    def busy(processes: int) -> float:
        return (work + bells(processes) * c.bell_us + local(processes) * c.sweep_us / a.sweep_s) * MICRO

    def carries(processes: int) -> bool:
        load = busy(processes)
        return load <= processes * a.headroom and load + storm * MICRO <= processes * a.storm_headroom and sockets <= processes * a.sockets_most

    processes = smallest(carries)
    rung, swept = bells(processes), local(processes)
    base = writes * c.post_database_us + processes * c.process_database_us
    base += sockets * a.reconnects / 3600 * c.hello_database_us + swept * c.sweep_database_us / a.sweep_s
    history = pages * c.page_database_us * MICRO
    steady = base * MICRO + (0 if a.replica else history)
    primary = max(steady / a.headroom, (steady + hellos * c.hello_database_us * MICRO) / a.storm_headroom)
    connections = processes * a.pool
    redis = (writes * c.publish_us + rung * c.subscriber_us) * MICRO
    shards = max(1, math.ceil(redis / a.headroom))
    wal = writes * c.wal_bytes / 1e6
    groups = max(a.groups, a.members * a.groups_each / a.group_most)
    here = group / processes  # of a group's readers, on one process: told to all that have someone in it, whenever they change
    told = groups * spread(group, processes) * min(1 / a.presence_s, here / a.storm_s) * min(here, 500) * a.card_bytes
    presence = told * spread(group, processes) / 1e6
    hot_room = writes * a.group_posts * a.hot / groups
    return Plan(
        sockets=sockets,
        posts=posts,
        writes=writes,
        readers_of_group=group,
        deliveries=deliveries,
        pages=pages,
        hellos=hellos,
        processes=processes,
        nodes=math.ceil(processes / a.cores) + 1,  # one may be away
        node_gb=min(a.cores, processes) * (c.process_mb + sockets / processes * c.socket_kb / 1e3) / 1e3,
        bells=rung,
        rooms=swept,
        web_cores=busy(processes),
        shards=shards,
        redis_cores=redis,
        database_cores=max(2, math.ceil(primary)),
        database_steady=steady,
        replica_cores=history,
        connections=connections,
        wal=wal,
        hot_room=hot_room,
        year_gb=writes * 3600 * a.busy_hours * 365 * c.stored_bytes / 1e9,
        used={
            "cores of the primary": primary / a.primary_cores,
            "connections of the primary": connections / a.primary_connections,
            "presence in groups through Redis, everyone coming back": presence / (shards * a.shard_mb),
            "the primary's log (WAL)": wal / a.primary_wal,
            "commits a second, one a post": writes / c.commits,
            "the row lock of the busiest room": hot_room / c.hot_room_commits,
        },
    )


def smallest(carries: Any) -> int:
    """The smallest number that carries; more processes always carry more of what is shared than they add by bells."""
    high = 1
    while not carries(high):
        high *= 2
        if high > 2**24:
            raise ValueError("no number of processes carries this: one of its costs grows with their number")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if carries(middle) else (middle, high)
    return high


def main(argv: list[str] | None = None) -> int:
    from . import plan_page  # which reads this module

    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for f in fields(Assumptions):
        parser.add_argument(f"--{f.name.replace('_', '-')}", type=float, default=f.default, metavar="N", help=f"{f.metadata['meaning']} ({f.default:g})")
    parser.add_argument("--write", action="store_true", help="put the tables and the picture of docs/scale.md in their places")
    options = vars(parser.parse_args(argv))
    if options.pop("write"):
        plan_page.write()
        return 0
    wanted, costs = replace(Assumptions(), **options), Costs.read()
    plans = {wanted.members: plan(wanted, costs)}
    print(plan_page.table(plans).replace("**", ""), plan_page.limits(plans, wanted, costs), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
