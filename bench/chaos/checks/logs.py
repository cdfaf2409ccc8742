"""The final logs: each room as its members read it over HTTP when all was over. Everything else is held against them.

Of an event only a fingerprint is kept: its position, and digests of its ids and of its words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from bench.chaos.checks.verdict import Verdict

CONTENT = ("body", "mentions", "reason", "withheld")  # of `data`: what may be withheld later; the rest is permanent
FOR_GOOD = frozenset({"message.retracted", "message.withdrawn", "message.erased"})
SHOWS_WORDS = frozenset({"message.posted", "message.edited"})


class Event(NamedTuple):
    kind: str
    at: str
    actor: str | None
    ids: int
    words: int | None  # None: withheld, or a kind that has none
    withheld: str | None
    message: str | None
    client_id: str | None
    post_no: int | None

    @property
    def position(self) -> tuple[Any, ...]:
        """What is permanent."""
        return self[:4]


def digest(*values: Any) -> int:
    return hash(orjson.dumps(values, option=orjson.OPT_SORT_KEYS))


def event_of(frame: dict[str, Any]) -> Event:
    data, actor = frame["data"], frame["actor"]
    ids = digest({k: v for k, v in data.items() if k not in CONTENT}, actor and actor.get("as"))
    withheld = data.get("withheld")
    body = data.get("body")
    words = None if body is None else digest(body)
    return Event(frame["kind"], frame["at"], actor and actor["id"], ids, words, withheld, data.get("message"), data.get("client_id"), data.get("post_no"))


class RoomLog:
    """One room's log from `first` on: the longest that any member may read."""

    def __init__(self, epoch: str, first: int, head: int, events: list[Event]) -> None:
        self.epoch, self.first, self.head, self.events = epoch, first, head, events
        self.changes: dict[str, list[tuple[int, str]]] = {}  # of each message: the events that take words away, or give them back

    def at(self, seq: int) -> Event | None:
        return self.events[seq - self.first] if self.first <= seq < self.first + len(self.events) else None

    def withheld_at(self, seq: int, head: int) -> bool:
        """Whether the words of the event at `seq` are gone for a reader who reads the log up to `head`."""
        event = self.at(seq)
        assert event is not None
        hidden = False
        for when, kind in self.changes.get(event.message or "", ()):
            if when > head:
                break
            if kind in FOR_GOOD or (kind == "message.edited" and when > seq):
                return True
            if kind in ("message.hidden", "message.restored"):
                hidden = kind == "message.hidden"
        return hidden

    def ever_withheld(self, seq: int) -> bool:
        event = self.at(seq)
        return event is not None and any(when > seq or kind == "message.hidden" for when, kind in self.changes.get(event.message or "", ()))


