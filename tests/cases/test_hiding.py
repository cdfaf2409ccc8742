"""A moderator withholds a proposed diagnosis or a reference, and shows it again; nothing that others said of it is lost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.audit.models import Record
from consult.cases import consent
from consult.cases.models import Differential
from consult.errors import Refusal
from consult.moderation import appeals
from consult.rooms.actions import tools
from consult.rooms.models import Act, Remit
from tests import people
from tests.cases.helpers import act, ask, done, sheet
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def proposed(room: uuid.UUID) -> list[dict[str, Any]]:
    return list(sheet(people.camille(), room)["differentials"])


def references(room: uuid.UUID) -> list[str]:
    return [one["link"] for answer in sheet(people.camille(), room)["answers"] for one in answer["references"]]


def test_a_diagnosis_is_hidden_and_comes_back_with_who_backs_it() -> None:
    camille, nadia, idris, sacha = people.camille(), people.nadia(), people.idris(), people.moderator()
    room = ask(camille)["room"]
    made = done(nadia, room, "differential.propose", label="Mycosis fongoïde")["differential"]
    done(idris, room, "differential.back", differential=made)
    before = proposed(room)
    hid = tools.use(order("differential.hide", room, sacha, "Propos déplacés", differential=made))
    said = events(room)[-1]
    assert (said["kind"], said["data"], said["actor"]["as"]) == ("differential.hidden", {"differential": made}, "moderator")
    assert [(d["label"], d["withheld"]) for d in proposed(room)] == [(None, "hidden")]
    assert tools.use(order("differential.hide", room, sacha, differential=made)) == {"seq": hid["seq"], "act": hid["act"], "unchanged": True, "created": False}
    assert act(camille, room, "differential.back", differential=made).json()["code"] == "differential.not_found"
    stored = Act.objects.get()
    assert (stored.kind, stored.person_id, stored.reason) == ("differential.hide", nadia.pk, "Propos déplacés")
    assert list(Record.objects.filter(object=made).values_list("act", "person_id", "reason")) == [("differential.hide", sacha.pk, "Propos déplacés")]
    back = tools.use(order("differential.restore", room, sacha, "Erreur", differential=made))
    assert back["act"] == hid["act"] and kinds(room)[-1] == "differential.restored" and proposed(room) == before
    assert tools.use(order("differential.restore", room, sacha, differential=made))["unchanged"]
    again = tools.use(order("differential.hide", room, sacha, differential=made))
    tools.undo(act_id=uuid.UUID(again["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert proposed(room) == before
    assert [n["kind"] for n in Phone(camille).get(f"/rooms/{room}/messages").json()["notices"]].count("differential.hidden") == 2


def test_a_reference_is_hidden_and_comes_back() -> None:
    camille, nadia, idris, sacha = people.camille(), people.nadia(), people.idris(), people.moderator()
    room = ask(camille)["room"]
    answer = post(room, nadia, "Mycose.")["message"]
    made = done(idris, room, "reference.add", message=answer, link="10.1000/182")["reference"]
    hid = tools.use(order("reference.hide", room, sacha, "Publicité", reference=made))
    assert events(room)[-1]["data"] == {"message": answer, "reference": made} and kinds(room)[-1] == "reference.hidden" and references(room) == []
    assert tools.use(order("reference.hide", room, sacha, reference=made))["unchanged"]
    assert act(idris, room, "reference.remove", reference=made).json()["code"] == "reference.not_found"
    assert [(r.act, r.object) for r in Record.objects.filter(room_id=room, act="reference.hide")] == [("reference.hide", made)]
    assert tools.use(order("reference.restore", room, sacha, reference=made))["act"] == hid["act"] and references(room) == ["https://doi.org/10.1000/182"]
    # The line stands in a page though it names a message.
    assert [n["kind"] for n in Phone(camille).get(f"/rooms/{room}/messages").json()["notices"]][-2:] == ["reference.hidden", "reference.restored"]
    # Who adds the same once more while it is hidden adds another: the hidden one cannot come back beside it.
    tools.use(order("reference.hide", room, sacha, reference=made))
    other = done(idris, room, "reference.add", message=answer, link="10.1000/182")["reference"]
    assert other != made and refused(tools.use, order("reference.restore", room, sacha, reference=made)) == "moderation.gone"


def test_what_cannot_come_back() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = ask(camille)["room"]
    made = done(nadia, room, "differential.propose", label="Gale")["differential"]
    tools.use(order("differential.hide", room, sacha, differential=made))
    anew = done(nadia, room, "differential.propose", label="gale")["differential"]
    assert refused(tools.use, order("differential.restore", room, sacha, differential=made)) == "moderation.gone"
    done(nadia, room, "differential.withdraw", differential=anew)
    assert tools.use(order("differential.restore", room, sacha, differential=made))["created"]
    own = done(camille, room, "differential.propose", label="Teigne")["differential"]
    hid = tools.use(order("differential.hide", room, sacha, differential=own))
    consent.withdraw(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room)
    assert Differential.objects.get(pk=own).withheld == "withdrawn", "its words are gone, hidden or not"
    assert refused(tools.undo, act_id=uuid.UUID(hid["act"]), person_id=sacha.pk, client_id=uuid.uuid4()) == "moderation.gone"


def test_who_may_and_of_what() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here = joined(group(), camille, nadia, sacha)
    room = ask(camille, group=here)["room"]
    answer = post(room, nadia, "Mycose.")["message"]
    mine = done(sacha, room, "differential.propose", label="Gale")["differential"]
    one, link = done(nadia, room, "differential.propose", label="Teigne")["differential"], done(nadia, room, "reference.add", message=answer, link="10.1000/182")["reference"]
    for kind, who, code in (("differential", nadia, "moderation.remit"), ("reference", nadia, "moderation.remit"), ("differential", people.soizic(), "room.not_found")):
        assert refused(tools.use, order(f"{kind}.hide", room, who, **{kind: one if kind == "differential" else link})) == code
    assert refused(tools.use, order("differential.hide", room, sacha, differential=mine)) == "moderation.party"
    Remit.objects.create(person=camille, group_id=here)
    assert refused(tools.use, order("differential.hide", room, camille, differential=one)) == "moderation.party", "nobody moderates the case they asked"
    assert refused(tools.use, order("differential.hide", room, sacha, differential="x")) == "differential.not_found"
    assert refused(tools.use, order("reference.hide", room, sacha, reference=str(uuid.uuid4()))) == "reference.not_found"
    assert (
        refused(tools.use, order("differential.hide", here, sacha, differential=one)) == refused(tools.use, order("reference.hide", here, sacha, reference=link)) == "case.needed"
    )
    assert not Act.objects.exists()


def test_whose_it_was_may_appeal() -> None:
    camille, nadia, idris, sacha = people.camille(), people.nadia(), people.idris(), people.moderator()
    room = ask(camille)["room"]
    answer = post(room, nadia, "Mycose.")["message"]
    made = done(idris, room, "reference.add", message=answer, link="10.1000/182")["reference"]
    hid = tools.use(order("reference.hide", room, sacha, reference=made))["act"]
    with pytest.raises(Refusal, match=r"act\.not_found"):  # it was not hers
        appeals.appeal(person_id=nadia.pk, client_id=uuid.uuid4(), act=hid, text="C’est ma réponse")
    assert appeals.appeal(person_id=idris.pk, client_id=uuid.uuid4(), act=hid, text="Un article utile")["created"]
    own = done(nadia, room, "differential.propose", label="Gale")["differential"]
    hid = tools.use(order("differential.hide", room, sacha, differential=own))["act"]
    assert appeals.appeal(person_id=nadia.pk, client_id=uuid.uuid4(), act=hid, text="C’est possible")["created"]
    # Who decides sees what it is about, sacha does not see it at all; granted, it is back.
    luce = people.person("luce", moderator=True)
    Remit.objects.get_or_create(person=luce, group_id=None)
    found = {one["item"]: Phone(luce).get(f"/moderation/queue/{one['item']}").json() for one in Phone(luce).get("/moderation/queue").json()["items"]}
    assert {d["act"]["kind"]: d["appeal"]["about"] for d in found.values()} == {"differential.hide": "Gale", "reference.hide": "https://doi.org/10.1000/182"}
    assert Phone(sacha).get("/moderation/queue").json()["items"] == []
    for item in found:
        assert Phone(luce).post(f"/moderation/queue/{item}/decide", {"id": str(uuid.uuid4()), "decision": "grant"}).status_code == 201
    assert [d["label"] for d in proposed(room)] == ["Gale"] and references(room) == ["https://doi.org/10.1000/182"]
