"""Each figure of /metrics moves when its cause happens, and a scrape is answered whatever is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live import CHECKOUT, Node, Refused, Socket, Someone, Stack, batches_of, http, sockets, until
from tests.test_metrics import ALERTS
from tests.test_operating import METRICS

LOOKED = 60  # seconds in which what is looked at every 2 s must have been seen
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{16,}|@")


def scraped(node: Node) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, as Prometheus' own parser reads it."""
    answer = httpx.get(f"{node.base}/metrics", trust_env=False, timeout=5)
    assert answer.status_code == 200
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(answer.text) for s in family.samples}


def value(node: Node, name: str, **labels: str) -> float:
    """One figure, summed over what labels are not given."""
    found = [v for (n, had), v in scraped(node).items() if n == name and labels.items() <= dict(had).items()]
    return sum(found)


def children_of(node: Node) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{node.child.pid}/task/{node.child.pid}/children").read_text().split()]


def sockets_of(pid: int) -> int:
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found += os.readlink(descriptor).startswith("socket:")
    return found


async def moves(node: Node, name: str, to: Any, **labels: str) -> bool:
    async def look() -> bool:
        try:
            return bool(to(await asyncio.to_thread(value, node, name, **labels)))
        except httpx.TransportError:  # no worker serves just now
            return False

    deadline = time.monotonic() + LOOKED
    while not await look():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True


@contextlib.contextmanager
def held(stack: Stack, lock: str, *params: Any) -> Iterator[None]:
    """Someone else's transaction holds a lock meanwhile."""
    with stack.connect() as other, other.transaction():
        other.execute(lock, params)  # type: ignore[call-overload]
        yield


