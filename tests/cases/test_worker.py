"""The worker: what runs out with time, that it stops when told, and that it outlives a lost database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from consult.cases.models import Case
from consult.rooms.jobs import purge
from consult.standing import tickets
from consult.standing.models import AccessChange, Standing, Ticket
from consult.worker import Worker
from tests import people
from tests.cases.helpers import ask
from tests.rooms.helpers import personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return true()


def pids() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}


def test_what_ran_out_is_written_down_and_told() -> None:
    nadia = people.nadia()
    Standing.objects.filter(person_id=nadia.pk).update(verified_until=timezone.now() - timedelta(minutes=1))
    key = people.session_of(nadia)
    Session.objects.filter(session_key=key).update(expire_date=timezone.now() - timedelta(minutes=1))
    tickets.issue(person_id=nadia.pk, session_key=key)
    Ticket.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    AccessChange.objects.update(at=timezone.now() - timedelta(days=2))
    old = list(AccessChange.objects.values_list("id", flat=True))
    Worker().step()
    purge()
    assert personal_events(nadia) == [("verification.decided", {"status": "expired"})]
    assert not Session.objects.exists() and not Ticket.objects.exists() and not AccessChange.objects.filter(id__in=old).exists()
    assert set(AccessChange.objects.values_list("kind", flat=True)) == {"standing", "session"}  # both were rights that ended now


def test_it_outlives_a_lost_database_and_stops_when_told() -> None:
    room, nadia = ask(people.camille())["room"], people.nadia()
    worker, before = Worker(), pids()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        post(room, nadia, "Mycose")
        assert until(lambda: Case.objects.get().answers == 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM unnest(%s::int[]) AS t(pid)", (list(pids() - before),))
        post(room, nadia, "Ou eczéma")
        assert until(lambda: Case.objects.get().answers == 2)
    finally:
        worker.stop()
        thread.join(5)
    assert not thread.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_cleanly(how: signal.Signals) -> None:
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    child = subprocess.Popen([sys.executable, "manage.py", "worker"], env={**os.environ, "DATABASE_URL": where}, stderr=subprocess.PIPE, text=True)
    try:
        room, nadia = ask(people.camille())["room"], people.nadia()
        post(room, nadia, "Mycose")
        assert until(lambda: Case.objects.get().answers == 1, 90)
        child.send_signal(how)
        _, said = child.communicate(timeout=10)
    finally:
        child.kill()
    assert child.returncode == 0 and "worker stopped" in said and "Mycose" not in said and "Traceback" not in said
