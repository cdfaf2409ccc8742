"""The hand of owners and administrators: acts that have no door yet, done by the real actions in a process of their own.

`python -m tests.rooms.machine.hand` reads one act a line and answers it; it runs on the database that DATABASE_URL names. It has
no hub: what it writes reaches the sockets only because they are healed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID


class Hand:
    """The other side of the pipe."""

    def __init__(self, env: dict[str, str], cwd: Any) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "tests.rooms.machine.hand"], cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, act: str, **fields: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"act": act, **fields}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


def main() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from consult.errors import Refusal
    from consult.rooms.actions import membership
    from consult.standing import actions

    acts = {
        "remove": lambda by, room, who: membership.remove(person_id=UUID(by), room_id=UUID(room), member=UUID(who)),
        "suspend": lambda who: actions.suspend(person_id=UUID(who), until=timezone.now() + timedelta(hours=1), by=None, reason="test"),
        "lift": lambda who: actions.lift(person_id=UUID(who), by=None),
    }
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = acts[asked.pop("act")](**asked) or {}
        except Refusal as refusal:
            answer = {"code": refusal.code}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
