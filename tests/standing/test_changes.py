"""The reader of access_change: every committed row once, in whatever order transactions commit."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from consult.standing import actions, changes
from consult.standing.models import AccessChange, Standing
from tests.people import camille, nadia

pytestmark = pytest.mark.django_db(transaction=True)


def write(cursor: Any) -> uuid.UUID:
    """A change of rights by whoever owns this cursor."""
    person = uuid.uuid4()
    cursor.execute("INSERT INTO standing_standing (person_id, verification, register, moderator) VALUES (%s, 'pending', '', false)", [person])
    return person


@pytest.fixture
def other() -> Iterator[Any]:
    """A second connection with a transaction of its own."""
    second = connections.create_connection("default")
    second.set_autocommit(False)
    yield second
    second.rollback()
    second.close()


def people(reader: changes.Reader) -> list[uuid.UUID | None]:
    return [change.person_id for change in reader.read()]


def test_it_begins_now_and_reads_each_change_once() -> None:
    write(connection.cursor())
    reader = changes.Reader()
    assert reader.read() == []
    one, two = write(connection.cursor()), write(connection.cursor())
    assert people(reader) == [one, two]
    assert reader.read() == []


def test_a_row_that_commits_late_is_not_skipped(other: Any) -> None:
    reader = changes.Reader()
    early = write(other.cursor())  # the lower id and the lower xid, not yet committed
    late = write(connection.cursor())
    assert people(reader) == [late]
    assert people(reader) == []
    other.commit()
    assert people(reader) == [early]
    assert people(reader) == []


def test_a_reader_that_starts_amid_a_transaction_still_gets_it(other: Any) -> None:
    early = write(other.cursor())
    write(connection.cursor())
    reader = changes.Reader()
    other.commit()
    assert people(reader) == [early]


def test_what_is_rolled_back_is_never_read(other: Any) -> None:
    reader = changes.Reader()
    write(other.cursor())
    other.rollback()
    assert reader.read() == []


def test_what_it_remembers_stays_bounded(other: Any) -> None:
    reader = changes.Reader()
    other.cursor().execute("SELECT pg_current_xact_id()")  # a transaction that holds the horizon back
    for _ in range(50):
        write(connection.cursor())
        reader.read()
    assert len(reader._seen) == 50
    other.rollback()
    reader.read()
    assert reader._seen == {}


def test_eight_writers_and_nothing_lost_or_doubled() -> None:
    reader, written, stop = changes.Reader(), [], threading.Event()
    heard: list[uuid.UUID | None] = []

    def work() -> None:
        try:
            for _ in range(25):
                with transaction.atomic():
                    written.append(write(connection.cursor()))
                    connection.cursor().execute("SELECT pg_sleep(random() * 0.004)")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        heard += people(reader)
    stop.set()
    heard += people(reader)
    assert len(heard) == 200
    assert set(heard) == set(written)


def test_one_indexed_query(django_assert_num_queries: Any) -> None:
    AccessChange.objects.bulk_create([AccessChange(xid=3, at=timezone.now(), kind="standing") for _ in range(5000)])
    connection.cursor().execute("ANALYZE standing_accesschange")
    reader = changes.Reader()
    with django_assert_num_queries(1):
        reader.read()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + changes._READ, [reader.xmin, []])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan and "xid" in plan, plan


def _suspend() -> None:
    actions.suspend(person_id=camille().pk, until=timezone.now() + timedelta(hours=1), by=None, reason="x")


def _password() -> None:
    person = camille()
    person.set_password("a-new-long-password")
    person.save()


def _close() -> None:
    person = camille()
    person.is_active = False
    person.save()


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (_suspend, "standing"),
        (_password, "account"),
        (_close, "account"),
        (lambda: actions.expire(person_id=camille().pk, by=None), "standing"),
        (lambda: camille().delete(), "account"),
    ],
)
def test_each_change_of_a_person_is_a_row_with_their_id(act: Callable[[], None], kind: str) -> None:
    person = camille().pk
    reader = changes.Reader()
    act()
    assert (kind, person) in [(change.kind, change.person_id) for change in reader.read()]


def test_purge_takes_the_old_alone() -> None:
    nadia()
    AccessChange.objects.create(xid=3, at=timezone.now() - timedelta(days=9), kind="standing")
    assert changes.purge(7) == 1
    assert AccessChange.objects.exists() and Standing.objects.exists()
