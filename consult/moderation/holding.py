"""Live rules on the way of a message: what a rule holds is withheld in the very transaction that stores it, so nobody ever read it.

Rooms calls `judge` for each post and edit in groups and cases (rooms/judging.py, registered in apps.py); private conversations are nobody's
to look into. Each process keeps the live rules compiled, and asks at most once in POLL_S whether they changed: that is the cost where
none is live. What a rule finds, and the item of it, is written by statements that go with the post's own commit.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from consult.database import Statement
from consult.rooms import judging
from consult.rooms.models import Kind
from consult.standing.models import Standing

from . import counting, matching, rules
from .models import Action, Rule, RuleKind

POLL_S = 1.0
NOBODY = uuid.UUID(int=0)
MOST_KNOWN = 50_000  # people whose day of verification is kept


@dataclass(slots=True)
class Compiled:
    """One live rule, ready to be asked."""

    rule: Rule
    finds: Callable[[judging.Said, float], bool]


@dataclass(slots=True)
class Live:
    """The live rules as this process knows them."""

    stamp: str = ""
    looked: float = float("-inf")
    rules: list[Compiled] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> list[Compiled]:
        if time.monotonic() - self.looked >= POLL_S:
            with self.lock:
                if time.monotonic() - self.looked >= POLL_S:
                    self._refresh()
        return self.rules

    def _refresh(self) -> None:
        stamp = rules.stamp()
        if stamp != self.stamp:
            kept = {(c.rule.pk, c.rule.version): c for c in self.rules}  # what was counted so far goes on counting
            self.rules = [_again(kept.get((r.pk, r.version)), r) for r in rules.live()]
            self.stamp = stamp
        self.looked = time.monotonic()


def _again(kept: Compiled | None, rule: Rule) -> Compiled:
    return Compiled(rule, kept.finds if kept else _finds(rule))


def _finds(rule: Rule) -> Callable[[judging.Said, float], bool]:
    if rule.kind in matching.TEXTS:
        matches = matching.matcher(rule.kind, rule.data)
        return lambda said, at: matches(said.body)
    counter, newcomer = counting.Counter(**rule.data), rule.kind == RuleKind.NEWCOMER

    def over(said: judging.Said, at: float) -> bool:
        return not said.edit and counter.over(said.room, said.person, at, _verified_at(said.person) if newcomer else None)

    return over


_known: dict[uuid.UUID, float | None] = {}


def _verified_at(person: uuid.UUID) -> float | None:
    """When this person was verified, in seconds since the epoch; read once a process."""
    if person not in _known:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        at: datetime | None = Standing.objects.filter(person_id=person).values_list("verified_at", flat=True).first()
        _known[person] = at.timestamp() if at else None
    return _known[person]


current = Live()


def judge(said: judging.Said) -> judging.Verdict | None:
    """What the live rules make of words about to be written: None, or whether to hold them and what to write along."""
    if said.kind not in (Kind.GROUP, Kind.CASE) or said.moderates:
        return None
    live = current.now()
    if not live:
        return None
    at = time.time()
    found = [c.rule for c in live if c.rule.action != Action.HINT and c.finds(said, at)]
    if not found:
        return None
    hold = next((r for r in found if r.action == Action.HOLD), None)
    return judging.Verdict(hold is not None, _writes(said, hold or found[0], hold is not None))


def _writes(said: judging.Said, rule: Rule, hold: bool) -> Callable[[judging.Kept], list[Statement]]:
    def statements(kept: judging.Kept) -> list[Statement]:
        act = uuid.uuid4() if hold else None
        item: Statement = (_ITEM, (uuid.uuid4(), "hold" if hold else "report", str(kept.message), 2 if hold else 1, said.room, kept.message, said.person, rule.pk, act))
        if act is None:
            return [item]
        twin = str(kept.twin[1]) if kept.twin else ""
        return [
            (_ACT, (act, said.room, kept.twin[0] if kept.twin else None, kept.seq, kept.at, kept.message, said.person, twin)),
            (_AUDIT, (kept.at, said.room, str(kept.message))),
            item,
        ]

    return statements


_ITEM = """
INSERT INTO moderation_item (id, kind, object, urgency, room_id, message_id, person_id, rule_id, act_id, categories, count)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, ARRAY['rule'], 0) ON CONFLICT DO NOTHING"""
_ACT = """
INSERT INTO rooms_act (id, kind, room_id, other_room_id, seq, at, message_id, person_id, reason, data, reversal_reason)
SELECT q.id, 'message.hide', q.room, q.other, q.seq, q.at, q.message, q.person, 'rule', CASE WHEN q.twin = '' THEN '{}'::jsonb ELSE jsonb_build_object('twin', q.twin) END, ''
FROM (SELECT %s::uuid AS id, %s::uuid AS room, %s::uuid AS other, %s::bigint AS seq, %s::timestamptz AS at, %s::uuid AS message, %s::uuid AS person, %s::text AS twin) q"""
_AUDIT = "INSERT INTO audit_record (at, act, room_id, object, reason) VALUES (%s, 'message.hide', %s, %s, 'rule')"


def hinting() -> bool:
    """Whether any live rule hints."""
    return any(c.rule.action == Action.HINT for c in current.now())


def hints(body: str) -> list[dict[str, str]]:
    """The live hints about a text that somebody is writing: {"rule","fr","en"} each. Nothing is kept of it."""
    said = judging.Said(NOBODY, Kind.GROUP, NOBODY, body, moderates=False, edit=True)
    return [{"rule": str(c.rule.pk), "fr": c.rule.name_fr, "en": c.rule.name_en} for c in current.now() if c.rule.action == Action.HINT and c.finds(said, 0.0)]