@pytest.mark.parametrize("how", [{"workers": 1}, {"workers": 2}, {"kind": "daphne"}], ids=["one", "two", "daphne"])
async def test_all_are_there_with_no_ones_data(stack: Stack, cast: dict[str, Someone], how: dict[str, Any]) -> None:
    node = stack.node(**how)
    room = stack.room(cast["camille"], cast["nadia"])
    async with sockets((node, cast["camille"]), (node, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        await camille.post(room, "Avis ?")
        assert await until(lambda: nadia.tip(room) == 1)
        with pytest.raises(Refused):
            await nadia.enter(str(uuid.uuid4()))
        assert (await http(node, cast["camille"], "GET", f"/api/v1/rooms/{room}/events")).status_code == 200
        assert (await http(node, cast["camille"], "GET", f"/api/v1/rooms/{uuid.uuid4()}/events")).status_code == 404
        stranger = await Socket.knock(node, cast["camille"])
        await stranger.ws.send('{"type":"ping","ref":1}')
        assert await stranger.close_code() == 4400
        assert await moves(node, "consult_processes", lambda x: x == how.get("workers", 1))
        assert await moves(node, "consult_sweep_age_seconds", lambda x: 0 < x < 5)

        text = httpx.get(f"{node.base}/metrics", trust_env=False).text
        families = {f.name: f for f in text_string_to_metric_families(text)}
        for name, metric in METRICS.items():
            family = families[name.removesuffix("_total")]
            assert family.type == metric._type, name
            assert family.samples, name
        for family in families.values():
            for sample in family.samples:
                assert not any(ID.search(label) for label in sample.labels.values()), sample
        now = scraped(node)
        assert now["consult_sockets", ()] == 2
        assert now["consult_rooms_local", ()] >= 1
        assert now["consult_commands_total", (("type", "message.post"),)] == 1
        assert now["consult_refusals_total", (("code", "room.not_found"),)] == 1
        assert now["consult_closes_total", (("code", "4400"),)] == 1
        assert now["consult_hello_seconds_count", ()] == 2
        assert now["consult_commit_seconds_count", ()] == now["consult_lane_wait_seconds_count", ()] == 1
        assert now["consult_batch_writes_sum", ()] == 1
        assert now["consult_deliveries_total", ()] >= 4
        assert now["consult_sweep_seconds_sum", ()] > 0
        assert now["consult_reader_wait_seconds_count", ()] > 4
        assert now["consult_bus_seconds_count", ()] > 0
        assert now["consult_http_answers_total", (("door", "api"), ("status", "2xx"))] >= 3
        assert now["consult_http_answers_total", (("door", "api"), ("status", "4xx"))] == 1
        assert now["consult_http_seconds_count", (("door", "api"),)] >= 4
        assert now["consult_http_running", ()] == 1  # this very scrape


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_alerts_ask_for_is_there_before_it_happens(stack: Stack, workers: int) -> None:
    """The first failure is an increase from 0, not a series that Prometheus has never seen before."""
    now = scraped(stack.node(workers=workers))
    asked = [(n, set(re.findall(r'(\w+)="([^"]+)"', inside))) for a in ALERTS for n, inside in re.findall(r"(consult_\w+_total)(?:\{([^}]*)\})?", a["expr"])]
    assert ("consult_refusals_total", {("code", "request.failed")}) in asked
    for name, labels in asked:
        wanted = {(k, v) for k, v in labels if k != "door"}
        found = [v for (n, had), v in now.items() if n == name and wanted <= set(had)]
        assert found, f"{name} {wanted}"


async def test_redis_away_and_a_healed_hole(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    a, b = nodes
    room = pair.room(cast["camille"], cast["nadia"])
    async with sockets((a, cast["camille"]), (b, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await nadia.enter(room)
        healed, dropped = value(b, "consult_healed_events_total", by="sweep"), value(a, "consult_bus_dropped_total")
        pair.freeze_redis()
        slow = value(a, "consult_bus_seconds_bucket", le="+Inf") - value(a, "consult_bus_seconds_bucket", le="0.5")
        for n in range(10):
            await camille.post(room, f"unheard {n}")
        assert await moves(a, "consult_bus_waiting", lambda x: x > 0)
        assert await until(lambda: nadia.tip(room) == 10, 10)
        assert value(b, "consult_healed_events_total", by="sweep") == healed + 10
        assert await moves(a, "consult_bus_dropped_total", lambda x: x > dropped)
        assert value(a, "consult_bus_seconds_bucket", le="+Inf") - value(a, "consult_bus_seconds_bucket", le="0.5") > slow
        pair.thaw_redis()
        assert await moves(a, "consult_bus_waiting", lambda x: x == 0)
        heard = value(b, "consult_bus_heard_total")
        await camille.post(room, "heard again")
        assert await moves(b, "consult_bus_heard_total", lambda x: x > heard)


async def test_a_bell_that_never_rang(stack: Stack, cast: dict[str, Someone]) -> None:
    """Another process writes and has nobody to ring; before any sweep the next bell, or someone who enters, shows the hole."""
    node = stack.node(env={"SWEEP_S": "60"})
    room = stack.room(cast["camille"], cast["nadia"])

    def unheard() -> None:
        post = {"room": room, "person": str(cast["nadia"].id), "id": str(uuid.uuid4()), "body": "no bell"}
        process = batches_of(stack, {"threads": 1, "batches": [[post]]})
        assert process.stdout and json.loads(process.stdout.read()) and process.wait(20) == 0

    async with sockets((node, cast["camille"]), (node, cast["nadia"])) as (camille, nadia):
        await camille.enter(room)
        await camille.post(room, "heard")
        assert value(node, "consult_bell_events_total") == 1
        unheard()
        await camille.post(room, "heard, and shows the one before")
        assert await until(lambda: camille.tip(room) == 3)
        assert value(node, "consult_healed_events_total", by="gap") == 2
        unheard()
        await nadia.enter(room)
        assert await until(lambda: camille.tip(room) == 4)
        assert value(node, "consult_healed_events_total", by="entry") == 1
        assert value(node, "consult_bell_events_total") == 1


async def test_a_listener_that_had_to_be_started_again(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node(env={"CHANNEL_LAYER": "channels_redis.core.RedisChannelLayer"})
    async with sockets((node, cast["camille"])):
        assert value(node, "consult_bus_restarts_total") == 0
        stack.stop_redis()
        assert await moves(node, "consult_bus_restarts_total", lambda x: x > 0)
        stack.start_redis()


async def test_a_slow_reader_is_seen_before_it_is_closed(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node(env={"OUTBOX_BYTES": "8000000"})
    room = stack.room(cast["camille"], cast["nadia"])
    writer, slow = await Socket.open(node, cast["camille"]), await Socket.open(node, cast["nadia"], rcvbuf=4096)
    await writer.enter(room)
    await slow.enter(room)
    assert await moves(node, "consult_slow_readers", lambda x: x == 0)
    slow.reading.clear()
    for n in range(600):
        await writer.post(room, f"{n} " + "€" * 7900)
        await asyncio.sleep(0.01)
        if n % 20 == 0 and value(node, "consult_slow_readers") == 1:
            break
    else:
        pytest.fail("the slow reader was not seen")
    assert await moves(node, "consult_outbox_largest_bytes", lambda x: x > 1_000_000)
    assert value(node, "consult_outbox_waiting_bytes") >= value(node, "consult_outbox_largest_bytes")
    assert value(node, "consult_outbox_overflows_total") == 0, "seen only when it was over"
    for n in range(600):
        await writer.post(room, f"{n} " + "€" * 7900)
        if n % 20 == 0 and value(node, "consult_outbox_overflows_total"):
            break
    assert value(node, "consult_outbox_overflows_total") == value(node, "consult_closes_total", code="4002") == 1
    assert await moves(node, "consult_slow_readers", lambda x: x == 0)
    assert await moves(node, "consult_outbox_waiting_bytes", lambda x: x == 0)
    slow.reading.set()
    for one in (slow, writer):
        await one.close()


async def test_lanes_wait_behind_a_locked_room(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node()
    room = stack.room(cast["camille"])
    async with sockets((node, cast["camille"])) as (camille,):
        await camille.enter(room)
        assert value(node, "consult_lane_wait_seconds_sum") < 0.5
        with held(stack, "SELECT 1 FROM rooms_room WHERE id = %s FOR UPDATE", room):
            first = await camille.start("message.post", room=room, id=str(uuid.uuid4()), body="first")
            await asyncio.sleep(0.3)
            others = [await camille.start("message.post", room=room, id=str(uuid.uuid4()), body=f"{n}") for n in range(3)]
            assert await moves(node, "consult_lanes_waiting", lambda x: x == 3)
            assert await moves(node, "consult_commit_running_seconds", lambda x: x > 2)
        await asyncio.gather(first, *others)
        assert value(node, "consult_lane_wait_seconds_sum") > 1.5
        assert value(node, "consult_commit_seconds_sum") > 2
        assert value(node, "consult_batch_writes_sum") == 4 and value(node, "consult_batch_writes_count") == 2
        assert await moves(node, "consult_lanes_waiting", lambda x: x == 0)
        assert await moves(node, "consult_commit_running_seconds", lambda x: x == 0)


async def test_requests_wait_for_the_only_connection_of_the_pool(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node(env={"DATABASE_POOL": "1"})
    await http(node, cast["camille"], "GET", "/api/v1/rooms")
    with held(stack, "LOCK TABLE standing_ticket IN ACCESS EXCLUSIVE MODE"):
        holds = asyncio.create_task(http(node, cast["camille"], "POST", "/api/v1/tickets"))
        await asyncio.sleep(0.5)
        waits = asyncio.create_task(http(node, cast["nadia"], "GET", "/api/v1/me"))
        assert await moves(node, "consult_pool_waiting", lambda x: x == 1)
        assert value(node, "consult_pool_connections", state="used") == 1
        assert value(node, "consult_http_running") == 3  # and the scrape
        assert await moves(node, "consult_pool_errors_total", lambda x: x >= 1)  # it waits for 5 s
    assert (await holds).status_code == 200
    assert (await waits).status_code == 503
    assert await moves(node, "consult_pool_waiting", lambda x: x == 0)
    assert value(node, "consult_pool_waits_total") >= 1
    assert value(node, "consult_http_seconds_sum", door="api") > 5


async def test_while_postgresql_does_not_answer(stack: Stack, cast: dict[str, Someone]) -> None:
    """What hangs is seen while it hangs, and the scrape does not hang with it."""
    node = stack.node()
    rooms = [stack.room(cast["camille"]) for _ in range(6)]
    async with sockets((node, cast["camille"])) as (camille,):
        assert await moves(node, "consult_access_age_seconds", lambda x: 0 < x < 2)
        stack.services.freeze_postgres()
        try:
            entering = [await camille.start("room.enter", room=rooms[0], after=None)]
            await asyncio.sleep(0.2)  # it is being read; those that come now share the next reading
            entering += [await camille.start("room.enter", room=room, after=None) for room in rooms[1:]]
            assert await moves(node, "consult_access_age_seconds", lambda x: x > 4)
            assert await moves(node, "consult_sweep_age_seconds", lambda x: x > 4)
            assert await moves(node, "consult_readers_waiting", lambda x: x >= 1)
        finally:
            stack.services.thaw_postgres()
        await asyncio.gather(*entering)
        assert await moves(node, "consult_access_age_seconds", lambda x: 0 < x < 2)
        assert await moves(node, "consult_readers_waiting", lambda x: x == 0)
        longer = value(node, "consult_reader_wait_seconds_bucket", le="+Inf") - value(node, "consult_reader_wait_seconds_bucket", le="1")
        assert longer >= 1


async def test_connections_lost_under_a_write(proxied: Stack, cast: dict[str, Someone]) -> None:
    node = proxied.nodes[0]
    room = proxied.room(cast["camille"])
    async with sockets((node, cast["camille"])) as (camille,):
        await camille.enter(room)
        lost = value(node, "consult_database_connections_lost_total")
        proxied.proxies[0].cut("before commit")
        await camille.post(room, "twice tried")
        assert value(node, "consult_database_connections_lost_total") == lost + 1


async def test_a_blocked_loop_and_what_the_process_uses(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node()
    async with sockets((node, cast["camille"])):
        assert await moves(node, "consult_loop_lag_seconds_count", lambda x: x > 2)
        late = lambda: value(node, "consult_loop_lag_seconds_count") - value(node, "consult_loop_lag_seconds_bucket", le="1.0")  # noqa: E731
        before = late()
        node.child.send(signal.SIGSTOP)
        await asyncio.sleep(2)
        node.child.send(signal.SIGCONT)
        # The question itself may be answered before the timer that is late.
        assert await until(lambda: late() > before)
        cpu = value(node, "consult_cpu_seconds_total")
        assert cpu > 0.1
        assert await moves(node, "consult_cpu_seconds_total", lambda x: x > cpu)
        assert await moves(node, "consult_memory_bytes", lambda x: abs(x - node.rss()) < 20e6)
        assert value(node, "consult_memory_bytes") == value(node, "consult_memory_largest_bytes")
        assert abs(value(node, "consult_descriptors") - len(os.listdir(f"/proc/{node.child.pid}/fd"))) <= 5
        assert value(node, "consult_descriptors_limit") > 1000
        assert abs(time.time() - value(node, "consult_started_timestamp_seconds")) < 60
        from consult import __version__

        assert value(node, "consult_build_info", version=__version__) == 1


async def test_a_worker_that_is_down(stack: Stack, cast: dict[str, Someone]) -> None:
    node = stack.node()
    room = stack.room(cast["camille"])
    async with sockets((node, cast["camille"])):
        assert await moves(node, "consult_sweep_age_seconds", lambda x: x > 0)
        assert value(node, "consult_followups_waiting") == 0
        stack.sql("INSERT INTO rooms_followup (room_id, seq, at) VALUES (%s, 1, now() - interval '1 hour'), (%s, 2, now())", room, room)
        assert await moves(node, "consult_followups_waiting", lambda x: x == 2)
        assert 3600 <= value(node, "consult_followups_oldest_seconds") < 3700
        stack.sql("INSERT INTO push_fatecount (courier, fate, count) VALUES ('web', 'sent', 7), ('fcm', 'dead', 2)")
        stack.sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at) VALUES ('default', 'x', 'todo', now() - interval '1 hour'), "
            "('default', 'x', 'todo', now() + interval '1 hour'), ('default', 'x', 'failed', NULL)"
        )
        assert await moves(node, "consult_jobs_waiting", lambda x: x == 1)
        assert value(node, "consult_jobs_failed") == 1 and 3600 <= value(node, "consult_jobs_oldest_seconds") < 3700
        assert value(node, "consult_notices_fates", courier="web", fate="sent") == 7 and value(node, "consult_notices_fates", courier="fcm", fate="dead") == 2
        env = stack.services.env(stack.database, stack.redis_url)
        with open(stack.folder / "worker.log", "ab") as log:
            worker = stack.services.family.start("worker", [sys.executable, "manage.py", "worker"], env=env, cwd=CHECKOUT, log=log)
        try:
            assert await moves(node, "consult_followups_waiting", lambda x: x == 0), Path(stack.folder / "worker.log").read_text()
            assert value(node, "consult_followups_oldest_seconds") == 0
        finally:
            stack.services.family.stop(worker)


async def test_a_worker_that_died_is_not_counted_on(stack: Stack, cast: dict[str, Someone]) -> None:
    """Its sockets are gone, and /metrics says so; what it counted stays counted."""
    node = stack.node(workers=2)
    room = stack.room(*(cast[f"writer{n}"] for n in range(1, 9)))
    opened = [await Socket.open(node, cast[f"writer{n}"]) for n in range(1, 9)]
    for one in opened:
        await one.enter(room)
    assert value(node, "consult_sockets") == 8
    assert await moves(node, "consult_processes", lambda x: x == 2)
    commands, started = value(node, "consult_commands_total"), value(node, "consult_started_timestamp_seconds")
    children = children_of(node)
    assert len(children) == 2
    os.kill(max(children, key=sockets_of), signal.SIGKILL)  # all of them may have come to one
    assert await until(lambda: any(one.closed for one in opened), 10)
    await asyncio.sleep(1)
    alive = sum(one.closed is None for one in opened)
    assert alive < 8
    assert await moves(node, "consult_sockets", lambda x: x == alive)
    assert await moves(node, "consult_processes", lambda x: x == 2)  # it was started again
    assert value(node, "consult_commands_total") >= commands
    assert value(node, "consult_started_timestamp_seconds") > started
    for child in children_of(node):  # both in one moment
        os.kill(child, signal.SIGKILL)
    assert await moves(node, "consult_processes", lambda x: x == 2)
    assert value(node, "consult_sockets") == 0
    for one in opened:
        await one.close()
