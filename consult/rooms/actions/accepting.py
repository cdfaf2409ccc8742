"""Whether a post is accepted: every refusal of it, decided from the facts; an accepted one takes the next place in its room."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consult.errors import Refusal
from consult.images import claims
from consult.rooms import access, content, judging, limits, log, wire
from consult.rooms.access import Grant
from consult.rooms.actions.facts import Facts
from consult.rooms.actions.posts import Key, Post, image_ids, reply_id


def echo(post: Post, facts: Facts, seen: dict[Key, tuple[Post, dict[str, Any]]]) -> dict[str, Any] | None:
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
    images = claims.claim(image_ids(post), person=post.person, known=facts.images, message=id) if post.images else []
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
    target = reply_id(post)
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
