"""The worker: what follows a post within a moment, on one connection; beside it push, and durable jobs. Several may run.

It stops within a moment of SIGTERM, with nothing half done, and outlives PostgreSQL's restarts.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from django.db import DatabaseError, InterfaceError, connection
from procrastinate.exceptions import ConnectorException

from consult.cases import followups
from consult.database import away, own_connection
from consult.jobs import running
from consult.moderation import tending
from consult.push import actions as push
from consult.push.delivery import Delivery
from consult.rooms import doorbell, waking
from consult.rooms.actions import endings, personal, visits
from consult.standing import actions as standing

logger = logging.getLogger("consult.worker")
POLL_S = 0.03  # from commit to notice; an empty look costs 0.1 ms
LONGEST_S = 5.0  # between two tries while the database is away


def lapse() -> None:
    """Verifications and suspensions that ran out; who lost a verification is told on the open page."""
    for person in standing.lapse():
        personal.tell(person_id=person, kind="verification.decided", data={"status": "expired"})
        doorbell.ring_access()


def tend() -> None:
    """A batch of what waits for moderators to hear of, and of what they decided."""
    tending.run_once()


def end_measures() -> None:
    endings.end_due()


def end_visits() -> None:
    visits.end_over()


def alone(act: Callable[[], int | None]) -> int:
    """How much `act` did. What fails for good keeps no other from its turn; a database that is away is for the whole loop."""
    try:
        return act() or 0
    except Exception as error:
        if away(error):
            raise
        logger.exception("an act of the worker failed", extra={"act": f"{act.__module__}.{act.__qualname__}"})
        return 0


class Worker:
    def __init__(self, *, lapse_s: float = 5.0, tend_s: float = 1.0) -> None:
        self.stopping = threading.Event()
        self.due: dict[Callable[[], None], tuple[float, float]] = {lapse: (0.0, lapse_s), end_visits: (0.0, lapse_s), tend: (0.0, tend_s), end_measures: (0.0, tend_s)}

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Works until `stop`. An error of the database is waited out; any other one is logged and does not end the loop."""
        own_connection()
        beside = [threading.Thread(target=self._send, name="push"), threading.Thread(target=self._jobs, name="jobs")]
        for thread in beside:
            thread.start()
        logger.info("worker started")
        pause = POLL_S
        while not self.stopping.is_set():
            try:
                busy = self.step()
                pause = 0.0 if busy else POLL_S
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                pause = min(max(pause, POLL_S) * 2, LONGEST_S)
                logger.warning("worker waits for the database", extra={"why": type(error).__name__})
            except Exception:
                pause = min(max(pause, POLL_S) * 2, LONGEST_S)
                logger.exception("worker failed")
            self.stopping.wait(pause)
        connection.close()
        for thread in beside:
            thread.join()
        logger.info("worker stopped")

    def _jobs(self) -> None:
        """On a loop and threads of its own as well: digests wait for a mail server, which is slower still."""
        pause = 1.0
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                asyncio.run(running.run(self.stopping))
            except (ConnectorException, psycopg.Error, DatabaseError, InterfaceError) as error:
                logger.warning("jobs wait for the database", extra={"why": type(error).__name__})
            except Exception:
                logger.exception("jobs failed")
            pause = 1.0 if time.monotonic() - began > LONGEST_S else min(pause * 2, LONGEST_S)
            self.stopping.wait(pause)

    def _send(self) -> None:
        """On a thread of its own: a push service that is slow holds up nothing else."""
        with ThreadPoolExecutor(1, thread_name_prefix="push-database", initializer=own_connection) as database:
            while not self.stopping.is_set():
                try:
                    asyncio.run(self._deliver(database))
                except Exception:
                    logger.exception("push failed")
                    self.stopping.wait(1)

    async def _deliver(self, database: ThreadPoolExecutor) -> None:
        await Delivery(push.configured(), still_due=waking.still_due, badges=waking.badges).run(self.stopping, database)

    def step(self) -> int:
        """One round: what is due by the clock, then notices, then a batch of follow-ups; how many there were."""
        now = time.monotonic()
        for act, (at, every) in self.due.items():
            if now >= at:
                self.due[act] = (now + every, every)  # first, so that one that fails is not due again at once
                alone(act)
        return alone(waking.expand) + alone(followups.run_once)
