"""What happens to a message after it was posted: edits, retractions, reactions. One transaction each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, content, identifying, judging, lanes, limits, log
from consult.rooms.access import Grant
from consult.rooms.actions import accepting, personal, storing
from consult.rooms.judging import Verdict
from consult.rooms.people import known

GONE = ("retracted", "withdrawn", "erased")


@dataclass(slots=True, eq=False)
class Edit:
    room: uuid.UUID
    person: uuid.UUID
    message: str
    base: int
    body: str
    mentions: Sequence[Any] = ()
    confirmed: Sequence[str] | None = None
    charged: bool = False


@dataclass(slots=True, eq=False)
class Retraction:
    room: uuid.UUID
    person: uuid.UUID
    message: str


@dataclass(slots=True, eq=False)
class React:
    room: uuid.UUID
    person: uuid.UUID
    message: str
    reaction: str
    add: bool
    charged: bool = False


@dataclass(slots=True)
class Stored:
    """The row under the room's lock."""

    id: uuid.UUID
    seq: int
    author: uuid.UUID | None
    at: Any
    body: str
    mentions: Any
    edited_seq: int | None
    last_event_seq: int | None
    withheld: str | None

    @property
    def version(self) -> int:
        return self.edited_seq or self.seq

    @property
    def unchanged(self) -> dict[str, Any]:
        return {"seq": self.last_event_seq or self.version, "unchanged": True}


def grant_to(made: log.Writing, room: uuid.UUID, person: uuid.UUID) -> Grant:
    """The right to write here now, read under the room's lock. Raises Refusal room.*."""
    grant = access.may_read(person=person, room=room)
    accepting.may_write_now(grant, made.heads[room], made.now)
    return grant


def grant_to_take_back(room: uuid.UUID, person: uuid.UUID) -> Grant:
    """The same for what somebody takes away of their own: neither a lock nor a silence keeps it in the room."""
    grant = access.may_read(person=person, room=room)
    access.may_write(grant)
    return grant


def _charge(item: Edit | React) -> None:
    if not item.charged:
        wait, _ = limits.posts.take(item.person)
        if wait:
            raise Refusal("rate.posts", retry_after_ms=wait)
        item.charged = True


def message(room: uuid.UUID, text: str, first_seq: int = 0) -> Stored:
    """One of a room's messages, under its lock; what this person may not read, before `first_seq`, is not found."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, seq, author_id, at, body, mentions, edited_seq, last_event_seq, withheld FROM rooms_message WHERE id = %s AND room_id = %s",
            (access.message_id(text), room),
        )
        row = cursor.fetchone()
    if row is None or row[1] < first_seq:
        raise Refusal("message.not_found")
    return Stored(*row)


def edit_many(items: Sequence[Edit]) -> list[dict[str, Any] | Refusal]:
    return lanes.each(edit, items)


def retract_many(items: Sequence[Retraction]) -> list[dict[str, Any] | Refusal]:
    return lanes.each(retract, items)


def react_many(items: Sequence[React]) -> list[dict[str, Any] | Refusal]:
    return lanes.each(react, items)


def edit(item: Edit) -> dict[str, Any]:
    """Replaces the words of one's own message. Answers {"seq"} of the event, with "unchanged" where it says that already."""
    seen = identifying.look([("body", item.body)], confirmed=item.confirmed, rooms=[item.room])
    try:
        return _edit(item, seen)
    except Refusal as refusal:
        if seen and refusal is seen.refusal:
            identifying.record(item.person, item.room, seen)
        raise


