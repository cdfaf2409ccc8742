"""Asking: the case's room, its card, who may read it; what is refused; what a repeat does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.audit.models import Record
from consult.cases import actions
from consult.cases.models import Case
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import membership
from consult.rooms.models import Audience, Event, Followup, Membership, Message, Room
from tests import people
from tests.cases.helpers import QUESTION, ask
from tests.rooms.helpers import Phone, at_once, events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def body(**more: Any) -> dict[str, Any]:
    return {"id": people.some_id(), "title": "Plaque du mollet", "question": QUESTION, "specialty": "SM15", "urgency": "week", **more}


def reads(person: Any, room: uuid.UUID) -> bool:
    return not isinstance(access.grants([(room, person.pk)])[room, person.pk], Refusal)


def test_a_question_in_a_group_opens_its_room_and_leaves_a_card() -> None:
    der, camille, nadia = group(), people.camille(), people.nadia()
    joined(der, camille, nadia)
    answer = Phone(camille).post("/cases", body(group=str(der)))
    assert answer.status_code == 201 and answer.json().keys() == {"room", "seq"}
    room = uuid.UUID(answer.json()["room"])
    log = events(room)
    assert [e["kind"] for e in log] == ["member.joined", "message.posted"] and answer.json()["seq"] == 2
    assert (log[1]["data"]["form"], log[1]["data"]["body"], log[1]["data"]["post_no"]) == ("question", QUESTION, 1)
    card, opened = events(der)[-2:]
    assert (card["kind"], card["data"]["form"], card["data"]["body"]) == ("message.posted", "question", f"Plaque du mollet\n\n{QUESTION}")
    assert (opened["kind"], opened["actor"]["id"]) == ("case.opened", str(camille.pk))
    assert opened["data"] == {"message": card["data"]["message"], "case": str(room), "specialty": "SM15", "urgency": "week", "status": "open", "answers": 0}
    item = next(m for m in Phone(nadia).get(f"/rooms/{der}/messages").json()["messages"] if m["case"])
    assert item["case"] == {"room": str(room), "status": "open", "answers": 0, "specialty": "SM15", "urgency": "week"}
    grant = access.may_read(person=camille.pk, room=room)
    assert grant.role == "owner" and grant.asker
    assert reads(nadia, room) and not reads(people.idris(), room)
    assert personal_events(camille)[-1] == ("room.joined", {"room": str(room)})
    assert Room.objects.get(pk=room).code == "DER"


def test_an_answer_is_an_answer_and_the_askers_words_are_not() -> None:
    room, camille, nadia = ask(people.camille())["room"], people.camille(), people.nadia()
    post(room, nadia, "Mycose ?")
    post(room, camille, "Prélèvement fait.")
    assert [e["data"].get("form") for e in events(room)[1:]] == ["question", "answer", "text"]


def test_the_list_shows_a_case_to_those_it_is_for() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille)
    room = ask(camille, group=der)["room"]
    joined(der, nadia)  # members of today read the questions of yesterday
    item = next(r for r in Phone(nadia).get("/rooms").json()["rooms"] if r["kind"] == "case")
    case = item["case"]
    assert case.pop("opened_at").endswith("Z") and case.pop("author")["name"] == "Dr Camille Aubrac"
    assert case.pop("group") == {"id": str(der), "title": "Dermatologie"}
    assert case == {"status": "open", "urgency": "week", "specialty": "SM15", "question": QUESTION, "answers": 0, "first_answer_at": None, "merged_into": None}
    assert (item["id"], item["title"], item["member"], item["joinable"], item["unread"]) == (str(room), "Plaque du mollet", False, True, 1)
    assert Phone(people.idris()).get("/rooms").json()["rooms"] == []
    membership.join(person_id=nadia.pk, room_id=room)
    assert Phone(nadia).get(f"/rooms/{room}").json()["member"]
    membership.leave(person_id=nadia.pk, room_id=room)
    assert reads(nadia, room)  # unfollowed, and still addressed to her group
    membership.leave(person_id=nadia.pk, room_id=der)
    assert not reads(nadia, room)


def test_audiences() -> None:
    camille, nadia, idris, soizic = people.camille(), people.nadia(), people.idris(), people.soizic()
    der = joined(group(), nadia)
    one = ask(camille, groups=[der], people=[idris.pk])["room"]
    assert [reads(p, one) for p in (camille, nadia, idris, soizic)] == [True, True, True, False]
    assert Message.objects.filter(room_id=der).count() == 0  # addressed, without a card
    every = ask(camille, everyone=True)["room"]
    assert [reads(p, every) for p in (nadia, soizic, people.unverified())] == [True, True, False]
    assert Audience.objects.filter(room=one).count() == 2


def test_repeats() -> None:
    camille = people.camille()
    der, phone = joined(group(), camille), Phone(camille)
    asked = body(group=str(der))
    first, again = phone.post("/cases", asked), phone.post("/cases", asked)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert phone.post("/cases", {**asked, "title": "Autre"}).json()["code"] == "request.id_reused"
    assert Case.objects.count() == 1 and kinds(der) == ["member.joined", "message.posted", "case.opened"]
    client_id = uuid.uuid4()
    results = at_once(*[lambda: ask(camille, group=der, client_id=client_id)] * 4)
    assert len({r["room"] for r in results}) == 1 and sum(r["created"] for r in results) == 1 and Case.objects.count() == 2
    # The same id for a message of that group, and for another act
    used = uuid.uuid4()
    from consult.rooms.actions import messages
    from consult.rooms.actions.posts import Post

    messages.post_many([Post(der, camille.pk, used, "Bonjour")])
    with pytest.raises(Refusal, match=r"request\.id_reused"):
        ask(camille, group=der, client_id=used)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"urgency": "vital"}, "case.vital"),
        ({"urgency": "soon"}, "frame.invalid"),
        ({"specialty": "SM99"}, "frame.invalid"),
        ({"specialty": "\x00"}, "frame.invalid"),
        ({"title": " "}, "message.blank"),
        ({"title": "x" * 201}, "frame.invalid"),
        ({"title": "a\nb"}, "frame.invalid"),
        ({"question": "\u200b"}, "message.blank"),
        ({"question": "a\x07"}, "message.characters"),
        ({"question": "x" * 8001}, "message.too_long"),
        ({"question": "x" * 8000}, "message.too_long"),
        ({"everyone": False}, "case.audience"),
        ({"people": ["x"]}, "person.not_found"),
        ({"people": [str(uuid.uuid4())]}, "person.not_found"),
        ({"groups": [str(uuid.uuid4())]}, "room.not_found"),
        ({"group": str(uuid.uuid4())}, "room.not_found"),
        ({"group": "x"}, "room.not_found"),
        ({"title": "\ud800"}, "frame.invalid"),
        ({"more": 1}, "frame.invalid"),
        ({"id": "x"}, "frame.invalid"),
    ],
)
def test_what_is_refused_leaves_nothing(wrong: dict[str, Any], code: str) -> None:
    import json

    phone = Phone(people.camille())
    sent = json.dumps({**body(everyone=True), **wrong})
    answer = phone.client.post("/api/v1/cases", sent, content_type="application/json", headers=phone.headers)
    assert answer.json()["code"] == code and answer.status_code in (400, 404)
    assert not Room.objects.filter(kind="case").exists() and not Event.objects.exists()


def test_who_may_not_ask() -> None:
    der, private_group = group(), Room.objects.create(kind="group", title="Cachée")
    assert Phone(people.unverified()).post("/cases", body(everyone=True)).json()["code"] == "account.unverified"
    phone = Phone(people.camille())
    assert phone.post("/cases", body(group=str(private_group.pk))).json()["code"] == "room.not_found"
    assert phone.post("/cases", body(groups=[str(private_group.pk)])).json()["code"] == "room.not_found"
    joined(der, people.camille())
    Room.objects.filter(pk=der).update(lock_reason="travaux")
    assert phone.post("/cases", body(group=str(der))).json()["code"] == "room.locked"
    assert not Case.objects.exists()


def test_a_group_is_asked_by_who_is_no_member_of_it() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), nadia)
    room = ask(camille, group=der)["room"]
    assert kinds(der) == ["member.joined", "message.posted", "case.opened"] and reads(nadia, room)
    card = Message.objects.get(room_id=der)
    assert (card.author_id, card.case_room, card.form) == (camille.pk, room, "question") and Case.objects.get().card_id == card.pk
    # Its members see who asked, in what they read; the asker sees nothing of the group, and writes nothing else there.
    assert Phone(nadia).get(f"/rooms/{der}/messages").json()["messages"][-1]["actor"]["name"] == "Dr Camille Aubrac"
    assert Phone(camille).get(f"/rooms/{der}/messages").json()["code"] == "room.not_member"
    with pytest.raises(Refusal, match=r"room\.not_member"):
        post(der, camille, "Bonjour")
    assert not Membership.objects.filter(room_id=der, person=camille).exists()
    # Nobody is woken twice: by the card, not by the case's first message as well.
    [asked] = Event.objects.filter(room_id=der, kind="message.posted")
    assert Followup.objects.filter(room_id=der, seq=asked.seq, wake=True).exists()


def test_who_was_kept_from_a_group_leaves_no_card_there() -> None:
    camille, phone = people.camille(), Phone(people.camille())
    der = joined(group(), camille, people.nadia())
    Membership.objects.filter(room_id=der, person=camille).update(silenced_until=timezone.now() + timedelta(hours=1))
    membership.leave(person_id=camille.pk, room_id=der)
    assert phone.post("/cases", body(group=str(der))).json()["code"] == "room.silenced"
    Membership.objects.filter(room_id=der, person=camille).update(silenced_until=None, ended="removed")
    assert phone.post("/cases", body(group=str(der))).json()["code"] == "room.not_found"
    assert not Case.objects.exists() and not Message.objects.exists()


def test_asking_is_as_limited_as_posting(monkeypatch: pytest.MonkeyPatch) -> None:
    from consult.rooms import limits

    monkeypatch.setattr(limits, "posts", limits.Buckets(1, 0.01))
    ask(people.camille())
    with pytest.raises(Refusal, match=r"rate\.posts"):
        ask(people.camille())
    assert Case.objects.count() == 1


def turned(phone: Phone, message: str, **more: Any) -> Any:
    return phone.post(f"/messages/{message}/case", {"id": people.some_id(), "title": "Plaque", "specialty": "SM15", "urgency": "today", **more})


def test_a_message_becomes_a_case() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    message = post(der, camille, QUESTION)["message"]
    asked = {"id": people.some_id(), "title": "Plaque", "specialty": "SM15", "urgency": "today"}
    answer = Phone(camille).post(f"/messages/{message}/case", asked)
    assert answer.status_code == 201
    room = uuid.UUID(answer.json()["room"])
    assert Phone(camille).post(f"/messages/{message}/case", asked).status_code == 200
    assert kinds(der)[2:] == ["message.posted", "case.opened"]
    assert events(der)[-1]["data"]["message"] == message and events(room)[1]["data"]["body"] == QUESTION
    assert str(Message.objects.get(pk=message).case_room) == str(room) and reads(nadia, room) and not reads(people.idris(), room)
    assert turned(Phone(camille), message).json()["code"] == "message.no_case"


def test_who_may_make_a_case_of_a_message() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    der = joined(group(), camille, nadia)
    message = post(der, camille, QUESTION)["message"]
    assert turned(Phone(nadia), message).json()["code"] == "message.not_author"
    for stranger in (idris, people.unverified()):
        assert turned(Phone(stranger), message).content == turned(Phone(stranger), people.some_id()).content
        assert turned(Phone(stranger), message).json()["code"] == "message.not_found"
    Membership.objects.filter(person=nadia, room=der).update(role="moderator")
    room = uuid.UUID(turned(Phone(nadia), message).json()["room"])
    assert access.may_read(person=camille.pk, room=room).asker and not access.may_read(person=nadia.pk, room=room).asker
    assert (events(der)[-1]["actor"]["id"], events(der)[-1]["actor"]["as"]) == (str(nadia.pk), "moderator")
    assert Record.objects.filter(act="case.turned", person_id=nadia.pk, object=message).exists()
    inside = post(room, camille, "Suite")["message"]
    assert turned(Phone(camille), inside).json()["code"] == "case.group_only"
    from consult.rooms.actions import changes

    gone = post(der, camille, "Pardon")["message"]
    changes.retract(changes.Retraction(der, camille.pk, gone))
    assert turned(Phone(camille), gone).json()["code"] == "message.retracted"


def test_one_message_turned_by_two_at_once_is_one_case() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    Membership.objects.filter(person=nadia, room=der).update(role="moderator")
    message = uuid.UUID(post(der, camille, QUESTION)["message"])
    results = at_once(
        *[lambda p=p: actions.turn(person_id=p.pk, client_id=uuid.uuid4(), message_id=message, title="Plaque", specialty="SM15", urgency="week") for p in (camille, nadia)]
    )
    assert [r.code for r in results if isinstance(r, Refusal)] == ["message.no_case"] and Case.objects.count() == 1


def test_an_asker_does_not_lose_their_question() -> None:
    nadia = people.nadia()
    der = joined(group(), nadia)
    room = ask(people.camille(), groups=[der])["room"]
    assert Phone(people.camille()).post(f"/rooms/{room}/leave", {}).json()["code"] == "room.last_owner"
    membership.join(person_id=nadia.pk, room_id=room)
    assert Phone(nadia).post(f"/rooms/{room}/leave", {}).status_code == 200
