"""Group commit: what waits goes together, a culprit is refused alone, and what a broken connection did is found out before it is said."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from consult.clinicians.models import Person
from consult.errors import OutcomeUnknown, Refusal
from consult.rooms import lanes
from consult.rooms.actions import messages
from consult.rooms.actions.posts import Post
from consult.rooms.models import ClientId, Message
from tests import people
from tests.rooms.helpers import events, group, joined

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """Submits to one room's lane and collects the answers."""

    def __init__(self, room: uuid.UUID) -> None:
        self.room, self.results, self.waiting = room, {}, 0  # type: ignore[var-annotated]
        self.told = threading.Semaphore(0)

    def submit(self, run: lanes.RunMany, item: Any, together: bool = True) -> None:
        name, self.waiting = self.waiting, self.waiting + 1
        lanes.submit(self.room, run, item, together=together, done=lambda result: (self.results.update({name: result}), self.told.release()))

    def post(self, person: Person, body: str, **more: Any) -> Post:
        item = Post(self.room, person.pk, more.pop("client_id", None) or uuid.uuid4(), body, charged=True, **more)
        self.submit(messages.post_many, item)
        return item

    def answers(self) -> list[Any]:
        for _ in range(self.waiting):
            assert self.told.acquire(timeout=15)
        return [self.results[n] for n in range(self.waiting)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Whatever is submitted inside waits, as if a commit took so long."""
        go = threading.Event()
        begun = threading.Event()

        def run(items: Sequence[Any]) -> list[None]:
            begun.set()
            go.wait(10)
            return [None] * len(items)

        lanes.submit(self.room, run, None, together=False, done=lambda _: None)
        assert begun.wait(5)
        yield
        go.set()


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def desk(camille: Person) -> Desk:
    return Desk(joined(group(), camille))


@pytest.fixture
def trigger() -> Iterator[Callable[[str], None]]:
    """Makes the database itself do something when a message of a certain body is written."""
    with connection.cursor() as cursor:

        def make(action: str, deferred: bool = False) -> None:
            cursor.execute(f"CREATE FUNCTION mischief() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.body = 'mauvais' THEN {action} END IF; RETURN new; END $$")
            kind = (
                "CREATE CONSTRAINT TRIGGER mischief AFTER INSERT ON rooms_message DEFERRABLE INITIALLY DEFERRED"
                if deferred
                else "CREATE TRIGGER mischief BEFORE INSERT ON rooms_message"
            )
            cursor.execute(f"{kind} FOR EACH ROW EXECUTE FUNCTION mischief()")

        yield make
        cursor.execute("DROP TRIGGER IF EXISTS mischief ON rooms_message; DROP FUNCTION IF EXISTS mischief")


def codes(answers: list[Any]) -> list[str]:
    return [a.code if isinstance(a, Refusal) else "unknown" if isinstance(a, OutcomeUnknown) else "duplicate" if a.get("duplicate") else "ok" for a in answers]


def note(sizes: list[int]) -> lanes.RunMany:
    return lambda items: (sizes.append(len(items)), list(items))[1]


def test_what_waited_goes_together_and_is_answered_in_order(desk: Desk, settings: Any) -> None:
    sizes: list[int] = []
    run = note(sizes)
    settings.BATCH_POSTS = 4
    with desk.held():
        for n in range(10):
            desk.submit(run, n)
    assert desk.answers() == list(range(10)) and sizes == [4, 4, 2]


def test_a_single_write_does_not_wait_for_company(desk: Desk) -> None:
    sizes: list[int] = []
    assert lanes.wait(desk.room, note(sizes), "x", together=True) == "x" and sizes == [1]


def test_only_writes_of_one_kind_go_together_and_order_is_kept(desk: Desk) -> None:
    done: list[Any] = []

    def one(items: Sequence[Any]) -> list[Any]:
        done.append(list(items))
        return list(items)

    def two(items: Sequence[Any]) -> list[Any]:
        done.append(list(items))
        return list(items)

    with desk.held():
        for run, item, together in ((one, 1, True), (one, 2, True), (two, 3, False), (two, 4, False), (one, 5, True)):
            desk.submit(run, item, together)
    assert desk.answers() == [1, 2, 3, 4, 5] and done == [[1, 2], [3], [4], [5]]


def test_a_room_always_has_the_same_lane() -> None:
    rooms = [uuid.uuid4() for _ in range(50)]
    assert [lanes._lane(r) for r in rooms] == [lanes._lane(r) for r in rooms] and len({lanes._lane(r) for r in rooms}) > 1


async def test_answers_come_on_the_loop_that_asked(transactional_db: None) -> None:
    loop, found = asyncio.get_running_loop(), asyncio.Queue()  # type: ignore[var-annotated]
    for n in range(3):
        lanes.submit(uuid.UUID(int=0), lambda items: list(items), n, together=True, done=lambda r: found.put_nowait((r, asyncio.get_running_loop())), loop=loop)
    assert [await asyncio.wait_for(found.get(), 5) for _ in range(3)] == [(0, loop), (1, loop), (2, loop)]


def test_when_the_database_refuses_a_batch_only_the_culprit_is_refused(desk: Desk, camille: Person, trigger: Any) -> None:
    trigger("RAISE EXCEPTION 'no';")
    with desk.held():
        for body in ("un", "mauvais", "", "deux"):
            desk.post(camille, body)
    assert codes(desk.answers()) == ["ok", "request.failed", "message.blank", "ok"]
    assert [e["data"]["body"] for e in events(desk.room)[1:]] == ["un", "deux"], "and nothing stands twice"


@pytest.mark.parametrize(
    ("state", "code"),
    [("53100", "service.unavailable"), ("40P01", "service.unavailable"), ("25006", "service.unavailable"), ("55P03", "service.unavailable"), ("22000", "request.failed")],
)
def test_a_passing_fault_of_the_database_may_be_tried_again(state: str, code: str, desk: Desk, camille: Person, trigger: Any) -> None:
    trigger(f"RAISE EXCEPTION 'no' USING ERRCODE = '{state}';")
    with desk.held():
        desk.post(camille, "un")
        desk.post(camille, "mauvais")
    answers = desk.answers()
    assert codes(answers) == ["ok", code] and answers[1].temporary == (code == "service.unavailable")


def test_a_fault_of_ours_refuses_only_its_own_write(desk: Desk) -> None:
    written: list[int] = []

    def run(items: Sequence[int]) -> list[Any]:
        if 2 in items:
            raise ValueError("a mistake of the program")
        written.extend(items)
        return [{"n": n} for n in items]

    with desk.held():
        for n in range(4):
            desk.submit(run, n)
    assert codes(desk.answers()) == ["ok", "ok", "request.failed", "ok"] and written == [0, 1, 3]
    assert lanes.wait(desk.room, run, 7, together=True) == {"n": 7}, "the lane outlives it"


def test_what_was_committed_one_by_one_is_never_refused(desk: Desk) -> None:
    """A batch fails in the database, then one of its writes fails in the program: the others' commits stand and are said."""
    written: list[int] = []

    def run(items: Sequence[int]) -> list[Any]:
        if len(items) > 1:
            raise DatabaseError("the batch")
        if items == [1]:
            raise ValueError("a mistake of the program")
        written.extend(items)
        return [{"n": n} for n in items]

    with desk.held():
        for n in range(3):
            desk.submit(run, n)
    assert codes(desk.answers()) == ["ok", "request.failed", "ok"] and written == [0, 2]


def test_a_connection_lost_before_commit_is_made_anew_and_the_batch_written_once(desk: Desk, camille: Person) -> None:
    tries: list[int] = []

    def run(items: Sequence[Post]) -> Any:
        tries.append(len(items))
        if len(tries) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return messages.post_many(items)

    with desk.held():
        for n in range(3):
            desk.submit(run, Post(desk.room, camille.pk, uuid.uuid4(), f"{n}", charged=True))
    assert codes(desk.answers()) == ["ok", "ok", "ok"] and tries == [3, 3]
    assert [e["data"]["body"] for e in events(desk.room)[1:]] == ["0", "1", "2"]


def test_a_backend_that_dies_in_its_commit_has_not_written_and_the_batch_is_written_once(desk: Desk, camille: Person, trigger: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE deaths")
    try:
        trigger("IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;", deferred=True)
        with desk.held():
            desk.post(camille, "un")
            desk.post(camille, "mauvais")
        assert codes(desk.answers()) == ["ok", "ok"]
        assert [e["data"]["body"] for e in events(desk.room)[1:]] == ["un", "mauvais"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE deaths")


@contextmanager
def commits_lose_their_answer(times: int, then_away: bool = False) -> Iterator[list[int]]:
    """The commit happens; before its answer arrives the connection is gone. `then_away`: and nobody can connect any more."""
    lost: list[int] = []
    commit, connect = BaseDatabaseWrapper._commit, BaseDatabaseWrapper.connect

    def losing(self: Any) -> Any:
        commit(self)
        if threading.current_thread().name.startswith("lane-") and len(lost) < times:
            lost.append(1)
            self.connection.close()
            raise OperationalError("server closed the connection unexpectedly")

    def away(self: Any) -> Any:
        if lost and then_away and threading.current_thread().name.startswith("lane-"):
            raise OperationalError("connection refused")
        return connect(self)

    BaseDatabaseWrapper._commit, BaseDatabaseWrapper.connect = losing, away  # type: ignore[method-assign]
    try:
        yield lost
    finally:
        BaseDatabaseWrapper._commit, BaseDatabaseWrapper.connect = commit, connect  # type: ignore[method-assign]


def test_a_commit_whose_answer_was_lost_is_looked_up_and_said_as_it_was(desk: Desk, camille: Person) -> None:
    shared = uuid.uuid4()
    with commits_lose_their_answer(1) as lost:
        with desk.held():
            desk.post(camille, "un", client_id=shared)
            desk.post(camille, "un", client_id=shared)
            desk.post(camille, "")
            desk.post(camille, "deux")
        answers = desk.answers()
    assert lost == [1] and codes(answers) == ["ok", "duplicate", "message.blank", "ok"]
    assert [e["data"]["body"] for e in events(desk.room)[1:]] == ["un", "deux"]


def test_after_a_lost_answer_nothing_stands_twice_and_own_posts_are_no_duplicates(desk: Desk, camille: Person) -> None:
    with commits_lose_their_answer(2) as lost:
        with desk.held():
            for n in range(3):
                desk.post(camille, f"{n}")
        answers = desk.answers()
    assert lost == [1, 1] and codes(answers) == ["ok", "ok", "ok"]
    assert [a["seq"] for a in answers] == [2, 3, 4] and [e["data"]["body"] for e in events(desk.room)[1:]] == ["0", "1", "2"]


def test_an_outcome_that_cannot_be_found_out_is_said_to_be_unknown(desk: Desk, camille: Person, settings: Any) -> None:
    settings.OUTCOME_S = 0.5
    started = time.monotonic()
    with commits_lose_their_answer(1, then_away=True):
        with desk.held():
            item = desk.post(camille, "peut-être")
            desk.post(camille, "")
        answers = desk.answers()
    assert codes(answers) == ["unknown", "unknown"] and time.monotonic() - started < 20
    assert Message.objects.get().body == "peut-être"
    [again] = messages.post_many([Post(desk.room, camille.pk, item.client_id, "peut-être", charged=True)])
    assert again["duplicate"] and ClientId.objects.count() == 1, "the same id again finds out"


def test_a_database_that_was_away_all_the_time_has_not_written(desk: Desk, settings: Any) -> None:
    settings.OUTCOME_S = 0.3

    def run(items: Sequence[Any]) -> Any:
        connection.close()
        raise OperationalError("connection refused")

    with pytest.raises(Refusal) as refused:
        lanes.wait(desk.room, run, 1, together=True)
    assert refused.value.code == "service.unavailable" and refused.value.temporary


def test_many_threads_post_through_the_lanes(desk: Desk, camille: Person) -> None:
    from tests.rooms.helpers import at_once

    other = joined(group("OPH", "Ophtalmologie"), camille)

    def write(n: int) -> list[Any]:
        return [messages.send(Post(room, camille.pk, uuid.uuid4(), f"{n}.{i}", charged=True)) for i in range(4) for room in (desk.room, other)]

    for n, answers in enumerate(at_once(*[lambda n=n: write(n) for n in range(8)])):
        assert codes(answers) == ["ok"] * 8, n
    for room in (desk.room, other):
        bodies = [e["data"]["body"] for e in events(room)[1:]]
        assert sorted(bodies) == sorted(f"{n}.{i}" for n in range(8) for i in range(4))
        assert all([b for b in bodies if b.startswith(f"{n}.")] == [f"{n}.{i}" for i in range(4)] for n in range(8)), "each writer in their order"
