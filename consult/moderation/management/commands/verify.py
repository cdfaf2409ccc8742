"""`manage.py verify EMAIL`: lets a clinician in, or no longer."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.moderation import vetting


class Command(BaseCommand):
    help = "Marks the account of EMAIL as verified; it shows on the person's open page at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--register", default="manual", metavar="RPPS", help="where the licence was checked, such as its RPPS number")
        parser.add_argument("--revoke", action="store_true", help="take the verification back")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(email__iexact=options["email"].strip()).first()
        if person is None:
            raise CommandError(f"There is no account with the address {options['email']}.")
        if options["revoke"]:
            try:
                vetting.revoke(person_id=person.pk, by=None, reason="manage.py verify --revoke")
            except Refusal as no:
                raise CommandError(no.say("en")) from no
        else:
            self._warn(options["register"])
            vetting.verify(person_id=person.pk, by=None, register=options["register"])
        self.stdout.write(f"{person.name} ({person.email}): {'no longer verified' if options['revoke'] else 'verified'}")

    def _warn(self, register: str) -> None:
        """An RPPS has 11 digits, nearly always with a Luhn key; no source says always, so nothing is refused for it."""
        if register.isdigit() and (len(register) != 11 or _luhn(register)):
            self.stderr.write(self.style.WARNING("This does not look like an RPPS number (11 digits with a Luhn key)."))


def _luhn(digits: str) -> int:
    """0 where the last digit is the Luhn key of the others."""
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n // 10 + n % 10 for n in doubled) % 10
