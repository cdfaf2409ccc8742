"""What every test may rely on: a migrated database with its code lists, and the cast of people.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

# Tables that migrations, and what follows them, fill and no test changes for good: a flush between transactional tests leaves them alone.
KEPT = {"clinicians_specialtygroup", "clinicians_specialty", "clinicians_profession", "django_content_type", "auth_permission"}


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
def quick_flush() -> Iterator[None]:
    """Between transactional tests the few rows are deleted: truncating some sixty tables takes ten times as long, and the tests are many.

    Nor is anyone told of a migration, as flush does: content types and permissions are kept, and to make them anew took most of a test's end.
    """
    from django.core.management.commands import flush as command
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush, tell = DatabaseOperations.sql_flush, command.emit_post_migrate_signal  # type: ignore[attr-defined]
    last = "standing_accesschange"  # written by triggers of the other tables, deletions included

    def deleting(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        apart = {last, "audit_record", *KEPT}
        rows = [f'DELETE FROM "{table}"' for table in [*(t for t in tables if t not in apart), last]]
        return [*flush(self, style, ["audit_record"], **options), "; ".join(rows)]

    DatabaseOperations.sql_flush = deleting  # type: ignore[method-assign,assignment]
    command.emit_post_migrate_signal = lambda *args, **options: None  # type: ignore[attr-defined]
    yield
    DatabaseOperations.sql_flush, command.emit_post_migrate_signal = flush, tell  # type: ignore[method-assign,attr-defined]


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """allauth counts attempts in the cache: no test inherits another's."""
    from django.core.cache import cache

    cache.clear()
