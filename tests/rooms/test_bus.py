"""The bus between processes: silent while nobody else is there, and never relied upon."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from consult.rooms import bus as buses
from consult.rooms.bus import Bus


@pytest.fixture
async def buses_of(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[], tuple[Bus, list[dict[str, Any]]]]]:
    """Makes buses of one Redis, each with what it hears."""
    monkeypatch.setattr(buses, "BEACON_S", 0.05)
    monkeypatch.setattr(buses, "SILENT_S", 0.3)
    monkeypatch.setattr(buses, "NODES", f"nodes-{uuid.uuid4()}")  # other tests' processes are not our neighbours
    made: list[Bus] = []

    def make() -> tuple[Bus, list[dict[str, Any]]]:
        heard: list[dict[str, Any]] = []
        bus = Bus(uuid.uuid4().hex, heard.append)
        made.append(bus)
        return bus, heard

    yield make
    for bus in made:
        await over(bus)


async def over(bus: Bus) -> None:
    going = set(bus.tasks)
    while going:  # a cancellation that meets the end of a call with a time limit is lost (Python 3.11)
        bus.close()
        going = (await asyncio.wait(going, timeout=0.2))[1]


async def until(true: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_process_alone_publishes_nothing(buses_of: Any) -> None:
    bus, _ = buses_of()
    assert not bus.alone(), "it has not listened yet"
    await until(bus.alone)
    bus.publish("room.x", {"type": "bell"})
    assert not [group for way in bus.ways for group, _ in way.queue if group == "room.x"]


async def test_two_hear_each_other_and_not_themselves(buses_of: Any) -> None:
    (one, heard), (two, also) = buses_of(), buses_of()
    for bus in (one, two):
        bus.want("room.x")
    await until(lambda: "room.x" in one.joined and "room.x" in two.joined)
    await until(lambda: one.others_until > time.monotonic() and two.others_until > time.monotonic())
    one.publish("room.x", {"type": "bell", "n": 1})
    await until(lambda: also)
    assert also == [{"type": "bell", "n": 1, "node": one.node}] and heard == [], "beacons are nobody's business"


async def test_who_falls_silent_is_forgotten_and_who_comes_is_heard_at_once(buses_of: Any) -> None:
    (one, _), (two, _) = buses_of(), buses_of()
    await until(lambda: one.ways[0].nodes in one.joined and two.ways[0].nodes in two.joined)
    await asyncio.sleep(0.5)
    assert not one.alone() and not two.alone()
    await over(two)
    await until(one.alone)
    three, _ = buses_of()
    await until(lambda: not one.alone())
    assert three.node != two.node


async def test_the_queue_is_bounded(buses_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "QUEUE", 5)
    bus, _ = buses_of()
    for n in range(20):
        bus.publish("room.x", {"type": "bell", "n": n})
    assert bus.waiting <= 5
