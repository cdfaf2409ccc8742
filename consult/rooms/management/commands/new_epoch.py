"""`manage.py new_epoch`: after a restore or a promotion, tells every client that its copies of the logs are void."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Replaces the epoch of every room, in one statement. Run it after a restore from backup or the promotion of an asynchronous replica."

    def handle(self, *args: Any, **options: Any) -> None:
        # md5 of a random UUID: as random as models.new_epoch(), and made anew for each row.
        with connection.cursor() as cursor:
            cursor.execute("UPDATE rooms_room SET epoch = left(md5(gen_random_uuid()::text), 12)")
            rooms = cursor.rowcount
        self.stdout.write(f"{rooms} rooms have a new epoch; clients that come back load them anew")
