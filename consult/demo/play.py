"""Plays cast and threads through the real actions, in the order of the story, then moves the times into the past.

Only rooms whose log was empty are moved: after an interruption, or in a database that people used, what is there keeps its
time and no log ever goes back. Client ids are derived from the script, so a second run adds nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from consult.audit.models import Record, record
from consult.cases import acting, followups
from consult.cases import actions as cases
from consult.cases import status as case_status
from consult.clinicians.models import Person, SpecialtyGroup
from consult.moderation import appeals, reports, tending
from consult.rooms.actions import changes, conversations, groups, hiding, membership, messages, reading, remits
from consult.rooms.actions.posts import Post
from consult.rooms.carrying import Asked
from consult.rooms.commands import COMMANDS
from consult.rooms.commands.messages import MentionAt
from consult.standing import actions as standing

from .cast import CAST, Member
from .threads import CASES, DAY, FLAGS, HIDINGS, PRIVATE, TALKS, Ask, Do, Flag, Hiding, Mark, Private, Say, Talk

NAMESPACE = uuid.UUID("6f9c3c52-6d0e-5c0b-9f6b-0b7f4b1d2a10")
REACTIONS = ("agree", "useful", "thanks", "discuss")
SEEDED = "demo.seeded"  # in the audit trail: the demo is complete
SAYS = {"vote.give": "vote", "differential.propose": "label", "reference.add": "link", "outcome.tell": "body"}
VERSIONED = ("vote.give", "answer.accept")  # they say which version was seen: the first, in the script
READ_UNTIL = -180  # minutes: what is older than three hours everyone has read


@dataclass(order=True, slots=True)
class Step:
    """Something that happens `minute` (negative: before now); equal minutes keep the order of the script."""

    minute: float
    number: int
    run: Callable[[], Any] = field(compare=False)


def people() -> dict[str, uuid.UUID]:
    """Makes the accounts that are missing; ids by key. Passwords are hashed side by side, as that is slow on purpose."""
    there = dict(Person.objects.filter(email__in=[m.email for m in CAST]).values_list("email", "id"))
    missing = [m for m in CAST if m.email not in there]
    with ThreadPoolExecutor(4) as pool:
        hashed = list(pool.map(lambda m: make_password(m.password), missing))
    for member, password in zip(missing, hashed, strict=True):
        with transaction.atomic():
            there[member.email] = _account(member, password)
    return {m.key: there[m.email] for m in CAST}


def _account(m: Member, password: str) -> uuid.UUID:
    person = Person(
        email=m.email,
        password=password,
        title=m.title,
        given_name=m.given_name,
        family_name=m.family_name,
        profession=m.profession,
        specialty=m.specialty,
        level=m.level,
        place=m.place,
    )
    person.save()
    if m.verified:
        standing.verify(person_id=person.pk, by=None, register="demo")
    else:
        standing.submit(person_id=person.pk, by=None, reason="demo")
    return person.pk


class Stage:
    """The rooms and messages of the story as they come into being."""

    def __init__(self, ids: dict[str, uuid.UUID]) -> None:
        self.ids = ids
        self.groups: dict[str, uuid.UUID] = {}
        self.rooms: dict[str, uuid.UUID] = {}  # of cases and private talks, by their name in the script
        self.posted: dict[tuple[str, int], dict[str, Any]] = {}
        self.keys: dict[tuple[str, str], int] = {}
        self.count = 0

    def script(self) -> list[Step]:
        steps = [*self._joining(), *(s for ask in CASES for s in self._case(ask)), *(s for talk in TALKS for s in self._talk(talk))]
        for number, private in enumerate(PRIVATE):
            steps += self._private(f"private-{number}", private)
        steps += self._desk()
        return sorted(steps)

    def _step(self, minute: float, run: Callable[[], Any]) -> Step:
        self.count += 1
        return Step(min(minute, -0.05), self.count, run)

    def _joining(self) -> Iterator[Step]:
        for at, member in enumerate(CAST):
            for code in member.groups:
                yield self._step(-5 * DAY + at, partial(self._join, member.key, code))

    def _case(self, ask: Ask) -> Iterator[Step]:
        def open_case() -> None:
            made = cases.ask(
                person_id=self.ids[ask.asker],
                client_id=_id("ask", ask.key),
                title=ask.title,
                question=ask.question,
                specialty=ask.specialty,
                urgency=ask.urgency,
                group=self.groups[ask.group] if ask.group else None,
                people=[],
                everyone=not ask.group,
            )
            self.rooms[ask.key] = uuid.UUID(str(made["room"]))

        yield self._step(-ask.ago, open_case)
        yield from self._thread(ask.key, -ask.ago, ask.thread, asker=ask.asker)

    def _talk(self, talk: Talk) -> Iterator[Step]:
        yield from self._thread(f"group-{talk.group}", -talk.ago, talk.thread)

    def _private(self, name: str, private: Private) -> Iterator[Step]:
        first, second = private.between

        def open_it() -> None:
            made = conversations.open(person_id=self.ids[first], client_id=_id("open", name), people=[self.ids[second]])
            self.rooms[name] = uuid.UUID(str(made["room"]))

        yield self._step(-private.ago - 1, open_it)
        yield from self._thread(name, -private.ago, private.thread)

    def _thread(self, name: str, minute: float, thread: Any, asker: str = "") -> Iterator[Step]:
        for number, line in enumerate(thread):
            minute += line.after
            if isinstance(line, Mark):
                yield self._step(minute, partial(self._mark, name, number, asker, line.status))
            elif isinstance(line, Do):
                yield self._step(minute, partial(self._do, name, number, line))
            else:
                yield from self._say(name, number, line, minute)

    def _say(self, name: str, number: int, line: Say, minute: float) -> Iterator[Step]:
        if line.key:
            self.keys[name, line.key] = number
        yield self._step(minute, lambda: self._post(name, number, line))
        later = 0.3
        for reaction in REACTIONS:
            for who in getattr(line, reaction).split():
                later += 0.2
                yield self._step(minute + later, partial(self._react, name, number, who, reaction))
        if line.edited:
            yield self._step(minute + 1, lambda: self._edit(name, number, line))
        if line.retracted:
            yield self._step(minute + 1, partial(self._retract, name, number, line.who))

    def _desk(self) -> Iterator[Step]:
        for flag in FLAGS:
            yield self._step(-flag.ago, partial(self._flag, flag))
        for each in HIDINGS:
            yield self._step(-each.ago, partial(self._hide, each))

    def _flag(self, flag: Flag) -> None:
        reports.report(
            person_id=self.ids[flag.who],
            client_id=_id("flag", flag.where, flag.key, flag.who),
            category=flag.category,
            message=self._said(flag.where, flag.key),
            note=flag.note,
        )

    def _hide(self, it: Hiding) -> None:
        message = uuid.UUID(self._said(it.where, it.key))
        by, client_id = self.ids[it.by], _id("hide", it.where, it.key)
        act = hiding.hide(room_id=self._room(it.where), message_id=message, reason=it.reason, person_id=by, client_id=client_id)["act"]
        appeals.appeal(person_id=self.ids[it.author], client_id=_id("appeal", it.where, it.key), act=act, text=it.appeal)

    def _said(self, where: str, key: str) -> str:
        return str(self.posted[where, self.keys[where, key]]["message"])

    def _join(self, who: str, code: str) -> None:
        membership.join(person_id=self.ids[who], room_id=self.groups[code])

    def _mark(self, name: str, number: int, who: str, status: str) -> None:
        case_status.set_status(person_id=self.ids[who], client_id=_id("mark", name, number), room_id=self.rooms[name], status=status)

    def _do(self, name: str, number: int, line: Do) -> None:
        fields: dict[str, Any] = {SAYS[line.type]: line.says} if line.type in SAYS else {}
        if line.on:
            fields["message"] = self.posted[name, self.keys[name, line.on]]["message"]
        if line.type in VERSIONED:
            fields["base"] = self.posted[name, self.keys[name, line.on]]["seq"]
        if line.verdict:
            fields["verdict"] = line.verdict
        command = COMMANDS[line.type].model_validate({"ref": 1, "type": line.type, "room": str(self.rooms[name]), "id": str(_id("do", name, number)), **fields})
        acting.act(Asked(self.rooms[name], self.ids[line.who], command, charged=True))

    def _react(self, name: str, number: int, who: str, reaction: str) -> None:
        changes.react(changes.React(self._room(name), self.ids[who], self.posted[name, number]["message"], reaction, add=True, charged=True))

    def _retract(self, name: str, number: int, who: str) -> None:
        changes.retract(changes.Retraction(self._room(name), self.ids[who], self.posted[name, number]["message"]))

    def _post(self, name: str, number: int, line: Say) -> None:
        answered = self.posted[name, self.keys[name, line.reply]]["message"] if line.reply else None
        post = Post(
            self._room(name),
            self.ids[line.who],
            _id("say", name, number),
            line.body,
            reply_to=answered,
            mentions=self._mentions(line.body),
            charged=True,
        )
        (answer,) = messages.post_many([post])
        if isinstance(answer, Exception):
            raise answer
        self.posted[name, number] = answer
        followups.run_once()  # the card's count changes now, not when a worker starts

    def _edit(self, name: str, number: int, line: Say) -> None:
        said = self.posted[name, number]
        changes.edit(changes.Edit(self._room(name), self.ids[line.who], said["message"], said["seq"], line.edited, self._mentions(line.edited), charged=True))

    def _room(self, name: str) -> uuid.UUID:
        return self.groups[name.removeprefix("group-")] if name.startswith("group-") else self.rooms[name]

    def _mentions(self, body: str) -> list[MentionAt]:
        found = {}
        for member in CAST:
            for name in (member.name, member.short):
                start = body.find(f"@{name}")
                if start >= 0:
                    found[start] = MentionAt(person=str(self.ids[member.key]), start=start, length=len(name) + 1)
        return [found[start] for start in sorted(found)]


def already() -> bool:
    return Record.objects.filter(act=SEEDED).exists()


def play(now: datetime) -> int:
    """Plays what is missing; returns how many steps there are."""
    stage = Stage(people())
    for group in SpecialtyGroup.objects.all():
        stage.groups[group.code] = groups.ensure_group(code=group.code, title=group.name_fr)
    for member in CAST:
        for code in member.moderates:
            remits.add(person_id=stage.ids[member.key], group_id=None if code == "*" else stage.groups[code], by=None, reason="demo")
    heads, moved = _heads(), []
    fresh = {room for room, head in heads.items() if head == 0}
    started = set(heads)
    script = stage.script()
    for step in script:
        step.run()
        after = _heads()
        at = now + timedelta(minutes=step.minute)
        moved += [(room, heads.get(room, 0), head, at) for room, head in after.items() if head > heads.get(room, 0) and (room in fresh or room not in started)]
        heads = after
    tending.run_once()  # whoever waits to be verified
    _read(stage, moved, now)
    after = _heads()
    moved += [(room, heads.get(room, 0), head, now) for room, head in after.items() if head > heads.get(room, 0) and (room in fresh or room not in started)]
    _shift(moved)
    return len(script)


def _heads() -> dict[uuid.UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, last_seq FROM rooms_room")
        return dict(cursor.fetchall())


def _read(stage: Stage, moved: list[tuple[uuid.UUID, int, int, datetime]], now: datetime) -> None:
    """Everyone has read what is older than three hours."""
    old: dict[uuid.UUID, int] = {}
    for room, _, high, at in moved:
        if at <= now + timedelta(minutes=READ_UNTIL):
            old[room] = max(old.get(room, 0), high)
    names = {id: key for key, id in stage.ids.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.person_id, m.room_id FROM rooms_membership m JOIN rooms_room r ON r.id = m.room_id "
            "WHERE m.ended IS NULL AND r.kind <> 'personal' AND r.id = ANY(%s) ORDER BY 1, 2",
            [list(old)],
        )
        rows = [(person, room) for person, room in cursor.fetchall() if person in names]
    for person, room in rows:
        reading.mark(reading.Mark(room=room, person=person, seq=old[room]))


_SHIFT = (
    "UPDATE rooms_event e SET at = q.at FROM unnest(%(rooms)s::uuid[], %(lows)s::bigint[], %(highs)s::bigint[], %(ats)s::timestamptz[]) AS q(room, low, high, at) "
    "WHERE e.room_id = q.room AND e.seq > q.low AND e.seq <= q.high",
    "UPDATE rooms_message m SET at = e.at FROM rooms_event e WHERE e.room_id = m.room_id AND e.seq = m.seq AND m.room_id = ANY(%(rooms)s)",
    "UPDATE rooms_messageversion v SET at = e.at FROM rooms_message m JOIN rooms_event e ON e.room_id = m.room_id "
    "WHERE v.message_id = m.id AND e.seq = v.seq AND m.room_id = ANY(%(rooms)s)",
    "UPDATE rooms_room r SET last_at = e.at FROM rooms_event e WHERE e.room_id = r.id AND e.seq = r.last_seq AND r.id = ANY(%(rooms)s)",
    "UPDATE rooms_room r SET created_at = e.at FROM rooms_event e WHERE e.room_id = r.id AND e.seq = 1 AND r.id = ANY(%(rooms)s)",
    "UPDATE rooms_membership m SET joined_at = coalesce((SELECT max(e.at) FROM rooms_event e "
    "WHERE e.room_id = m.room_id AND e.kind = 'member.joined' AND e.person_id = m.person_id), r.created_at) "
    "FROM rooms_room r WHERE r.id = m.room_id AND m.room_id = ANY(%(rooms)s)",
    "UPDATE rooms_act a SET at = e.at FROM rooms_event e WHERE e.room_id = a.room_id AND e.seq = a.seq AND a.room_id = ANY(%(rooms)s)",
    "UPDATE moderation_item i SET at = a.at FROM rooms_act a WHERE a.id = i.act_id AND i.room_id = ANY(%(rooms)s)",
    "UPDATE cases_case c SET opened_at = r.created_at, first_answer_at = (SELECT min(m.at) FROM rooms_message m WHERE m.room_id = c.room_id AND m.form = 'answer') "
    "FROM rooms_room r WHERE r.id = c.room_id AND c.room_id = ANY(%(rooms)s)",
    "UPDATE cases_case c SET accepted_at = (SELECT e.at FROM rooms_event e WHERE e.room_id = c.room_id AND e.seq = c.accepted_seq), "
    "status_at = (SELECT max(e.at) FROM rooms_event e WHERE e.room_id = c.room_id AND e.kind = 'case.updated' AND e.data->>'status' = c.status), "
    "consensus_at = CASE WHEN c.consensus_at IS NOT NULL THEN (SELECT max(e.at) FROM rooms_event e WHERE e.room_id = c.room_id AND e.data->>'status' = 'consensus') END "
    "WHERE c.room_id = ANY(%(rooms)s)",
    *(
        f"UPDATE {table} t SET at = e.at FROM rooms_event e WHERE e.room_id = t.case_id AND e.seq = t.seq AND t.case_id = ANY(%(rooms)s)"
        for table in ("cases_answervote", "cases_differential", "cases_reference")
    ),
    "UPDATE cases_backing b SET at = e.at FROM cases_differential d JOIN rooms_event e ON e.room_id = d.case_id WHERE d.id = b.differential_id AND e.seq = b.seq",
    "UPDATE cases_outcome o SET at = m.at FROM rooms_message m WHERE m.id = o.message_id AND o.case_id = ANY(%(rooms)s)",
)


def _shift(moved: list[tuple[uuid.UUID, int, int, datetime]]) -> None:
    """Gives the events of each step its time; what shows times elsewhere follows. In order, so no log goes back."""
    rooms, lows, highs, ats = (list(column) for column in zip(*moved, strict=True)) if moved else ([], [], [], [])
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _SHIFT:
            cursor.execute(statement, {"rooms": rooms, "lows": lows, "highs": highs, "ats": ats})
        record(act=SEEDED, person=None)


def _id(*parts: Any) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, "/".join(map(str, parts)))
