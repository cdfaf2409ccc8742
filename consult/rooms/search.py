"""Finds messages in the rooms one may read, and the #tags used there: French stemming, accents ignored, newest first.

What may be found is `access.READABLE`, the rule of every other reading; what is withheld has no words in the index, and is
left out once more by name. A hit is a place to jump to, with an excerpt of the words as they stand now.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.clinicians import cards
from consult.cursors import unseal
from consult.errors import Refusal
from consult.rooms import access, content, finding, lists, wire

LONGEST = 200  # characters of a query
EXCERPT = 320  # characters of an excerpt, where a text has no words to end it at
SHORT = 240  # characters of a body that is shown whole
START, STOP, LESS = "\x02", "\x03", "\x04"  # stand for the marks, and for a "<" that would look like a tag; taken out of bodies first
MARKS = f'StartSel="{START}", StopSel="{STOP}"'

_HITS = f"""
SELECT x.id, x.room_id, x.seq, x.at, x.author_id, x.author_as,
       ts_headline('consult_french', translate(x.body, %(from)s, %(to)s), {finding.QUERY}, CASE WHEN length(x.body) <= %(short)s THEN %(whole)s ELSE %(part)s END), x.doubt
FROM rooms_message x WHERE x.id = ANY(%(ids)s) AND x.withheld IS NULL ORDER BY x.at DESC, x.id DESC"""
_TAGS = f"""
WITH candidates AS MATERIALIZED ({finding.CANDIDATES}), rooms AS MATERIALIZED (
    SELECT r.id, CASE WHEN r.kind = 'private' THEN coalesce(m.first_seq, 0) ELSE 0 END AS first FROM {lists.WITHIN} JOIN candidates c ON c.id = r.id
    WHERE p.id = %(person)s AND {access.READABLE}
)
SELECT g.tag, count(*) FROM rooms_tag g JOIN rooms r ON r.id = g.room_id JOIN rooms_message x ON x.id = g.message_id AND x.seq >= r.first
WHERE x.withheld IS NULL AND starts_with(g.tag, %(prefix)s) GROUP BY g.tag ORDER BY count(*) DESC, g.tag LIMIT 50"""


def messages(*, person: uuid.UUID, q: str, room: uuid.UUID | None, tag: str, cursor: str | None, limit: int, locale: str = "fr") -> tuple[list[dict[str, Any]], list[Any] | None]:
    """(hits, the position of the next page or None). Raises Refusal search.query, frame.invalid, room.*, cursor.invalid."""
    q, tag, limit = q.strip(), content.fold(tag.strip().lstrip("#"))[:60], max(1, min(limit, 50))
    wrong = [name for name, text in (("q", q), ("tag", tag)) if len(text) > LONGEST or "\x00" in text]
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)
    after = unseal("search", cursor) or [None, None]
    if not (q or tag):
        raise Refusal("search.query")
    if room is not None:
        access.may_write(access.may_read(person=person, room=room))
    params = {
        "person": person,
        "room": room,
        "q": q,
        "tag": tag or None,
        "at": after[0],
        "id": after[1],
        "limit": limit + 1,
        "from": f"<{START}{STOP}{LESS}",
        "to": LESS,
        "short": SHORT,
        "whole": f"{MARKS}, HighlightAll=true",
        "part": f"{MARKS}, MaxFragments=1, MaxWords=40, MinWords=20",
    }
    with connection.cursor() as db:
        found = finding.newest(params)
        position = [found[limit - 1][0].isoformat(), str(found[limit - 1][1])] if len(found) > limit else None
        db.execute(_HITS, {**params, "ids": [id for _, id in found[:limit]]})
        rows = db.fetchall()
        if q and not (rows or tag):
            db.execute("SELECT numnode(websearch_to_tsquery('consult_french', %s))", (q,))
            if not db.fetchone()[0]:  # only words such as "le" and "de"
                raise Refusal("search.query")
    return _hits(person, rows, locale), position


def readable(person: uuid.UUID, hits: list[dict[str, Any]]) -> bool:
    """Whether this person may read every one of these hits, by `access` as it stands where this is asked."""
    rooms = {hit["room"]["id"]: uuid.UUID(hit["room"]["id"]) for hit in hits}
    grants = access.grants((room, person) for room in rooms.values())
    found = [grants[rooms[hit["room"]["id"]], person] for hit in hits]
    return all(isinstance(grant, access.Grant) and hit["seq"] >= grant.first_seq for hit, grant in zip(hits, found, strict=True))


def _hits(person: uuid.UUID, rows: list[tuple[Any, ...]], locale: str) -> list[dict[str, Any]]:
    rooms = {item["id"]: item for item in lists.items(person, list(dict.fromkeys(row[1] for row in rows)), locale)}
    names = cards.cards({row[4] for row in rows if row[4]}, locale)
    hits = []
    for id, room, seq, at, author, acting, headline, doubt in rows:
        item = rooms.get(str(room))
        if item is None:
            continue
        excerpt, marks = marked(headline)
        hits.append(
            {
                "room": {name: item[name] for name in ("id", "kind", "title", "code")},
                "message": str(id),
                "seq": seq,
                "at": wire.time(at),
                "actor": {**names[author], "as": acting} if author in names else None,
                "excerpt": excerpt,
                "marks": marks,
                "doubt": doubt,
            }
        )
    return hits


def marked(headline: str) -> tuple[str, list[list[int]]]:
    """A headline as its text and the [start, length] of each mark, in code points."""
    text: list[str] = []
    marks: list[list[int]] = []
    length, opened = 0, None
    for piece in headline:
        if piece == START:
            opened = length
        elif piece == STOP:
            if opened is not None and opened < length:
                marks.append([opened, length - opened])
            opened = None
        elif length < EXCERPT:
            text.append("<" if piece == LESS else piece)
            length += 1
    return "".join(text), marks


def tags(*, person: uuid.UUID, q: str) -> list[dict[str, Any]]:
    """The tags that begin like this in the rooms one may read, the most used first. Raises Refusal frame.invalid."""
    prefix = content.fold(q.strip().lstrip("#"))
    if len(prefix) > LONGEST or "\x00" in prefix:
        raise Refusal("frame.invalid", fields=["q"])
    with connection.cursor() as db:
        db.execute(_TAGS, {"person": person, "prefix": prefix})
        return [{"tag": tag, "count": count} for tag, count in db.fetchall()]
