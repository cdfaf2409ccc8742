"""A thread goes on in another group under its authors' names; where it was, it is withheld, and can come back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from consult.images.models import Image, State
from consult.rooms import record, shown
from consult.rooms.actions import changes, marks, threads, tools
from consult.rooms.models import Act, Message, Pin, Reaction, Remit, Tag
from tests import people
from tests.cases.helpers import ask
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_moved_and_brought_back() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), nadia)
    root = post(here, camille, "Un ECG #ecg")["message"]
    between = post(here, nadia, "autre chose")["message"]
    reply = post(here, nadia, "Voici", reply_to=root)["message"]
    deeper = post(here, camille, "Merci", reply_to=reply)["message"]
    aside = post(here, nadia, "à part", reply_to=between)["message"]
    taken = post(here, nadia, "retirée", reply_to=root)["message"]
    changes.retract(changes.Retraction(here, nadia.pk, taken))
    changes.react(changes.React(here, nadia.pk, root, "useful", True, charged=True))
    answer = tools.use(order("thread.move", here, sacha, "Plutôt en cardiologie", message=root, to=str(there)))
    moved = [e for e in events(there) if e["kind"] == "message.posted"]
    assert [(e["actor"]["id"], e["data"]["body"]) for e in moved] == [(str(camille.pk), "Un ECG #ecg"), (str(nadia.pk), "Voici"), (str(camille.pk), "Merci")]
    assert [e["data"]["reply_to"] for e in moved] == [None, moved[0]["data"]["message"], moved[1]["data"]["message"]]
    pointer = {"message": root, "to": str(there), "from": str(here), "as_message": moved[0]["data"]["message"]}
    assert (events(here)[-1]["kind"], events(here)[-1]["data"], answer["seq"]) == ("thread.moved", pointer, len(events(here)))
    assert (events(there)[-1]["kind"], events(there)[-1]["data"]) == ("thread.moved", {**pointer, "message": moved[0]["data"]["message"]})
    withheld = dict(Message.objects.filter(room_id=here).values_list("id", "withheld"))
    assert {str(id): why for id, why in withheld.items()} == {root: "hidden", reply: "hidden", deeper: "hidden", between: None, aside: None, taken: "retracted"}
    assert [hit["message"] for hit in Phone(nadia).get("/search", q="ECG").json()["hits"]] == [moved[0]["data"]["message"]]
    assert Tag.objects.get().room_id == there and Reaction.objects.filter(message_id=moved[0]["data"]["message"]).count() == 1
    page = Phone(nadia).get(f"/rooms/{here}/messages").json()
    assert [n["kind"] for n in page["notices"]][-1] == "thread.moved", "the pointer is a line of its own"
    for room in (here, there):
        assert record.of_room(person=nadia.pk, room=room, before=None, limit=1)["acts"][0]["kind"] == "thread.move"
    assert refused(tools.use, order("message.restore", here, sacha, message=root)) == "moderation.gone", "it goes on elsewhere"
    assert refused(tools.use, order("thread.move", here, sacha, message=root, to=str(there))) == "message.retracted"

    changes.retract(changes.Retraction(there, nadia.pk, moved[1]["data"]["message"]))
    post(there, nadia, "une suite", reply_to=moved[0]["data"]["message"])
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    withheld = dict(Message.objects.filter(room_id=here).values_list("id", "withheld"))
    assert (withheld[uuid.UUID(root)], withheld[uuid.UUID(deeper)], withheld[uuid.UUID(reply)]) == (None, None, "hidden"), "what was taken back there stays away"
    assert [m.withheld for m in Message.objects.filter(room_id=there).order_by("seq")] == ["hidden", "retracted", "hidden", None]
    assert tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())["unchanged"]


def test_what_was_corrected_there_comes_back_corrected() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), camille, nadia)
    root = post(here, camille, "L’ECG du service #ancien")["message"]
    answer = tools.use(order("thread.move", here, sacha, message=root, to=str(there)))
    copy = next(e["data"]["message"] for e in events(there) if e["kind"] == "message.posted")
    base = Message.objects.get(pk=copy).seq
    changes.edit(changes.Edit(there, camille.pk, copy, base, "L’ECG #neuf"))
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert events(here)[-2]["data"]["base"] == Message.objects.get(pk=root).seq
    assert kinds(here)[-2:] == ["message.edited", "message.restored"] and events(here)[-2]["actor"]["id"] == str(camille.pk)
    [shown_again] = [m for m in Phone(nadia).get(f"/rooms/{here}/messages").json()["messages"] if m["message"] == root]
    assert shown_again["body"] == "L’ECG #neuf" and shown_again["edited_seq"] is not None
    assert [tag.tag for tag in Tag.objects.filter(room_id=here)] == ["neuf"]
    assert [hit["message"] for hit in Phone(nadia).get("/search", q="neuf").json()["hits"]] == [root]
    assert [v["body"] for v in Phone(camille).get(f"/messages/{root}/history").json()["versions"]] == ["L’ECG du service #ancien", "L’ECG #neuf"]


def test_pictures_and_marks_go_along_and_come_back() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), nadia)
    shown_one, veiled_one = (
        Image.objects.create(owner=camille, client_id=uuid.uuid4(), size=1, state=State.READY, folder="f", expires_at=timezone.now() + timedelta(hours=1)).pk for _ in range(2)
    )
    root = post(here, camille, "Deux clichés", images=[str(shown_one), str(veiled_one)])["message"]
    tools.use(order("image.hide", here, sacha, message=root, image=str(veiled_one)))
    arrow = {"kind": "arrow", "start": {"x": 0.1, "y": 0.1}, "end": {"x": 0.4, "y": 0.3}}
    marks.add(marks.Adding(here, nadia.pk, uuid.uuid4(), root, str(shown_one), arrow))
    answer = tools.use(order("thread.move", here, sacha, message=root, to=str(there)))
    copy = next(e["data"]["message"] for e in events(there) if e["kind"] == "message.posted")

    def seen() -> set[uuid.UUID]:
        known = shown.known_to(nadia.pk, [shown_one, veiled_one])
        return {id for id, picture in known.items() if shown.visible(picture, nadia.pk)}

    assert seen() == {shown_one} and len(marks.kept(person=nadia.pk, message_id=uuid.UUID(copy))["marks"]) == 1
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert seen() == {shown_one} and len(marks.kept(person=nadia.pk, message_id=uuid.UUID(root))["marks"]) == 1
    assert Image.objects.get(pk=shown_one).room_id == here
    tools.use(order("image.restore", here, sacha, message=root, image=str(veiled_one)))
    assert seen() == {shown_one, veiled_one}


def test_whence_and_whither() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia, sacha), group("CAR", "Cardiologie")
    message, own = post(here, camille, "mots")["message"], post(here, sacha, "les miens")["message"]
    case = ask(camille, group=here)["room"]
    card = str(Message.objects.get(case_room=case).pk)
    Remit.objects.create(person=nadia, group_id=here)
    for who, about, to, code in (
        (nadia, message, there, "moderation.remit"),
        (nadia, message, uuid.uuid4(), "room.not_found"),
        (sacha, message, here, "thread.target"),
        (sacha, message, case, "thread.target"),
        (sacha, card, there, "thread.case"),
        (sacha, own, there, "moderation.party"),
        (sacha, str(uuid.uuid4()), there, "message.not_found"),
        (camille, message, there, "moderation.remit"),
    ):
        assert refused(tools.use, order("thread.move", here, who, message=about, to=str(to))) == code
    assert kinds(there) == [] and not Act.objects.exists()
    question = events(case)[1]["data"]["message"]
    assert refused(tools.use, order("thread.move", case, sacha, message=question, to=str(there))) == "thread.target", "only from group to group"


def test_a_thread_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LONGEST", 3)
    camille, sacha = people.camille(), people.moderator()
    here, there = joined(group(), camille), group("CAR", "Cardiologie")
    root = post(here, camille, "un")["message"]
    for n in range(3):
        post(here, camille, f"réponse {n}", reply_to=root)
    assert refused(tools.use, order("thread.move", here, sacha, message=root, to=str(there))) == "thread.too_long" and kinds(there) == []


def test_pins_come_back_with_the_thread() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), camille)
    root = post(here, camille, "Un ECG")["message"]
    reply, other = post(here, nadia, "Voici", reply_to=root)["message"], post(here, nadia, "à part")["message"]
    for message in (reply, other):
        tools.use(order("pin.add", here, sacha, message=message))
    answer = tools.use(order("thread.move", here, sacha, message=root, to=str(there)))
    assert {str(p.message_id) for p in Pin.objects.all()} == {other}
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert {(str(p.message_id), p.room_id) for p in Pin.objects.all()} == {(other, here), (reply, here)}
