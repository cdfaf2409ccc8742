"""`manage.py partition_log --parts 8`: divides the log's three tables by a hash of the room, in one transaction; no code changes.

A partitioned table is unique only over columns that hold the room, so two things are given up, and said: the checked foreign keys
that point at a message's id alone (what writes those rows reads the message under its room's lock first), and the check that
an id is used once over all parts (it is once in each; ids are random UUIDs, and (room, seq) stays unique).
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction

# A message's own place begins its key: pages and the log go by it.
TABLES = {"rooms_event": "room_id, seq", "rooms_message": "room_id, id", "rooms_clientid": "room_id, sender_id, client_id"}
MOST = 1024
# Writers take the rooms' rows first, so this lets the last of them end and keeps the next out; readers go on until the tables are taken.
LOCKS = ("LOCK TABLE rooms_room IN EXCLUSIVE MODE", "LOCK TABLE rooms_message, rooms_event, rooms_clientid IN ACCESS EXCLUSIVE MODE")


class Command(BaseCommand):
    help = "Divides rooms_event, rooms_message and rooms_clientid by a hash of the room. Writers wait while the rows are copied."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parts", type=int, default=8, help="partitions a table, a power of two")
        parser.add_argument("--lock-timeout", type=float, default=5.0, help="seconds to wait for what reads and writes now")

    def handle(self, *args: Any, parts: int, lock_timeout: float, **options: Any) -> None:
        if parts < 2 or parts > MOST or parts & (parts - 1):
            raise CommandError(f"--parts must be a power of two, from 2 to {MOST}")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", (f"{int(lock_timeout * 1000)}ms",))
                for lock in LOCKS:
                    cursor.execute(lock)
                cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'p' AND oid = ANY(%s::regclass[])", (list(TABLES),))
                if cursor.fetchall():
                    raise CommandError("the log is partitioned already")
                if lost := _would_be_lost(cursor):
                    raise CommandError(f"this command does not know how to take along {', '.join(lost)}")
                for (drop,) in _keys_to_drop(cursor):
                    cursor.execute(drop)
                rows = [_divide(cursor, table, key, parts) for table, key in TABLES.items()]
        except OperationalError as error:
            raise CommandError(f"nothing was changed, try again in a quieter moment: {str(error).strip()}") from error
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(TABLES)}")
        self.stdout.write(f"{' and '.join(f'{n} rows of {table}' for n, table in zip(rows, TABLES, strict=True))} in {parts} parts each")


def _would_be_lost(cursor: Any) -> list[str]:
    """What a later release may have hung on these tables."""
    cursor.execute(
        "SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ANY(%s::regclass[]) "
        "UNION ALL SELECT 'foreign key ' || conname FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
        (list(TABLES), list(TABLES)),
    )
    return [name for (name,) in cursor.fetchall()]


def _keys_to_drop(cursor: Any) -> list[tuple[str]]:
    cursor.execute(
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY(%s::regclass[])",
        (list(TABLES),),
    )
    return cursor.fetchall()  # type: ignore[no-any-return]


def _divide(cursor: Any, table: str, key: str, parts: int) -> int:
    """Makes the partitioned twin, moves the rows, builds the indexes under their old names; the number of rows."""
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s", (table,))
    indexes = cursor.fetchall()
    cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_whole")
    cursor.execute(
        f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING COMMENTS) PARTITION BY HASH (room_id)"
    )
    for n in range(parts):
        cursor.execute(f"CREATE TABLE {table}_p{n} PARTITION OF {table} FOR VALUES WITH (MODULUS {parts}, REMAINDER {n})")
    cursor.execute(f"INSERT INTO {table} SELECT * FROM {table}_whole")
    rows: int = cursor.rowcount
    _same_people(cursor, table, parts)
    cursor.execute(f"DROP TABLE {table}_whole")
    cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({key})")
    for name, definition in indexes:
        if name != f"{table}_pkey":
            cursor.execute(definition)  # names the table, so makes one of each part
    if key == "room_id, id":
        for n in range(parts):  # a message is also looked up by its id alone
            cursor.execute(f"CREATE UNIQUE INDEX {table}_p{n}_id ON {table}_p{n} (id)")
    return rows


def _same_people(cursor: Any, table: str, parts: int) -> None:
    """The new table and its parts belong to whom the old one did, and who might read it still may."""
    cursor.execute("SELECT relowner::regrole::text FROM pg_class WHERE oid = %s::regclass", (f"{table}_whole",))
    (owner,) = cursor.fetchone()
    for name in (table, *(f"{table}_p{n}" for n in range(parts))):
        cursor.execute(f"ALTER TABLE {name} OWNER TO {owner}")
    cursor.execute(
        "SELECT privilege_type, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END "
        "FROM pg_class, aclexplode(relacl) WHERE oid = %s::regclass AND grantee <> relowner",
        (f"{table}_whole",),
    )
    for privilege, grantee in cursor.fetchall():
        cursor.execute(f"GRANT {privilege} ON {table} TO {grantee}")
