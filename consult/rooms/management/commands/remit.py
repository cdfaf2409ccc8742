"""Says who moderates where: adds, removes and lists remits."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.clinicians.models import Person, SpecialtyGroup
from consult.rooms.actions import remits
from consult.rooms.models import Kind, Remit, Room


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name, words in (("add", "lets a person moderate"), ("remove", "takes a remit back")):
            one = acts.add_parser(name, help=words)
            one.add_argument("email")
            where = one.add_mutually_exclusive_group(required=True)
            where.add_argument("--group", help="a group's code (DER) or id: that group, and the cases addressed to it")
            where.add_argument("--specialty", help="a specialty's code (DER): its groups, the cases addressed to them, and those asked of it wherever they are addressed")
            where.add_argument("--everywhere", action="store_true")
            one.add_argument("--reason", default="")
        acts.add_parser("list", help="everyone who moderates")

    def handle(self, **options: Any) -> None:
        if options["act"] == "list":
            for remit in Remit.objects.select_related("person", "group").order_by("person__email", "group__title", "specialty"):
                where = remit.group.title if remit.group else f"specialty {remit.specialty_id}" if remit.specialty_id else "everywhere"
                self.stdout.write(f"{remit.person.email}: {where}")
            return
        person = Person.objects.filter(email__iexact=options["email"]).first()
        if person is None:
            raise CommandError(f"No account with the address {options['email']}.")
        group = self._group(options["group"]) if options["group"] else None
        specialty = self._specialty(options["specialty"]) if options["specialty"] else None
        act = remits.add if options["act"] == "add" else remits.remove
        changed = act(person_id=person.pk, group_id=group.pk if group else None, by=None, reason=options["reason"], specialty=specialty)
        self.stdout.write("Done." if changed else "Nothing to do.")

    def _specialty(self, text: str) -> str:
        found = SpecialtyGroup.objects.filter(code__iexact=text).first()
        if found is None:
            raise CommandError(f"No specialty with the code {text}.")
        return found.code

    def _group(self, text: str) -> Room:
        groups = Room.objects.filter(kind=Kind.GROUP)
        found = list(groups.filter(pk=text) if len(text) == 36 else groups.filter(code__iexact=text)[:2])
        if len(found) != 1:
            raise CommandError(f"{'No group' if not found else 'More than one group'} named {text}; give its id.")
        return found[0]
