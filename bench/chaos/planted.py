"""Faults on purpose: `python -m bench.chaos.planted NAME -- --port 8000` serves Consult with one function replaced by a faulty one.

They show that the checker works. The product has no hook for them: each is a patch from outside, in the one process that is
started so. Without a name, the table is printed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple


class Fault(NamedTuple):
    says: str
    claim: str  # of the checker's claims, the one that must be broken
    plant: Callable[[], None]


FAULTS: dict[str, Fault] = {}


def fault(name: str, says: str, *, breaks: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(plant: Callable[[], None]) -> Callable[[], None]:
        FAULTS[name] = Fault(says, breaks, plant)
        return plant

    return keep


def every(n: int) -> Callable[[], bool]:
    """True each n-th time: the same faults in the same places, whenever it is run."""
    count = itertools.count(1)
    return lambda: next(count) % n == 0


# --- the write -------------------------------------------------------------------


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


# --- delivering --------------------------------------------------------------------


@fault("skip-a-heal", "a hole that no bell filled is never looked for", breaks="not delivered")
def _skip_a_heal() -> None:
    from consult.rooms.hub import Hub

    async def never(self: Hub) -> None:
        await asyncio.sleep(1e9)

    Hub._heal_soon = lambda self, room, upto: None  # type: ignore[method-assign]
    Hub._sweeps = never  # type: ignore[method-assign]


@fault("jump-a-hole", "a bell that is not the next is delivered all the same", breaks="out of order")
def _jump_a_hole() -> None:
    from consult.rooms.hub import Hub

    hear = Hub._hear

    def jumps(self: Hub, bell: Any) -> None:
        room = self.rooms.get(bell.room)
        if room is not None and room.epoch is not None and bell.frames and bell.frames[0].seq > room.head:
            room.head = bell.frames[0].seq - 1
        hear(self, bell)

    _skip_a_heal()
    Hub._hear = jumps  # type: ignore[method-assign]


@fault("deliver-backwards", "several events at once are delivered the last one first", breaks="out of order")
def _deliver_backwards() -> None:
    from consult.rooms.hub import Hub

    deliver = Hub._deliver

    def backwards(self: Hub, room: Any, frames: Any) -> None:
        deliver(self, room, frames[::-1])
        room.head = frames[-1].seq

    Hub._deliver = backwards  # type: ignore[method-assign]


@fault("deliver-twice", "now and then an event is delivered a second time", breaks="duplicated")
def _deliver_twice() -> None:
    from consult.rooms.hub import Hub

    deliver, due = Hub._deliver, every(4)

    def twice(self: Hub, room: Any, frames: Any) -> None:
        for _ in range(2 if due() else 1):
            deliver(self, room, frames)

    Hub._deliver = twice  # type: ignore[method-assign]


@fault("lose-a-frame", "an outbox discards an event now and then, and does not say so", breaks="out of order")
def _lose_a_frame() -> None:
    from consult.rooms.outbox import Outbox

    put, due = Outbox.put, every(9)

    def loses(self: Outbox, chunk: Any) -> None:
        if chunk.room is None or not due():
            put(self, chunk)

    Outbox.put = loses  # type: ignore[method-assign]


@fault("drop-the-first-of-a-replay", "a replay begins one event too late", breaks="out of order")
def _drop_the_first_of_a_replay() -> None:
    from consult.rooms import entering

    read = entering.read

    def drops(**kwargs: Any) -> Any:
        answers = read(**kwargs)
        for entry in answers:
            if isinstance(entry, entering.Entry):
                entry.frames = entry.frames[1:]
        return answers

    entering.read = drops


@fault("answer-twice", "now and then a command is answered a second time", breaks="answers")
def _answer_twice() -> None:
    from consult.rooms.order import Lines, Slot

    answer, due = Lines.answer, every(7)

    def twice(self: Lines, slot: Slot, emit: Callable[[], None]) -> None:
        times = 2 if due() else 1
        answer(self, slot, lambda: [emit() for _ in range(times)] and None)

    Lines.answer = twice  # type: ignore[method-assign]


@fault("new-epoch-for-one", "one reader is told another epoch than the others", breaks="epoch")
def _new_epoch_for_one() -> None:
    from consult.rooms import consumer

    entered, chosen = consumer._entered, _One()

    def renewed(entry: Any) -> dict[str, Any]:
        frame = entered(entry)
        if chosen(entry.grant.person):
            frame["head"] = {**frame["head"], "epoch": frame["head"]["epoch"][::-1]}
        return frame

    consumer._entered = renewed


@fault("heads-ahead", "heads counts one event more than was delivered", breaks="heads")
def _heads_ahead() -> None:
    from consult.rooms import wire
    from consult.rooms.hub import Hub

    def beat(self: Hub, connection: Any) -> None:
        connection.ping()
        heads = {str(id): self.rooms[id].head + 1 for id in connection.entered if id in self.rooms}
        self.send(connection, wire.frame(type="heads", rooms=heads))

    Hub._beat = beat  # type: ignore[method-assign]


# --- rights and reading ----------------------------------------------------------------


@fault("forget-a-revocation", "changes of rights are read and not applied to open sockets", breaks="revoked")
def _forget_a_revocation() -> None:
    from consult.rooms.rights import Watch

    async def forgets(self: Watch, found: Any) -> None:
        return None

    Watch._apply = forgets  # type: ignore[method-assign]


@fault("remember-a-right", "a right that was once read is never read again", breaks="revoked")
def _remember_a_right() -> None:
    from consult.rooms import access

    grants, known = access.grants, {}

    def remembered(pairs: Any) -> Any:
        found = {**grants(pairs), **{pair: known[pair] for pair in pairs if pair in known}}
        known.update({pair: grant for pair, grant in found.items() if isinstance(grant, access.Grant)})
        return found

    access.grants = remembered


@fault("leave-out-of-a-page", "one member's page of the log lacks an event", breaks="differing logs")
def _leave_out_of_a_page() -> None:
    from consult.rooms import access, log

    may_read, page, chosen, reader = access.may_read, log.page, _One(), threading.local()

    def noted(*, person: uuid.UUID, room: uuid.UUID) -> Any:
        reader.person = person
        return may_read(person=person, room=room)

    def lacking(**kwargs: Any) -> Any:
        made = page(**kwargs)
        if chosen(reader.person):
            del made["events"][1:2]
        return made

    access.may_read, log.page = noted, lacking


@fault("show-the-retracted", "words that were retracted are served to whoever reads later", breaks="words")
def _show_the_retracted() -> None:
    from consult.rooms import wire

    data = wire._data
    wire._data = lambda row, message: data(row._replace(withheld=None), message)


class _One:
    """The first person asked about, and no one else."""

    def __init__(self) -> None:
        self.person: uuid.UUID | None = None

    def __call__(self, person: uuid.UUID) -> bool:
        self.person = self.person or person
        return person == self.person


def serve(name: str, words: list[str]) -> None:
    """Plants one fault, and serves as `consult.serve` with these words."""
    import django

    django.setup()
    FAULTS[name].plant()
    from consult import serve

    sys.argv = ["consult.serve", *words, "--workers", "1"]  # workers would be processes without the fault
    serve.main()


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in FAULTS or sys.argv[2] != "--":
        print(__doc__, *(f"{name:<30} {planted.says}; breaks: {planted.claim}" for name, planted in FAULTS.items()), sep="\n")
        sys.exit(2)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    serve(sys.argv[1], sys.argv[3:])


if __name__ == "__main__":
    main()
