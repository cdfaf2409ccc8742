"""The worker's part: takes jobs up on threads of its own, one at a time each, and takes over what a worker that died had begun.

procrastinate knows by heartbeat which workers live. One that only stood still may wake while another has its job: so each job
is run under an advisory lock of its thread's connection, which PostgreSQL lets go when that connection ends, and not before.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.utils import timezone
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.contrib.django import DjangoApp, connector_params
from procrastinate.exceptions import JobAborted
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from consult.database import own_connection
from consult.jobs.declared import Busy, declared
from consult.jobs.models import Progress

logger = logging.getLogger("consult.jobs")
AT_ONCE = 2  # jobs; each holds a thread and a connection
HEARTBEAT_S = 5.0
STALLED_S = 20.0  # without a heartbeat a worker is taken for dead
POLL_S = 5.0  # new jobs ring (LISTEN); what is due later, or was taken over, is looked for
STOP_S = 5.0  # until a job that runs on is told to stop where it may
BEGUN = 5  # times: a job that ended each worker that ran it is given up
KEPT_DAYS = 30
LOCKS = 0x6A6F62 << 40  # "job": advisory locks are one space for all

_current: ContextVar[JobContext | None] = ContextVar("job", default=None)

# Back in line, at once; nobody waits for its queueing lock any more, or two that wait might hold it.
_TAKE_OVER = """
WITH mine AS (
    SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < clock_timestamp() - %(after)s * interval '1 second') FOR UPDATE OF j SKIP LOCKED
)
UPDATE procrastinate_jobs j SET status = (CASE WHEN j.attempts + 1 < %(begun)s THEN 'todo' ELSE 'failed' END)::procrastinate_job_status,
    attempts = j.attempts + 1, queueing_lock = NULL, abort_requested = false, scheduled_at = clock_timestamp()
FROM mine WHERE j.id = mine.id RETURNING j.task_name, j.status::text"""
_FORGET = """
DELETE FROM procrastinate_jobs j WHERE j.status NOT IN ('todo', 'doing')
AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - %s * interval '1 day')"""


async def run(stopping: threading.Event) -> None:
    """Works until `stopping`; raises when the database is lost, and may then be called again."""
    await sync_to_async(close_old_connections)()  # the one that puts periodic jobs in line
    threads = AT_ONCE + 1  # names of hosts are looked up there too
    check = AsyncConnectionPool.check_connection
    pool = AsyncConnectionPool(kwargs=connector_params(), min_size=1, max_size=2, timeout=5, name="jobs", open=False, configure=_autocommit, check=check)
    with ThreadPoolExecutor(threads, thread_name_prefix="jobs", initializer=own_connection) as executor:
        asyncio.get_running_loop().set_default_executor(executor)
        try:
            async with pool:
                await pool.wait(5)
                app = _app()
                async with app.open_async(pool):
                    await _work(app, stopping)
        finally:
            everyone = threading.Barrier(threads)
            for _ in range(threads):
                executor.submit(_hang_up, everyone)


async def _autocommit(line: AsyncConnection[Any]) -> None:
    """Each question is one statement. A process that freezes between it and a COMMIT would hold up all other workers."""
    await line.set_autocommit(True)


async def _work(app: App, stopping: threading.Event) -> None:
    tasks = [asyncio.create_task(app.run_worker_async()), asyncio.create_task(_take_over(app))]
    try:
        while not stopping.is_set() and not any(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()  # which is how procrastinate is asked to end in order
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _hang_up(everyone: threading.Barrier) -> None:
    """On each thread once: it waits for the others."""
    everyone.wait(5)
    connection.close()


def _app() -> App:
    """The same jobs, on connections that the loop can wait for. What a job itself puts in line goes by Django's own, with its transaction."""
    known = declared()
    known.perform_import_paths()  # type: ignore[no-untyped-call]
    app = DjangoApp(
        connector=PsycopgConnector(),
        worker_defaults={
            "name": "consult",
            "concurrency": AT_ONCE,
            "install_signal_handlers": False,
            "fetch_job_polling_interval": POLL_S,
            "shutdown_graceful_timeout": STOP_S,
            "update_heartbeat_interval": HEARTBEAT_S,
            "stalled_worker_timeout": STALLED_S,
            "delete_jobs": "successful",
            "task_middleware": [alone],
        },
    )
    app.tasks, app.periodic_registry = known.tasks, known.periodic_registry
    return app


def alone(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Runs the job unless another worker is still at it. It has begun: the next one of its kind may wait."""
    key = LOCKS | int(context.job.id or 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
        if not cursor.fetchone()[0]:
            raise Busy
        # A queueing lock is for what waits. Were it kept, a failed try could not go back in line behind a newcomer of the same name.
        cursor.execute("UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %s AND queueing_lock IS NOT NULL", (context.job.id,))
    token = _current.set(context)
    try:
        return call_next()
    finally:
        _current.reset(token)
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", (key,))


def heed() -> None:
    """Called by a job where it can end with nothing half done: raises JobAborted if it was told to stop. It goes on later."""
    context = _current.get()
    if context is not None and context.should_abort():
        raise JobAborted


def last_try(error: BaseException) -> bool:
    """Whether the job that runs here will not be tried again after this error."""
    context = _current.get()
    return context is None or context.task.get_retry_exception(error, context.job) is None


async def _take_over(app: App) -> None:
    while True:
        for found in await app.connector.execute_query_all_async(_TAKE_OVER, after=STALLED_S, begun=BEGUN):
            if found["status"] == "failed":
                logger.error("a job ended every worker that ran it, and is given up", extra={"code": found["task_name"]})
            else:
                logger.warning("a job of a worker that died is taken over", extra={"code": found["task_name"]})
        await app.job_manager.prune_stalled_workers(STALLED_S)
        await asyncio.sleep(HEARTBEAT_S)


def forget() -> None:
    """Jobs that ended long ago, and how far they had got."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, (KEPT_DAYS,))
    Progress.objects.filter(moved_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()
