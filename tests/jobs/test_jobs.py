"""Durable jobs: declared, unique, tried again, seen; run at least once whatever dies, and never twice at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.db import connection, transaction

from consult.jobs import progress, running, waiting
from consult.jobs.declared import LONGEST_S, Backoff, defer
from consult.jobs.models import Progress
from consult.rooms import jobs as clock
from consult.worker import Worker
from tests import live, people
from tests.jobs import tasks
from tests.rooms.helpers import group, joined, post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(400)]


def wait_for(what: Callable[[], Any]) -> bool:
    """Workers are processes, and start slowly on a busy machine."""
    return live.wait_for(what, 150)


def sql(query: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    """An empty line of jobs, and a place for them to say what they did."""
    sql("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    sql(tasks.TABLE)
    yield
    sql("DROP TABLE job_said")
    sql("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with open(log, "ab") as file:
        child = subprocess.Popen([sys.executable, "-m", "tests.jobs.worker"], env={**os.environ, "DATABASE_URL": where}, stderr=file, cwd=configured.BASE_DIR)
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


@contextmanager
def in_thread() -> Iterator[None]:
    stopping = threading.Event()
    worker = Worker()
    worker.stopping = stopping
    thread = threading.Thread(target=worker._jobs)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(60)
        assert not thread.is_alive()


def jobs() -> list[tuple[str, str, int]]:
    return sql("SELECT task_name, status::text, attempts FROM procrastinate_jobs WHERE task_name LIKE 'test.%%' AND task_name <> 'test.tick' ORDER BY id")  # type: ignore[return-value]


def ours() -> list[str]:
    return [what for what in tasks.said() if not what.startswith("tick")]


def as_if_silent_for_long() -> None:
    sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")


def now_due() -> None:
    sql("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


# --- putting in line ------------------------------------------------------------


def test_a_job_goes_with_the_transaction_and_only_one_of_a_kind_waits() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        assert defer(tasks.saying, what="never")
        raise RuntimeError
    assert jobs() == []
    with transaction.atomic():
        assert defer(tasks.saying, unique="a", what="one") and not defer(tasks.saying, unique="a", what="two")
        assert defer(tasks.saying, unique="b", what="other") and defer(tasks.holding, unique="a", what="of another task")
        tasks.say("the transaction goes on")
    assert len(jobs()) == 3 and ours() == ["the transaction goes on"]
    assert waiting.look()[:2] == (3, 0)


def test_one_that_is_due_later_does_not_wait_yet() -> None:
    defer(tasks.saying, delay_s=3600, what="later")
    assert waiting.look() == (0, 0, 0.0)
    sql("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '90 seconds'")
    count, failed, oldest = waiting.look()
    assert (count, failed) == (1, 0) and 90 <= oldest < 150


def test_a_post_puts_no_job_in_line() -> None:
    """Inserting a job does NOTIFY, which makes commits wait for each other: a post leaves one outbox row, and the worker does the rest."""
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    heard = []
    with connection.cursor() as cursor:
        cursor.execute("LISTEN procrastinate_any_queue_v1")
    post(room, nadia, "Avis ?", form="question")
    Worker().step()
    heard = list(connection.connection.notifies(timeout=0.5))
    sql("UNLISTEN *")
    assert not heard and sql("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


# --- tried again -----------------------------------------------------------------


def test_one_that_fails_is_tried_again_later_and_then_stays_to_be_seen(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    defer(tasks.failing, what="x")
    with worker(tmp_path / "log"):
        for n in (1, 2):
            assert wait_for(lambda n=n: jobs() == [("test.fail", "todo", n)]), (tmp_path / "log").read_text()
            [(pause,)] = sql("SELECT extract(epoch FROM scheduled_at - now())::float8 FROM procrastinate_jobs WHERE task_name = 'test.fail'")
            assert 4**n / 2 - 2 < pause <= 4**n
            now_due()
        assert wait_for(lambda: jobs() == [("test.fail", "failed", 3)])
    assert ours() == ["x is tried"] * 3 and waiting.look()[1] == 1
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["error"] for line in lines if line["level"] == "ERROR"] == ["ValueError"] and "Zoster" not in (tmp_path / "log").read_text()
    sql("UPDATE procrastinate_events SET at = now() - interval '31 days'")
    running.forget()
    assert jobs() == []


def test_the_pause_has_an_end() -> None:
    from procrastinate.jobs import Job

    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=9)
    decision = Backoff(20).get_retry_decision(exception=ValueError(), job=job)
    assert decision is not None and decision.retry_at is not None
    from django.utils import timezone

    assert LONGEST_S / 2 - 5 <= (decision.retry_at - timezone.now()).total_seconds() <= LONGEST_S


def test_a_unique_one_that_fails_goes_back_in_line_though_another_waits() -> None:
    """procrastinate alone would leave it running for ever: no two that wait may hold one queueing lock."""
    with in_thread():
        defer(tasks.failing, unique="u", what="first")
        assert wait_for(lambda: jobs() == [("test.fail", "todo", 1)])
        assert defer(tasks.failing, unique="u", what="second")
        assert wait_for(lambda: jobs() == [("test.fail", "todo", 1)] * 2)


# --- what dies -------------------------------------------------------------------


def test_killed_in_the_middle_it_runs_again_elsewhere(tmp_path: Path) -> None:
    defer(tasks.holding, unique="h", what="h")
    with worker(tmp_path / "log") as first:
        assert wait_for(lambda: ours() == ["h begins"]), (tmp_path / "log").read_text()
        first.kill()  # -9
        first.wait(10)
    assert jobs() == [("test.hold", "doing", 0)]
    as_if_silent_for_long()
    tasks.say("h may end")
    with worker(tmp_path / "log"):
        assert wait_for(lambda: jobs() == []), (tmp_path / "log").read_text()
    assert ours() == ["h begins", "h may end", "h begins", "h ends"]
    assert "taken over" in (tmp_path / "log").read_text()


def test_one_that_ends_every_worker_is_given_up(tmp_path: Path) -> None:
    defer(tasks.holding, what="h")
    sql("UPDATE procrastinate_jobs SET status = 'doing', attempts = %s", running.BEGUN - 1)
    with in_thread():
        assert wait_for(lambda: jobs() == [("test.hold", "failed", running.BEGUN)])
    assert ours() == []


def test_a_worker_that_only_stood_still_is_not_joined_at_its_job(tmp_path: Path) -> None:
    """Frozen for longer than its heartbeat allows, it still holds its lock: the job is taken over, and waits for it to end."""
    defer(tasks.holding, what="h")
    with worker(tmp_path / "one") as first:
        assert wait_for(lambda: ours() == ["h begins"]), (tmp_path / "one").read_text()
        first.send_signal(signal.SIGSTOP)
        as_if_silent_for_long()
        with worker(tmp_path / "two"):
            assert wait_for(lambda: jobs() == [("test.hold", "todo", 2)]), (
                jobs(),
                (tmp_path / "two").read_text(),
                sql("SELECT pid, state, wait_event, query FROM pg_stat_activity WHERE datname = current_database()"),
                sql("SELECT * FROM procrastinate_jobs"),
            )
            assert ours() == ["h begins"]
            tasks.say("h may end")
            first.send_signal(signal.SIGCONT)
            assert wait_for(lambda: "h ends" in ours())
            assert wait_for(lambda: jobs() == [])
            defer(tasks.saying, what="both go on")
            assert wait_for(lambda: "both go on" in ours())
    assert ours() == ["h begins", "h may end", "h ends", "both go on"]


def test_two_workers_do_each_job_once_and_the_clock_asks_both_once(tmp_path: Path) -> None:
    with ExitStack() as both:
        for name in "ab":
            both.enter_context(worker(tmp_path / name))
        assert wait_for(lambda: sql("SELECT count(*) FROM procrastinate_workers") == [(2,)])
        for n in range(100):
            defer(tasks.saying, what=str(n))
        assert wait_for(lambda: jobs() == [])
        assert wait_for(lambda: tasks.said().count("tick ends") >= 5)
        assert {at for (at,) in sql("SELECT DISTINCT worker_id IS NOT NULL FROM procrastinate_jobs WHERE status = 'doing'")} <= {True}
    assert sorted(ours(), key=int) == [str(n) for n in range(100)]
    ticks = [what for what in tasks.said() if what.startswith("tick")]
    assert ticks[::2] == ["tick begins"] * len(ticks[::2]) and ticks[1::2] == ["tick ends"] * len(ticks[1::2])  # never two at once
    seconds = sql("SELECT date_trunc('second', at) FROM job_said WHERE what = 'tick begins'")
    assert len(set(seconds)) >= len(seconds) - 1  # a tick may come late by one


def test_told_to_stop_it_goes_on_later_from_where_it_was(tmp_path: Path) -> None:
    nadia = people.nadia()
    asked = progress.ask(tasks.counting, person_id=nadia.pk)
    with worker(tmp_path / "log") as first:
        assert wait_for(lambda: progress.seen(asked, person_id=nadia.pk) == {"state": "running", "done": 2, "total": 4})
        first.terminate()
        assert first.wait(60) == 0
    assert progress.seen(asked, person_id=nadia.pk) == {"state": "waiting", "done": 2, "total": 4} and jobs() == [("test.count", "todo", 1)]
    tasks.say("count may end")
    with worker(tmp_path / "log"):
        assert wait_for(lambda: progress.seen(asked, person_id=nadia.pk) == {"state": "done", "done": 4, "total": 4}), (tmp_path / "log").read_text()
    assert ours() == ["step 0", "step 1", "count may end", "step 2", "step 3"]
    assert progress.seen(asked, person_id=people.idris().pk) is None and progress.seen(uuid.uuid4(), person_id=nadia.pk) is None
    Progress.objects.update(moved_at="2020-01-01T00:00Z")
    running.forget()
    assert not Progress.objects.exists()


def test_who_waits_for_work_sees_that_it_failed_for_good() -> None:
    nadia = people.nadia()
    asked = progress.ask(tasks.counting, person_id=nadia.pk, fails=True)
    with in_thread():
        assert wait_for(lambda: jobs() == [("test.count", "todo", 1)])
        assert (progress.seen(asked, person_id=nadia.pk) or {})["state"] == "waiting"
        now_due()
        assert wait_for(lambda: jobs() == [("test.count", "failed", 2)])
    assert progress.seen(asked, person_id=nadia.pk) == {"state": "failed", "done": 0, "total": 4}


def test_it_outlives_a_lost_database() -> None:
    before = {pid for (pid,) in sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")}
    with in_thread():
        defer(tasks.saying, what="before")
        assert wait_for(lambda: ours() == ["before"])
        for _ in range(2):
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL(%s)", list(before))
        defer(tasks.saying, what="after")
        assert wait_for(lambda: ours() == ["before", "after"])


def test_what_the_clock_asks_for_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(clock.digest, "run_once", lambda: done.append("digest") or 0)
    monkeypatch.setattr(clock.tickets, "purge", lambda: done.append("purge"))
    with in_thread():
        assert wait_for(lambda: {"digest", "purge"} <= set(done))
    assert {("digest",), ("purge",)} <= set(sql("SELECT DISTINCT task_name FROM procrastinate_periodic_defers WHERE task_name NOT LIKE 'test.%%'"))


# --- where it lives ----------------------------------------------------------------


def test_its_tables_are_made_without_a_superuser() -> None:
    given = urlsplit(os.environ["DATABASE_URL"])
    where = given._replace(path="/plain", query=f"{given.query}&options=-c%20role%3Dplain").geturl()
    sql("DROP DATABASE IF EXISTS plain")
    sql("DROP ROLE IF EXISTS plain")
    sql("CREATE ROLE plain LOGIN NOSUPERUSER")
    sql("CREATE DATABASE plain OWNER plain")
    try:
        env = {**os.environ, "DATABASE_URL": where}
        done = subprocess.run([sys.executable, "manage.py", "migrate", "--no-input"], env=env, cwd=configured.BASE_DIR, capture_output=True, text=True, timeout=380)
        assert done.returncode == 0, done.stderr[-2000:]
        import psycopg

        with psycopg.connect(where) as line:
            assert line.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename LIKE 'procrastinate%'").fetchall() == [("plain",)]
    finally:
        sql("DROP DATABASE plain WITH (FORCE)")
        sql("DROP ROLE plain")
