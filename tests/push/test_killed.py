"""Workers that are killed, started again and doubled: each notice is sent at least once, shown once, and says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings as configured
from django.db import connection, transaction

from consult.push import sealed
from consult.push.models import Notice
from consult.rooms import waking
from consult.rooms.models import Followup
from consult.worker import Worker
from tests import live, people
from tests.push.services import Service
from tests.push.test_notices import conversation, device
from tests.rooms.helpers import group, joined, post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(900)]
PLANTED = "Zoster ophtalmique"
CROWD = 10_000


def wait_for(what: Callable[[], Any]) -> bool:
    """Workers are processes, and start slowly on a busy machine."""
    return live.wait_for(what, 250)


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DATABASE_URL": where, "PUSH_HOSTS": "127.0.0.1", "SECRETS_KEYS": ",".join(configured.SECRETS_KEYS), "LOG_LEVEL": "DEBUG"}
    with open(log, "ab") as file:
        child = subprocess.Popen([sys.executable, "manage.py", "worker"], env=env, stderr=file, cwd=configured.BASE_DIR)
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


@contextmanager
def another_connection() -> Iterator[psycopg.Connection[Any]]:
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with psycopg.connect(where, autocommit=True) as made:
        yield made


def crowd(room: uuid.UUID, service: Service, session: str, count: int) -> None:
    """Members by the thousand, each with a device at the service."""
    address = sealed.seal({**service.browser("crowd").address(), "session": session})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clinicians_person (id, password, is_superuser, email, title, given_name, family_name, profession, specialty, level, place, locale, is_active, is_staff, joined_at) "
            "SELECT gen_random_uuid(), '', false, 'm' || n || '@example.org', '', 'Membre', n::text, '10', 'SM15', '', '', 'fr', true, false, now() FROM generate_series(1, %s) n",
            (count,),
        )
        cursor.execute(
            "INSERT INTO standing_standing (person_id, verification, register, moderator) SELECT id, 'verified', 'test', false FROM clinicians_person WHERE given_name = 'Membre'"
        )
        cursor.execute(
            "INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at) SELECT %s, id, 'member', 0, 0, false, now() FROM clinicians_person WHERE given_name = 'Membre'",
            (room,),
        )
        cursor.execute(
            "INSERT INTO push_device (id, person_id, session, courier, address_digest, address, locale, label, created_at, seen_at, refused) "
            "SELECT gen_random_uuid(), id, '', 'web', sha256(id::text::bytea), %s, 'fr', '', now(), now(), 0 FROM clinicians_person WHERE given_name = 'Membre'",
            (address,),
        )
        cursor.execute("ANALYZE clinicians_person, standing_standing, rooms_membership, push_device")


def rows(*tables: str) -> str:
    with connection.cursor() as cursor:
        text = ""
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            text += cursor.fetchone()[0]
        return text


def test_killed_while_it_sends_then_two_send_it(service: Service, tmp_path: Path) -> None:
    nadia, idris = people.nadia(), people.idris()
    device(service, idris)
    talk = conversation(nadia, idris)
    service.answers["Idris"] = ["hang", 201]
    log = tmp_path / "worker.log"
    with worker(log) as first:
        seq = post(talk, nadia, PLANTED)["seq"]
        assert wait_for(lambda: service.asked == ["Idris"])
        first.kill()  # -9, with the request under way
        first.wait(10)
    assert not service.got and Notice.objects.count() == 1
    assert PLANTED not in rows("push_notice", "rooms_followup", "push_device")
    with connection.cursor() as cursor:  # as if its lease had ended
        cursor.execute("UPDATE push_notice SET due_at = clock_timestamp()")
    with ExitStack() as both:
        for _ in range(2):
            both.enter_context(worker(log))
        assert wait_for(lambda: not Notice.objects.exists())
        time.sleep(0.3)
    assert [(p["room"], p["seq"], p["reason"]) for p in service.payloads("Idris")] == [(str(talk), seq, "direct")]
    (_, payload, headers, _) = service.got[0]
    assert set(payload) == {"v", "room", "seq", "reason", "badge"} and headers["Topic"] == talk.hex
    said = log.read_text()
    assert "worker started" in said and not [w for w in (*PLANTED.split(), "Ferrand", "Vallon", "/send/") if w in said + str(payload) + str(headers)]


def expanding() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%%WITH who AS MATERIALIZED%%' AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def test_killed_while_it_expands_then_each_is_queued_once(service: Service, tmp_path: Path) -> None:
    nadia, people_there = people.nadia(), 300
    room = joined(group(), nadia)
    crowd(room, service, people.session_of(nadia), people_there)
    service.answers["crowd"] = [503] * people_there * 20
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$")
        cursor.execute("CREATE TRIGGER planted BEFORE INSERT ON push_notice FOR EACH ROW EXECUTE FUNCTION planted()")

    try:
        with worker(tmp_path / "worker.log") as first:
            post(room, nadia, PLANTED, form="question")
            assert wait_for(lambda: bool(expanding()))
            pids = expanding()
            first.kill()
            first.wait(10)
        with connection.cursor() as cursor:  # PostgreSQL sees that its client is gone when it next writes to it
            cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS t(pid)", (pids,))
        assert wait_for(lambda: not expanding())
        assert Notice.objects.count() == 0 and Followup.objects.filter(wake=True).count() == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER planted ON push_notice; DROP FUNCTION planted()")
    with ExitStack() as both:
        for _ in range(2):
            both.enter_context(worker(tmp_path / "worker.log"))
        assert wait_for(lambda: Notice.objects.count() == people_there)
        time.sleep(0.5)
    assert Notice.objects.values("device").distinct().count() == Notice.objects.count() == people_there and not Followup.objects.exists()


def test_killed_between_two_parts_of_a_crowd_it_goes_on_from_there(service: Service, tmp_path: Path) -> None:
    nadia, people_there = people.nadia(), 2 * waking.PEOPLE + 100
    room = joined(group(), nadia)
    crowd(room, service, people.session_of(nadia), people_there)
    service.answers["crowd"] = [503] * people_there * 20
    with connection.cursor() as cursor:  # each part takes its time, once it is written
        cursor.execute("CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$")
        cursor.execute("CREATE TRIGGER planted AFTER INSERT ON push_notice FOR EACH STATEMENT EXECUTE FUNCTION planted()")
    try:
        with worker(tmp_path / "worker.log") as first:
            seq = post(room, nadia, PLANTED, form="question")["seq"]
            assert wait_for(lambda: Notice.objects.filter(seq=seq).count() >= waking.PEOPLE - 1)  # the author may be among the first
            first.kill()
            first.wait(10)
    finally:
        assert wait_for(lambda: not expanding())
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER planted ON push_notice; DROP FUNCTION planted()")
    begun = Followup.objects.get(wake=True)
    parts = Notice.objects.values_list("person_id", flat=True)
    assert waking.PEOPLE - 1 <= len(parts) < people_there and max(parts) <= begun.woken_to
    while waking.expand():
        pass
    assert Notice.objects.values("device").distinct().count() == Notice.objects.count() == people_there and not Followup.objects.exists()


def test_a_crowd_keeps_no_other_waiting(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    nadia, idris = people.nadia(), people.idris()
    device(service, idris)
    room, talk = joined(group(), nadia), conversation(nadia, idris)
    crowd(room, service, people.session_of(nadia), 100)
    monkeypatch.setattr(waking, "PEOPLE", 10)
    post(room, nadia, PLANTED, form="question")
    assert waking.expand() == 1 and 9 <= Notice.objects.count() <= 10
    for n in range(12):
        post(talk, nadia, f"{n}")
    waking.expand()
    assert Notice.objects.filter(room_id=talk).count() >= 4
    while waking.expand():
        pass
    assert Notice.objects.filter(room_id=talk).count() == 12 and Notice.objects.filter(room_id=room).count() == 100 and not Followup.objects.exists()


def test_ten_thousand_are_queued_in_few_queries(service: Service, django_assert_max_num_queries: Any) -> None:
    nadia = people.nadia()
    room = joined(group(), nadia)
    crowd(room, service, people.session_of(nadia), CROWD)
    post(room, nadia, PLANTED, form="question")
    began = time.perf_counter()
    with django_assert_max_num_queries(7 * (CROWD // waking.PEOPLE + 1)):  # however many people a transaction may have
        while waking.expand():
            pass
    took = time.perf_counter() - began
    assert Notice.objects.count() == CROWD and set(Notice.objects.values_list("reason", flat=True)) == {"group_question"}
    assert took < 15, took  # the machine of the tests may be slow; the bench's row says what it is on an idle one
    print(f"{CROWD} notices queued in {took:.2f} s")


def test_they_wait_for_no_lock_of_the_room_and_keep_no_post_waiting(service: Service) -> None:
    """In both directions: expanded while another connection holds the room's row, and while it is open a post of that room commits."""
    nadia = people.nadia()
    room = joined(group(), nadia)
    crowd(room, service, people.session_of(nadia), 2 * waking.PEOPLE)
    post(room, nadia, PLANTED, form="question")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    try:
        with another_connection() as other:
            with other.transaction():
                other.execute("SELECT FROM rooms_room WHERE id = %s FOR UPDATE", (room,))
                while waking.expand():
                    pass
            assert Notice.objects.count() == 2 * waking.PEOPLE and not Followup.objects.exists()
            post(room, nadia, "Une autre", form="question")
            with transaction.atomic():
                assert waking.expand() == 1
                other.execute("SET lock_timeout = '2s'")
                with other.transaction():
                    other.execute("SELECT FROM rooms_room WHERE id = %s FOR UPDATE", (room,))
                    other.execute("UPDATE rooms_room SET last_seq = last_seq WHERE id = %s", (room,))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def test_sending_outlives_a_lost_database(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    nadia, idris = people.nadia(), people.idris()
    device(service, idris)
    talk = conversation(nadia, idris)

    def pids() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            return {pid for (pid,) in cursor.fetchall()}

    before, working = pids(), Worker()
    thread = threading.Thread(target=working.run)
    thread.start()
    try:
        post(talk, nadia, "Lu ?")
        assert len(service.wait(1)) == 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM unnest(%s::int[]) AS t(pid)", (list(pids() - before),))
        post(talk, nadia, "Et maintenant ?")
        assert len(service.wait(2)) == 2
    finally:
        working.stop()
        thread.join(10)
    assert not thread.is_alive()
    said = [r.getMessage() for r in caplog.records]
    assert "push waits for the database" in said and "push failed" not in said