def _edit(item: Edit, seen: identifying.Look | None) -> dict[str, Any]:
    try:
        named = content.mentioned(item.mentions)
    except Refusal:
        named = []  # told below, in its turn
    rooms_of = personal.rooms_of(known(named)) if named else {}
    with log.writing([item.room, *rooms_of.values()]) as made:
        grant = grant_to(made, item.room, item.person)
        _charge(item)
        stored = message(item.room, item.message)
        if stored.author != item.person:
            raise Refusal("message.not_author")
        if stored.withheld in GONE:
            raise Refusal("message.retracted")
        content.check_body(item.body)
        people = content.mentioned(item.mentions)
        mentions = content.check_mentions(item.body, item.mentions)
        if people and any(not isinstance(g, Grant) for g in access.grants([(item.room, p) for p in people]).values()):
            raise Refusal("message.mentions")
        if item.body == stored.body:
            return stored.unchanged
        if seen and seen.refusal:
            raise seen.refusal
        if item.base != stored.version:
            raise Refusal("message.changed")
        verdict = judging.judge(judging.Said(item.room, grant.kind, item.person, item.body, grant.moderates, edit=True)) if stored.withheld is None else None
        seq = made.append(item.room, "message.edited", actor=item.person, acting=grant.acting, message=stored.id, data={"base": item.base})
        _store_edit(stored, item, seq, mentions)
        if seen:
            made.later.append(identifying.recorded([(item.person, item.room, seen)]))
        if verdict is not None:
            _follow(made, item.room, stored, verdict)
        if made.heads[item.room].kind == "case":  # somebody may have relied on it (cases/amendments.py)
            made.later.append(("INSERT INTO rooms_followup (room_id, seq, at, tally, wake) VALUES (%s, %s, now(), true, false)", (item.room, seq)))
        before = {m["person"] for m in _list(stored.mentions)}
        newly = [p for p in people if str(p) not in before and p != item.person]
        if stored.withheld is None and newly and not (verdict and verdict.hold):
            storing.mention(made, rooms_of, room=item.room, seq=seq, message=stored.id, author=item.person, people=newly)
            made.later.append(storing.wake(item.room, seq, made.now))
    return {"seq": seq}


def _follow(made: log.Writing, room: uuid.UUID, stored: Stored, verdict: Verdict) -> None:
    """What the rules make of the new words: held, they are hidden in the same transaction."""
    seq = stored.version
    if verdict.hold:
        seq = made.append(room, "message.hidden", actor=None, message=stored.id)
        withhold(stored.id, "hidden", seq)
    made.later += verdict.writes(judging.Kept(stored.id, seq, made.now))


def _list(mentions: Any) -> list[Any]:
    return mentions if isinstance(mentions, list) else orjson.loads(mentions or "[]")


def _store_edit(message: Stored, item: Edit, seq: int, mentions: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rooms_messageversion (message_id, seq, at, body, mentions) SELECT id, coalesce(edited_seq, seq), at, body, mentions FROM rooms_message WHERE id = %s",
            (message.id,),
        )
        cursor.execute(
            "UPDATE rooms_message SET body = %s, mentions = %s, edited_seq = %s, last_event_seq = %s, "
            "search = CASE WHEN withheld IS NULL THEN to_tsvector('consult_french', %s) END WHERE id = %s",
            (item.body, orjson.dumps(mentions).decode(), seq, seq, item.body, message.id),
        )
        cursor.execute("DELETE FROM rooms_tag WHERE message_id = %s", (message.id,))
        cursor.execute("DELETE FROM rooms_mention WHERE message_id = %s AND person_id <> ALL(%s::uuid[])", (message.id, [m["person"] for m in mentions]))
        if message.withheld is None and (found := content.tags(item.body)):  # what is hidden stays out of search, whatever it says now
            cursor.execute("INSERT INTO rooms_tag (message_id, room_id, tag) SELECT %s, %s, t FROM unnest(%s::text[]) AS x(t)", (message.id, item.room, found))


def retract(item: Retraction) -> dict[str, Any]:
    """Withholds one's own words from everyone, search included. A second time changes nothing."""
    with log.writing([item.room]) as made:
        grant = grant_to_take_back(item.room, item.person)
        stored = message(item.room, item.message)
        if stored.author != item.person:
            raise Refusal("message.not_author")
        if stored.withheld in GONE:
            return stored.unchanged
        seq = made.append(item.room, "message.retracted", actor=item.person, acting=grant.acting, message=stored.id)
        withhold(stored.id, "retracted", seq)
    return {"seq": seq}


