"""Columns of a batch: what PostgreSQL reads is what was put in, NULLs and extremes included, whatever stands first."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from consult.columns import Bools, Longs, Texts, Times, Uuids
from consult.database import together

pytestmark = pytest.mark.django_db

COLUMNS: list[tuple[str, Any]] = [
    ("uuid", Uuids([uuid.UUID(int=0), None, uuid.UUID(int=2**128 - 1), uuid.uuid4()])),
    ("bigint", Longs([None, 0, 1, -1, 2**63 - 1, -(2**63), 70_000])),
    ("text", Texts(["", None, 'é 🩺 {,}"\\', "NULL", "a" * 100_000])),
    (
        "timestamptz",
        Times([datetime(2000, 1, 1, tzinfo=UTC), None, datetime(1900, 2, 3, 4, 5, 6, 999_999, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=2)))]),
    ),
    ("boolean", Bools([True, None, False])),
]


@pytest.mark.parametrize(("kind", "column"), COLUMNS, ids=[kind for kind, _ in COLUMNS])
def test_what_goes_in_comes_out(kind: str, column: Any) -> None:
    empty = type(column)()
    query = f"SELECT %b::{kind}[], pg_typeof(%b)::text, array_ndims(%b::{kind}[]), %b::{kind}[]"
    [(back, named, dimensions, nothing)] = together((query, (column, column, column, empty)))[0]  # type: ignore[arg-type]
    assert back == list(column) and nothing == [] and dimensions == 1
    assert named == {"timestamptz": "timestamp with time zone"}.get(kind, kind) + "[]"
    # Compared with what PostgreSQL itself makes of the same values, read one by one.
    rows = together((f"SELECT v FROM unnest(%b::{kind}[]) AS t(v)", (column,)))[0]  # type: ignore[arg-type]
    assert [row[0] for row in rows] == list(column)


def test_values_of_any_size_share_one_statement() -> None:
    """psycopg alone takes 1 for an int2, 70,000 for an int4: three plans for one statement."""
    query = "SELECT count(*) FROM unnest(%b::bigint[]) AS one_statement_for_all"
    for value in (1, 70_000, 2**40):
        assert together((query, (Longs([value]),)))[0] == [(1,)]
    prepared = together(("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%one_statement_for_all%%' AND statement NOT LIKE '%%pg_prepared%%'", ()))[0]
    assert prepared == [(1,)]


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        together(("SELECT %b::text[]", (Texts(["\ud800"]),)))
