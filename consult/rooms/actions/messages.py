"""Posting, in batches: the path of every message.

One transaction for up to BATCH_POSTS posts over any rooms: lock, decide every refusal by set queries (facts.py, accepting.py), insert in
one statement (storing.py). Duplicates come before everything else, so a repeated send is answered alike whatever has happened since.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from consult.errors import Refusal
from consult.rooms import identifying, lanes, log
from consult.rooms.actions import personal
from consult.rooms.actions.accepting import Accepted, accept, echo
from consult.rooms.actions.facts import asking, facts_from
from consult.rooms.actions.posts import Key, Post, named_in
from consult.rooms.actions.storing import insert
from consult.rooms.people import known


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


def post_many(posts: Sequence[Post]) -> list[dict[str, Any] | Refusal]:
    """Writes what may be written, in the order given; each answer is {"seq","message"} (and "duplicate") or a Refusal."""
    for post in posts:  # before any lock is held: it costs no one's turn
        if not post.looked:
            post.seen, post.looked = identifying.look([("body", post.body)], confirmed=post.confirmed, rooms=[post.room]), True
    named = {p for post in posts for p in named_in(post)}
    rooms_of = personal.rooms_of(known(named)) if named else {}  # who has no account is refused in its turn
    with log.writing([*(p.room for p in posts), *rooms_of.values()], asking=asking(posts)) as made:
        facts = facts_from(posts, made, made.answers, rooms_of)
        answers: list[dict[str, Any] | Refusal] = []
        accepted: list[Accepted] = []
        seen: dict[Key, tuple[Post, dict[str, Any]]] = {}
        decided: list[Post] = []
        for post in posts:
            try:
                answer = echo(post, facts, seen)
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
