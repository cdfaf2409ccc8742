"""Posting, in batches: the path of every message.

One transaction for up to BATCH_POSTS posts over any rooms: lock, decide every refusal by set queries, insert in one
statement. Duplicates come before everything else, so a repeated send is answered alike whatever has happened since.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from consult.database import Rows, Statement, together
from consult.errors import Refusal
from consult.images import claims
from consult.rooms import access, content, identifying, judging, lanes, limits, log, wire
from consult.rooms.access import Grant
from consult.rooms.actions import personal
from consult.rooms.commands.messages import MessagePost
from consult.rooms.judging import Verdict
from consult.rooms.people import known

Key = tuple[uuid.UUID, uuid.UUID, uuid.UUID]  # room, sender, client id


@dataclass(slots=True, eq=False)
class Post:
    """One message on its way. `form` is set only by the cases, for a question."""

    room: uuid.UUID
    person: uuid.UUID
    client_id: uuid.UUID
    body: str
    reply_to: str | None = None
    images: Sequence[str] = ()
    mentions: Sequence[Any] = ()
    form: str | None = None
    acting: str | None = None
    confirmed: Sequence[str] | None = None  # null: the client does not know the feature "identifiers"
    looked: bool = False  # for identifiers: `seen` is what was found
    seen: identifying.Look | None = None
    beside: str = ""  # words that are shown with the body, and judged with it: the title of a case
    judged: bool = False  # by the rules: once, however often the batch is tried
    verdict: Verdict | None = None
    charged: bool = False  # against the rate of posts: once, however often the batch is tried
    reached: bool = False  # a try may have committed it: its own echo is then no duplicate

    @property
    def key(self) -> Key:
        return self.room, self.person, self.client_id


def of_command(c: MessagePost, room: uuid.UUID, person: uuid.UUID) -> Post:
    return Post(room, person, uuid.UUID(c.id), c.body, c.reply_to, c.images or (), c.mentions or (), confirmed=c.confirmed)


def post(
    *,
    person_id: uuid.UUID,
    room_id: uuid.UUID,
    client_id: uuid.UUID,
    body: str,
    reply_to: str | None = None,
    mentions: Sequence[Any] = (),
    images: Sequence[str] = (),
) -> dict[str, Any]:
    """One post from a thread, through its room's lane. Answers {"seq","message"}; raises Refusal or OutcomeUnknown."""
    return send(Post(room_id, person_id, client_id, body, reply_to, images, mentions))


def send(item: Post) -> dict[str, Any]:
    """Queues a post in its room's lane and waits for the answer, on a thread of the caller's own."""
    return lanes.wait(item.room, post_many, item, together=True)  # type: ignore[no-any-return]


@dataclass(slots=True)
class Facts:
    """What the set queries found for one batch, read under the locks."""

    before: dict[Key, tuple[int, uuid.UUID, str | None, uuid.UUID | None, list[uuid.UUID], str | None]]
    grants: dict[access.Pair, Grant | Refusal]
    replies: dict[uuid.UUID, tuple[uuid.UUID, int, str | None, uuid.UUID | None]]  # room, seq, withheld, author
    images: dict[uuid.UUID, claims.Found]
    last_posts: dict[access.Pair, datetime]
    personal: dict[uuid.UUID, uuid.UUID]


def post_many(posts: Sequence[Post]) -> list[dict[str, Any] | Refusal]:
    """Writes what may be written, in the order given; each answer is {"seq","message"} (and "duplicate") or a Refusal."""
    for post in posts:  # before any lock is held: it costs no one's turn
        if not post.looked:
            post.seen, post.looked = identifying.look([("body", post.body)], confirmed=post.confirmed, rooms=[post.room]), True
    named = {p for post in posts for p in _named(post)}
    rooms_of = personal.rooms_of(known(named)) if named else {}  # who has no account is refused in its turn
    with log.writing([*(p.room for p in posts), *rooms_of.values()], asking=_asking(posts)) as made:
        facts = _facts(posts, made, made.answers, rooms_of)
        answers: list[dict[str, Any] | Refusal] = []
        accepted: list[Accepted] = []
        seen: dict[Key, tuple[Post, dict[str, Any]]] = {}
        decided: list[Post] = []
        for post in posts:
            try:
                answer = _echo(post, facts, seen)
                if answer is None:
                    stored = accept(post, facts, made)
                    accepted.append(stored)
                    answer = {"seq": stored.seq, "message": str(stored.id), **({"held": True} if stored.held else {})}
                    seen[post.key] = post, answer
                    decided += [post] if post.seen else []
            except Refusal as refusal:
                answers.append(refusal)
                decided += [post] if refusal.code in identifying.REFUSED else []
            else:
                answers.append(answer)
        if accepted:
            insert(accepted, made, facts)
        if decided:
            made.later.append(identifying.recorded((p.person, p.room, p.seen) for p in decided if p.seen))
    return answers


