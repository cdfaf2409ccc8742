"""A run of deliveries: what one connection hears of one room, from the `ok` or `entered` that begins it until it ends."""

from __future__ import annotations

from typing import Any

from bench.chaos.checks.logs import SHOWS_WORDS, Logs, event_of
from bench.chaos.checks.verdict import Terms, Verdict


class Run:
    """Expects `next`; `replay_to` is the head its beginning named, up to which the words are as that head has them."""

    __slots__ = ("began_at", "counted", "epoch", "first", "holes", "next", "replay_to", "suspect")

    def __init__(self, epoch: str, first: int, replay_to: int, began_at: float) -> None:
        self.epoch, self.first, self.next, self.replay_to, self.began_at = epoch, first, first, replay_to, began_at
        self.holes: set[int] = set()
        self.counted = 0  # by `heads`
        self.suspect: tuple[int, int] | None = None  # journal line and seq of a `heads` that counted what had not come


class Deliveries:
    """Judges every event that was delivered, and remembers when each was first seen by anyone."""

    def __init__(self, verdict: Verdict, logs: Logs, terms: Terms) -> None:
        self.verdict, self.logs, self.terms = verdict, logs, terms
        self.calm: float | None = None
        self.newest: dict[str, int] = {}  # of each room: the highest seq that anyone was told of
        self.first_seen: dict[str, dict[int, float]] = {}  # once all is calm
        self.epochs: dict[str, set[str]] = {}
        self.renewals = 0

    def epoch(self, room: str, epoch: str) -> None:
        known = self.epochs.setdefault(room, set())
        if epoch not in known:
            known.add(epoch)
            if len(known) > 1 + self.renewals:
                self.verdict.fault("epoch", f"{room} has epoch {epoch}, and had another")

    def seen(self, room: str, seq: int, at: float) -> None:
        if seq > self.newest.get(room, 0):
            self.newest[room] = seq
        if self.calm is not None:
            self.first_seen.setdefault(room, {}).setdefault(seq, at)

    def begin(self, room: str, after: dict[str, Any] | None, frame: dict[str, Any], at: float, newest: int, where: str) -> Run:
        """An accepted room.enter or an `entered`. `newest` had been seen by someone before it was asked."""
        head, mode = frame["head"], frame["mode"]
        self.epoch(room, head["epoch"])
        one_epoch = after is not None and after["epoch"] == head["epoch"]
        if head["seq"] < newest and not self.renewals:
            self.verdict.fault("out of order", f"{where} of {room} names head {head['seq']}, and {newest} had been seen")
        begins = head["seq"] + 1
        if mode == "replay":
            if not one_epoch or after is None or after["seq"] > head["seq"]:
                self.verdict.fault("epoch", f"{where} of {room}: a replay after {after}, with head {head}")
            begins = after["seq"] + 1 if after else begins
        bottom = max(frame.get("state", {}).get("first_seq") or 0, 1) - 1
        if mode == "reset" and one_epoch and after is not None and bottom <= after["seq"] <= head["seq"]:
            self.verdict.fault("epoch", f"{where} of {room}: a reset after {after}, with head {head}")
        return Run(head["epoch"], begins, head["seq"], at)

    def event(self, run: Run | None, room: str, frame: dict[str, Any], at: float, who: str) -> None:
        self.verdict.counts["delivered"] += 1
        seq = frame["seq"]
        self.epoch(room, frame["epoch"])
        if run is None:
            self.verdict.fault("out of order", f"event {seq} of {room} on {who}, which had not entered it")
        else:
            self._place(run, room, seq, frame["epoch"], who)
            self._in_time(run, room, seq, at, who)
        self.seen(room, seq, at)
        self._same(run, room, frame, who)

    def _place(self, run: Run, room: str, seq: int, epoch: str, who: str) -> None:
        if epoch != run.epoch:
            self.verdict.fault("epoch", f"event {seq} of {room} on {who} has another epoch than its run")
        if seq == run.next:
            run.next += 1
        elif seq > run.next:
            self.verdict.fault("out of order", f"event {seq} of {room} on {who}, where {run.next} was next")
            run.holes.update(range(run.next, min(seq, run.next + 10_000)))
            run.next = seq + 1
        elif seq in run.holes:
            self.verdict.fault("out of order", f"event {seq} of {room} on {who}, after later ones")
            run.holes.discard(seq)
        elif seq < run.first:
            self.verdict.fault("out of order", f"event {seq} of {room} on {who}, whose run begins at {run.first}")
        else:
            self.verdict.fault("duplicated", f"event {seq} of {room} on {who} a second time in its run")

    def _in_time(self, run: Run, room: str, seq: int, at: float, who: str) -> None:
        """Once the stack is whole: what someone has seen, all others see soon."""
        since = self.first_seen.get(room, {}).get(seq)
        if since is not None and at - max(since, run.began_at) > self.terms.heal_s:
            self.verdict.fault("not delivered", f"event {seq} of {room} reached {who} {at - max(since, run.began_at):.1f} s after others")

    def _same(self, run: Run | None, room: str, frame: dict[str, Any], who: str) -> None:
        log = self.logs.get(room)
        if log is None or frame["epoch"] != log.epoch:
            self.verdict.counts["delivered of rooms without a log"] += 1
            return
        seq, told = frame["seq"], event_of(frame)
        event = log.at(seq)
        if event is None or event.position != told.position:
            stands = f"{event.kind or 'a hole'} stands there" if event else "no log holds that place"
            self.verdict.fault("differing logs", f"{told.kind} {seq} of {room} was delivered to {who}; {stands}")
            return
        if told.kind not in SHOWS_WORDS:
            return
        if told.words is None:
            if not log.ever_withheld(seq) and told.withheld not in ("erased", "withdrawn"):
                self.verdict.fault("words", f"event {seq} of {room} came to {who} without its words, and no event withholds them")
        elif event.words is not None and event.words != told.words:
            self.verdict.fault("differing logs", f"event {seq} of {room} came to {who} with other words than the log has")
        elif run is not None and seq <= run.replay_to and log.withheld_at(seq, run.replay_to):
            self.verdict.fault("words", f"event {seq} of {room} was replayed to {who} with words that were withheld by then")

    def heads(self, run: Run | None, room: str, seq: int, who: str) -> None:
        if run is None:
            self.verdict.fault("heads", f"heads counts {room} on {who}, which had not entered it")
            return
        if seq < run.counted:
            self.verdict.fault("heads", f"heads of {room} on {who} goes from {run.counted} back to {seq}")
        run.counted = max(run.counted, seq)
        if seq >= run.next and run.suspect is None:
            run.suspect = self.verdict.line, seq

    def confirm(self, run: Run, room: str, who: str) -> None:
        """What `heads` counted did not come before it. Not asked where the room was left: what is queued of it is dropped."""
        if run.suspect is not None:
            line, self.verdict.line = self.verdict.line, run.suspect[0]
            self.verdict.fault("heads", f"heads of {room} on {who} counts {run.suspect[1]}, which had not come")
            self.verdict.line, run.suspect = line, None

    def whole(self, run: Run, room: str, who: str) -> None:
        """At the end, a connection that still hears the room."""
        log = self.logs.get(room)
        if log is not None and run.epoch == log.epoch and (run.next <= log.head or run.holes):
            missed = [*sorted(run.holes), *range(run.next, log.head + 1)]
            self.verdict.fault("not delivered", f"{who} never received {len(missed)} of {room}, the first {missed[0]}; its log ends at {log.head}")
