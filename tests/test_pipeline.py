"""Prepared statements in one round trip: rows, what failed, and a connection that can be used on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.db.utils import DataError, IntegrityError

from consult import pipeline
from consult.columns import Texts
from consult.database import COMMIT, together
from consult.rooms.models import Room

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line() -> Iterator[psycopg.Connection[Any]]:
    """Nobody else's, with nothing prepared yet."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as made:
        yield made


def prepared(line: psycopg.Connection[Any]) -> list[str]:
    return [name for (name,) in line.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'consult_%' ORDER BY prepare_time, name").fetchall()]


def test_each_statement_has_its_rows_and_is_prepared_once(line: psycopg.Connection[Any]) -> None:
    id, at = uuid.uuid4(), datetime(2026, 11, 25, 10, tzinfo=UTC)
    asked: list[pipeline.Statement] = [
        ("SELECT %s::uuid, %s::timestamptz, %s::jsonb, NULL", (id, at, '{"a": [1]}')),
        ("SELECT unnest(%b::text[])", (Texts(["é", None, ""]),)),
        ("SELECT 1 WHERE false", ()),
        ("SET LOCAL work_mem = '5MB'", ()),
        ("SELECT '100 %%', %t::text", ("à",)),
    ]
    expected = [[(id, at, {"a": [1]}, None)], [("é",), (None,), ("",)], [], [], [("100 %", "à")]]
    assert pipeline.run(line, asked) == expected
    before = prepared(line)
    assert pipeline.run(line, asked) == expected and prepared(line) == before and len(before) == len(asked)


def test_the_statement_that_failed_is_told_and_those_after_it_did_nothing(line: psycopg.Connection[Any]) -> None:
    """Never that the pipeline was aborted, which says nothing: whoever asked is answered by what went wrong."""
    room = Room.objects.create(kind="group").pk
    touch: pipeline.Statement = ("UPDATE rooms_room SET last_seq = last_seq + 1 WHERE id = %s", (room,))
    for wrong, error in (
        (("SELECT 1 / %s", (0,)), psycopg.errors.DivisionByZero),
        (("SELECT nothing_of_that_name", ()), psycopg.errors.UndefinedColumn),
        (("INSERT INTO rooms_room SELECT * FROM rooms_room", ()), psycopg.errors.UniqueViolation),
        (("SELECT %s::uuid", ("no id",)), psycopg.errors.InvalidTextRepresentation),
    ):
        with pytest.raises(error):
            pipeline.run(line, [touch, wrong, touch, ("SELECT 2", ())])  # type: ignore[list-item]
        assert not line.closed and pipeline.run(line, [("SELECT 1", ()), touch]) == [[(1,)], []]
    assert Room.objects.get(pk=room).last_seq == 4, "one a turn: what shared a pipeline with what failed was undone"


def test_what_cannot_be_written_is_told_before_anything_is_sent(line: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.DataError):
        pipeline.run(line, [("SELECT 1", ()), ("SELECT %s::text", ("a\0b",))])
    with pytest.raises(psycopg.ProgrammingError):
        pipeline.run(line, [("SELECT %s", (object(),))])
    assert pipeline.run(line, [("SELECT 3", ())]) == [[(3,)]]


def test_a_connection_that_breaks_is_closed(line: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.OperationalError):
        pipeline.run(line, [("SELECT 1", ()), ("SELECT pg_terminate_backend(pg_backend_pid())", ()), ("SELECT 2", ())])
    assert line.closed


def test_an_answer_that_never_comes_is_not_looked_for_for_ever(line: psycopg.Connection[Any]) -> None:
    line.pgconn.enter_pipeline_mode()
    with pytest.raises(psycopg.OperationalError, match="in the middle of a pipeline"):
        line.wait(pipeline._exchange(line.pgconn))  # nothing was sent


def test_more_text_than_the_socket_takes_at_once_comes_back(line: psycopg.Connection[Any]) -> None:
    long = "é" * 3_000_000
    assert pipeline.run(line, [("SELECT %s::text", (long,)), ("SELECT %s::text", (long,))]) == [[(long,)]] * 2
    assert len(prepared(line)) == 1


def test_a_connection_keeps_a_bounded_number_prepared(line: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MOST", 3)
    for n in range(7):
        assert pipeline.run(line, [(f"SELECT {n}", ()), ("SELECT 'again'", ())]) == [[(n,)], [("again",)]]  # type: ignore[list-item]
        assert len(prepared(line)) <= 3
    with pytest.raises(psycopg.errors.DivisionByZero):
        pipeline.run(line, [("SELECT 1 / 0", ()), ("SELECT 'new'", ())])
    assert pipeline.run(line, [("SELECT 'new'", ())]) == [[("new",)]], "what was not prepared after all is prepared when next asked"


def test_through_django_errors_are_its_own_and_transactions_end(settings: Any) -> None:
    with pytest.raises(ProgrammingError):
        together(("SELECT nothing_of_that_name", ()))
    with pytest.raises(DataError), transaction.atomic():
        together(("SELECT 1 / %s", (0,)))
    room = Room.objects.create(kind="group").pk
    with pytest.raises(IntegrityError), transaction.atomic():
        together(("UPDATE rooms_room SET last_seq = 9 WHERE id = %s", (room,)))
        together(("INSERT INTO rooms_room SELECT * FROM rooms_room", ()), COMMIT)
    assert Room.objects.get(pk=room).last_seq == 0
    with transaction.atomic():
        assert together(("SELECT pg_current_xact_id_if_assigned() IS NULL, now() = transaction_timestamp()", ())) == [[(True, True)]]
        together(("UPDATE rooms_room SET last_seq = 7 WHERE id = %s", (room,)))
    assert Room.objects.get(pk=room).last_seq == 7
    with pytest.raises(OperationalError):
        together(("SELECT pg_terminate_backend(pg_backend_pid())", ()))
    connection.close()
    assert Room.objects.get(pk=room).last_seq == 7
