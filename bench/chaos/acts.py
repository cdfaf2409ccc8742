"""Acts on rights whose doors are not HTTP's: a process with the stack's settings, JSON lines in, one line out for each.

It notes in the journal what a person lost, once the act was answered. While the database is away it tries again, as a
moderator would.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from .journal import Journal

PATIENCE_S = 30.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_patiently(json.loads(line))), flush=True)


def _patiently(wish: dict[str, Any]) -> dict[str, Any]:
    from django.db import DatabaseError, InterfaceError, connection

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _do(wish)
        except (DatabaseError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _do(wish: dict[str, Any]) -> dict[str, Any]:
    from django.utils import timezone

    from consult.cases import actions as cases
    from consult.rooms.actions import membership
    from consult.standing import actions as standing

    by = uuid.UUID(wish["by"])
    match wish["do"]:
        case "remove":
            answer = membership.remove(person_id=by, room_id=uuid.UUID(wish["room"]), member=uuid.UUID(wish["person"]))
            _note(wish, "lost", person=wish["person"], room=wish["room"])
        case "suspend":
            # Far away: the clock of the database may be made to jump.
            standing.suspend(person_id=uuid.UUID(wish["person"]), until=timezone.now() + timedelta(days=30), by=by, reason="chaos")
            _note(wish, "gone", person=wish["person"])
            answer = {}
        case "lift":
            standing.lift(person_id=uuid.UUID(wish["person"]), by=by)
            answer = {}
        case "ask":
            people = [uuid.UUID(x) for x in wish["people"]]
            words = {"title": "Une question", "question": "Que faire ?", "specialty": "SM15", "urgency": "week"}
            answer = cases.ask(person_id=by, client_id=uuid.UUID(wish["id"]), people=people, **words)
        case other:
            raise ValueError(other)
    return answer


def _note(wish: dict[str, Any], what: str, **fields: Any) -> None:
    journal = Journal(Path(wish["journal"]))
    journal.write(what, **fields)
    journal.close()


if __name__ == "__main__":
    main()
