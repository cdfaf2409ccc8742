"""Posting in batches: what is written, what is refused and in which order, and that a repeated send has no second effect."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import DataError, connection
from django.utils import timezone

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import limits, log
from consult.rooms.actions import changes, membership, messages, personal
from consult.rooms.actions.posts import Post
from consult.rooms.commands.messages import MentionAt
from consult.rooms.models import ClientId, Event, Followup, Membership, Mention, Message, Room, Tag
from tests import people
from tests.rooms.helpers import events, group, joined, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def of(room: uuid.UUID, person: Person, body: str = "bonjour", **more: Any) -> Post:
    return Post(room, person.pk, more.pop("client_id", None) or uuid.uuid4(), body, charged=more.pop("charged", True), **more)


def at(person: Person | uuid.UUID, start: int, length: int) -> MentionAt:
    return MentionAt(person=str(getattr(person, "pk", person)), start=start, length=length)


def codes(answers: list[Any]) -> list[str]:
    return [a.code if isinstance(a, Refusal) else "duplicate" if a.get("duplicate") else "ok" for a in answers]


def test_a_post_is_an_event_a_message_and_a_client_id() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    item = of(room, camille, "Une lésion #dermoscopie")
    [answer] = messages.post_many([item])
    message = Message.objects.get()
    assert answer == {"seq": 2, "message": str(message.id)}
    assert (message.seq, message.post_no, message.author_id, message.body, message.form) == (2, 1, camille.pk, "Une lésion #dermoscopie", "text")
    [used] = ClientId.objects.all()
    assert (used.room_id, used.sender_id, used.client_id, used.seq, used.message_id) == (room, camille.pk, item.client_id, 2, message.id)
    assert events(room)[1]["data"] == {
        "message": str(message.id),
        "client_id": str(item.client_id),
        "post_no": 1,
        "body": "Une lésion #dermoscopie",
        "mentions": [],
        "reply_to": None,
        "images": [],
        "form": "text",
        "withheld": None,
    }
    assert [t.tag for t in Tag.objects.all()] == ["dermoscopie"]


def test_the_words_stand_in_no_row_of_the_log() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    post(room, camille, "motsecret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rooms_event e WHERE e::text LIKE '%%motsecret%%'")
        assert cursor.fetchone() == (0,)


def test_one_batch_of_good_repeated_reused_and_refused_posts_over_several_rooms() -> None:
    camille, nadia, stranger = people.camille(), people.nadia(), people.unverified()
    one, two = joined(group(), camille, nadia), joined(group("OPH", "Ophtalmologie"), camille)
    locked = joined(group("CAR", "Cardiologie"), camille)
    Room.objects.filter(pk=locked).update(lock_reason="pause")
    before = of(one, camille, "déjà là")
    assert codes(messages.post_many([before])) == ["ok"]
    first = of(two, camille, "un")
    batch = [
        of(one, camille, "premier"),
        of(one, camille, "déjà là", client_id=before.client_id),
        of(one, camille, "autre texte", client_id=before.client_id),
        first,
        of(two, camille, "un", client_id=first.client_id),
        of(two, camille, "deux", client_id=first.client_id),
        of(two, nadia, "pas membre"),
        of(one, stranger, "pas vérifié"),
        of(uuid.uuid4(), camille, "nulle part"),
        of(locked, camille, "fermé"),
        of(one, camille, " \u200b\n"),
        of(one, nadia, "même id, autre personne", client_id=before.client_id),
        of(two, camille, "même id, autre salle", client_id=before.client_id),
        of(one, camille, "dernier"),
    ]
    heads = log.heads_of([one, two, locked])
    answers = messages.post_many(batch)
    assert codes(answers) == [
        "ok",
        "duplicate",
        "message.id_reused",
        "ok",
        "duplicate",
        "message.id_reused",
        "room.not_member",
        "room.not_found",
        "room.not_found",
        "room.locked",
        "message.blank",
        "ok",
        "ok",
        "ok",
    ]
    assert answers[4] == {**answers[3], "duplicate": True}
    bodies = lambda room: [e["data"]["body"] for e in events(room) if e["kind"] == "message.posted"]  # noqa: E731
    assert bodies(one) == ["déjà là", "premier", "même id, autre personne", "dernier"]
    assert bodies(two) == ["un", "même id, autre salle"]
    assert log.heads_of([locked])[locked] == heads[locked]
    assert [e["data"]["post_no"] for e in events(one) if e["kind"] == "message.posted"] == [1, 2, 3, 4]


def test_the_frame_sent_live_is_the_frame_read_back(bells: list[Any]) -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille, nadia)
    target = post(room, camille, "question ?")
    bells.clear()
    items = [
        of(room, nadia, "@Camille voilà « l’avis » 🩺 é\t\n", mentions=[at(camille, 0, 8)], reply_to=target["message"]),
        of(room, camille, "merci", acting="moderator"),
    ]
    assert codes(messages.post_many(items)) == ["ok", "ok"]
    [bell] = [b for b in bells if b.room == room]
    read = log.frames_of([(room, 3, 5)])[room]
    assert [(f.seq, f.kind, f.message) for f in bell.frames] == [(f.seq, f.kind, f.message) for f in read]
    assert [orjson.loads(f.text) for f in bell.frames] == [orjson.loads(f.text) for f in read]
    assert bell.epoch == log.heads_of([room])[room][0]
    [own] = [b for b in bells if b.room == personal.room_of(camille.pk)]
    assert [f.kind for f in own.frames] == ["mention.received"]


def test_a_post_of_a_case_asks_for_what_is_done_after_it() -> None:
    camille, nadia = people.camille(), people.nadia()
    case = Room.objects.create(kind="case", created_by=camille.pk).pk
    for person in (camille, nadia):
        Membership.objects.create(room_id=case, person=person)
    post(case, camille, "précision")
    post(case, nadia, "réponse")
    assert [e["data"]["form"] for e in events(case)] == ["text", "answer"]
    assert [f.seq for f in Followup.objects.order_by("seq")] == [1, 2]


def test_a_rollback_leaves_nothing_and_rings_no_bell(bells: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    camille = people.camille()
    room = joined(group(), camille)
    bells.clear()
    counts = lambda: (Event.objects.count(), Message.objects.count(), ClientId.objects.count(), Tag.objects.count(), log.heads_of([room]))  # noqa: E731
    before = counts()
    monkeypatch.setattr(log, "COMMIT", ("SELECT 1 / 0", ()))  # after the inserts
    item = of(room, camille, "#perdu")
    with pytest.raises(DataError):
        messages.post_many([item])
    monkeypatch.undo()
    assert counts() == before and bells == []
    assert messages.post_many([of(room, camille, "#perdu", client_id=item.client_id)])[0] == {"seq": 2, "message": str(Message.objects.get().id)}


def test_a_duplicate_is_ok_whatever_has_happened_since() -> None:
    """Protocol, section 4: before limits, slow mode, locks, content rules and membership; then without content."""
    camille = people.camille()
    room = joined(group(), camille)
    item = of(room, camille, "v1")
    [first] = messages.post_many([item])
    again = lambda body="v1": messages.post_many([of(room, camille, body, client_id=item.client_id, charged=False)])[0]  # noqa: E731
    changes.edit(changes.Edit(room, camille.pk, first["message"], first["seq"], "v2"))
    assert again() == {**first, "duplicate": True}
    assert codes([again("v2")]) == ["message.id_reused"], "the id stands for what was first sent"
    changes.retract(changes.Retraction(room, camille.pk, first["message"]))
    Room.objects.filter(pk=room).update(lock_reason="", slow_mode=3600)
    membership.leave(person_id=camille.pk, room_id=room)
    assert again() == {**first, "duplicate": True}
    Message.objects.filter(pk=first["message"]).update(body="", withheld="erased")
    assert again() == {**first, "duplicate": True}
    Message.objects.filter(pk=first["message"]).delete()  # retention
    assert again() == {**first, "duplicate": True}


def test_absent_null_and_empty_are_equal_in_a_repeated_send() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    item = of(room, camille, "pareil", reply_to=None, images=(), mentions=())
    messages.post_many([item])
    assert codes(messages.post_many([of(room, camille, "pareil", client_id=item.client_id, reply_to="", images=[], mentions=[])])) == ["duplicate"]
    assert codes(messages.post_many([of(room, camille, "pareil", client_id=item.client_id, reply_to=str(uuid.uuid4()))])) == ["message.id_reused"]
    assert codes(messages.post_many([of(room, camille, "pareil", client_id=item.client_id, images=[str(uuid.uuid4())])])) == ["message.id_reused"]


def test_a_refused_id_counts_as_never_used() -> None:
    camille = people.camille()
    room, client_id = joined(group(), camille), uuid.uuid4()
    assert codes(messages.post_many([of(room, camille, "", client_id=client_id)])) == ["message.blank"]
    assert codes(messages.post_many([of(room, camille, "enfin", client_id=client_id)])) == ["ok"]


def test_a_refused_post_and_a_good_one_with_the_same_id_in_one_batch() -> None:
    camille = people.camille()
    room, client_id = joined(group(), camille), uuid.uuid4()
    assert codes(messages.post_many([of(room, camille, "", client_id=client_id), of(room, camille, "enfin", client_id=client_id)])) == ["message.blank", "ok"]


def test_room_comes_before_rights_rights_before_limits_limits_before_content(monkeypatch: pytest.MonkeyPatch) -> None:
    now = limits.posts.clock()
    monkeypatch.setattr(limits.posts, "clock", lambda: now)  # nothing comes back meanwhile
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille)
    spent = lambda person: [limits.posts.take(person.pk) for _ in range(int(limits.posts.burst))]  # noqa: E731
    spent(nadia), spent(camille)
    assert codes(messages.post_many([of(room, nadia, "", charged=False)])) == ["room.not_member"], "room before limits"
    Membership.objects.filter(person=camille).update(silenced_until=timezone.now() + timedelta(hours=1))
    assert codes(messages.post_many([of(room, camille, "", charged=False)])) == ["room.silenced"], "rights before limits"
    Room.objects.filter(pk=room).update(lock_reason="")
    assert codes(messages.post_many([of(room, camille, "", charged=False)])) == ["room.locked"]
    Room.objects.filter(pk=room).update(lock_reason=None)
    Membership.objects.filter(person=camille).update(silenced_until=timezone.now() - timedelta(seconds=1))
    [refusal] = messages.post_many([of(room, camille, "", charged=False)])
    assert refusal.code == "rate.posts" and refusal.retry_after_ms > 0 and refusal.temporary, "limits before content"
    assert codes(messages.post_many([of(room, camille, "")])) == ["message.blank"]


def test_a_post_tried_again_is_charged_once() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    item = of(room, camille, "une fois", charged=False)
    limits.posts._levels.pop(camille.pk, None)
    messages.post_many([item])
    level = limits.posts._levels[camille.pk][0]
    messages.post_many([item])
    assert limits.posts._levels[camille.pk][0] == level


def test_what_an_earlier_try_committed_is_no_duplicate() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    item = of(room, camille, "essai")
    [first] = messages.post_many([item])
    assert messages.post_many([item]) == [first], "the lane ran the batch again after a lost connection"


def test_a_locked_room_takes_posts_of_its_moderators_alone() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille, nadia)
    Membership.objects.filter(person=nadia).update(role="moderator")
    Room.objects.filter(pk=room).update(lock_reason="pause")
    assert codes(messages.post_many([of(room, camille), of(room, nadia)])) == ["room.locked", "ok"]


def test_slow_mode_counts_from_ones_own_last_post_also_within_a_batch() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = joined(group(), camille, nadia, idris)
    Membership.objects.filter(person=idris).update(role="owner")
    Room.objects.filter(pk=room).update(slow_mode=60)
    answers = messages.post_many([of(room, camille), of(room, nadia), of(room, camille), of(room, idris), of(room, idris)])
    assert codes(answers) == ["ok", "ok", "room.slow", "ok", "ok"]
    assert 59_000 < answers[2].retry_after_ms <= 60_001
    Message.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert codes(messages.post_many([of(room, camille)])) == ["ok"]


def test_the_asker_is_not_slowed_in_their_case() -> None:
    camille, nadia = people.camille(), people.nadia()
    case = Room.objects.create(kind="case", created_by=camille.pk, slow_mode=60).pk
    for person in (camille, nadia):
        Membership.objects.create(room_id=case, person=person)
    assert codes(messages.post_many([of(case, camille), of(case, camille), of(case, nadia), of(case, nadia)])) == ["ok", "ok", "ok", "room.slow"]


def test_a_reply_goes_to_a_message_of_the_same_room_that_still_stands() -> None:
    camille = people.camille()
    room, other = joined(group(), camille), joined(group("OPH", "Ophtalmologie"), camille)
    here, there, gone, hidden = post(room, camille, "ici"), post(other, camille, "ailleurs"), post(room, camille, "retiré"), post(room, camille, "masqué")
    changes.retract(changes.Retraction(room, camille.pk, gone["message"]))
    Message.objects.filter(pk=hidden["message"]).update(withheld="hidden")
    targets = [here["message"], there["message"], str(uuid.uuid4()), "rien", "x" * 36, here["message"].upper(), gone["message"], hidden["message"]]
    assert codes(messages.post_many([of(room, camille, reply_to=t) for t in targets])) == [
        "ok",
        "message.not_found",
        "message.not_found",
        "message.not_found",
        "message.not_found",
        "message.not_found",
        "message.retracted",
        "ok",
    ]


def test_a_mention_reaches_the_person_once_and_only_who_may_read() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = joined(group(), camille, nadia)
    body = "@Nadia @Nadia @moi"
    [answer] = messages.post_many([of(room, camille, body, mentions=[at(nadia, 0, 6), at(nadia, 7, 6), at(camille, 14, 4)])])
    assert events(room)[-1]["data"]["mentions"] == [
        {"person": str(nadia.pk), "start": 0, "length": 6},
        {"person": str(nadia.pk), "start": 7, "length": 6},
        {"person": str(camille.pk), "start": 14, "length": 4},
    ]
    assert [(m.person_id, m.seq) for m in Mention.objects.all()] == [(nadia.pk, answer["seq"])], "nobody is told of mentioning themselves"
    assert personal_events(nadia)[-1] == ("mention.received", {"room": str(room), "seq": answer["seq"]})
    assert [k for k, _ in personal_events(camille)] == ["room.joined"]
    assert (
        codes(
            messages.post_many(
                [
                    of(room, camille, "@Idris", mentions=[at(idris, 0, 6)]),
                    of(room, camille, "@?", mentions=[at(uuid.uuid4(), 0, 2)]),
                    of(room, camille, "@?", mentions=[MentionAt(person="pas-un-id", start=0, length=2)]),
                    of(room, camille, "@Nadia", mentions=[at(nadia, 0, 7)]),
                    of(room, camille, "@Nadia", mentions=[at(nadia, 6, 1)]),
                ]
            )
        )
        == ["message.mentions"] * 5
    )
    assert [k for k, _ in personal_events(idris)] == []


def test_images_not_stored_here_are_not_found() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    assert codes(messages.post_many([of(room, camille, images=[str(uuid.uuid4())])])) == ["image.not_found"]


def test_nothing_is_posted_into_a_personal_room() -> None:
    camille = people.camille()
    own, other = personal.room_of(camille.pk), personal.room_of(people.nadia().pk)
    assert codes(messages.post_many([of(own, camille), of(other, camille)])) == ["room.read_only", "room.not_found"]


def test_bodies_are_stored_as_sent() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    bodies = ["  deux espaces  ", "e\u0301 puis \u00e9", "a\r\nb\tc", "<script>alert(1)</script>", "\u202eabc", "𝔘" * 8000, "' ; DROP TABLE --", "%s %(x)s {}"]
    assert codes(messages.post_many([of(room, camille, b) for b in bodies])) == ["ok"] * len(bodies)
    assert [e["data"]["body"] for e in events(room)[1:]] == bodies


def test_eight_writers_of_two_rooms_leave_no_hole() -> None:
    from tests.rooms.helpers import at_once

    writers = [people.person(f"w{n}") for n in range(8)]
    one, two = joined(group(), *writers), joined(group("OPH", "Ophtalmologie"), *writers)

    def write(person: Person) -> list[Any]:
        return [a for n in range(5) for a in messages.post_many([of(one, person, f"{n}"), of(two, person, f"{n}"), of(one, person, "")])]

    for answers in at_once(*[lambda w=w: write(w) for w in writers]):
        assert codes(answers) == ["ok", "ok", "message.blank"] * 5
    for room in (one, two):
        found = [e for e in events(room) if e["kind"] == "message.posted"]
        assert [e["data"]["post_no"] for e in found] == list(range(1, 41))
        assert [e["at"] for e in events(room)] == sorted(e["at"] for e in events(room)), "time never goes back"
        row = Room.objects.get(pk=room)
        assert (row.last_seq, row.last_post_no) == (48, 40)


def test_the_time_of_a_room_never_goes_back() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    ahead = timezone.now() + timedelta(hours=1)  # a clock that was set back since
    Room.objects.filter(pk=room).update(last_at=ahead)
    post(room, camille, "après")
    assert Event.objects.get(room_id=room, seq=2).at == ahead == Message.objects.get().at
