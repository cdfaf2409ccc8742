"""A case is addressed to another group, or closed in favour of the same question asked elsewhere; both can be undone."""

from __future__ import annotations

import uuid

import pytest

from consult.cases import status
from consult.cases.models import Case
from consult.rooms import access, lists
from consult.rooms.actions import tools
from consult.rooms.models import Audience, Message, Pin, Remit, Room
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_case_goes_to_another_group_and_back() -> None:
    camille, nadia, soizic, sacha = people.camille(), people.nadia(), people.soizic(), people.moderator()
    here, there = joined(group(), camille, nadia), joined(group("CAR", "Cardiologie"), soizic)
    case = ask(camille, group=here)["room"]
    post(case, nadia, "une réponse")
    settle()  # nadia follows it now
    helene = people.helene()
    joined(here, helene)
    old = Case.objects.get(room_id=case).card_id
    answer = tools.use(order("case.move", case, sacha, "Un ECG", to=str(there)))
    now = Case.objects.get(room_id=case)
    assert now.group_id == there and Audience.objects.get(room_id=case).group_id == there and now.readers == [there]
    assert Message.objects.get(pk=old).withheld == "hidden" and kinds(here)[-2:] == ["message.hidden", "case.moved"]
    card = Message.objects.get(pk=now.card_id)
    assert (card.room_id, card.author_id, card.form, card.case_room, card.body) == (there, camille.pk, "question", case, Message.objects.get(pk=old).body)
    assert kinds(there)[-2:] == ["message.posted", "case.opened"] and events(there)[-1]["data"]["answers"] == 1
    assert events(case)[-1]["data"] == {"case": str(case), "from": str(here), "to": str(there)}
    # The new group's members read it; who followed it reads on; who read it by the old group's rule alone does not.
    assert access.may_read(person=soizic.pk, room=case) and access.may_read(person=nadia.pk, room=case)
    assert refused(access.may_read, person=helene.pk, room=case) == "room.not_found"
    assert tools.use(order("case.move", case, sacha, to=str(there)))["unchanged"]
    post(case, soizic, "une autre")
    settle()
    assert kinds(there)[-1] == "case.updated", "the card there counts"

    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    back = Case.objects.get(room_id=case)
    assert (back.group_id, back.card_id, Audience.objects.get(room_id=case).group_id) == (here, old, here)
    assert Message.objects.get(pk=old).withheld is None and Message.objects.get(pk=now.card_id).withheld == "hidden"
    assert access.may_read(person=helene.pk, room=case)
    again = tools.use(order("case.move", case, sacha, to=str(there)))
    third = group("OPH", "Ophtalmologie")
    tools.use(order("case.move", case, sacha, to=str(third)))
    assert tools.undo(act_id=uuid.UUID(again["act"]), person_id=sacha.pk, client_id=uuid.uuid4())["unchanged"], "it was moved on"


def test_a_case_for_everyone_gets_a_card() -> None:
    camille, sacha = people.camille(), people.moderator()
    there = group("CAR", "Cardiologie")
    case = ask(camille)["room"]
    answer = tools.use(order("case.move", case, sacha, to=str(there)))
    card = Message.objects.get(case_room=case)
    assert card.room_id == there and card.body.startswith("Plaque du mollet\n\n")
    assert Audience.objects.filter(room_id=case).count() == 2, "everyone still reads it"
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert Audience.objects.filter(room_id=case).count() == 1 and Case.objects.get(room_id=case).card_id is None


def test_where_a_case_may_go() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here, there = joined(group(), camille, nadia, sacha), group("CAR", "Cardiologie")
    case, other = ask(camille, group=here)["room"], ask(sacha, group=here, title="Autre")["room"]
    Remit.objects.create(person=nadia, group_id=here)
    for who, room, to, code in (
        (nadia, case, there, "moderation.remit"),
        (sacha, case, other, "thread.target"),
        (sacha, here, there, "case.needed"),
        (sacha, other, there, "moderation.party"),
        (camille, case, there, "moderation.remit"),
        (people.soizic(), case, there, "room.not_found"),
    ):
        assert refused(tools.use, order("case.move", room, who, to=str(to))) == code


def test_asked_twice_and_merged() -> None:
    camille, nadia, soizic, sacha = people.camille(), people.nadia(), people.soizic(), people.moderator()
    here = joined(group(), camille, nadia)
    first, second = ask(nadia, group=here)["room"], ask(camille, group=here, title="La même")["room"]
    answer = tools.use(order("case.merge", second, sacha, "Posée deux fois", into=str(first)))
    case = Case.objects.get(room_id=second)
    assert (case.status, case.merged_into_id, Room.objects.get(pk=second).closed) == ("closed", first, True)
    pointer = {"case": str(second), "into": str(first)}
    assert events(second)[-1]["data"] == events(first)[-1]["data"] == pointer and kinds(here)[-1] == "case.updated"
    item = lists.one(person=camille.pk, room=second)
    assert item["case"]["merged_into"] == str(first) and item["case"]["status"] == "closed"
    assert refused(post, second, nadia, "trop tard") == "room.closed"
    assert refused(status.set_status, person_id=camille.pk, client_id=uuid.uuid4(), room_id=second, status="open") == "case.status"
    assert refused(access.may_read, person=soizic.pk, room=first) == "room.not_found", "nobody gained a right"
    assert tools.use(order("case.merge", second, sacha, into=str(first)))["unchanged"]
    third = ask(camille, group=here, title="Encore")["room"]
    assert refused(tools.use, order("case.merge", third, sacha, into=str(second))) == "case.status", "no chains"
    assert refused(tools.use, order("case.merge", second, sacha, into=str(third))) == "case.status"
    assert refused(tools.use, order("case.merge", third, sacha, into=str(third))) == "case.needed"
    assert refused(tools.use, order("case.merge", third, sacha, into=str(here))) == "case.needed"
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    case = Case.objects.get(room_id=second)
    assert (case.status, case.merged_into_id, Room.objects.get(pk=second).closed) == ("open", None, False) and kinds(second)[-1] == "case.updated"
    post(second, nadia, "on y répond de nouveau")


def test_who_reads_the_other_case_hears_that_they_parted() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    here = joined(group(), camille, nadia)
    first, second = ask(nadia, group=here)["room"], ask(camille, group=here, title="La même")["room"]
    answer = tools.use(order("case.merge", second, sacha, into=str(first)))
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    pointer = {"case": str(second), "into": str(first)}
    for room, at in ((first, -1), (second, -2)):
        event = events(room)[at]
        assert (event["kind"], event["data"], event["actor"]["id"], event["actor"]["as"]) == ("case.parted", pointer, str(sacha.pk), "moderator")
    assert kinds(second)[-1] == "case.updated"
    page = Phone(nadia).get(f"/rooms/{first}/messages").json()
    assert [n["kind"] for n in page["notices"]][-2:] == ["case.merged", "case.parted"]


def test_a_pinned_card_is_pinned_again_when_its_case_comes_back() -> None:
    camille, sacha = people.camille(), people.moderator()
    here, there = joined(group(), camille), joined(group("CAR", "Cardiologie"), camille)
    case = ask(camille, group=here)["room"]
    card = Case.objects.get(room_id=case).card_id
    tools.use(order("pin.add", here, sacha, message=str(card)))
    answer = tools.use(order("case.move", case, sacha, to=str(there)))
    assert not Pin.objects.exists()
    tools.undo(act_id=uuid.UUID(answer["act"]), person_id=sacha.pk, client_id=uuid.uuid4())
    assert [(p.message_id, p.room_id) for p in Pin.objects.all()] == [(card, here)]
