"""The channel layer as a bus between processes: one channel a process, in the groups of the rooms it has open.

Nothing waits for it. What is published goes through a bounded queue a Redis shard, with a time limit a call; what is lost there is
found by the sweep, and a listener that ends is started again. (channels-redis: #181, #256, #406; see decision 0002.) A shard that is
away holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

from consult import figures, shards

logger = logging.getLogger("consult.bus")

CALL_S = 1.0
QUEUE = 10_000
RENEW_S = 3600  # a layer that expires groups (the core one, after a day) keeps ours


class Bus:
    """Made and used on the loop of the hub."""

    def __init__(self, heard: Callable[[dict[str, Any]], None]) -> None:
        self.heard = heard
        self.layer: Any = get_channel_layer()
        self.channel: str | None = None
        self.ways = [Way(self) for _ in settings.REDIS_HOSTS]
        self.tasks = [asyncio.create_task(self._listen()), *(asyncio.create_task(way.work()) for way in self.ways)]

    def way(self, group: str) -> Way:
        return self.ways[shards.shard_of(group, len(self.ways))]

    @property
    def joined(self) -> set[str]:
        return {group for way in self.ways for group in way.joined}

    def want(self, group: str) -> None:
        way = self.way(group)
        way.wanted.add(group)
        way.wake.set()

    def unwant(self, group: str) -> None:
        way = self.way(group)
        way.wanted.discard(group)
        way.wake.set()

    def publish(self, group: str, message: dict[str, Any]) -> None:
        way = self.way(group)
        if len(way.queue) >= QUEUE:
            figures.bus_dropped.inc()
            return
        way.queue.append((group, message))
        way.wake.set()

    async def _listen(self) -> None:
        while True:
            try:
                if self.channel is None:
                    self.channel = await asyncio.wait_for(self.layer.new_channel(), CALL_S)
                    for way in self.ways:
                        way.joined.clear()
                        way.wake.set()
                # Bare: cancelling receive() would delete the channel.
                self.heard(await self.layer.receive(self.channel))
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

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.wanted: set[str] = set()
        self.joined: dict[str, float] = {}
        self.queue: deque[tuple[str, dict[str, Any]]] = deque()
        self.wake = asyncio.Event()

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
        try:
            await asyncio.wait_for(call(*args), CALL_S)
            return True
        except Exception as error:  # Redis away, frozen or full: the log has it all
            figures.bus_dropped.inc()
            logger.info("the bus did not take a call", extra={"why": type(error).__name__})
            return False