_RECOUNT = """
INSERT INTO rooms_followup (room_id, seq, at, tally, wake) SELECT coalesce(m.case_room, m.room_id), max(m.last_event_seq), now(), true, false FROM rooms_message m
JOIN rooms_room r ON r.id = m.room_id WHERE m.id = ANY(%s) AND (r.kind = 'case' OR m.case_room IS NOT NULL) GROUP BY 1"""


def withhold(message: uuid.UUID, why: str, seq: int) -> None:
    """Takes a message's words out of every reading: the row says why, and search, tags, mentions and pins forget it."""
    withhold_many([(message, seq)], why)


def withhold_many(messages: Sequence[tuple[uuid.UUID, int]], why: str) -> None:
    """The same for many, each with the seq of the event that says so."""
    ids = [id for id, _ in messages]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rooms_message m SET withheld = %s, last_event_seq = q.seq, search = NULL FROM unnest(%s::uuid[], %s::bigint[]) AS q(id, seq) WHERE m.id = q.id",
            (why, ids, [seq for _, seq in messages]),
        )
        cursor.execute("DELETE FROM rooms_tag WHERE message_id = ANY(%s)", (ids,))
        cursor.execute("DELETE FROM rooms_mention WHERE message_id = ANY(%s)", (ids,))
        cursor.execute("DELETE FROM rooms_pin WHERE message_id = ANY(%s)", (ids,))
        cursor.execute(_RECOUNT, (ids,))  # a case counts its answers anew, and a question and its card are withheld together (cases/followups.py)


def show(message: uuid.UUID, seq: int) -> None:
    """Gives hidden words back to every reading: search, tags and mentions are derived from them anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rooms_message SET withheld = NULL, last_event_seq = %s, search = to_tsvector('consult_french', body) WHERE id = %s RETURNING room_id, body",
            (seq, message),
        )
        room, body = cursor.fetchone()
        cursor.execute(
            "INSERT INTO rooms_mention (person_id, room_id, seq, message_id) SELECT DISTINCT (x->>'person')::uuid, m.room_id, m.seq, m.id "
            "FROM rooms_message m CROSS JOIN jsonb_array_elements(m.mentions) x WHERE m.id = %s AND (x->>'person')::uuid IS DISTINCT FROM m.author_id ON CONFLICT DO NOTHING",
            (message,),
        )
        cursor.execute("INSERT INTO rooms_tag (message_id, room_id, tag) SELECT %s, %s, t FROM unnest(%s::text[]) AS x(t)", (message, room, content.tags(body)))
        cursor.execute(_RECOUNT, ([message],))


def react(item: React) -> dict[str, Any]:
    """Adds or takes back one of the four words. Repeating is ok and adds no event."""
    with log.writing([item.room]) as made:
        grant = grant_to(made, item.room, item.person) if item.add else grant_to_take_back(item.room, item.person)
        _charge(item)
        stored = message(item.room, item.message, grant.first_seq)
        if item.add and stored.withheld in GONE:
            raise Refusal("message.retracted")
        with connection.cursor() as cursor:
            if item.add:
                cursor.execute("INSERT INTO rooms_reaction (message_id, person_id, reaction) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (stored.id, item.person, item.reaction))
            else:
                cursor.execute("DELETE FROM rooms_reaction WHERE message_id = %s AND person_id = %s AND reaction = %s", (stored.id, item.person, item.reaction))
            if not cursor.rowcount:
                return stored.unchanged
            kind = "reaction.added" if item.add else "reaction.removed"
            seq = made.append(item.room, kind, actor=item.person, acting=grant.acting, message=stored.id, data={"reaction": item.reaction})
            cursor.execute("UPDATE rooms_message SET last_event_seq = %s WHERE id = %s", (seq, stored.id))
    return {"seq": seq}
