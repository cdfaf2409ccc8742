"""Group commit: what waited while the last commit ran goes together into the next.

A lane is a thread with one database connection and a queue; a room always uses the same lane, so its writes take effect in
the order they were submitted. There is no timer: an idle lane takes a single write at once. A lane knows nothing of what
it runs; it knows what a broken database means (protocol, section 1.1).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from consult import figures
from consult.database import BY_KEY, own_connection
from consult.errors import OutcomeUnknown, Refusal
from consult.rooms import log

logger = logging.getLogger("consult.lanes")

Result = Any  # an answer, a Refusal, or OutcomeUnknown
RunMany = Callable[[Sequence[Any]], Sequence[Result]]


def each(act: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """One item after the other, each in a transaction of its own: its answer, or in its place the Refusal that it raised."""
    answers: list[Any] = []
    for item in items:
        try:
            answers.append(act(item))
        except Refusal as refusal:
            answers.append(refusal)
    return answers


class Job(NamedTuple):
    run: RunMany  # one transaction for all the items it is given
    item: Any
    together: bool  # whether waiting items of the same `run` may share a transaction
    done: Callable[[Result], None]
    loop: asyncio.AbstractEventLoop | None  # where `done` is called; None: on the lane's thread
    at: float  # when it was submitted


class Lane(threading.Thread):
    def __init__(self, number: int) -> None:
        super().__init__(name=f"lane-{number}", daemon=True)
        self.waiting: deque[Job] = deque()
        self.wake = threading.Event()
        self.busy = False
        self.began: float | None = None  # the commit that is running

    def submit(self, job: Job) -> None:
        self.waiting.append(job)
        if not self.busy:  # a busy lane looks again before it sleeps
            self.wake.set()

    def run(self) -> None:
        own_connection(plans=BY_KEY)
        while True:
            self.wake.wait()
            self.wake.clear()
            self.busy = True
            while self.waiting:
                jobs = self._take()
                try:
                    settled = list(zip(jobs, self._run(jobs), strict=True))
                except Exception:  # a lane outlives whatever a write does; that nothing was written is not known here, so it is not said
                    logger.exception("a lane failed")
                    settled = [(job, OutcomeUnknown()) for job in jobs]
                self._settle(settled)
            self.busy = False
            if self.waiting:  # it came after the last look, while this lane still called itself busy
                self.wake.set()

    def _take(self) -> list[Job]:
        jobs = [first := self.waiting.popleft()]
        most = settings.BATCH_POSTS if first.together else 1
        while self.waiting and len(jobs) < most and self.waiting[0].run is first.run:
            jobs.append(self.waiting.popleft())
        return jobs

    def _run(self, jobs: Sequence[Job]) -> Sequence[Result]:
        started = self.began = time.perf_counter()
        figures.lane_wait.observe(started - jobs[0].at)
        try:
            return self._attempts(jobs)
        finally:
            self.began = None
            figures.commit_seconds.observe(time.perf_counter() - started)
            figures.batch_posts.observe(len(jobs))

    def _attempts(self, jobs: Sequence[Job]) -> Sequence[Result]:
        """Runs the batch; over a broken connection again and again for OUTCOME_S, which client ids make harmless."""
        give_up, pause, unknown = None, 0.02, False
        while True:
            try:
                return jobs[0].run([j.item for j in jobs])
            except (OperationalError, InterfaceError) as error:
                if not _lost(error):
                    return self._one_by_one(jobs, error)
                unknown = unknown or log.commit_was_sent(error)
                connection.close()
                figures.lost_connections.inc()
                give_up = give_up or time.monotonic() + settings.OUTCOME_S
                if time.monotonic() + pause > give_up:
                    logger.warning("database lost", extra={"count": len(jobs), "why": "outcome unknown" if unknown else "nothing written"})
                    return [OutcomeUnknown() if unknown else Refusal("service.unavailable", retry_after_ms=1000)] * len(jobs)
                time.sleep(pause)
                pause = min(pause * 2, 0.5)
            except Exception as error:
                return self._one_by_one(jobs, error)

    def _one_by_one(self, jobs: Sequence[Job], error: Exception) -> Sequence[Result]:
        """The batch failed: each alone, so that only the culprit is refused."""
        if len(jobs) > 1:
            return [r for job in jobs for r in self._attempts([job])]
        if not isinstance(error, DatabaseError):
            logger.error("a write failed", exc_info=error)
            return [Refusal("request.failed")]
        state = getattr(error.__cause__, "sqlstate", None) or ""
        # Read-only, disk full, out of memory, too many connections, lock or deadlock: the write may be repeated later.
        passing = state[:2] in ("53", "55", "40", "57") or state == "25006"
        logger.warning("write refused by the database", extra={"code": state})
        return [Refusal("service.unavailable", retry_after_ms=1000) if passing else Refusal("request.failed")]

    def _settle(self, settled: Sequence[tuple[Job, Result]]) -> None:
        per_loop: dict[asyncio.AbstractEventLoop, list[tuple[Callable[[Result], None], Result]]] = {}
        for job, result in settled:
            if job.loop is None:
                job.done(result)
            else:
                per_loop.setdefault(job.loop, []).append((job.done, result))
        for loop, calls in per_loop.items():
            with suppress(RuntimeError):  # the loop was closed: nobody is left to be told
                loop.call_soon_threadsafe(_call_all, calls)


def _call_all(calls: list[tuple[Callable[[Result], None], Result]]) -> None:
    for done, result in calls:
        done(result)


def _lost(error: OperationalError | InterfaceError) -> bool:
    """Whether the connection broke, so that what happened to the transaction is not known from here.

    Told by the error: what PostgreSQL refused carries its SQLSTATE, what the driver noticed carries none. Whether a connection
    is alive now says nothing, for Django opens a new one on the way out of a commit that failed.
    """
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return not state or state[:2] == "08" or state[:3] == "57P" or not _alive()


def _alive() -> bool:
    try:
        return connection.connection is not None and not connection.connection.closed and connection.is_usable()
    except Exception:
        return False


_lanes: list[Lane] = []
_start = threading.Lock()


def _lane(room: uuid.UUID) -> Lane:
    if not _lanes:
        with _start:
            if not _lanes:
                made = [Lane(n) for n in range(settings.LANES)]
                for lane in made:
                    lane.start()
                _lanes.extend(made)
    return _lanes[room.int % len(_lanes)]


def submit(room: uuid.UUID, run: RunMany, item: Any, *, together: bool, done: Callable[[Result], None], loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Queues one write of a room; `done(result)` gets an answer, a Refusal or OutcomeUnknown."""
    _lane(room).submit(Job(run, item, together, done, loop, time.perf_counter()))


def wait(room: uuid.UUID, run: RunMany, item: Any, *, together: bool) -> Any:
    """Queues one write and waits for it, for callers on a thread of their own. Raises Refusal or OutcomeUnknown."""
    future: concurrent.futures.Future[Result] = concurrent.futures.Future()
    submit(room, run, item, together=together, done=future.set_result)
    result = future.result()
    if isinstance(result, Exception):
        raise result
    return result


def idle() -> bool:
    """Whether nothing waits and nothing is being written: asked while draining."""
    return not any(lane.waiting or lane.busy for lane in _lanes)


def waiting() -> int:
    return sum(len(lane.waiting) for lane in _lanes)


def longest_running() -> float:
    """Seconds since the oldest commit that has not ended began."""
    now = time.perf_counter()
    return max((now - began for lane in _lanes if (began := lane.began) is not None), default=0.0)
