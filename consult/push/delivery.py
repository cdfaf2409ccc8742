"""Sends the notices that are due: leased, checked once more, collapsed to one a device and room, carried, and settled by their fate.

A lease is `due_at` moved forward: a worker that is killed loses nothing, another one sends again when the lease ends, and the
device shows one notification a room (collapse key). So each is sent at least once and shown once. What was taken takes the older ones that
wait along, so that none of them replaces it; one that was under way at that moment may.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F
from django.utils import timezone

from consult.push import fates, sealed
from consult.push import wishes as wishing
from consult.push.couriers import Courier, Fate, Outcome, Wake
from consult.push.models import Device, Notice, Wishes
from consult.push.origins import Origins
from consult.standing import sessions

logger = logging.getLogger("consult.push")
POLL_S = 0.04
BATCH = 500  # leased at once, and under way at most twice as many
AT_ONCE = 100  # requests under way
LEASE_S = 120
TURN_S = 90.0  # who waits longer for its turn is not sent: its lease is about to end, and another worker may send it
FORBIDDEN = 3  # times 403 in a row, and the subscription is dead
LONGEST_S = 3600.0

StillDue = Callable[[Sequence[Notice]], set[int]]
Badges = Callable[[Sequence[uuid.UUID]], dict[uuid.UUID, int]]

_LEASE = """
UPDATE push_notice SET due_at = clock_timestamp() + %s * interval '1 second', tries = tries + 1 WHERE id IN
(SELECT id FROM push_notice WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, room_id, seq, person_id, device_id, reason, urgent, at, due_at, tries"""
# What waits for these devices. No join with the batch: its plan, made once while few waited, would look through all of them for each notice.
_WAITING = "SELECT id, device_id, room_id, seq, urgent FROM push_notice WHERE device_id = ANY(%s)"


class Delivery:
    """Takes up what is due and carries it, many at once. `still_due` and `badges` come from those who know rooms (rooms/waking.py)."""

    def __init__(self, couriers: Mapping[str, Courier], *, still_due: StillDue, badges: Badges) -> None:
        self.couriers, self.still_due, self.badges = couriers, still_due, badges
        self.finished: list[tuple[Due, Outcome]] = []
        self.bound, self.origins = asyncio.Semaphore(AT_ONCE), Origins()

    async def run(self, stopping: threading.Event, database: Executor) -> None:
        """Until `stopping`. `database` is the thread that holds the connection."""
        loop, running = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        while not stopping.is_set():
            taken, pause = 0, POLL_S
            try:
                await self._settle(loop, database)
                if len(running) < BATCH:
                    todo = await loop.run_in_executor(database, self.take)
                    taken = todo.taken
                    for one in todo.wakes:
                        task = loop.create_task(self._carry(one))
                        running.add(task)
                        task.add_done_callback(running.discard)
            except (DatabaseError, InterfaceError) as error:
                await loop.run_in_executor(database, _hang_up)
                logger.warning("push waits for the database", extra={"why": type(error).__name__})
                pause = 1.0
            await asyncio.sleep(0 if taken == BATCH else pause)
        if running:
            _, late = await asyncio.wait(running, timeout=5)
            for task in late:  # their leases end, and they are sent again
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with suppress(DatabaseError, InterfaceError):
            await self._settle(loop, database)
        for courier in self.couriers.values():
            await courier.close()

    async def _carry(self, one: Due) -> None:
        origin, began = self.origins.of(one.courier, one.address), time.monotonic()
        async with origin.turn, self.bound:
            if time.monotonic() - began > TURN_S:
                return
            outcome = origin.rest()
            if outcome is None:
                outcome = await self.couriers[one.courier].carry(one.address, one.wake)
                origin.heard(outcome)
        self.finished.append((one, outcome))

    async def _settle(self, loop: asyncio.AbstractEventLoop, database: Executor) -> None:
        if self.finished:
            batch = self.finished[:]
            await loop.run_in_executor(database, settle, batch)
            del self.finished[: len(batch)]

    def take(self) -> Todo:
        """Leases what is due and drops what need not be said any more."""
        with connection.cursor() as cursor:
            cursor.execute(_LEASE, (LEASE_S, BATCH))
            columns = [c.name for c in cursor.description or ()]
            leased = [Notice(**dict(zip(columns, row, strict=True))) for row in cursor.fetchall()]
        if not leased:
            return Todo(0, [])
        now = timezone.now()
        devices = Device.objects.in_bulk({n.device_id for n in leased})
        opened = {id: sealed.unseal(bytes(d.address)) for id, d in devices.items()}
        verdicts = sessions.still_valid(a["session"] for a in opened.values() if a)
        dead = {id for id, a in opened.items() if a is None or verdicts.get(a["session"]) == "ended" or _over(devices[id], now)}
        barred = {id for id, a in opened.items() if a and verdicts.get(a["session"]) == "suspended"}
        due = self.still_due(leased)
        live = [
            n
            for n in leased
            if n.pk in due and n.device_id in devices and devices[n.device_id].courier in self.couriers and n.device_id not in dead | barred and not _too_old(n, now)
        ]
        if dead:  # their notices go with them
            Device.objects.filter(pk__in=dead).delete()
        held = self._hold(live, now)
        told = [n for n in live if n.pk not in held]
        newest: dict[tuple[uuid.UUID, uuid.UUID], Notice] = {}
        for n in sorted(told, key=lambda n: n.seq):
            newest[n.device_id, n.room_id] = n
        chosen = {n.pk for n in newest.values()}
        pressing = _inherit(list(newest.values()))
        dropped = [n for n in leased if n.pk not in chosen and n.pk not in held]  # among them those that a newer one stands for
        Notice.objects.filter(pk__in=[n.pk for n in dropped]).delete()
        fates.count(Counter((devices[n.device_id].courier, fates.EXPIRED if _too_old(n, now) else fates.SKIPPED) for n in dropped if n.device_id in devices))
        badges = self.badges(sorted({n.person_id for n in newest.values()}))
        wakes = []
        for n in newest.values():
            device, address = devices[n.device_id], opened[n.device_id]
            assert address is not None
            ttl = max(60, int(settings.PUSH_TTL_S - (now - n.at).total_seconds()))
            wakes.append(Due(n, device.courier, address, Wake(n.room_id, n.seq, n.reason, badges.get(n.person_id, 0), n.urgent or n.pk in pressing, ttl)))
        return Todo(len(leased), wakes)

    def _hold(self, notices: Sequence[Notice], now: datetime) -> set[int]:
        """Quiet hours: what may not wake now is due when they end."""
        asked = Wishes.objects.filter(quiet_from__isnull=False).in_bulk({n.person_id for n in notices})
        held = {n.pk: until for n in notices if n.reason != "test" and n.person_id in asked and (until := wishing.quiet_until(asked[n.person_id], now, urgent=n.urgent))}
        _due_at(held, tried=False)
        return set(held)


class Due:
    """One wake-up, with what it needs on its way."""

    __slots__ = ("address", "courier", "notice", "wake")

    def __init__(self, notice: Notice, courier: str, address: Mapping[str, str], wake: Wake) -> None:
        self.notice, self.courier, self.address, self.wake = notice, courier, address, wake


class Todo:
    __slots__ = ("taken", "wakes")

    def __init__(self, taken: int, wakes: list[Due]) -> None:
        self.taken, self.wakes = taken, wakes


def _too_old(notice: Notice, now: datetime) -> bool:
    return bool((now - notice.at).total_seconds() > settings.PUSH_TTL_S)


def _over(device: Device, now: datetime) -> bool:
    """Its subscription has run out: what is sent to it may reach nobody, or whoever has the address next."""
    return device.expires_at is not None and device.expires_at <= now


def _hang_up() -> None:
    """Closes the connection of the thread that runs this: `connection.close`, named on the loop, would be the loop's own."""
    connection.close()


def settle(carried: Sequence[tuple[Due, Outcome]]) -> None:
    """What became of each: told, given up, or due again later."""
    over, gone, forbidden = [], [], []
    again: dict[int, datetime] = {}
    for one, outcome in carried:
        if outcome.fate is not Fate.TAKEN:
            logger.info("a push was not taken", extra={"device": str(one.notice.device_id), "fate": outcome.fate.value, "why": outcome.why})
        if outcome.fate in (Fate.TAKEN, Fate.REJECTED):
            over.append(one.notice.pk)
        elif outcome.fate is Fate.GONE:
            gone.append(one.notice.device_id)
        elif outcome.fate is Fate.FORBIDDEN:
            over.append(one.notice.pk)
            forbidden.append(one.notice.device_id)
        else:
            again[one.notice.pk] = timezone.now() + timedelta(seconds=_pause(one.notice.tries, outcome.wait_s))
    taken = [one.notice.device_id for one, outcome in carried if outcome.fate is Fate.TAKEN]
    stood_for = _drop_older([one for one, outcome in carried if outcome.fate is Fate.TAKEN])
    _due_at(again, tried=True)
    Notice.objects.filter(pk__in=over).delete()
    Device.objects.filter(pk__in=taken, refused__gt=0).update(refused=0)
    Device.objects.filter(pk__in=forbidden).update(refused=F("refused") + 1)
    Device.objects.filter(pk__in=gone).delete()
    Device.objects.filter(pk__in=forbidden, refused__gte=FORBIDDEN).delete()
    fates.count(Counter((one.courier, fates.OF[outcome.fate]) for one, outcome in carried) + stood_for)


def _drop_older(told: Sequence[Due]) -> Counter[tuple[str, str]]:
    """Drops what waits and is older than what its device was told of its room; by (courier, fate)."""
    if not told:
        return Counter()
    newest: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for one in told:
        place = one.notice.device_id, one.notice.room_id
        newest[place] = max(one.notice.seq, newest.get(place, 0))
    older = [(id, device) for id, device, room, seq, _ in _waiting({device for device, _ in newest}) if seq < newest.get((device, room), 0)]
    couriers = {one.notice.device_id: one.courier for one in told}
    Notice.objects.filter(pk__in=[id for id, _ in older]).delete()
    return Counter((couriers[device], fates.SKIPPED) for _, device in older)


def _inherit(newest: Sequence[Notice]) -> set[int]:
    """Those that stand for an urgent one from now on, and were none: as urgent, also at their next try."""
    calm = {(n.device_id, n.room_id): n for n in newest if not n.urgent}
    found = {n.pk for _, device, room, seq, urgent in _waiting({device for device, _ in calm}) if urgent and (n := calm.get((device, room))) is not None and seq < n.seq}
    if found:
        Notice.objects.filter(pk__in=found).update(urgent=True)
    return found


def _waiting(devices: set[uuid.UUID]) -> list[tuple[int, uuid.UUID, uuid.UUID, int, bool]]:
    if not devices:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, (list(devices),))
        rows: list[tuple[int, uuid.UUID, uuid.UUID, int, bool]] = cursor.fetchall()
        return rows


def _pause(tries: int, wait_s: float) -> float:
    """Twice as long each time, spread, and no sooner than the push service asked."""
    return max(wait_s, min(LONGEST_S, 2.0**tries) * random.uniform(0.5, 1.0))


_DUE_AT = "UPDATE push_notice n SET due_at = q.at, tries = n.tries - %s FROM unnest(%s::bigint[], %s::timestamptz[]) AS q(id, at) WHERE n.id = q.id"


def _due_at(when: Mapping[int, datetime], *, tried: bool) -> None:
    """In one statement, for a push service that is away leaves whole batches. `tried`: whether the lease counts as a try."""
    if when:
        with connection.cursor() as cursor:
            cursor.execute(_DUE_AT, (0 if tried else 1, list(when), list(when.values())))
