"""How often typing and pointing are passed on."""

from __future__ import annotations

import uuid

import pytest

from consult.rooms import typists


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(typists, "time", made)
    monkeypatch.setattr(typists, "_due", {})
    return made


def test_typing_is_told_once_in_its_pause_for_each_person_and_room(clock: Clock) -> None:
    person, room = uuid.uuid4(), uuid.uuid4()
    assert [typists.may_tell(person, room) for _ in range(3)] == [True, False, False]
    assert typists.may_tell(person, uuid.uuid4()) and typists.may_tell(uuid.uuid4(), room)
    clock.now += typists.PAUSE_S - 0.01
    assert not typists.may_tell(person, room)
    clock.now += 0.02
    assert typists.may_tell(person, room)


def test_what_a_network_brings_together_is_passed_on_but_no_more_than_one_in_each_pause(clock: Clock) -> None:
    person, room = uuid.uuid4(), uuid.uuid4()
    point = lambda: typists.may_tell(person, room, 0.125, 5)  # noqa: E731
    assert [point() for _ in range(7)] == [True] * 5 + [False] * 2
    passed = 0
    for _ in range(640):  # ten seconds of 64 a second
        clock.now += 1 / 64
        passed += point()
    assert passed == 80
    clock.now += 10
    assert [point() for _ in range(7)] == [True] * 5 + [False] * 2, "a rest gives no more than it gave before"


def test_who_rests_is_forgotten_when_there_are_many(clock: Clock) -> None:
    for _ in range(10_001):
        assert typists.may_tell(uuid.uuid4(), uuid.uuid4())
    clock.now += typists.PAUSE_S + 1
    assert typists.may_tell(uuid.uuid4(), uuid.uuid4()) and len(typists._due) == 1
