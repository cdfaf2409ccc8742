"""Each connection of the journal: which commands wait for an answer, which rooms it hears, and every frame that came."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.chaos.checks.promises import KINDS, Promises
from bench.chaos.checks.rights import Rights
from bench.chaos.checks.runs import Deliveries, Run
from bench.chaos.checks.verdict import Terms, Verdict

Frame = dict[str, Any]


class Waiting(NamedTuple):
    command: Frame
    sent_at: float
    line: int
    newest: dict[str, int]  # seen by anyone before it was sent, of the rooms it names


class Socket:
    def __init__(self, id: str, person: str, at: float) -> None:
        self.id, self.person, self.opened_at = id, person, at
        self.waiting: dict[int, Waiting] = {}
        self.repeated: dict[int, int] = {}  # refs that were used while they waited
        self.lines: dict[str, dict[int, None]] = {}  # of each room: the refs that wait, in the order sent
        self.resumed: dict[str, tuple[Frame | None, int]] = {}  # rooms of hello's resume, until told of: after, newest
        self.welcomed_at: float | None = None
        self.runs: dict[str, Run] = {}
        self.last_write: dict[str, int] = {}

    @property
    def name(self) -> str:
        return f"socket {self.id} ({self.person})"


class Sockets:
    def __init__(self, verdict: Verdict, terms: Terms, promises: Promises, deliveries: Deliveries, rights: Rights) -> None:
        self.verdict, self.terms, self.promises, self.deliveries, self.rights = verdict, terms, promises, deliveries, rights
        self.open: dict[str, Socket] = {}
        self.first_seqs: dict[tuple[str, str], set[int]] = {}

    def opened(self, line: Frame) -> None:
        self.verdict.counts["connections"] += 1
        self.open[line["socket"]] = Socket(line["socket"], line["person"], line["at"])

    # --- what was sent ----------------------------------------------------------

    def sent(self, line: Frame) -> None:
        self.verdict.counts["commands"] += 1
        one, command = self.open[line["socket"]], line["frame"]
        ref = command.get("ref") if isinstance(command, dict) else None
        if not isinstance(ref, int) or isinstance(ref, bool):
            return  # nothing that could be answered to
        if ref in one.waiting:
            one.repeated[ref] = one.repeated.get(ref, 0) + 1
            return
        room = command.get("room")
        rooms = [room] if isinstance(room, str) else [r["room"] for r in command.get("resume") or () if command["type"] == "hello"]
        one.waiting[ref] = Waiting(command, line["at"], self.verdict.line, {r: self.deliveries.newest.get(r, 0) for r in rooms})
        if isinstance(room, str):
            one.lines.setdefault(room, {})[ref] = None
        if command["type"] == "message.post" and isinstance(room, str):
            self.promises.sent(one.person, room, command)
        elif command["type"] == "hello":
            one.resumed = {r["room"]: (r["after"], one.waiting[ref].newest[r["room"]]) for r in command.get("resume") or ()}

    # --- what came --------------------------------------------------------------

    def got(self, line: Frame) -> None:
        one, frame, at = self.open[line["socket"]], line["frame"], line["at"]
        match frame["type"]:
            case "event":
                room = frame["room"]
                self.rights.heard(one.person, room, at, f"event {frame['seq']}")
                self._confirm(one, room)
                self.deliveries.event(one.runs.get(room), room, frame, at, one.name)
            case "signal":
                self.rights.heard(one.person, frame["room"], at, f"a signal ({frame['kind']})")
                if frame["room"] not in one.runs:
                    self.verdict.fault("out of order", f"a signal of {frame['room']} on {one.name}, which had not entered it")
            case "ok" | "refused":
                self._answer(one, frame, at)
            case "entered":
                if frame["room"] not in one.resumed:
                    self.verdict.fault("answers", f"entered {frame['room']} on {one.name}, which had not asked for it")
                after, newest = one.resumed.pop(frame["room"], (None, 0))
                self._enter(one, frame["room"], after, frame, at, newest)
            case "left":
                one.resumed.pop(frame["room"], None)
                one.runs.pop(frame["room"], None)
            case "heads":
                for room, seq in frame["rooms"].items():
                    self.deliveries.heads(one.runs.get(room), room, seq, one.name)

    def _confirm(self, one: Socket, room: str) -> None:
        if (run := one.runs.get(room)) is not None:
            self.deliveries.confirm(run, room, one.name)

    def _enter(self, one: Socket, room: str, after: Frame | None, frame: Frame, at: float, newest: int) -> None:
        self.rights.heard(one.person, room, at, "the way in")
        self._confirm(one, room)
        one.runs[room] = self.deliveries.begin(room, after, frame, at, newest, one.name)
        self.first_seqs.setdefault((room, one.person), set()).add((frame.get("state") or {}).get("first_seq") or 0)

    def _answer(self, one: Socket, frame: Frame, at: float) -> None:
        ref, refused = frame["ref"], frame["type"] == "refused"
        if ref is None:
            if not refused:
                self.verdict.fault("answers", f"an ok on {one.name} to no command")
            return
        if refused and frame["code"] == "frame.ref_reused" and one.repeated.get(ref):
            one.repeated[ref] -= 1
            return
        asked = one.waiting.pop(ref, None)
        if asked is None:
            self.verdict.fault("answers", f"{frame['type']} on {one.name} to {ref}, which waits for no answer")
            return
        room = asked.command.get("room")
        if isinstance(room, str):
            waiting = one.lines[room]
            # What is wrong with a frame, or with how many there are, is said at once; a command waits for its turn.
            if next(iter(waiting)) != ref and not (refused and frame["code"].startswith("frame.")):
                self.verdict.fault("out of order", f"{ref} of {room} on {one.name} was answered before {next(iter(waiting))}, sent earlier")
            del waiting[ref]
        if refused:
            if asked.command["type"] == "message.post" and isinstance(room, str):
                self.promises.refused(one.person, room, asked.command, frame["code"], asked.sent_at)
        else:
            self._done(one, asked, frame, at)

    def _done(self, one: Socket, asked: Waiting, ok: Frame, at: float) -> None:
        command = asked.command
        match command["type"]:
            case "hello":
                own, one.welcomed_at = ok["personal"], at
                if own["room"] not in one.resumed:
                    self._enter(one, own["room"], None, {"head": own["head"], "mode": "reset"}, at, asked.newest.get(own["room"], 0))
            case "room.enter":
                if ok["room"] != command["room"]:
                    self.verdict.fault("answers", f"{one.name} asked for {command['room']} and entered {ok['room']}")
                self._enter(one, command["room"], command["after"], ok, at, asked.newest[command["room"]])
            case "room.leave":
                one.runs.pop(command["room"], None)
            case "message.post":
                self.promises.accepted(one.person, command["room"], command, ok, at, asked.sent_at)
                self._wrote(one, asked, ok, at, new=not ok.get("duplicate"))
            case kind if kind in KINDS:
                self.promises.changed(one.person, command, ok)
                self._wrote(one, asked, ok, at, new=not ok.get("unchanged"))

    def _wrote(self, one: Socket, asked: Waiting, ok: Frame, at: float, *, new: bool) -> None:
        """A new event has a place after all that was known when it was sent, and after what this connection wrote before."""
        room, seq = asked.command["room"], ok["seq"]
        if new:
            self.rights.wrote(one.person, room, asked.sent_at)
            before = max(asked.newest[room], one.last_write.get(room, 0))
            if seq <= before and not self.deliveries.renewals:
                self.verdict.fault("out of order", f"{asked.command['type']} on {one.name} took place {seq} of {room}, and {before} was there before")
            one.last_write[room] = max(one.last_write.get(room, 0), seq)
        self.deliveries.seen(room, seq, at)

    # --- the end ------------------------------------------------------------------

    def closed(self, line: Frame, *, over: bool) -> None:
        """`over`: the logs are being read, so the connection lived until the end."""
        one = self.open.pop(line["socket"])
        for room in one.runs:
            self._confirm(one, room)
        if over:
            self._last(one, line["at"])

    def finish(self, at: float) -> None:
        for one in self.open.values():
            for room in one.runs:
                self._confirm(one, room)
            self._last(one, at)

    def _last(self, one: Socket, at: float) -> None:
        for room, run in one.runs.items():
            gone = self.rights.since(one.person, room)
            if gone is None:
                self.deliveries.whole(run, room, one.name)
            elif at > gone + self.terms.heal_s:
                self.verdict.fault("revoked", f"{one.name} was never told that {room} is lost")
        if one.resumed and one.welcomed_at is not None and at > one.welcomed_at + self.terms.heal_s:
            self.verdict.fault("answers", f"{one.name} asked to resume {', '.join(one.resumed)}, and heard nothing of it")
        for ref, asked in one.waiting.items():
            if at > asked.sent_at + self.terms.heal_s:
                self.verdict.fault("answers", f"{asked.command['type']} {ref} on {one.name} (line {asked.line}) was never answered")
