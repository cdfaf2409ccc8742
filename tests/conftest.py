"""What every test may rely on: a migrated database with its code lists, and the cast of people.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

# Tables that migrations fill and no test changes for good: a flush between transactional tests leaves them alone.
KEPT = {"clinicians_specialtygroup", "clinicians_specialty", "clinicians_profession"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # The audit trail refuses TRUNCATE; the flush of a throwaway database is the one exception.
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER append_only_truncate")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Lanes and readers hold their connections as long as the process; the database is about to be dropped.
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


@pytest.fixture(scope="session", autouse=True)
def flush_keeps_code_lists() -> Iterator[None]:
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.sql_flush

    def keeping(self: Any, style: Any, tables: Any, **options: Any) -> Any:
        return flush(self, style, [table for table in tables if table not in KEPT], **options)

    DatabaseOperations.sql_flush = keeping  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """allauth counts attempts in the cache: no test inherits another's."""
    from django.core.cache import cache

    cache.clear()
