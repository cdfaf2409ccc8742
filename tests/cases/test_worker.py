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
from consult.push.models import Notice
from consult.rooms.jobs import purge
from consult.rooms.models import Followup
from consult.standing import tickets
from consult.standing.models import AccessChange, Standing, Ticket
from consult.worker import Worker
from tests import people
from tests.cases.helpers import ask
from tests.push import conftest
from tests.push.services import Service
from tests.push.test_notices import conversation, device
from tests.rooms.helpers import personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)
service = conftest.service


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


def test_an_act_that_fails_for_good_keeps_nothing_else_from_its_turn(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    nadia, idris, done = people.nadia(), people.idris(), []
    device(service, idris)
    talk = conversation(nadia, idris)

    def broken() -> None:
        raise ValueError("one bad row")

    worker = Worker()
    worker.due = {broken: (0.0, 3600.0), lambda: done.append(1): (0.0, 3600.0)}
    post(talk, nadia, "Lu ?")
    worker.step()
    worker.step()
    assert Notice.objects.get().room_id == talk and done == [1]
    [record] = [r for r in caplog.records if r.getMessage() == "an act of the worker failed"]
    assert record.act.endswith("broken") and record.exc_info  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["unique_violation", "data_exception", "not_null_violation"])
def test_a_case_whose_rows_the_database_refuses_keeps_no_other_waiting(fault: str) -> None:
    """What PostgreSQL says of one row is no outage."""
    nadia, camille = people.nadia(), people.camille()
    bad, good = (ask(camille)["room"] for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.room_id = '{bad}' THEN RAISE {fault}; END IF; RETURN NEW; END $$")
        cursor.execute("CREATE TRIGGER planted BEFORE UPDATE ON cases_case FOR EACH ROW EXECUTE FUNCTION planted()")
    try:
        for room in (bad, good):
            post(room, nadia, "Mycose")
        worker = Worker()
        for _ in range(4):
            worker.step()
        assert [Case.objects.get(room_id=room).answers for room in (bad, good)] == [0, 1] and not Followup.objects.filter(tally=True).exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER planted ON cases_case; DROP FUNCTION planted()")


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
