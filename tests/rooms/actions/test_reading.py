"""Read marks: they never go back, are told to the person's own devices, and unread is arithmetic over two counters."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import entering
from consult.rooms.actions import conversations, membership, personal, reading
from consult.rooms.models import ReadMark, Room
from tests import people
from tests.rooms.helpers import enters, events, group, joined, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def mark(room: uuid.UUID, person: Person, seq: int) -> dict[str, Any]:
    return reading.mark(reading.Mark(room, person.pk, seq))


def state(room: uuid.UUID, person: Person) -> dict[str, Any]:
    [entry] = enters(person, entering.Ask(room, None, 0))
    assert isinstance(entry, entering.Entry)
    return entry.state


def test_a_mark_moves_on_and_never_back() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    for n in range(3):
        post(room, camille, f"{n}")
    assert mark(room, camille, 3) == {"seq": 3}
    assert mark(room, camille, 3) == {"seq": 3, "unchanged": True}
    assert mark(room, camille, 2) == {"seq": 3, "unchanged": True}
    assert mark(room, camille, 4) == {"seq": 4}
    assert [d for k, d in personal_events(camille) if k == "read.marked"] == [{"room": str(room), "seq": 3}, {"room": str(room), "seq": 4}]
    assert len(events(room)) == 4, "reading is nobody else's business"
    assert state(room, camille)["read_seq"] == 4


def test_a_mark_beyond_the_head_is_refused() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    with pytest.raises(Refusal, match=r"read\.future"):
        mark(room, camille, 2)
    assert not ReadMark.objects.exists()


def test_marks_of_rooms_one_may_not_read_are_refused_one_by_one() -> None:
    camille = people.camille()
    room, hidden = joined(group(), camille), Room.objects.create(kind="private").pk
    own = personal.room_of(camille.pk)
    answers = reading.mark_many([reading.Mark(r, camille.pk, 0) for r in (hidden, uuid.uuid4(), own)] + [reading.Mark(room, camille.pk, 1)])
    assert [a.code if isinstance(a, Refusal) else a for a in answers] == ["room.not_found", "room.not_found", "room.read_only", {"seq": 1}]


def test_a_mark_at_zero_in_a_private_conversation_counts_nothing_before_joining() -> None:
    camille, nadia, idris, helene = people.camille(), people.nadia(), people.idris(), people.helene()
    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk, idris.pk])["room"])
    for n in range(3):
        post(room, camille, f"avant {n}")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=helene.pk)
    post(room, camille, "après")
    assert state(room, helene)["unread"] == 1
    mark(room, helene, 0)
    assert state(room, helene)["unread"] == 1


def test_unread_stops_at_999() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille, nadia)
    Room.objects.filter(pk=room).update(last_post_no=5000)
    assert state(room, nadia)["unread"] == 999


STEPS = st.lists(
    st.one_of(st.tuples(st.just("post"), st.integers(0, 2)), st.tuples(st.just("mark"), st.integers(0, 2), st.floats(0, 1)), st.tuples(st.just("join"), st.integers(0, 2))),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, private=st.booleans())
def test_unread_is_what_others_posted_after_the_mark(steps: list[Any], private: bool) -> None:
    cast = [people.camille(), people.nadia(), people.idris()]
    if private:
        opened = conversations.open(person_id=cast[0].pk, client_id=uuid.uuid4(), people=[cast[1].pk, cast[2].pk])
        room = uuid.UUID(opened["room"])
    else:
        room = joined(Room.objects.create(kind="group", listed=True).pk, *cast)
    posts: list[tuple[int, int]] = []  # (seq, author)
    first, marks = [0] * 3, [0] * 3
    for kind, who, *rest in steps:
        head = Room.objects.get(pk=room).last_seq
        if kind == "post":
            posts.append((post(room, cast[who], "x")["seq"], who))
        elif kind == "mark":
            seq = round(rest[0] * head)
            mark(room, cast[who], seq)
            marks[who] = max(marks[who], seq)
        elif private and who:
            membership.leave(person_id=cast[who].pk, room_id=room)
            membership.invite(person_id=cast[0].pk, client_id=uuid.uuid4(), room_id=room, invitee=cast[who].pk)
            first[who] = Room.objects.get(pk=room).last_seq
    for who, person in enumerate(cast):
        after = max(marks[who], first[who] - 1)
        assert state(room, person)["unread"] == sum(1 for seq, author in posts if author != who and seq > after), (steps, who)
