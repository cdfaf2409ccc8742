"""Cases like the one that is being asked: by the words they share, the rarest of these first, in a bounded number of candidates.

A word in every second case says nothing and would bring half of all cases; the statistics that PostgreSQL keeps of the index say which words are rare.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from consult.errors import Refusal
from consult.rooms import access, lists

LONGEST = 10_000  # characters of title and question
CANDIDATES = 300  # cases that are ranked
MOST_WORDS = 12
SHOWN = 5

_WORDS = "SELECT DISTINCT lexeme FROM unnest(to_tsvector('consult_french', %s)) WHERE length(lexeme) > 2"
# How many cases have each of the words that are common; a word that is not among these is rarer than all of them.
_COMMON = """
SELECT w.word, coalesce((SELECT (s.most_common_elem_freqs)[array_position(s.most_common_elems::text::text[], w.word)]), 0) * greatest(c.reltuples, 0)
FROM unnest(%s::text[]) AS w(word) CROSS JOIN pg_class c LEFT JOIN pg_stats s ON s.schemaname = current_schema() AND s.tablename = 'cases_case' AND s.attname = 'words'
WHERE c.oid = 'cases_case'::regclass"""
_SIMILAR = f"""
WITH candidates AS MATERIALIZED (
    SELECT c.room_id, c.question_id, ts_rank(c.words, %(all)s::tsquery, 1) AS score FROM (
        SELECT * FROM cases_case WHERE words @@ %(rare)s::tsquery LIMIT {CANDIDATES}) c ORDER BY score DESC, c.opened_at DESC
)
SELECT k.room_id FROM candidates k JOIN rooms_message q ON q.id = k.question_id AND q.withheld IS NULL JOIN rooms_room r ON r.id = k.room_id
JOIN clinicians_person p ON p.id = %(person)s JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_membership m ON m.room_id = r.id AND m.person_id = p.id
WHERE {access.READABLE} ORDER BY k.score DESC, r.id LIMIT {SHOWN}"""


def cases(*, person: uuid.UUID, title: str, question: str, locale: str = "fr") -> list[dict[str, Any]]:
    """Up to SHOWN RoomItems of cases that one may read, the most alike first. Nothing of the text is kept. Raises Refusal frame.invalid."""
    text = f"{title} {question}"
    if len(text) > LONGEST or "\x00" in text:
        raise Refusal("frame.invalid", fields=["question"])
    with connection.cursor() as db:
        db.execute(_WORDS, (text,))
        words = [word for (word,) in db.fetchall()]
        if not words:
            return []
        db.execute(_COMMON, (words,))
        counts = dict(db.fetchall())
        db.execute(_SIMILAR, {"person": person, "rare": _either(_rare(counts)), "all": _either(sorted(counts, key=lambda w: counts[w])[:MOST_WORDS])})
        found = [room for (room,) in db.fetchall()]
    return lists.items(person, found, locale)


def _rare(counts: dict[str, float]) -> list[str]:
    """The rarest words, as many as bring about CANDIDATES cases together; always one."""
    chosen: list[str] = []
    sum = 0.0
    for word in sorted(counts, key=lambda w: (counts[w], w))[:MOST_WORDS]:
        if chosen and sum + counts[word] > CANDIDATES:
            break
        chosen.append(word)
        sum += counts[word]
    return chosen


def _either(words: list[str]) -> str:
    """A tsquery for any of these lexemes."""
    return " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)
