"""Between two tests of the rooms nothing is left over: no hub of an ended loop, no bell, no open connection of a lane."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest


@pytest.fixture
def bells() -> Iterator[list[Any]]:
    """What the doorbell rang with, in order; no hub listens meanwhile."""
    from consult.rooms import doorbell

    rung: list[Any] = []
    before = doorbell._listener, doorbell._access_listener
    doorbell._listener, doorbell._access_listener = rung.extend, None
    yield rung
    doorbell._listener, doorbell._access_listener = before


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement sent from now on, Django's and the hot ones."""
    import psycopg

    from consult import pipeline

    sent: list[str] = []
    execute, run = psycopg.Cursor.execute, pipeline.run

    def noting(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **options)

    def noting_each(line: Any, statements: Any) -> Any:
        sent.extend(query for query, _ in statements)
        return run(line, statements)

    monkeypatch.setattr(psycopg.Cursor, "execute", noting)
    monkeypatch.setattr(pipeline, "run", noting_each)
    return sent


@pytest.fixture
async def live(transactional_db: None, settings: Any) -> AsyncIterator[Any]:
    """A hub on this test's loop, with short pauses, over a database that keeps what is committed."""
    from consult.rooms import doorbell
    from consult.rooms import hub as hubs

    settings.SWEEP_S = 0.2
    hubs._hub = None
    hub = hubs.hub()
    async with asyncio.timeout(5):
        while hub.rights.stale():  # until it has read, it delivers nothing
            await asyncio.sleep(0.01)
    yield hub
    hubs._hub = None
    doorbell._listener = doorbell._access_listener = None
    await ended(hub)


async def ended(hub: Any) -> None:
    """Closes a hub for good: its tasks are over and its readers' connections gone before the tables are emptied."""
    await hub.close()
    going = {*hub.tasks, *hub.bus.tasks}
    while going:  # a cancellation that meets the end of a call with a time limit is lost (Python 3.11)
        going = (await asyncio.wait(going, timeout=0.2))[1]
        for task in going:
            task.cancel()
    await asyncio.to_thread(hub.readers.shutdown, wait=True)


@pytest.fixture(autouse=True)
def lanes_end_before_the_database(request: pytest.FixtureRequest) -> None:
    if "transactional_db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("lanes_let_go")


@pytest.fixture(scope="session")
def lanes_let_go(django_db_setup: None) -> Iterator[None]:
    """At the end each lane closes its connection, so that the test database can be dropped."""
    yield
    from django.db import connection

    from consult.rooms import lanes

    done = threading.Semaphore(0)

    def close(items: Any) -> list[None]:
        connection.close()
        return [None] * len(items)

    for lane in lanes._lanes:
        lane.submit(lanes.Job(close, uuid.uuid4(), False, lambda _: done.release(), None, time.perf_counter()))
    for _ in lanes._lanes:
        done.acquire(timeout=5)
