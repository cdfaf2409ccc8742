"""What an accepted post leaves behind: its event and words in one statement, its tags and mentions, its frame."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from consult.columns import Bools, Longs, Texts, Times, Uuids
from consult.database import Statement
from consult.images import claims
from consult.rooms import content, judging, log, wire
from consult.rooms.actions.accepting import Accepted
from consult.rooms.actions.facts import Facts

_INSERT = f"""
WITH p AS (
    SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::bigint[], %b::timestamptz[], %b::uuid[], %b::text[], %b::uuid[], %b::uuid[],
                         %b::text[], %b::uuid[], %b::text[], %s::jsonb[], %b::text[], %b::bool[], %b::bool[], %b::text[])
    AS t(room, seq, post_no, at, author, acting, message, client, body, reply_to, form, mentions, images, tally, wake, withheld)
), e AS (
    INSERT INTO rooms_event (room_id, seq, kind, at, actor_id, actor_as, message_id) SELECT room, seq, 'message.posted', at, author, acting, message FROM p
), c AS (
    INSERT INTO rooms_clientid (room_id, sender_id, client_id, seq, message_id) SELECT room, author, client, seq, message FROM p
), f AS (
    INSERT INTO rooms_followup (room_id, seq, at, tally, wake) SELECT room, seq, at, tally, wake FROM p WHERE tally OR wake
), h AS ({log.ADVANCE}
)
INSERT INTO rooms_message (id, room_id, seq, post_no, at, author_id, author_as, client_id, form, body, mentions, reply_to, images, withheld, search)
SELECT message, room, seq, post_no, at, author, acting, client, form, body, mentions, reply_to, images::uuid[], withheld,
       CASE WHEN withheld IS NULL THEN to_tsvector('consult_french', body) END FROM p"""


_TAG = "INSERT INTO rooms_tag (message_id, room_id, tag) SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[])"
_MENTION = "INSERT INTO rooms_mention (person_id, room_id, seq, message_id) SELECT p, %s, %s, %s FROM unnest(%b::uuid[]) AS t(p)"


def insert(accepted: Sequence[Accepted], made: log.Writing, facts: Facts) -> None:
    """Has them written together with COMMIT, or at once by `made.settle()`."""
    a = accepted
    twins = _hold_together(a)
    made.later.append(
        (
            _INSERT,
            (
                Uuids(x.post.room for x in a),
                Longs(x.seq for x in a),
                Longs(x.post_no for x in a),
                Times(x.at for x in a),
                Uuids(x.post.person for x in a),
                Texts(x.acting for x in a),
                Uuids(x.id for x in a),
                Uuids(x.post.client_id for x in a),
                Texts(x.post.body for x in a),
                Uuids(x.reply_to for x in a),
                Texts(x.form for x in a),
                Texts(orjson.dumps(x.mentions).decode() for x in a),
                Texts("{" + ",".join(map(str, x.images)) + "}" for x in a),  # arrays of several lengths are no array: as text
                Bools(x.grant.kind == "case" for x in a),
                Bools(not x.held and _wakes(x, made.heads[x.post.room]) for x in a),
                Texts("hidden" if x.held else None for x in a),
                *log.heads_for([made.heads[room] for room in {x.post.room for x in a}]),
            ),
        )
    )
    if taken := [(image, x.id, x.post.room) for x in a for image in x.images]:
        made.later.append(claims.taking(taken))
    tagged = [(x.id, x.post.room, t) for x in a if not x.held for t in x.tags]
    if tagged:
        made.later.append((_TAG, [list(c) for c in zip(*tagged, strict=True)]))
    for x in a:
        made.encoded.setdefault(x.post.room, []).append(_frame(x))
        if x.post.verdict is not None and x.id not in twins.values():
            twin = next((t for t in a if t.id == twins.get(x.id)), None)
            made.later += x.post.verdict.writes(judging.Kept(x.id, x.seq, x.at, (twin.post.room, twin.id) if twin else None))
        if x.mentions and not x.held:
            mention(made, facts.personal, room=x.post.room, seq=x.seq, message=x.id, author=x.post.person, people=content.mentioned(x.post.mentions))


def _hold_together(accepted: Sequence[Accepted]) -> dict[uuid.UUID, uuid.UUID]:
    """The question of a case and its card say the same: where one is held, so is the other, as its twin (first -> second)."""
    first: dict[Any, Accepted] = {}
    twins: dict[uuid.UUID, uuid.UUID] = {}
    for x in accepted:
        other = first.setdefault((x.post.person, x.post.client_id), x)
        if other is not x and x.form == other.form == "question" and (x.held or other.held):
            main, twin = (other, x) if other.held else (x, other)
            x.held = other.held = True
            twins[main.id] = twin.id
    return twins


def _wakes(x: Accepted, head: log.Head) -> bool:
    """Whether anyone could hear of this post by a notice (rooms/waking.py says who). Most posts in a group wake nobody and leave no row."""
    return head.watched or x.grant.kind in ("private", "case") or bool(x.mentions) or x.reply_to is not None or x.form == "question"


def wake(room: uuid.UUID, seq: int, at: datetime) -> Statement:
    """The outbox row of an event, other than a post, that wakes people."""
    return "INSERT INTO rooms_followup (room_id, seq, at, tally, wake) VALUES (%s, %s, %s, false, true)", (room, seq, at)


def mention(made: log.Writing, rooms_of: dict[uuid.UUID, uuid.UUID], *, room: uuid.UUID, seq: int, message: uuid.UUID, author: uuid.UUID, people: Sequence[uuid.UUID]) -> None:
    """Keeps who was mentioned and tells their personal rooms."""
    people = [p for p in people if p != author]
    if not people:
        return
    made.later.append((_MENTION, (room, seq, message, people)))
    for person in people:
        made.append(rooms_of[person], "mention.received", actor=author, data={"room": str(room), "seq": seq})


def _frame(x: Accepted) -> wire.Frame:
    """The event's frame from what is at hand: the same as `log.frames_of` would read back (tests compare them)."""
    name = {**x.grant.card, "as": x.acting}
    message = str(x.id)
    return wire.Frame(
        x.seq,
        "message.posted",
        message,
        wire.encoded(
            {
                "type": "event",
                "room": str(x.post.room),
                "epoch": x.epoch,
                "seq": x.seq,
                "kind": "message.posted",
                "at": wire.time(x.at),
                "actor": name,
                "data": {
                    "message": message,
                    "body": None if x.held else x.post.body,
                    "mentions": None if x.held else x.mentions,
                    "client_id": str(x.post.client_id),
                    "post_no": x.post_no,
                    "reply_to": str(x.reply_to) if x.reply_to else None,
                    "images": [str(i) for i in x.images],
                    "form": x.form,
                    "withheld": "hidden" if x.held else None,
                },
            }
        ),
    )
