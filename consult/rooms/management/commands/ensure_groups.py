"""Makes the room of every specialty group that has none yet; safe to run at each release."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from consult.rooms.actions import groups


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{len(groups.ensure_all())} groups")