def _reply_id(post: Post) -> uuid.UUID | None:
    try:
        return access.id_of(post.reply_to) if post.reply_to else None
    except ValueError:
        return None  # told in its turn


def _named(post: Post) -> list[uuid.UUID]:
    try:
        return content.mentioned(post.mentions) if post.mentions else []
    except Refusal:
        return []  # told in its turn, after what comes before content


_BEFORE = """
SELECT c.room_id, c.sender_id, c.client_id, c.seq, c.message_id, coalesce(v.body, m.body), m.reply_to, m.images, m.withheld
FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[]) AS q(room, sender, client)
JOIN rooms_clientid c ON c.room_id = q.room AND c.sender_id = q.sender AND c.client_id = q.client
LEFT JOIN rooms_message m ON m.id = c.message_id
LEFT JOIN LATERAL (SELECT body FROM rooms_messageversion v WHERE v.message_id = m.id ORDER BY v.seq LIMIT 1) v ON m.edited_seq IS NOT NULL"""


_REPLIES = "SELECT id, room_id, seq, withheld, author_id FROM rooms_message WHERE id = ANY(%s)"


def _pairs(posts: Sequence[Post]) -> list[access.Pair]:
    """Whose rights are asked: those of the authors, and of those they name."""
    return list(dict.fromkeys([*((p.room, p.person) for p in posts), *((p.room, n) for p in posts for n in _named(p))]))


def _asking(posts: Sequence[Post]) -> list[Statement]:
    """What is read under the locks: client ids, rights, and where there are any, the targets of replies and the pictures."""
    before: Statement = _BEFORE, ([p.room for p in posts], [p.person for p in posts], [p.client_id for p in posts])
    wanted, pictures = _wanted(posts)
    more = [*([(_REPLIES, (wanted,))] if wanted else []), *([claims.asking(pictures)] if pictures else [])]
    return [before, access.asking(_pairs(posts)), *more]


def _wanted(posts: Sequence[Post]) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """The messages they reply to, and the pictures they carry; an id that is none is told in its turn."""
    return [id for p in posts if (id := _reply_id(p)) is not None], [id for p in posts for id in _image_ids(p) if id is not None]


def _image_ids(post: Post) -> list[uuid.UUID | None]:
    found: list[uuid.UUID | None] = []
    for text in post.images:
        try:
            found.append(access.id_of(text))
        except ValueError:
            found.append(None)
    return found


def facts_of(posts: Sequence[Post], made: log.Writing) -> Facts:
    """The facts for posts that mention nobody, read now: for rooms that this transaction has just made."""
    return _facts(posts, made, together(*_asking(posts)), {})


def _facts(posts: Sequence[Post], made: log.Writing, answers: Sequence[Rows], rooms_of: dict[uuid.UUID, uuid.UUID]) -> Facts:
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


def _echo(post: Post, facts: Facts, seen: dict[Key, tuple[Post, dict[str, Any]]]) -> dict[str, Any] | None:
    """The answer to a client id that was used before, in the log or earlier in this batch. Raises Refusal message.id_reused."""
    if post.key in seen:
        first, answer = seen[post.key]
        if (first.body, first.reply_to or None, list(first.images or ())) != (post.body, post.reply_to or None, list(post.images or ())):
            raise Refusal("message.id_reused")
        return {**answer, "duplicate": True}
    if post.key not in facts.before:
        return None
    seq, message, body, reply_to, images, withheld = facts.before[post.key]
    # What was erased or withdrawn has no content left to compare with: the sender's own id is then proof enough.
    if (
        withheld not in ("erased", "withdrawn")
        and body is not None
        and (body, str(reply_to) if reply_to else None, [str(i) for i in images]) != (post.body, post.reply_to or None, list(post.images or ()))
    ):
        raise Refusal("message.id_reused")
    answer = {"seq": seq, "message": str(message)}
    return answer if post.reached else {**answer, "duplicate": True}


@dataclass(slots=True)
class Accepted:
    id: uuid.UUID
    seq: int
    post_no: int
    at: datetime
    post: Post
    grant: Grant
    form: str
    reply_to: uuid.UUID | None
    mentions: list[dict[str, Any]]
    tags: list[str]
    images: list[uuid.UUID]
    epoch: str
    acting: str | None
    held: bool  # by a rule: stored, and withheld from everyone


