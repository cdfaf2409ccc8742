"""What was promised: each acknowledged write, each refused one, and all answers to one client id, held against the final logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.chaos.checks.logs import Logs, digest
from bench.chaos.checks.verdict import Verdict

KINDS = {
    "message.edit": "message.edited",
    "message.retract": "message.retracted",
    "reaction.add": "reaction.added",
    "reaction.remove": "reaction.removed",
}
# What may be refused to a repeated send though its first was acknowledged: nothing but frames, sessions and a database that is away.
OF_THE_ROOM = ("message.", "room.", "rate.posts", "member.")
Key = tuple[str, str, str]  # room, sender, client id


@dataclass(slots=True)
class Tries:
    """All sends of one client id."""

    line: int
    sent: int = 0
    refused: int = 0
    said: tuple[int, str] | None = None  # seq and message of the first ok
    said_at: float = 0.0
    as_new: bool = False
    as_duplicate: int = 0  # the line that said so first
    contents: set[int] = field(default_factory=set)


def content(request: dict[str, Any]) -> int:
    return digest(request.get("body"))


class Promises:
    def __init__(self, verdict: Verdict, logs: Logs) -> None:
        self.verdict, self.logs = verdict, logs
        self.tries: dict[Key, Tries] = {}

    def sent(self, person: str, room: str, request: dict[str, Any]) -> None:
        tries = self.tries.get((room, person, str(request.get("id"))))
        if tries is None:
            tries = self.tries[room, person, str(request.get("id"))] = Tries(self.verdict.line)
        tries.sent += 1
        tries.contents.add(content(request))

    def accepted(self, person: str, room: str, request: dict[str, Any], ok: dict[str, Any], at: float, sent_at: float) -> None:
        """An ok to message.post, of the socket or HTTP."""
        self.verdict.counts["acknowledged"] += 1
        id, said = str(request["id"]), (ok["seq"], ok["message"])
        tries, duplicate = self.tries[room, person, id], ok.get("duplicate") is True
        if tries.said is not None and tries.said != said:
            self.verdict.fault("lied", f"client id {id} was acknowledged as {tries.said}, and as {said}")
        if not duplicate and (tries.as_new or (tries.said is not None and tries.said_at < sent_at)):
            self.verdict.fault("lied", f"client id {id} was acknowledged as new a second time")
        if tries.said is None:
            tries.said, tries.said_at = said, at
        tries.as_new = tries.as_new or not duplicate
        tries.as_duplicate = tries.as_duplicate or (self.verdict.line if duplicate else 0)
        log = self.logs.get(room)
        event = log.at(ok["seq"]) if log else None
        where = f"client id {id}, acknowledged as {ok['seq']} of {room}"
        if event is None:
            self.verdict.fault("missing", f"{where}: no log holds that place")
        elif (event.kind, event.client_id, event.actor, event.message) != ("message.posted", id, person, ok["message"]):
            self.verdict.fault("missing", f"{where}: {event.kind or 'a hole'} of {event.actor}, client id {event.client_id} stands there")
        elif event.words is not None and event.words != content(request):
            self.verdict.fault("missing", f"{where}: other words stand there")

    def changed(self, person: str, command: dict[str, Any], ok: dict[str, Any]) -> None:
        """An ok to an edit, a retraction or a reaction."""
        self.verdict.counts["acknowledged"] += 1
        log = self.logs.get(command["room"])
        event = log.at(ok["seq"]) if log else None
        where = f"{command['type']} of {command['message']}, acknowledged as {ok['seq']} of {command['room']}"
        if event is None:
            self.verdict.fault("missing", f"{where}: no log holds that place")
        elif event.message != command["message"]:
            self.verdict.fault("missing", f"{where}: {event.kind or 'a hole'} of another message stands there")
        elif not ok.get("unchanged"):
            if (event.kind, event.actor) != (KINDS[command["type"]], person):
                self.verdict.fault("missing", f"{where}: {event.kind} of {event.actor} stands there")
            elif command["type"] == "message.edit" and event.words is not None and event.words != digest(command["body"]):
                self.verdict.fault("missing", f"{where}: other words stand there")

    def refused(self, person: str, room: str, request: dict[str, Any], code: str, sent_at: float) -> None:
        self.verdict.counts["refused"] += 1
        tries = self.tries[room, person, str(request.get("id"))]
        tries.refused += 1
        if tries.said is not None and tries.said_at < sent_at and len(tries.contents) == 1 and code.startswith(OF_THE_ROOM):
            self.verdict.fault("lied", f"client id {request['id']} was acknowledged, and then refused with {code}")

    def settle(self) -> None:
        """At the end: what no single line shows."""
        logged: dict[Key, int | None] = {}
        for room, log in self.logs.rooms.items():
            for event in log.events:
                if event.client_id is not None and event.actor is not None:
                    logged[room, event.actor, event.client_id] = event.words
        for key, tries in self.tries.items():
            self.verdict.line = tries.line
            if key in logged and tries.refused and tries.refused == tries.sent:
                self.verdict.fault("lied", f"client id {key[2]} was refused each time it was sent, and stands in the log of {key[0]}")
            if key in logged and logged[key] is not None and logged[key] not in tries.contents:
                self.verdict.fault("differing logs", f"client id {key[2]} stands in the log of {key[0]} with words that were never sent")
            if tries.as_duplicate and tries.sent < 2:
                self.verdict.line = tries.as_duplicate
                self.verdict.fault("lied", f"client id {key[2]} was sent once, and answered as a duplicate")
