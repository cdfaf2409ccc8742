"""The worker: what follows a post, and what runs out with time. One loop, on one connection of its own; several may run.

It stops within a moment of SIGTERM, with nothing half done, and outlives PostgreSQL's restarts.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, InterfaceError, connection

from consult.cases import followups
from consult.database import own_connection
from consult.push import actions as push
from consult.push.delivery import Delivery
from consult.rooms import digest, doorbell, waking
from consult.rooms.actions import personal, visits
from consult.standing import actions as standing
from consult.standing import changes, tickets

logger = logging.getLogger("consult.worker")
POLL_S = 0.04  # from commit to notice; an empty look costs 0.1 ms
DIGEST_S = 30.0  # between two looks at whose period has ended
LONGEST_S = 5.0  # between two tries while the database is away


def lapse() -> None:
    """Verifications and suspensions that ran out; who lost a verification is told on the open page."""
    for person in standing.lapse():
        personal.tell(person_id=person, kind="verification.decided", data={"status": "expired"})
        doorbell.ring_access()


def end_visits() -> None:
    visits.end_over()


def purge() -> None:
    """What nobody will ask for again: expired tickets and sessions, the devices of sessions that ended, changes of rights that
    every process has read."""
    tickets.purge()
    SessionStore.clear_expired()
    push.purge()
    changes.purge(1)


class Worker:
    def __init__(self, *, lapse_s: float = 5.0, purge_s: float = 60.0) -> None:
        self.stopping = threading.Event()
        self.due: dict[Callable[[], None], tuple[float, float]] = {lapse: (0.0, lapse_s), end_visits: (0.0, lapse_s), purge: (0.0, purge_s)}

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Works until `stop`. An error of the database is waited out; any other one is logged and does not end the loop."""
        own_connection()
        beside = [threading.Thread(target=self._send, name="push"), threading.Thread(target=self._write, name="digest")]
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

    def _write(self) -> None:
        """On a thread of its own as well: a mail server is slower still."""
        own_connection()
        while not self.stopping.is_set():
            busy = 0
            try:
                busy = digest.run_once()
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                logger.warning("digests wait for the database", extra={"why": type(error).__name__})
            except Exception:
                logger.exception("digests failed")
            self.stopping.wait(0 if busy else DIGEST_S)
        connection.close()

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
                act()
                self.due[act] = (now + every, every)
        return waking.expand() + followups.run_once()
