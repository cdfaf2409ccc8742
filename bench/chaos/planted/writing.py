"""Faults of the write: what is acknowledged, refused, and stored."""

from __future__ import annotations

import threading
from typing import Any

from bench.chaos.planted.table import every, fault


@fault("acknowledge-before-commit", "an answer is given before the commit, and some commits fail", breaks="missing")
def _acknowledge_before_commit() -> None:
    from django.db import transaction

    from consult.rooms import doorbell
    from consult.rooms.actions import messages

    insert, ring, due, failed = messages.insert, doorbell.ring, every(5), threading.local()

    def fails(*args: Any) -> None:
        insert(*args)
        if due():
            transaction.set_rollback(True)
            failed.yes = True

    def quiet(bells: Any) -> None:
        if not getattr(failed, "yes", False):
            ring(bells)
        failed.yes = False

    messages.insert, doorbell.ring = fails, quiet  # type: ignore[assignment]


@fault("deliver-before-commit", "an event is delivered, then its transaction fails and the post is refused", breaks="differing logs")
def _deliver_before_commit() -> None:
    from django.db import transaction

    from consult.errors import Refusal
    from consult.rooms.actions import messages

    insert, post_many, due, failed = messages.insert, messages.post_many, every(5), threading.local()

    def fails(*args: Any) -> None:
        insert(*args)
        if due():
            transaction.set_rollback(True)
            failed.yes = True

    def refuses(posts: Any) -> Any:
        failed.yes = False
        answers = post_many(posts)
        return [Refusal("service.unavailable", retry_after_ms=1)] * len(answers) if failed.yes else answers

    messages.insert, messages.post_many = fails, refuses  # type: ignore[assignment]


@fault("reuse-a-seq", "now and then the last post of a room is overwritten by the next, which takes its seq", breaks="missing")
def _reuse_a_seq() -> None:
    from consult.database import hot
    from consult.rooms import log
    from consult.rooms.actions import messages

    facts_of, due = messages.facts_of, every(6)

    def overwrites(posts: Any, made: log.Writing, rooms_of: Any) -> Any:
        facts = facts_of(posts, made, rooms_of)
        head = made.heads[posts[0].room]
        if due() and head.seq == head.first > 0:
            with hot() as cursor:
                lost = cursor.run("DELETE FROM rooms_event WHERE room_id = %s AND seq = %s AND kind = 'message.posted' RETURNING message_id", (head.id, head.seq))
                if lost:
                    cursor.run("DELETE FROM rooms_message WHERE id = %s", (lost[0][0],))
                    cursor.run("DELETE FROM rooms_clientid WHERE message_id = %s", (lost[0][0],))
                    head.seq, head.post_no = head.seq - 1, head.post_no - 1
        return facts

    messages.facts_of = overwrites


@fault("forget-client-ids", "a message that is sent again is stored again", breaks="duplicated")
def _forget_client_ids() -> None:
    from consult.database import hot
    from consult.rooms.actions import messages

    facts_of = messages.facts_of

    def forgets(posts: Any, made: Any, rooms_of: Any) -> Any:
        facts = facts_of(posts, made, rooms_of)
        facts.before.clear()
        with hot() as cursor:
            for post in posts:
                cursor.run("DELETE FROM rooms_clientid WHERE room_id = %s AND sender_id = %s AND client_id = %s", post.key)
        return facts

    messages.facts_of = forgets


@fault("answer-a-duplicate-elsewhere", "a message that is sent again is answered with another seq", breaks="lied")
def _answer_a_duplicate_elsewhere() -> None:
    from consult.rooms.actions import messages

    echo = messages._echo

    def elsewhere(*args: Any) -> Any:
        answer = echo(*args)
        return {**answer, "seq": answer["seq"] + 1} if answer else None

    messages._echo = elsewhere


@fault("refuse-the-unknown", "a commit whose answer was lost is refused, as if nothing had been written", breaks="lied")
def _refuse_the_unknown() -> None:
    from django.db import InterfaceError, OperationalError, connection

    from consult.errors import Refusal
    from consult.rooms import lanes

    def attempts(self: Any, jobs: Any) -> Any:
        try:
            return jobs[0].run([j.item for j in jobs])
        except (OperationalError, InterfaceError):
            connection.close()
            return [Refusal("service.unavailable", retry_after_ms=1000)] * len(jobs)

    lanes.Lane._attempts = attempts  # type: ignore[method-assign]
