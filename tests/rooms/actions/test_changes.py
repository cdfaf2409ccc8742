"""Edits, retractions and reactions: who may, what repeats do, and that what was taken back is found nowhere."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, limits, log, pages
from consult.rooms.actions import changes, membership
from consult.rooms.commands.messages import MentionAt
from consult.rooms.models import Membership, Mention, Message, MessageVersion, Pin, Reaction, Room, Tag
from tests import people
from tests.rooms.helpers import events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def code(act: Any, *args: Any) -> str:
    with pytest.raises(Refusal) as refused:
        act(*args)
    return refused.value.code


def edit(room: uuid.UUID, person: Person, message: str, base: int, body: str, **more: Any) -> dict[str, Any]:
    return changes.edit(changes.Edit(room, person.pk, message, base, body, charged=True, **more))


def retract(room: uuid.UUID, person: Person, message: str) -> dict[str, Any]:
    return changes.retract(changes.Retraction(room, person.pk, message))


def react(room: uuid.UUID, person: Person, message: str, word: str = "agree", add: bool = True) -> dict[str, Any]:
    return changes.react(changes.React(room, person.pk, message, word, add, charged=True))


def at(person: Person | uuid.UUID, start: int, length: int) -> MentionAt:
    return MentionAt(person=str(getattr(person, "pk", person)), start=start, length=length)


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


def test_an_edit_is_an_event_and_supersedes_the_words_before(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "avant #ancien")
    answer = edit(room, camille, first["message"], first["seq"], "après #nouveau")
    assert answer == {"seq": 4}
    posted, edited = events(room)[2:]
    assert (posted["data"]["body"], posted["data"]["mentions"], posted["data"]["withheld"]) == (None, None, "superseded")
    assert posted["data"]["post_no"] == 1 and posted["data"]["client_id"]
    assert edited["kind"] == "message.edited"
    assert edited["data"] == {"message": first["message"], "base": 3, "body": "après #nouveau", "mentions": [], "withheld": None}
    again = edit(room, camille, first["message"], 4, "encore")
    assert [e["data"].get("withheld") for e in events(room)[2:]] == ["superseded", "superseded", None] and again == {"seq": 5}
    assert [(v.seq, v.body) for v in MessageVersion.objects.order_by("seq")] == [(3, "avant #ancien"), (4, "après #nouveau")]
    assert not Tag.objects.exists()


def test_the_live_frame_of_an_edit_is_the_one_read_back(room: uuid.UUID, camille: Person, nadia: Person, bells: list[Any]) -> None:
    first = post(room, camille, "avant")
    bells.clear()
    edit(room, camille, first["message"], first["seq"], "@Nadia", mentions=[at(nadia, 0, 6)])
    [bell] = [b for b in bells if b.room == room]
    assert [orjson.loads(f.text) for f in bell.frames] == events(room)[-1:]


def test_to_the_body_it_has_already_nothing_happens_before_base_is_compared(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "pareil")
    assert edit(room, camille, first["message"], 0, "pareil") == {"seq": 3, "unchanged": True}
    edit(room, camille, first["message"], 3, "autre")
    assert edit(room, camille, first["message"], 3, "autre") == {"seq": 4, "unchanged": True}, "a repeated edit"
    assert len(events(room)) == 4


def test_an_edit_of_an_older_version_is_refused(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    edit(room, camille, first["message"], 3, "deux")
    assert code(edit, room, camille, first["message"], 3, "trois") == "message.changed"
    assert code(edit, room, camille, first["message"], 5, "trois") == "message.changed"
    assert edit(room, camille, first["message"], 4, "trois") == {"seq": 5}


def test_a_reaction_makes_no_new_version(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un")
    react(room, nadia, first["message"])
    assert edit(room, camille, first["message"], 3, "deux") == {"seq": 5}


def test_only_the_author_edits_and_retracts(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "le mien")
    Membership.objects.filter(person=nadia).update(role="moderator")
    assert code(edit, room, nadia, first["message"], 3, "le tien") == "message.not_author"
    assert code(retract, room, nadia, first["message"]) == "message.not_author"
    assert kinds(room)[2:] == ["message.posted"]


@pytest.mark.parametrize("target", ["rien", "x" * 36, "00000000-0000-4000-8000-000000000000", "elsewhere"])
def test_a_message_of_another_room_and_none_at_all_answer_alike(target: str, room: uuid.UUID, camille: Person) -> None:
    other = joined(group("OPH", "Ophtalmologie"), camille)
    message = post(other, camille, "ailleurs")["message"] if target == "elsewhere" else target
    assert code(edit, room, camille, message, 1, "x") == code(retract, room, camille, message) == code(react, room, camille, message) == "message.not_found"


def test_a_room_of_others_and_none_at_all_answer_alike(room: uuid.UUID, camille: Person) -> None:
    hidden, nowhere = Room.objects.create(kind="private").pk, uuid.uuid4()
    message = post(room, camille, "x")["message"]
    for place in (hidden, nowhere):
        assert code(edit, place, camille, message, 1, "x") == code(retract, place, camille, message) == code(react, place, camille, message) == "room.not_found"


def test_the_words_of_an_edit_are_checked_like_those_of_a_post(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    for body, refusal in {"": "message.blank", "\u2060 ": "message.blank", "a\x00": "message.characters", "a\x85b": "message.characters", "x" * 8001: "message.too_long"}.items():
        assert code(edit, room, camille, first["message"], 3, body) == refusal
    assert code(edit, room, camille, first["message"], 0, "") == "message.blank", "content before the version"


def test_a_locked_or_silencing_room_takes_no_edit_or_reaction_but_a_retraction(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    Room.objects.filter(pk=room).update(lock_reason="pause")
    assert code(edit, room, camille, first["message"], 3, "deux") == code(react, room, camille, first["message"]) == "room.locked"
    assert retract(room, camille, first["message"]) == {"seq": 4}


def test_edits_and_reactions_count_as_posts_do_and_retractions_do_not(room: uuid.UUID, camille: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    first = post(room, camille, "un")
    now = limits.posts.clock()
    monkeypatch.setattr(limits.posts, "clock", lambda: now)  # nothing comes back meanwhile
    for _ in range(int(limits.posts.burst)):
        limits.posts.take(camille.pk)
    assert code(changes.edit, changes.Edit(room, camille.pk, first["message"], 3, "deux")) == "rate.posts"
    assert code(changes.react, changes.React(room, camille.pk, first["message"], "agree", True)) == "rate.posts"
    assert retract(room, camille, first["message"]) == {"seq": 4}


def test_mentions_follow_the_latest_version(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    idris = people.idris()
    joined(room, idris)
    first = post(room, camille, "@Nadia", mentions=[at(nadia, 0, 6)])
    second = edit(room, camille, first["message"], first["seq"], "@Nadia et @Idris", mentions=[at(nadia, 0, 6), at(idris, 10, 6)])
    told = lambda p: [d["seq"] for k, d in personal_events(p) if k == "mention.received"]  # noqa: E731
    assert told(nadia) == [first["seq"]], "who was mentioned before is not told again"
    assert told(idris) == [second["seq"]]
    third = edit(room, camille, first["message"], second["seq"], "@Idris", mentions=[at(idris, 0, 6)])
    assert [m.person_id for m in Mention.objects.all()] == [idris.pk], "who is no longer mentioned has nothing to count"
    edit(room, camille, first["message"], third["seq"], "@Nadia", mentions=[at(nadia, 0, 6)])
    assert told(nadia) == [first["seq"], 7] and [m.person_id for m in Mention.objects.all()] == [nadia.pk]


@pytest.mark.parametrize("who", ["stranger", "nobody", "no id"])
def test_an_edit_mentions_only_who_may_read(who: str, room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    person = {"stranger": str(people.idris().pk), "nobody": str(uuid.uuid4()), "no id": "x"}[who]
    mention = MentionAt(person=person, start=0, length=2)
    assert code(changes.edit, changes.Edit(room, camille.pk, first["message"], 3, "@?", [mention], charged=True)) == "message.mentions"


def test_a_retraction_takes_the_words_out_of_every_reading(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "@Nadia secret #secret", mentions=[at(nadia, 0, 6)])
    edit(room, camille, first["message"], 3, "@Nadia plus secret #secret", mentions=[at(nadia, 0, 6)])
    Pin.objects.create(room_id=room, message_id=first["message"])
    assert Tag.objects.exists() and Mention.objects.exists() and Message.objects.get().search
    answer = retract(room, camille, first["message"])
    assert answer == {"seq": 5}
    assert "secret" not in orjson.dumps(events(room)).decode()
    assert [e["data"].get("withheld") for e in events(room)[2:]] == ["retracted", "retracted", None]
    assert events(room)[-1]["data"] == {"message": first["message"]}
    assert not Tag.objects.exists() and not Mention.objects.exists() and not Pin.objects.exists() and Message.objects.get().search is None
    page = pages.messages(access.may_read(person=nadia.pk, room=room), after=None, before=None, around=None, limit=10)
    [item] = page["messages"]
    assert (item["body"], item["mentions"], item["withheld"], item["seq"], item["edited_seq"]) == (None, None, "retracted", 3, 4)
    assert retract(room, camille, first["message"]) == {"seq": 5, "unchanged": True}
    assert len(events(room)) == 5


def test_nothing_is_done_to_a_retracted_message_but_taking_a_reaction_back(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un")
    react(room, nadia, first["message"], "useful")
    retract(room, camille, first["message"])
    assert code(edit, room, camille, first["message"], 3, "deux") == "message.retracted"
    assert code(edit, room, camille, first["message"], 3, "un") == "message.retracted", "also to the words it had"
    assert code(react, room, camille, first["message"]) == "message.retracted"
    assert react(room, nadia, first["message"], "useful", add=False) == {"seq": 6}


@pytest.mark.parametrize("why", ["hidden", "withdrawn", "erased", "retracted"])
def test_why_words_are_withheld_comes_before_superseded(why: str, room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    edit(room, camille, first["message"], 3, "deux")
    Message.objects.update(withheld=why)
    assert [(e["data"]["body"], e["data"]["withheld"]) for e in events(room)[2:]] == [(None, why), (None, why)]


def test_a_retraction_of_a_hidden_message_says_retracted(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    Message.objects.update(withheld="hidden")
    assert retract(room, camille, first["message"]) == {"seq": 4}
    assert events(room)[2]["data"]["withheld"] == "retracted"


def test_an_edit_does_not_bring_a_hidden_message_back(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un #mot")
    changes.withhold(uuid.UUID(first["message"]), "hidden", 3)
    edit(room, camille, first["message"], 3, "@Nadia deux #mot", mentions=[at(nadia, 0, 6)])
    assert Message.objects.get().search is None and not Tag.objects.exists() and not Mention.objects.exists()
    assert [d for k, d in personal_events(nadia) if k == "mention.received"] == []
    assert events(room)[-1]["data"]["body"] is None


def test_a_reaction_is_added_and_taken_back_once(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    message = post(room, camille, "un")["message"]
    assert react(room, nadia, message, "agree", add=False) == {"seq": 3, "unchanged": True}
    assert react(room, nadia, message) == {"seq": 4}
    assert react(room, nadia, message) == {"seq": 4, "unchanged": True}
    assert react(room, nadia, message, "thanks") == {"seq": 5}
    assert react(room, camille, message) == {"seq": 6}
    assert react(room, nadia, message, "agree", add=False) == {"seq": 7}
    assert react(room, nadia, message, "agree", add=False) == {"seq": 7, "unchanged": True}
    assert [(e["kind"], e["actor"]["id"], e["data"]) for e in events(room)[3:]] == [
        ("reaction.added", str(nadia.pk), {"message": message, "reaction": "agree"}),
        ("reaction.added", str(nadia.pk), {"message": message, "reaction": "thanks"}),
        ("reaction.added", str(camille.pk), {"message": message, "reaction": "agree"}),
        ("reaction.removed", str(nadia.pk), {"message": message, "reaction": "agree"}),
    ]
    assert sorted((r.person_id == nadia.pk, r.reaction) for r in Reaction.objects.all()) == [(False, "agree"), (True, "thanks")]


def test_who_left_changes_nothing_any_more(room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    membership.leave(person_id=camille.pk, room_id=room)
    head = log.heads_of([room])
    assert (
        code(edit, room, camille, first["message"], 3, "deux")
        == code(retract, room, camille, first["message"])
        == code(react, room, camille, first["message"])
        == "room.not_member"
    )
    assert log.heads_of([room]) == head


def test_of_several_changes_only_the_wrong_one_is_refused(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un")
    message = first["message"]
    answers = changes.edit_many([changes.Edit(room, nadia.pk, message, 3, "non"), changes.Edit(room, camille.pk, message, 3, "oui")])
    assert isinstance(answers[0], Refusal) and answers[1] == {"seq": 4}
    answers = changes.react_many([changes.React(room, nadia.pk, "?", "agree", True), changes.React(room, nadia.pk, message, "agree", True)])
    assert isinstance(answers[0], Refusal) and answers[1] == {"seq": 5}
    answers = changes.retract_many([changes.Retraction(room, nadia.pk, message), changes.Retraction(room, camille.pk, message)])
    assert isinstance(answers[0], Refusal) and answers[1] == {"seq": 6}
