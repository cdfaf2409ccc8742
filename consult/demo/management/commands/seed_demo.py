"""`manage.py seed_demo`: plays the demo into the database, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consult.demo.cast import CAST


class Command(BaseCommand):
    help = "Makes the demo's accounts, groups, cases and conversations. A second run adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accounts", action="store_true", help="only print the accounts, one a line")
        parser.add_argument("--anyway", action="store_true", help="also outside of make run: the passwords are known to all")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accounts"]:
            for member in CAST:
                self.stdout.write(f"{member.email} / {member.password}   {member.name}, {member.says}")
            return
        if not (settings.LOCAL or options["anyway"]):
            raise CommandError("The demo's passwords are public. To seed it into a service that others reach, add --anyway.")
        from consult.demo.play import already, play

        if already():
            return
        count = play(timezone.now())
        if options["verbosity"] > 1:
            self.stdout.write(f"{count} steps")
