"""The channel layer as a bus between processes: one channel a process, in the groups of the rooms it has open.

Nothing waits for it. What is published goes through a bounded queue a Redis shard, with a time limit a call; what is lost there is
found by the sweep, and a listener that ends is started again. (channels-redis: #181, #256, #406; see decision 0002.) A shard that is
away holds up no other. Every process says every second or two, on each shard, that it is there; one that hears of no other publishes
nothing, for publishing and hearing its own words again cost it more than the delivery itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

from consult import figures, shards

logger = logging.getLogger("consult.bus")

CALL_S = 1.0
QUEUE = 10_000
BEACON_S = 1.5
NODES = "nodes"  # begins the names of the groups in which processes say that they are there
SILENT_S = 5 * BEACON_S  # a process not heard for so long is gone
RENEW_S = 3600  # a layer that expires groups (the core one, after a day) keeps ours


def group(room: uuid.UUID) -> str:
    """The channel layer's name of a room."""
    return f"room.{room}"


class Bus:
    """Made and used on the loop of the hub."""

    def __init__(self, node: str, heard: Callable[[dict[str, Any]], None]) -> None:
        self.node, self.heard = node, heard
        self.layer: Any = get_channel_layer()
        self.channel: str | None = None
        self.others_until = time.monotonic() + SILENT_S  # until then other processes are taken to be there
        self.ways = [Way(self, i, len(settings.REDIS_HOSTS)) for i in range(len(settings.REDIS_HOSTS))]
        self.tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beacon()), *(asyncio.create_task(way.work()) for way in self.ways)]

    def way(self, group: str) -> Way:
        return self.ways[shards.shard_of(group, len(self.ways))]

    @property
    def joined(self) -> set[str]:
        return {group for way in self.ways for group in way.joined}

    @property
    def waiting(self) -> int:
        """Messages that wait to be published."""
        return sum(len(way.queue) for way in self.ways)

    def want(self, group: str) -> None:
        way = self.way(group)
        way.wanted.add(group)
        way.wake.set()

    def unwant(self, group: str) -> None:
        way = self.way(group)
        way.wanted.discard(group)
        way.wake.set()

    def alone(self) -> bool:
        """Whether no other process has been heard of, after listening long enough."""
        return time.monotonic() > self.others_until

    def publish(self, group: str, message: dict[str, Any]) -> None:
        """Says something to the other processes, where there are any. `message` gets this node's name."""
        if not self.alone():
            self.way(group).say(group, {**message, "node": self.node})

    def _others(self) -> None:
        self.others_until = time.monotonic() + SILENT_S

    async def _beacon(self) -> None:
        while True:
            for way in self.ways:
                way.say(way.nodes, {"type": "node", "node": self.node})
            await asyncio.sleep(BEACON_S)

    async def _listen(self) -> None:
        while True:
            try:
                if self.channel is None:
                    self.channel = await asyncio.wait_for(self.layer.new_channel(), CALL_S)
                    for way in self.ways:
                        way.joined.clear()
                        way.wake.set()
                    self._others()  # not known yet
                # Bare: cancelling receive() would delete the channel.
                message = await self.layer.receive(self.channel)
                figures.bus_heard.inc()
                if message.get("node") != self.node:
                    self._others()
                    if message["type"] != "node":
                        self.heard(message)
            except Exception as error:  # whatever ends the listener, it begins anew
                figures.bus_restarts.inc()
                logger.warning("the bus was lost", extra={"why": type(error).__name__})
                self.channel = None
                await asyncio.sleep(0.5)

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()


class Way:
    """The way to one shard: what waits to be said there, in order, and the groups joined there."""

    def __init__(self, bus: Bus, index: int, ways: int) -> None:
        self.bus = bus
        self.nodes = next(name for n in count() if shards.shard_of(name := f"{NODES}.{n}", ways) == index)
        self.wanted: set[str] = {self.nodes}
        self.joined: dict[str, float] = {}
        self.queue: deque[tuple[str, dict[str, Any]]] = deque()
        self.wake = asyncio.Event()

    def say(self, group: str, message: dict[str, Any]) -> None:
        if len(self.queue) >= QUEUE:
            figures.bus_dropped.inc()
            return
        self.queue.append((group, message))
        self.wake.set()

    async def work(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), 30)
            self.wake.clear()
            await self._subscribe()
            while self.queue:
                group, message = self.queue.popleft()
                if not await self._call(self.bus.layer.group_send, group, message) and len(self.queue) > 100:
                    # Redis is not answering: what waits would only delay what is said after it is back.
                    figures.bus_dropped.inc(len(self.queue))
                    self.queue.clear()

    async def _subscribe(self) -> None:
        layer, channel = self.bus.layer, self.bus.channel
        if channel is None:
            return
        for group in [g for g in self.joined if g not in self.wanted]:
            del self.joined[group]
            await self._call(layer.group_discard, group, channel)
        due = time.monotonic() - RENEW_S
        for group in [g for g in self.wanted if self.joined.get(g, float("-inf")) < due]:
            if not await self._call(layer.group_add, group, channel):
                asyncio.get_running_loop().call_later(1, self.wake.set)
                return
            self.joined[group] = time.monotonic()

    async def _call(self, call: Any, *args: Any) -> bool:
        began = time.perf_counter()
        try:
            await asyncio.wait_for(call(*args), CALL_S)
            return True
        except Exception as error:  # Redis away, frozen or full: the log has it all
            figures.bus_dropped.inc()
            logger.info("the bus did not take a call", extra={"why": type(error).__name__})
            return False
        finally:
            figures.bus_seconds.observe(time.perf_counter() - began)
