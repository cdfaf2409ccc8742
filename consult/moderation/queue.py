"""What waits, as the console shows it: a page of items in one query, and one item with what is needed to decide it.

The list shows no words but an excerpt with identifiers blacked out. Opening an item shows the message and, outside private rooms, its few
neighbours; the audit records who opened what.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from consult.audit.models import record
from consult.clinicians import cards
from consult.cursors import seal, unseal
from consult.errors import Refusal
from consult.rooms import access, log
from consult.rooms.actions import pictures
from consult.rooms.wire import time

from . import acts, console, kinds, remit, reports, subjects
from .blackout import blackout
from .models import Answer, Item, Reading, Report, Rule

EXCERPT = 240
MOST = 500  # items of a page
MOST_COUNTED = 1000  # more are as good as that
NEIGHBOURS = 5
MOST_REPORTS = 50  # shown; a storm is counted

_PERSON = "{0}.id, {0}.title, {0}.given_name, {0}.family_name, {0}.profession, {0}.specialty, {0}.level"
_COLUMNS = f"""
SELECT i.id, i.kind, i.urgency, i.at, i.room_id, i.message_id, i.image_id, i.categories, i.count, i.claimed_until, i.decision, r.kind, r.title,
       CASE WHEN m.withheld IS DISTINCT FROM 'erased' THEN left(m.body, {EXCERPT}) END, m.withheld, {_PERSON.format("a")}, {_PERSON.format("c")}
FROM {remit.MINE} CROSS JOIN moderation_item i
LEFT JOIN rooms_room r ON r.id = i.room_id LEFT JOIN rooms_message m ON m.id = i.message_id
LEFT JOIN clinicians_person a ON a.id = i.person_id LEFT JOIN clinicians_person c ON c.id = i.claimed_by AND i.claimed_until > now()
"""
_PAGE = f"""{_COLUMNS}
WHERE p.id = %(person)s AND i.decision IS NULL AND {remit.IN_REMIT} AND NOT {remit.PARTY}
  AND (%(items)s::uuid[] IS NULL OR i.id = ANY(%(items)s::uuid[]))
  AND (%(kind)s::text IS NULL OR i.kind = %(kind)s) AND (NOT %(mine)s OR i.claimed_by = %(person)s AND i.claimed_until > now())
  AND (%(urgency)s::int IS NULL OR (-i.urgency, i.at, i.id) > (-%(urgency)s::int, %(at)s::timestamptz, %(id)s::uuid))
