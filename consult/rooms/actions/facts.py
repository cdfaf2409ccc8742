"""What the database says about a batch of posts: asked by set queries, read under the locks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consult.columns import Uuids
from consult.database import Rows, Statement, together
from consult.errors import Refusal
from consult.images import claims
from consult.rooms import access, log
from consult.rooms.access import Grant
from consult.rooms.actions.posts import Key, Post, image_ids, named_in, reply_id


@dataclass(slots=True)
class Facts:
    """What the set queries found for one batch, read under the locks."""

    before: dict[Key, tuple[int, uuid.UUID, str | None, uuid.UUID | None, list[uuid.UUID], str | None]]
    grants: dict[access.Pair, Grant | Refusal]
    replies: dict[uuid.UUID, tuple[uuid.UUID, int, str | None, uuid.UUID | None]]  # room, seq, withheld, author
    images: dict[uuid.UUID, claims.Found]
    last_posts: dict[access.Pair, datetime]
    personal: dict[uuid.UUID, uuid.UUID]


# Each is looked up for itself (LIMIT keeps PostgreSQL from joining the tables as a whole): a plan that was made while they were nearly
# empty is kept until they are analysed again, and would compare every post of a batch with every row.
_BEFORE = """
SELECT c.room_id, c.sender_id, c.client_id, c.seq, c.message_id, coalesce(v.body, m.body), m.reply_to, m.images, m.withheld
FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[]) AS q(room, sender, client)
JOIN LATERAL (SELECT * FROM rooms_clientid c WHERE c.room_id = q.room AND c.sender_id = q.sender AND c.client_id = q.client LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT * FROM rooms_message m WHERE m.id = c.message_id LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT body FROM rooms_messageversion v WHERE v.message_id = m.id ORDER BY v.seq LIMIT 1) v ON m.edited_seq IS NOT NULL"""


_REPLIES = "SELECT id, room_id, seq, withheld, author_id FROM rooms_message WHERE id = ANY(%s)"


def _pairs(posts: Sequence[Post]) -> list[access.Pair]:
    """Whose rights are asked: those of the authors, and of those they name."""
    return list(dict.fromkeys([*((p.room, p.person) for p in posts), *((p.room, n) for p in posts for n in named_in(p))]))


def asking(posts: Sequence[Post]) -> list[Statement]:
    """What is read under the locks: client ids, rights, and where there are any, the targets of replies and the pictures."""
    before: Statement = _BEFORE, (Uuids(p.room for p in posts), Uuids(p.person for p in posts), Uuids(p.client_id for p in posts))
    wanted, pictures = _wanted(posts)
    more = [*([(_REPLIES, (Uuids(wanted),))] if wanted else []), *([claims.asking(pictures)] if pictures else [])]
    return [before, access.asking(_pairs(posts)), *more]


def _wanted(posts: Sequence[Post]) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """The messages they reply to, and the pictures they carry; an id that is none is told in its turn."""
    return [id for p in posts if (id := reply_id(p)) is not None], [id for p in posts for id in image_ids(p) if id is not None]


def facts_of(posts: Sequence[Post], made: log.Writing) -> Facts:
    """The facts for posts that mention nobody, read now: for rooms that this transaction has just made."""
    return facts_from(posts, made, together(*asking(posts)), {})


def facts_from(posts: Sequence[Post], made: log.Writing, answers: Sequence[Rows], rooms_of: dict[uuid.UUID, uuid.UUID]) -> Facts:
    before_rows, grant_rows, *rest_rows = answers
    wanted, pictures = _wanted(posts)
    reply_rows = [rest_rows[0]] if wanted else []
    before = {(r, s, c): tuple(rest) for r, s, c, *rest in before_rows}
    replies = {id: (room, seq, withheld, author) for rows in reply_rows for id, room, seq, withheld, author in rows}
    last_posts: dict[access.Pair, datetime] = {}
    slow = {(p.room, p.person) for p in posts if p.room in made.heads and made.heads[p.room].slow_mode}
    if slow:
        (rows,) = together((_LAST, ([r for r, _ in slow], [p for _, p in slow])))
        last_posts = {(room, person): at for room, person, at in rows}
    return Facts(before, access.granted(_pairs(posts), grant_rows), replies, claims.found(rest_rows[-1]) if pictures else {}, last_posts, rooms_of)


_LAST = """
SELECT q.room, q.person, m.at FROM unnest(%b::uuid[], %b::uuid[]) AS q(room, person) JOIN LATERAL
(SELECT at FROM rooms_message WHERE room_id = q.room AND author_id = q.person ORDER BY post_no DESC LIMIT 1) m ON true"""
