"""What a job is: a function of ids and numbers, under a name that stays, with its tries, what makes it unique, and its clock.

    @job("cases.remind", tries=5)
    def remind(case: str) -> None: ...

    defer(remind, unique=case, case=case)   # one row, in the transaction that is open

A job is done at least once, so doing it twice must be harmless. Its arguments are kept as they are and stand in logs: ids and numbers only.
Inserting a job does NOTIFY, which makes commits wait for each other throughout the database: never in the transaction of a post.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, JobAborted
from procrastinate.jobs import Job
from procrastinate.tasks import Task

TRIES = 5
LONGEST_S = 3600.0
BUSY_S = 10  # until a job that another worker still runs is looked at again


class Busy(Exception):
    """Another worker, which was taken for dead, is still at this job."""


class Backoff(BaseRetryStrategy):
    """Four times as long each time, spread. A job that was told to stop, or that another worker is still at, has not failed."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return _after(0)
        if isinstance(exception, Busy):
            return _after(BUSY_S)
        if job.attempts + 1 >= self.tries:
            return None
        return _after(min(LONGEST_S, 4.0 ** (job.attempts + 1)) * random.uniform(0.5, 1.0))


def _after(seconds: float) -> RetryDecision:
    return RetryDecision(retry_at=timezone.now() + timedelta(seconds=seconds))


def job(name: str, *, tries: int = TRIES) -> Callable[[Callable[..., None]], Task[..., Any, ...]]:
    """Declares the function as the job of this name. It fails for good after so many tries, and then stays to be seen for a month."""

    def declare(function: Callable[..., None]) -> Task[..., Any, ...]:
        return app.task(name=name, retry=Backoff(tries))(function)

    return declare


def every(cron: str, name: str) -> Callable[[Callable[[], None]], Task[..., Any, ...]]:
    """Declares the function as a job that the clock asks for, once for all workers. One that fails is not tried again: its next time comes.

    It never runs twice at once, and never waits twice."""

    def declare(function: Callable[[], None]) -> Task[..., Any, ...]:
        @functools.wraps(function)
        def at(timestamp: int = 0) -> None:  # the moment of the clock, by procrastinate's name for it
            function()

        task = app.task(name=name, retry=Backoff(1), lock=name, queueing_lock=name)(at)
        app.periodic(cron=cron)(task)
        return task

    return declare


def defer(task: Task[..., Any, ...], *, unique: str | None = None, delay_s: float = 0, **arguments: Any) -> bool:
    """Puts a job in line, in the caller's transaction if one is open. `unique`: not if one of this task and word waits already, which
    has not begun; whether it was put there."""
    lock = None if unique is None else f"{task.name}:{unique}"
    options: dict[str, Any] = {"schedule_at": timezone.now() + timedelta(seconds=delay_s)} if delay_s else {}
    try:
        with transaction.atomic():  # what is refused must not spoil the caller's
            task.configure(queueing_lock=lock, **options).defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


def declared() -> App:
    """procrastinate's app with all jobs, once Django is ready."""
    return app
