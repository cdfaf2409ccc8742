"""Faults of the write: what is acknowledged, refused, and stored."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from bench.chaos.planted.table import every, fault
from consult.database import COMMIT, Rows, Statement, together


def _lost_commits(due: Callable[[], bool], lost: Callable[[], None]) -> None:
    """Where a post is `due`, what ends the round trip that writes it is no COMMIT, and nobody notices; then `lost` is called."""
    from django.db import connection

    from consult.rooms import log

    together = log.together

    def loses(*statements: Statement) -> list[Rows]:
        if statements[-1] is COMMIT and len(statements) > 1 and due():
            lost()
            rows = together(*statements[:-1])
            connection.connection.rollback()  # psycopg's own: it knows that what it prepared is then forgotten
            return [*rows, []]
        return together(*statements)

    log.together = loses


@fault("acknowledge-before-commit", "an answer is given before the commit, and some commits fail", breaks="missing")
def _acknowledge_before_commit() -> None:
    from consult.rooms import doorbell

    ring, failed = doorbell.ring, threading.local()

    def fails() -> None:
        failed.yes = True

    def quiet(bells: Any) -> None:
        if not getattr(failed, "yes", False):
            ring(bells)
        failed.yes = False

    _lost_commits(every(5), fails)
    doorbell.ring = quiet


@fault("leave-out-the-commit", "now and then COMMIT is not among what is sent at the end: bell and answer follow all the same", breaks="missing")
def _leave_out_the_commit() -> None:
    _lost_commits(every(5), lambda: None)


@fault("deliver-before-commit", "an event is delivered, then its transaction fails and the post is refused", breaks="differing logs")
def _deliver_before_commit() -> None:
    from consult.errors import Refusal
    from consult.rooms.actions import messages

    post_many, failed = messages.post_many, threading.local()

    def fails() -> None:
        failed.yes = True

    def refuses(posts: Any) -> Any:
        failed.yes = False
        answers = post_many(posts)
        return [Refusal("service.unavailable", retry_after_ms=1)] * len(answers) if failed.yes else answers

    _lost_commits(every(5), fails)
    messages.post_many = refuses


@fault("reuse-a-seq", "now and then the last post of a room is overwritten by the next, which takes its seq", breaks="missing")
def _reuse_a_seq() -> None:
    from consult.rooms import log
    from consult.rooms.actions import messages

    facts, due = messages.facts_from, every(6)

    def overwrites(posts: Any, made: log.Writing, *more: Any) -> Any:
        head = made.heads[posts[0].room]
        if due() and head.seq == head.first > 0:
            (lost,) = together(("DELETE FROM rooms_event WHERE room_id = %s AND seq = %s AND kind = 'message.posted' RETURNING message_id", (head.id, head.seq)))
            if lost:
                together(("DELETE FROM rooms_message WHERE id = %s", lost[0]), ("DELETE FROM rooms_clientid WHERE message_id = %s", lost[0]))
                head.seq, head.first, head.post_no = head.seq - 1, head.first - 1, head.post_no - 1
        return facts(posts, made, *more)

    messages.facts_from = overwrites


@fault("forget-client-ids", "a message that is sent again is stored again", breaks="duplicated")
def _forget_client_ids() -> None:
    from consult.rooms.actions import messages

    facts = messages.facts_from

    def forgets(posts: Any, *more: Any) -> Any:
        found = facts(posts, *more)
        found.before.clear()
        together(*(("DELETE FROM rooms_clientid WHERE room_id = %s AND sender_id = %s AND client_id = %s", post.key) for post in posts))
        return found

    messages.facts_from = forgets


@fault("answer-a-duplicate-elsewhere", "a message that is sent again is answered with another seq", breaks="lied")
def _answer_a_duplicate_elsewhere() -> None:
    from consult.rooms.actions import messages

    echo = messages.echo

    def elsewhere(*args: Any) -> Any:
        answer = echo(*args)
        return {**answer, "seq": answer["seq"] + 1} if answer else None

    messages.echo = elsewhere


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
