"""Entering in its three modes, the budget of a resume and its order, and the state that draws a room."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings as live_settings
from django.utils import timezone

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import entering, log, wire
from consult.rooms.actions import changes, conversations, membership, messages, personal, reading
from consult.rooms.actions.posts import Post
from consult.rooms.entering import Ask, Entry
from consult.rooms.models import Membership, Message, Pin, ReadMark, Room, new_epoch
from tests import people
from tests.rooms.helpers import enters, group, joined, missed, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live_settings.LIMITS, "replay_events", 5)


def epoch(room: uuid.UUID) -> str:
    return log.heads_of([room])[room][0]


def enter(person: Person, room: uuid.UUID, seq: int = 0, of: str | None = "now") -> Entry:
    [entry] = enters(person, *[Ask(room, epoch(room) if of == "now" else of, seq)])
    assert isinstance(entry, Entry)
    return entry


def fill(room: uuid.UUID, person: Person, n: int, body: str = "x") -> None:
    for start in range(0, n, 50):
        messages.post_many([Post(room, person.pk, uuid.uuid4(), body, charged=True) for _ in range(min(50, n - start))])


def told(entry: Entry) -> tuple[str, list[int], int]:
    return entry.mode, [f.seq for f in missed(entry)], entry.seq


def test_what_was_missed_is_replayed_complete(room: uuid.UUID, camille: Person, few: None) -> None:
    fill(room, camille, 3)
    assert told(enter(camille, room, 0)) == ("replay", [1, 2, 3, 4, 5], 5), "seq 0 is before the first event"
    assert told(enter(camille, room, 3)) == ("replay", [4, 5], 5)
    assert told(enter(camille, room, 5)) == ("replay", [], 5), "at the head nothing follows"


def test_more_than_replay_events_are_paged_and_none_replayed(room: uuid.UUID, camille: Person, few: None) -> None:
    fill(room, camille, 4)
    assert told(enter(camille, room, 1)) == ("replay", [2, 3, 4, 5, 6], 6)
    assert told(enter(camille, room, 0)) == ("page", [], 6)


@pytest.mark.parametrize(("of", "seq"), [(None, 0), (None, 3), ("another", 3), ("", 0), ("now", 6), ("now", 2**53 - 1)])
def test_without_a_cursor_that_holds_the_copy_is_reset(of: str | None, seq: int, room: uuid.UUID, camille: Person) -> None:
    fill(room, camille, 3)
    assert told(enter(camille, room, seq, of)) == ("reset", [], 5)


def test_a_new_epoch_resets_whoever_comes_with_the_old(room: uuid.UUID, camille: Person) -> None:
    old = epoch(room)
    Room.objects.filter(pk=room).update(epoch=new_epoch())
    entry = enter(camille, room, 2, old)
    assert entry.mode == "reset" and entry.epoch == epoch(room) != old


def test_a_replay_shows_words_as_they_stand_now(room: uuid.UUID, camille: Person) -> None:
    first, second = post(room, camille, "avant"), post(room, camille, "retiré")
    changes.edit(changes.Edit(room, camille.pk, first["message"], first["seq"], "après", charged=True))
    changes.retract(changes.Retraction(room, camille.pk, second["message"]))
    text = b"".join(f.text for f in missed(enter(camille, room)))
    assert b"avant" not in text and "retiré".encode() not in text and "après".encode() in text


def test_a_resume_reads_the_personal_room_first_then_by_latest_mark_and_pages_from_the_first_that_does_not_fit(camille: Person, few: None) -> None:
    own = personal.room_of(camille.pk)
    rooms = [joined(Room.objects.create(kind="group", listed=True).pk, camille) for _ in range(5)]
    for n, r in enumerate(rooms):
        fill(r, camille, 3)
        ReadMark.objects.create(person=camille, room_id=r, seq=1, post_no=0)
        ReadMark.objects.filter(room_id=r).update(at=timezone.now() - timedelta(minutes=n if n != 4 else -1))
    cursors = dict.fromkeys(rooms, 1) | {own: 3}
    cursors[rooms[2]] = 4  # nothing missed
    answers = enters(camille, *[Ask(r, epoch(r), s) for r, s in cursors.items()], first=own, budget=6)
    found = [(e.room, e.mode, len(missed(e))) for e in answers if isinstance(e, Entry)]
    # own: 2 missed; the latest mark: 3 (5 of 6 spent); the next would make 8.
    assert found == [(own, "replay", 2), (rooms[4], "replay", 3), (rooms[0], "page", 0), (rooms[1], "page", 0), (rooms[2], "replay", 0), (rooms[3], "page", 0)]


def test_rooms_already_paged_or_reset_spend_no_budget(camille: Person, few: None) -> None:
    one, two, three = (joined(Room.objects.create(kind="group", listed=True).pk, camille) for _ in range(3))
    fill(one, camille, 20)
    fill(two, camille, 20)
    fill(three, camille, 2)
    for n, r in enumerate((one, two, three)):
        ReadMark.objects.create(person=camille, room_id=r, seq=1, post_no=0)
        ReadMark.objects.filter(room_id=r).update(at=timezone.now() - timedelta(minutes=n))
    answers = enters(camille, *[Ask(one, epoch(one), 0), Ask(two, "old", 0), Ask(three, epoch(three), 0)], budget=3)
    assert [e.mode for e in answers if isinstance(e, Entry)] == ["page", "reset", "replay"]


def test_a_room_one_may_not_see_and_none_at_all_answer_alike(camille: Person) -> None:
    hidden, nowhere = Room.objects.create(kind="private").pk, uuid.uuid4()
    answers = enters(camille, *[Ask(hidden, None, 0), Ask(nowhere, None, 0)])
    refusals = [a[1] for a in answers if not isinstance(a, Entry)]
    assert [a[0] for a in answers if not isinstance(a, Entry)] == [hidden, nowhere]
    assert len({str(r.as_dict()) for r in refusals}) == 1 and all(isinstance(r, Refusal) and r.code == "room.not_found" for r in refusals)


def test_a_private_conversation_is_read_from_joining_on(camille: Person, nadia: Person) -> None:
    helene = people.helene()
    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk, people.idris().pk])["room"])
    fill(room, camille, 3, "secret")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=helene.pk)
    fill(room, camille, 1, "public")
    first = Membership.objects.get(room_id=room, person=helene).first_seq
    for seq in range(first + 2):
        entry = enter(helene, room, seq)
        frames = missed(entry)
        assert b"secret" not in b"".join(f.text for f in frames) and all(f.seq >= first for f in frames)
        assert entry.mode == ("reset" if seq < first - 1 else "replay")
    hidden, seen = Message.objects.filter(room_id=room, body="secret").first(), Message.objects.get(room_id=room, body="public")
    assert hidden is not None
    react = lambda message: changes.react_many([changes.React(room, helene.pk, str(message.pk), "agree", True)])[0]  # noqa: E731
    reply = lambda message: messages.post_many([Post(room, helene.pk, uuid.uuid4(), "x", reply_to=str(message.pk))])[0]  # noqa: E731
    assert [getattr(act(hidden), "code", "done") for act in (react, reply)] == ["message.not_found"] * 2, "what one may not read is not there to act on"
    entry = enter(helene, room, 0)
    assert (entry.state["first_seq"], entry.state["unread"], entry.state["read_seq"]) == (first, 1, 0)
    assert enter(camille, room, 0).state["first_seq"] == 0
    assert "seq" in react(seen) and "seq" in reply(seen)


def test_the_state_of_a_room(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un")
    fill(room, camille, 2)
    fill(room, nadia, 1)
    reading.mark(reading.Mark(room, nadia.pk, first["seq"]))
    Pin.objects.create(room_id=room, message_id=first["message"])
    silenced = timezone.now() + timedelta(hours=1)
    Membership.objects.filter(room_id=room, person=nadia).update(silenced_until=silenced, role="owner")
    Room.objects.filter(pk=room).update(lock_reason="pause", locked_by=camille.pk, slow_mode=30)
    state = enter(nadia, room).state
    lock = state.pop("lock")
    assert lock["reason"] == "pause" and lock["actor"]["name"] == "Dr Camille Aubrac"
    assert state == {
        "role": "owner",
        "read_seq": first["seq"],
        "unread": 2,
        "mentions": 0,
        "pins": [{"message": first["message"], "seq": first["seq"]}],
        "slow_mode": 30,
        "answers_exempt": False,
        "expert": None,
        "moderators": [],
        "silenced_until": wire.time(silenced),
        "silence_reason": None,  # by no act
        "first_seq": 0,
        "present": None,
    }


def test_the_personal_room_has_an_empty_state(camille: Person) -> None:
    assert enter(camille, personal.room_of(camille.pk)).state == {}


def test_mentions_count_those_after_the_mark(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    from consult.rooms.commands.messages import MentionAt

    seqs = [post(room, camille, "@Nadia", mentions=[MentionAt(person=str(nadia.pk), start=0, length=6)])["seq"] for _ in range(3)]
    assert enter(nadia, room).state["mentions"] == 3
    reading.mark(reading.Mark(room, nadia.pk, seqs[0]))
    assert enter(nadia, room).state["mentions"] == 2


def test_a_mention_from_before_one_may_read_is_not_counted(camille: Person, nadia: Person) -> None:
    """Out of a conversation and back in it: as the room list counts, and as unread does."""
    from consult.rooms import lists
    from consult.rooms.commands.messages import MentionAt

    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk, people.idris().pk])["room"])
    post(room, camille, "@Nadia", mentions=[MentionAt(person=str(nadia.pk), start=0, length=6)])
    membership.leave(person_id=nadia.pk, room_id=room)
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=nadia.pk)
    assert enter(nadia, room).state["mentions"] == lists.one(person=nadia.pk, room=room)["mentions"] == 0
    post(room, camille, "@Nadia", mentions=[MentionAt(person=str(nadia.pk), start=0, length=6)])
    assert enter(nadia, room).state["mentions"] == lists.one(person=nadia.pk, room=room)["mentions"] == 1


def test_many_rooms_are_read_in_as_many_queries_as_one(camille: Person, queries: list[str]) -> None:
    rooms = [joined(Room.objects.create(kind="group", listed=True).pk, camille) for _ in range(6)]
    asks = [Ask(r, epoch(r), 0) for r in rooms]
    queries.clear()
    enters(camille, *asks[:1], budget=100)
    one = len(queries)
    queries.clear()
    enters(camille, *asks, budget=100)
    assert len(queries) == one


def test_many_people_are_read_in_as_many_queries_as_one(camille: Person, nadia: Person, room: uuid.UUID, queries: list[str]) -> None:
    visits = [entering.Visit(p.pk, [Ask(room, epoch(room), 0), Ask(personal.room_of(p.pk), None, 0)]) for p in (camille, nadia, camille)]
    queries.clear()
    entering.read(visits[:1])
    one = len(queries)
    queries.clear()
    answers = entering.read(visits)
    assert len(queries) == one
    assert [[a.grant.person for a in answer if isinstance(a, Entry)] for answer in answers] == [[v.person] * 2 for v in visits]