ORDER BY -i.urgency, i.at, i.id LIMIT %(limit)s"""
_COUNT = f"""
SELECT count(*) FROM (SELECT 1 FROM {remit.MINE} CROSS JOIN moderation_item i LEFT JOIN rooms_room r ON r.id = i.room_id
WHERE p.id = %(person)s AND i.decision IS NULL AND {remit.IN_REMIT} AND NOT {remit.PARTY} LIMIT %(most)s) waiting"""
_ONE = f"{_COLUMNS} WHERE p.id = %(person)s AND i.id = %(item)s"
_FIND = f"""
SELECT {remit.PARTY} FROM {remit.MINE} CROSS JOIN moderation_item i LEFT JOIN rooms_room r ON r.id = i.room_id
WHERE p.id = %(person)s AND i.id = %(item)s AND {remit.IN_REMIT}"""


def page(*, person: uuid.UUID, kind: str | None = None, mine: bool = False, items: list[uuid.UUID] | None = None, before: str | None = None, limit: int = 100) -> dict[str, Any]:
    """{"items","next","open","room","claim_s","as_of"}: open items of one's remit to which one is no party, the most urgent and oldest first; with `items`
    of those alone. Raises Refusal moderation.remit, cursor.invalid."""
    remit.require(person)
    limit = max(1, min(limit, MOST))
    urgency, at, id = unseal("queue", before) or (None, None, None)
    asked_at = log.utc_now()
    with connection.cursor() as db:
        db.execute(_PAGE, {"person": person, "kind": kind, "mine": mine, "items": items, "urgency": urgency, "at": at, "id": id, "limit": limit + 1})
        rows = db.fetchall()
        db.execute(_COUNT, {"person": person, "most": MOST_COUNTED})
        (waiting,) = db.fetchone()
    shown = rows[:limit]
    more = seal("queue", [shown[-1][2], shown[-1][3].isoformat(), str(shown[-1][0])]) if len(rows) > limit else None
    return {"items": [_item(row) for row in shown], "next": more, "open": waiting, "room": str(console.room()), "claim_s": settings.CLAIM_S, "as_of": time(asked_at)}


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    id, kind, urgency, at, room, message, image, categories, count, claimed_until, decision, room_kind, title, excerpt, withheld, *people = row
    claimed_by = _card(people[7:])
    return {
        "item": str(id),
        "kind": kind,
        "title": kinds.title(kind),
        "urgency": urgency,
        "at": time(at),
        "room": _text(room),
        "room_kind": room_kind,
        "room_title": None if room_kind == "private" else blackout(title) if title else None,
        "message": _text(message),
        "image": _text(image),
        "withheld": withheld,
        "categories": categories,
        "count": count,
        "excerpt": blackout(excerpt) if excerpt else None,
        "person": _card(people[:7]),
        "claimed_by": claimed_by,
        "claimed_until": time(claimed_until) if claimed_by else None,
        "state": "decided" if decision else "open",
    }


def _text(id: uuid.UUID | None) -> str | None:
    return str(id) if id else None


def _card(columns: Any) -> dict[str, Any] | None:
    return access.card(*columns) if columns[0] is not None else None


def find(person: uuid.UUID, text: str) -> Item:
    """An item that this person may work on. Raises Refusal item.not_found (outside one's remit too), moderation.party, moderation.remit."""
    remit.require(person)
    with connection.cursor() as db:
        db.execute(_FIND, {"item": item_id(text), "person": person})
        row = db.fetchone()
    if row is None:
        raise Refusal("item.not_found")
    if row[0]:
        raise Refusal("moderation.party")
    found = Item.objects.get(pk=text)
    if found.kind == "report" and found.room_id and found.message_id:  # a report follows the words it is about
        found.room_id, found.message_id = subjects.living(found.room_id, found.message_id, found.image_id)
    return found


def item_id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("item.not_found") from None


def detail(*, person: uuid.UUID, item: str, locale: str = "fr") -> dict[str, Any]:
    """{"item","message","twin","base","around","reports","answers","author","act","decisions"} and what its kind adds: what is needed to decide."""
    found = find(person, item)
    record(act="item.read", person=person, room=found.room_id, object=str(found.id))
    _hold_on(found, person)
    base = subjects.base(found)  # before the words are read: an edit in between is found out
    with connection.cursor() as db:
        db.execute(_ONE, {"item": found.id, "person": person})
        shown = _item(db.fetchone())
    kind = kinds.of(found.kind)
    around = _messages(found)
    message = next((m for m in around if m["flagged"]), None)
    if message is not None:  # where it is read now, if it was moved
        shown |= {"room": _text(found.room_id), "message": _text(found.message_id), "withheld": message["withheld"]}
    return {
        "item": {**shown, "decision": found.decision, "decided_at": time(found.decided_at) if found.decided_at else None, "note": found.note or None},
        "decisions": [{"code": code, "fr": fr, "en": en} for code, (fr, en) in kind.decisions.items()],
        "base": base,
        "message": message,
        "twin": _twin(found),
        "around": around,
        "reports": _reports(found, locale),
        "answers": [{"at": time(a.at), "text": a.text} for a in Answer.objects.filter(item=found).order_by("at")],
        "author": _author(found.person_id, locale),
        "act": acts.one(found.act_id),
        "rule": _rule(found.rule_id),
        "my_reading": _my_reading(found, person),
        **kind.context(found, locale),
    }


def is_due(item: Item, now: datetime) -> bool:
    """Whether a claim is to be prolonged, and told anew: once a tenth of it is gone, so that what consoles know of it holds."""
    return item.claimed_until is None or (item.claimed_until - now).total_seconds() < 0.9 * settings.CLAIM_S


def _hold_on(item: Item, person: uuid.UUID) -> None:
    """Whoever holds the item is at work: the claim lasts on, and the other consoles hear of it."""
    if item.claimed_by != person or item.decision is not None or not is_due(item, log.utc_now()):
        return
    with log.writing([console.room()]) as made:
        mine = Item.objects.filter(pk=item.pk, claimed_by=person, claimed_until__gt=made.now, decision=None)
        if mine.update(claimed_until=made.now + timedelta(seconds=settings.CLAIM_S)):
            console.tell(made, "item.claimed", item.pk, person)


def _my_reading(item: Item, person: uuid.UUID) -> dict[str, Any] | None:
    """How far it is with this moderator's own reading of the private room that a report is about; the latest, where they asked twice."""
    if item.kind != "report":
        return None
    found = Reading.objects.select_related("item").filter(report__item=item, asker_id=person).order_by("-pk").first()
    if found is None:
        return None
    waiting = "asked" if found.item.decision is None else "refused"
    state = waiting if found.until is None else "agreed" if found.until > log.utc_now() else "over"
    return {"reading": str(found.pk), "item": str(found.item_id), "state": state, "until": time(found.until) if found.until else None}


def _rule(id: uuid.UUID | None) -> dict[str, Any] | None:
    """The rule that found it, as it is named today."""
    rule = Rule.objects.filter(pk=id).first() if id else None
    return {"rule": str(rule.pk), "fr": rule.name_fr, "en": rule.name_en} if rule else None


_AROUND = """
SELECT m.id, m.seq, m.at, m.form, m.withheld, m.body, m.images, EXISTS (SELECT 1 FROM rooms_pin n WHERE n.message_id = m.id),
       p.id, p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level, m.author_as
FROM rooms_message m LEFT JOIN clinicians_person p ON p.id = m.author_id
WHERE m.room_id = %(room)s AND m.seq {0} (SELECT seq FROM rooms_message WHERE id = %(message)s) ORDER BY m.seq {1} LIMIT %(limit)s"""


def _messages(item: Item) -> list[dict[str, Any]]:
    """The message, withheld or not, and up to five before and after it, as readers see them. Of a private room the message alone."""
    if item.message_id is None:
        return []
    with connection.cursor() as db:
        db.execute("SELECT m.room_id, r.kind FROM rooms_message m JOIN rooms_room r ON r.id = m.room_id WHERE m.id = %s", (item.message_id,))
        row = db.fetchone()
        if row is None:
            return []
        around = 0 if row[1] == "private" else NEIGHBOURS
        params = {"room": row[0], "message": item.message_id}
        db.execute(_AROUND.format("<=", "DESC"), {**params, "limit": around + 1})
        rows = db.fetchall()[::-1]
        db.execute(_AROUND.format(">", "ASC"), {**params, "limit": around})
        rows += db.fetchall()
    veils = pictures.veiled(image for row in rows for image in row[6])
    return [_neighbour(row, item.message_id, veils) for row in rows]


def _neighbour(row: tuple[Any, ...], flagged: uuid.UUID, veils: dict[uuid.UUID, str]) -> dict[str, Any]:
    id, seq, at, form, withheld, body, images, pinned, *names, acting = row
    gone = withheld == "erased" or (withheld is not None and id != flagged)
    return {
        "message": str(id),
        "seq": seq,
        "at": time(at),
        "form": form,
        "withheld": withheld,
        "body": None if gone else body,
        "images": [str(i) for i in images],
        "veiled": [str(i) for i in images if i in veils],
        "pinned": pinned,
        "actor": {**access.card(*names), "as": acting} if names[0] is not None else None,
        "flagged": id == flagged,
    }


def _twin(item: Item) -> dict[str, Any] | None:
    """Of a question and its card, hidden together, the other one: they are edited apart, and shown together."""
    words = subjects.words(item.message_id, item.act_id) if item.message_id and item.act_id else []
    return next(({"message": str(id), "room": str(room), "body": body} for id, room, _, body in words if id != item.message_id), None)


def _reports(item: Item, locale: str) -> list[dict[str, Any]]:
    found = list(Report.objects.filter(item=item).order_by("at", "id")[:MOST_REPORTS])
    who = list({r.reporter_id for r in found})
    names, records = cards.cards(who, locale), reports.record_of(who)
    known = {one: {**record, "weighs": record["dismissed"] < reports.FALSE_FLAGS} for one, record in records.items()}
    return [
        {"report": str(r.id), "at": time(r.at), "category": r.category, "note": r.note, "reporter": names.get(r.reporter_id), "record": known.get(r.reporter_id)} for r in found
    ]


_AUTHOR = """
SELECT p.joined_at, s.verified_at, s.suspended_until, (SELECT count(*) FROM (SELECT 1 FROM rooms_clientid c WHERE c.sender_id = p.id LIMIT 1000) posted),
       (SELECT count(*) FROM moderation_item i WHERE i.person_id = p.id AND i.kind = 'report' AND i.decision = 'uphold')
FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id WHERE p.id = %s"""


def _author(person: uuid.UUID | None, locale: str) -> dict[str, Any] | None:
    """Whom the item is about: their card, since when they are here, how much they wrote, what was upheld against them."""
    if person is None:
        return None
    with connection.cursor() as db:
        db.execute(_AUTHOR, (person,))
        row: tuple[datetime, datetime | None, datetime | None, int, int] | None = db.fetchone()
    if row is None:
        return None
    joined_at, verified_at, suspended_until, messages, upheld = row
    return {
        "actor": cards.cards([person], locale).get(person),
        "since": time(joined_at),
        "verified_at": time(verified_at) if verified_at else None,
        "suspended_until": time(suspended_until) if suspended_until else None,
        "messages": messages,
        "upheld": upheld,
        "acts": acts.of_person(person),
    }