class Logs:
    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.rooms: dict[str, RoomLog] = {}
        self.begins: dict[tuple[str, str], tuple[int, int]] = {}  # (room, person) -> first seq of their log, journal line
        self.joined: set[tuple[str, str, int]] = set()

    def get(self, room: str) -> RoomLog | None:
        return self.rooms.get(room)

    def read(self, line: dict[str, Any]) -> None:
        """One member's log of a room."""
        room, person, frames = line["room"], line["person"], line["events"]
        self.verdict.counts["logs"] += 1
        for before, frame in zip([None, *frames], frames, strict=False):
            if before is not None and frame["seq"] != before["seq"] + 1:
                self.verdict.fault("out of order", f"{person}'s log of {room} goes from {before['seq']} to {frame['seq']}")
            if frame["room"] != room or frame["epoch"] != line["epoch"]:
                self.verdict.fault("differing logs", f"{person}'s log of {room} holds an event of room {frame['room']}, epoch {frame['epoch']}")
        last = frames[-1]["seq"] if frames else 0
        if last != line["head"]:
            self.verdict.fault("differing logs", f"{person}'s log of {room} ends at {last}, its head is {line['head']}")
        first = frames[0]["seq"] if frames else 1
        self.begins[room, person] = first, self.verdict.line
        # By seq: where a log has holes, the holes stay.
        held: dict[int, Event] = {}
        for frame in frames:
            if frame["seq"] in held:
                self.verdict.fault("duplicated", f"seq {frame['seq']} twice in {person}'s log of {room}")
            else:
                held[frame["seq"]] = event_of(frame)
                if frame["kind"] == "member.joined":
                    self.joined.add((room, frame["data"]["person"], frame["seq"]))
        self._compare(person, room, line["epoch"], held)

    def _compare(self, person: str, room: str, epoch: str, held: dict[int, Event]) -> None:
        low, high = min(held, default=1), max(held, default=0)
        known = self.rooms.get(room)
        if known is None:
            self.rooms[room] = RoomLog(epoch, low, high, [held.get(seq, HOLE) for seq in range(low, high + 1)])
            return
        if (epoch, high) != (known.epoch, known.head):
            self.verdict.fault("differing logs", f"{person} reads {room} up to {high} of epoch {epoch}; others up to {known.head} of {known.epoch}")
        for seq in range(max(low, known.first), high + 1):
            mine, theirs = held.get(seq, HOLE), known.at(seq) or HOLE
            if mine != theirs:
                what = "is missing" if HOLE in (mine, theirs) else "differs"
                self.verdict.fault("differing logs", f"event {seq} of {room} {what} between {person}'s log and another's")
                if theirs is HOLE and known.first <= seq <= known.head:
                    known.events[seq - known.first] = mine
        if low < known.first and held:
            known.events[:0] = [held.get(seq, HOLE) for seq in range(low, known.first)]
            known.first = low

    def whole(self) -> None:
        """Once all are read: what each log must be in itself."""
        for room, log in self.rooms.items():
            for offset, event in enumerate(log.events):
                if event.message and (event.kind in FOR_GOOD or event.kind in ("message.edited", "message.hidden", "message.restored")):
                    log.changes.setdefault(event.message, []).append((log.first + offset, event.kind))
            self._rules(room, log)

    def _rules(self, room: str, log: RoomLog) -> None:
        at, post_no = "", None
        ids: set[tuple[str | None, str | None]] = set()
        effects: set[tuple[Any, ...]] = set()
        for seq, event in enumerate(log.events, log.first):
            if event is HOLE:
                continue
            if event.at < at:
                self.verdict.fault("out of order", f"time goes back at event {seq} of {room}")
            at = event.at
            if event.kind == "message.posted":
                if post_no is not None and event.post_no != post_no + 1:
                    self.verdict.fault("out of order", f"post_no goes from {post_no} to {event.post_no} at event {seq} of {room}")
                post_no = event.post_no
                if (event.actor, event.client_id) in ids:
                    self.verdict.fault("duplicated", f"client id {event.client_id} a second time, at event {seq} of {room}")
                ids.add((event.actor, event.client_id))
            self._effect(room, seq, event, effects)
            if event.kind in SHOWS_WORDS and event.words is not None and log.withheld_at(seq, log.head):
                self.verdict.fault("words", f"the log of {room} shows the words of event {seq}, which a later event withholds")
            if event.kind in SHOWS_WORDS and event.words is None and not log.ever_withheld(seq) and event.withheld not in ("erased", "withdrawn"):
                self.verdict.fault("words", f"the log of {room} withholds the words of event {seq}, and no event says why")

    def _effect(self, room: str, seq: int, event: Event, effects: set[tuple[Any, ...]]) -> None:
        """A reaction stands once, a message is retracted once."""
        if event.kind == "message.retracted":
            key: tuple[Any, ...] = event.kind, event.message
        elif event.kind in ("reaction.added", "reaction.removed"):
            key = "reaction", event.actor, event.ids
        else:
            return
        if (key in effects) == (event.kind != "reaction.removed"):
            self.verdict.fault("duplicated", f"{event.kind} has its effect a second time at event {seq} of {room}")
        if event.kind == "reaction.removed":
            effects.discard(key)
        else:
            effects.add(key)

    def beginnings(self, first_seqs: dict[tuple[str, str], set[int]]) -> None:
        """A log that does not begin at 1 begins where its reader was told, or where they joined."""
        for (room, person), (first, line) in self.begins.items():
            told = {max(seq, 1) for seq in first_seqs.get((room, person), ())}
            if first > 1 and first not in told and (room, person, first) not in self.joined:
                self.verdict.line = line
                self.verdict.fault("differing logs", f"{person}'s log of {room} begins at {first}")


HOLE = Event("", "", None, 0, None, None, None, None, None)
