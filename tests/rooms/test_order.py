"""Commands of one connection to one room are answered in the order sent; a barrier waits for what is before it and holds what is after."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from consult.rooms.order import Lines, Slot


class Desk:
    """Starts and answers are written down."""

    def __init__(self) -> None:
        self.lines, self.said, self.slots = Lines(), [], {}  # type: ignore[var-annotated]

    def add(self, name: str, room: str = "R", barrier: bool = False) -> None:
        self.slots[name] = Slot(room, lambda slot: self.said.append(f"start {name}"), barrier)
        self.lines.add(self.slots[name])

    def answer(self, name: str) -> None:
        self.lines.answer(self.slots[name], lambda: self.said.append(f"answer {name}"))


def test_writes_start_at_once_and_are_answered_in_order() -> None:
    desk = Desk()
    for name in "abc":
        desk.add(name)
    for name in "cab":
        desk.answer(name)
    assert desk.said == ["start a", "start b", "start c", "answer a", "answer b", "answer c"]
    assert not desk.lines.lines, "nothing is kept of an idle room"


def test_a_barrier_starts_when_all_before_it_are_answered_and_holds_what_follows() -> None:
    desk = Desk()
    desk.add("post")
    desk.add("enter", barrier=True)
    desk.add("after")
    assert desk.said == ["start post"]
    desk.answer("post")
    assert desk.said == ["start post", "answer post", "start enter"]
    desk.answer("enter")
    assert desk.said == ["start post", "answer post", "start enter", "answer enter", "start after"]


def test_other_rooms_are_not_held_up() -> None:
    desk = Desk()
    desk.add("enter", "R", barrier=True)
    desk.add("post", "S")
    desk.answer("post")
    assert desk.said == ["start enter", "start post", "answer post"]


def test_what_is_answered_while_it_starts_keeps_the_order() -> None:
    lines, said = Lines(), []  # type: ignore[var-annotated]
    slow = Slot("R", lambda slot: said.append("slow"), False)
    lines.add(slow)
    lines.add(Slot("R", lambda slot: lines.answer(slot, lambda: said.append("refused at once")), False))
    assert said == ["slow"]
    lines.answer(slow, lambda: said.append("answered"))
    assert said == ["slow", "answered", "refused at once"] and not lines.lines


def test_barriers_answered_while_they_start_let_the_next_begin() -> None:
    lines, said = Lines(), []  # type: ignore[var-annotated]
    for n in range(50):
        lines.add(Slot("R", lambda slot, n=n: lines.answer(slot, lambda: said.append(n)), True))
    assert said == list(range(50)) and not lines.lines


@given(data=st.data())
def test_in_any_interleaving_answers_keep_the_order_and_barriers_hold(data: Any) -> None:
    desk = Desk()
    barriers = data.draw(st.lists(st.booleans(), min_size=1, max_size=10))
    for n, barrier in enumerate(barriers):
        desk.add(str(n), barrier=barrier)
    open_ = {str(n) for n in range(len(barriers))}
    while open_:
        started = sorted(n for n in open_ if f"start {n}" in desk.said)
        assert started, "somebody always makes progress"
        name = data.draw(st.sampled_from(started))
        desk.answer(name)
        open_.discard(name)
    answers = [s for s in desk.said if s.startswith("answer")]
    assert answers == [f"answer {n}" for n in range(len(barriers))]
    for n, barrier in enumerate(barriers):
        if barrier:
            at = desk.said.index(f"start {n}")
            assert all(desk.said.index(f"answer {m}") < at for m in range(n))
            assert all(desk.said.index(f"start {m}") > desk.said.index(f"answer {n}") for m in range(n + 1, len(barriers)))
    assert not desk.lines.lines