def accept(post: Post, facts: Facts, made: log.Writing) -> Accepted:
    """Takes the next place in the room for this post. Raises Refusal, in the protocol's order: room, rights, limits, content."""
    grant = facts.grants[post.room, post.person]
    if isinstance(grant, Refusal):
        raise grant
    head = made.heads[post.room]
    may_write_now(grant, head, made.now)
    if head.closed and not grant.asker and not grant.moderates:
        raise Refusal("room.closed")
    if not post.charged:
        wait, _ = limits.posts.take(post.person)
        if wait:
            raise Refusal("rate.posts", retry_after_ms=wait)
        post.charged = True
    if head.slow_mode and not (grant.moderates or grant.role == "owner" or grant.asker or (head.answers_exempt and _answers(post, facts, grant))):
        last = facts.last_posts.get((post.room, post.person))
        if last and (left := last + timedelta(seconds=head.slow_mode) - made.now) > timedelta(0):
            raise Refusal("room.slow", retry_after_ms=int(left.total_seconds() * 1000) + 1)
    content.check_body(post.body)
    if post.seen and post.seen.refusal:
        raise post.seen.refusal
    reply_to = _reply_target(post, facts, grant)
    people = content.mentioned(post.mentions)
    if any(not isinstance(facts.grants[post.room, p], Grant) for p in people):
        raise Refusal("message.mentions")
    mentions = content.check_mentions(post.body, post.mentions)
    held = _judged(post, grant)
    id = uuid.uuid4()
    images = claims.claim(_image_ids(post), person=post.person, known=facts.images, message=id) if post.images else []
    head = made.next(post.room)
    head.post_no += 1
    facts.last_posts[post.room, post.person] = head.at
    # What a moderator says is no answer to the case.
    form = post.form or ("answer" if grant.kind == "case" and not (grant.asker or grant.visiting) else "text")
    post.reached = True
    return Accepted(id, head.seq, head.post_no, head.at, post, grant, form, reply_to, mentions, content.tags(post.body), images, head.epoch, post.acting or grant.acting, held)


def _judged(post: Post, grant: Grant) -> bool:
    """Whether a rule holds this post."""
    if not post.judged:
        words = f"{post.beside}\n{post.body}" if post.beside else post.body
        post.verdict, post.judged = judging.judge(judging.Said(post.room, grant.kind, post.person, words, grant.moderates)), True
    return post.verdict is not None and post.verdict.hold


def may_write_now(grant: Grant, head: log.Head, now: datetime) -> None:
    """Raises Refusal where the room's rules, read under its lock, keep this person from writing."""
    access.may_write(grant)
    if head.lock_reason is not None and not grant.moderates:
        raise Refusal("room.locked")
    if grant.silenced_until and grant.silenced_until > now:
        raise Refusal("room.silenced", until=wire.time(grant.silenced_until))


def _answers(post: Post, facts: Facts, grant: Grant) -> bool:
    """Whether this post answers somebody: a case one did not ask, or another person's message."""
    target = _reply_id(post)
    return grant.kind == "case" or (target in facts.replies and facts.replies[target][3] != post.person)


def _reply_target(post: Post, facts: Facts, grant: Grant) -> uuid.UUID | None:
    if not post.reply_to:
        return None
    target = access.message_id(post.reply_to)
    room, seq, withheld, _ = facts.replies.get(target, (None, 0, None, None))
    if room != post.room or seq < grant.first_seq:  # none, another room's, or from before this person may read: alike
        raise Refusal("message.not_found")
    if withheld in ("retracted", "withdrawn", "erased"):
        raise Refusal("message.retracted")
    return target


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
                [x.post.room for x in a],
                [x.seq for x in a],
                [x.post_no for x in a],
                [x.at for x in a],
                [x.post.person for x in a],
                [x.acting for x in a],
                [x.id for x in a],
                [x.post.client_id for x in a],
                [x.post.body for x in a],
                [x.reply_to for x in a],
                [x.form for x in a],
                [orjson.dumps(x.mentions).decode() for x in a],
                ["{" + ",".join(map(str, x.images)) + "}" for x in a],  # arrays of several lengths are no array: as text
                [x.grant.kind == "case" for x in a],
                [not x.held and _wakes(x, made.heads[x.post.room]) for x in a],
                ["hidden" if x.held else None for x in a],
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
        orjson.dumps(
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
