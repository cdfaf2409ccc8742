"""Jobs that only tests have: they say in a table what they did."""

from __future__ import annotations

import time

from django.db import connection

from consult.jobs import progress as work
from consult.jobs import running
from consult.jobs.declared import job

TABLE = "CREATE TABLE IF NOT EXISTS job_said (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
PLANTED = "Zoster ophtalmique"


def say(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO job_said (what) VALUES (%s)", (what,))


def said() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT what FROM job_said ORDER BY id")
        return [what for (what,) in cursor.fetchall()]


def wait_until_told(what: str, *, heeding: bool) -> None:
    while f"{what} may end" not in said():
        if heeding:
            running.heed()
        time.sleep(0.02)


@job("test.say")
def saying(what: str) -> None:
    say(what)


@job("test.hold")
def holding(what: str) -> None:
    say(f"{what} begins")
    wait_until_told(what, heeding=False)
    say(f"{what} ends")


@job("test.fail", tries=3)
def failing(what: str) -> None:
    say(f"{what} is tried")
    raise ValueError(PLANTED)


@job("test.count", tries=2)
def counting(progress: str, fails: bool = False) -> None:
    """Four steps; held after the second, where it can be told to stop."""
    with work.moving(progress, total=4) as step:
        for n in range(step.done, 4):
            say(f"step {n}")
            if fails:
                raise ValueError(PLANTED)
            step(1)
            if n == 1:
                wait_until_told("count", heeding=True)
