"""The log: gapless under its room's lock, silent on rollback, read alike by every reader; pages by position."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import DataError
from django.utils import timezone

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import doorbell, log
from consult.rooms.models import Event, Room, new_epoch
from tests import people
from tests.rooms.helpers import at_once, events, post

pytestmark = pytest.mark.django_db(transaction=True)


def made(kind: str = "group") -> uuid.UUID:
    return Room.objects.create(kind=kind).pk


def append(*rooms: uuid.UUID, kind: str = "room.locked", actor: Person | None = None) -> list[int]:
    with log.writing(rooms) as writing:
        return [writing.append(room, kind, actor=actor.pk if actor else None) for room in rooms]


def page(room: uuid.UUID, **more: Any) -> list[int]:
    asked = {"first_seq": 0, "after": None, "before": None, "limit": 3, "epoch": None, **more}
    return [f.seq for f in log.page(room=room, **asked)["events"]]


def test_seqs_count_from_one_in_each_room(bells: list[doorbell.Bell]) -> None:
    one, two = made(), made()
    assert append(one, two, one) == [1, 1, 2] and append(one) == [3]
    assert [e["seq"] for e in events(one)] == [1, 2, 3] and [e["seq"] for e in events(two)] == [1]
    rung = {}
    for bell in bells:
        rung.setdefault(bell.room, []).extend(f.seq for f in bell.frames)
    assert rung == {one: [1, 2, 3], two: [1]}


def test_rooms_are_locked_in_ascending_order_whatever_is_asked() -> None:
    rooms = [made() for _ in range(6)]

    def write(order: list[uuid.UUID]) -> None:
        for _ in range(10):
            append(*order)

    assert at_once(*[lambda o=o: write(o) for o in (rooms, rooms[::-1], rooms[3:] + rooms[:3])]) == [None] * 3
    for room in rooms:
        assert [e["seq"] for e in events(room)] == list(range(1, 31))


def test_who_waits_for_the_lock_takes_the_time_after_it() -> None:
    room, holding, go = made(), threading.Event(), threading.Event()

    def first() -> None:
        with log.writing([room]) as writing:
            holding.set()
            go.wait(5)
            writing.append(room, "room.locked", actor=None)

    def second() -> None:
        holding.wait(5)
        threading.Timer(0.2, go.set).start()
        append(room, kind="room.unlocked")

    assert at_once(first, second) == [None, None]
    assert [e["kind"] for e in events(room)] == ["room.locked", "room.unlocked"]
    one, two = Event.objects.order_by("seq")
    assert one.at <= two.at and two.at - one.at > timedelta(milliseconds=100)


def test_an_exception_writes_nothing_and_rings_nothing(bells: list[doorbell.Bell]) -> None:
    room = made()
    with pytest.raises(ZeroDivisionError), log.writing([room]) as writing:
        writing.append(room, "room.locked", actor=None)
        raise ZeroDivisionError
    with pytest.raises(DataError), log.writing([room]) as writing:
        writing.append(room, "k" * 33, actor=None)
    assert events(room) == [] and bells == []
    assert append(room) == [1], "a seq that was not used is not skipped"


def test_a_refusal_inside_writes_nothing() -> None:
    room = made()
    with pytest.raises(Refusal), log.writing([room]) as writing:
        writing.append(room, "room.locked", actor=None)
        raise Refusal("room.locked")
    assert log.heads_of([room])[room][1] == 0


def test_a_bell_that_fails_does_not_fail_the_write(monkeypatch: pytest.MonkeyPatch) -> None:
    room = made()

    def broken(_: Any) -> None:
        raise RuntimeError("the hub is gone")

    monkeypatch.setattr(doorbell, "_listener", broken)
    assert append(room) == [1] and len(events(room)) == 1


def test_writing_inside_another_transaction_is_a_mistake_told_at_once() -> None:
    room = made()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        append(room)
    assert events(room) == []


def test_a_room_that_does_not_exist_is_not_there_to_be_written() -> None:
    room = made()
    with log.writing([room, uuid.uuid4()]) as writing:
        assert list(writing.heads) == [room]


def test_the_frames_rung_are_those_read_back(bells: list[doorbell.Bell]) -> None:
    room, camille = made(), people.camille()
    append(room, room, kind="member.joined", actor=camille)
    [bell] = bells
    assert [f.text for f in bell.frames] == [f.text for f in log.frames_of([(room, 0, 2)])[room]]


def test_the_outcome_is_unknown_only_once_commit_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    room = made()
    with pytest.raises(ZeroDivisionError) as before, log.writing([room]):
        raise ZeroDivisionError
    assert not log.commit_was_sent(before.value)
    ask = log.together

    def cut(*statements: log.Statement) -> list[log.Rows]:
        if log.COMMIT in statements:
            raise OperationalError("server closed the connection unexpectedly")
        return ask(*statements)

    monkeypatch.setattr(log, "together", cut)
    with pytest.raises(OperationalError) as at_commit:
        append(room)
    assert log.commit_was_sent(at_commit.value)


def test_several_spans_are_read_in_one_query(queries: list[str]) -> None:
    one, two = made(), made()
    append(*[one] * 5, *[two] * 5)
    queries.clear()
    found = log.frames_of([(one, 1, 3), (two, 4, 9), (uuid.uuid4(), 0, 5)])
    assert len(queries) == 1
    assert {r: [f.seq for f in fs] for r, fs in found.items()} == {one: [2, 3], two: [5]}


def test_pages_are_ascending_and_exclusive() -> None:
    room = made()
    append(*[room] * 10)
    assert page(room) == [8, 9, 10], "neither side: the newest"
    assert page(room, after=0) == [1, 2, 3] and page(room, after=8) == [9, 10] and page(room, after=10) == page(room, after=99) == []
    assert page(room, before=4) == [1, 2, 3] and page(room, before=3) == [1, 2] and page(room, before=1) == page(room, before=0) == [] and page(room, before=99) == [8, 9, 10]
    assert page(room, after=0, limit=200) == list(range(1, 11))


def test_pages_never_reach_before_the_first_seq_one_may_read() -> None:
    room = made()
    append(*[room] * 10)
    assert page(room, first_seq=9) == [9, 10] and page(room, first_seq=9, after=0) == [9, 10] and page(room, first_seq=9, after=8) == [9, 10]
    assert page(room, first_seq=9, before=10) == [9] and page(room, first_seq=9, before=9) == page(room, first_seq=9, before=3) == []


def test_a_page_of_another_epoch_or_of_no_room_is_refused() -> None:
    room = made()
    epoch = log.heads_of([room])[room][0]
    assert page(room, epoch=epoch) == []
    with pytest.raises(Refusal, match=r"room\.epoch"):
        page(room, epoch=new_epoch())
    with pytest.raises(Refusal, match=r"room\.not_found"):
        page(uuid.uuid4())


def test_a_snapshot_sees_one_state() -> None:
    room, camille = made(), people.camille()
    append(room)
    with log.snapshot():
        before = log.heads_of([room])
        assert at_once(lambda: append(room, actor=camille)) == [[2]]
        assert log.heads_of([room]) == before and len(log.frames_of([(room, 0, 9)])[room]) == 1
    assert log.heads_of([room])[room][1] == 2


def test_who_changes_their_name_has_it_everywhere() -> None:
    """Content, the actor's name included, is shown as it stands now (protocol, section 1.6)."""
    camille = people.camille()
    room = made()
    append(room, actor=camille)
    Person.objects.filter(pk=camille.pk).update(family_name="Le Gall")
    assert events(room)[0]["actor"]["name"] == "Dr Camille Le Gall"


def test_the_words_are_joined_when_read_and_the_row_holds_ids(settings: Any) -> None:
    camille = people.camille()
    room = made()
    from consult.rooms.models import Membership

    Membership.objects.create(room_id=room, person=camille)
    post(room, camille, "mots")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM rooms_event")
        assert cursor.fetchone() == (None,)
    assert orjson.loads(log.frames_of([(room, 0, 1)])[room][0].text)["data"]["body"] == "mots"
    assert abs(Event.objects.get().at - timezone.now()) < timedelta(minutes=1)


def test_what_is_on_the_path_of_a_message_is_prepared_once() -> None:
    """Django's default for psycopg's threshold is never, also for what asks to be prepared."""
    room = made()

    def twice() -> list[tuple[Any, ...]]:
        from consult.database import own_connection

        own_connection()
        try:
            for _ in range(2):
                append(room)
            with connection.cursor() as cursor:
                cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
                return cursor.fetchall()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        plans = pool.submit(twice).result()
    assert {statement.split()[0]: (generic, custom) for statement, generic, custom in plans} == {
        "BEGIN": (2, 0),
        "SELECT": (2, 0),
        "INSERT": (2, 0),
        "UPDATE": (2, 0),
        "COMMIT": (2, 0),
    }
