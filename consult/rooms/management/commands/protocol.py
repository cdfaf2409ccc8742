"""`manage.py protocol` writes the documents of the protocol from its types; `--check` only says whether they are fresh."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Writes docs/protocol.md, docs/protocol.schema.json, docs/asyncapi.yaml and frontend/src/protocol.ts from the code's types."
    requires_system_checks = []  # needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        from consult.rooms import protocol_docs

        stale = []
        for name, text in protocol_docs.files().items():
            path = settings.BASE_DIR / name
            if path.is_file() and path.read_text() == text:
                continue
            stale.append(name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
        for name in stale:
            self.stdout.write(f"{'stale' if check else 'written'}: {name}")
        if check and stale:
            self.stderr.write("run manage.py protocol and commit what it writes")
            sys.exit(1)
