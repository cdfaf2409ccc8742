"""Appeals: by who was sanctioned, to somebody else, once; a suspended person may. Readings of private rooms: two moderators, and the members hear of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from consult.audit.models import Record
from consult.moderation import readings, tending
from consult.moderation.models import Item, Reading
from consult.rooms.actions import conversations, endings, hiding, tools
from consult.rooms.models import Act, AgreedReading, Membership
from consult.rooms.wire import time
from consult.standing import actions as standing
from tests.moderation.helpers import claim, decide, detail, flag, moderator, queue, withheld
from tests.people import camille, helene, idris, nadia, some_id
from tests.rooms.helpers import Phone, events, group, joined, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris())


def hidden(room: uuid.UUID, by: Any) -> tuple[str, str]:
    """(message, act)"""
    message = str(post(room, camille(), "Doublez la dose.")["message"])
    return message, hiding.hide(room_id=room, message_id=uuid.UUID(message), reason="dangereux", person_id=by.pk)["act"]


def removed(room: uuid.UUID, by: Any, person: Any) -> str:
    """The act: out of this room for an hour."""
    asked = {"id": some_id(), "type": "member.remove", "person": str(person.pk), "reason": "insultes", "lasts": 3600}
    return str(Phone(by).post(f"/rooms/{room}/moderation", asked).json()["act"])


def appeal(who: Any, act: Any, text: str = "C’était la dose de charge.") -> Any:
    return Phone(who).post("/appeals", {"id": some_id(), "act": str(act), "text": text})


def test_an_appeal_goes_to_another_moderator_and_undoes_the_act(room: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    message, act = hidden(room, luce)
    assert appeal(camille(), act).status_code == 201
    assert queue(luce) == []
    item = Item.objects.get(kind="appeal")
    assert decide(luce, str(item.pk), "uphold").json()["code"] == "moderation.party"
    (shown,) = queue(maude)
    assert (shown["kind"], shown["person"]["id"], shown["urgency"]) == ("appeal", str(camille().pk), 2)
    found = detail(maude, shown["item"]).json()
    assert found["appeal"]["text"] == "C’était la dose de charge." and found["act"]["act"] == act and found["act"]["reason"] == "dangereux"
    assert decide(maude, shown["item"], "grant", "En effet").status_code == 201
    assert withheld(message) is None and Act.objects.get(pk=act).reversed_by == maude.pk
    (mine,) = Phone(camille()).get("/appeals/mine").json()["appeals"]
    assert (mine["act"], mine["kind"], mine["state"], mine["note"]) == (act, "message.hide", "granted", "En effet")


def test_an_upheld_appeal_leaves_the_act(room: uuid.UUID) -> None:
    message, act = hidden(room, moderator("luce"))
    appeal(camille(), act)
    maude = moderator("maude")
    decide(maude, queue(maude)[0]["item"], "uphold")
    assert withheld(message) == "hidden" and Phone(camille()).get("/appeals/mine").json()["appeals"][0]["state"] == "upheld"


def test_who_appealed_is_told_once_and_nobody_else(room: uuid.UUID) -> None:
    _, act = hidden(room, moderator("luce"))
    made = appeal(camille(), act).json()["appeal"]
    before = personal_events(nadia())
    assert tending.tell_appellants() == 0, "it is not decided yet"
    maude = moderator("maude")
    decide(maude, queue(maude)[0]["item"], "uphold", "La dose reste dangereuse.")
    assert tending.tell_appellants() == 1 and tending.tell_appellants() == 0
    assert personal_events(camille())[-1] == ("appeal.decided", {"appeal": made}) and personal_events(nadia()) == before
    (mine,) = Phone(camille()).get("/appeals/mine").json()["appeals"]
    assert (mine["appeal"], mine["state"], mine["note"], mine["room"]) == (made, "upheld", "La dose reste dangereuse.", str(room)) and mine["decided_at"]


def test_only_the_sanctioned_person_appeals_once_and_while_it_stands(room: uuid.UUID) -> None:
    luce = moderator("luce")
    _, act = hidden(room, luce)
    for who, what in ((nadia(), act), (camille(), some_id()), (camille(), "x")):
        refused = appeal(who, what)
        assert (refused.status_code, refused.json()["code"]) == (404, "act.not_found")
    assert appeal(camille(), act, " ").json()["code"] == "frame.invalid"
    body = {"id": some_id(), "act": act, "text": "Non"}
    assert [Phone(camille()).post("/appeals", body).status_code for _ in range(2)] == [201, 200]
    assert appeal(camille(), act).json()["code"] == "appeal.made"
    _, over = hidden(room, luce)
    tools.undo(act_id=uuid.UUID(over), person_id=luce.pk)
    assert appeal(camille(), over).json()["code"] == "appeal.over"


def test_what_ends_by_itself_is_appealed_until_it_has_ended(room: uuid.UUID) -> None:
    """Past its time and not yet reversed it still binds; ended with an appeal open, the appeal is decided upon nothing."""
    luce, maude = moderator("luce"), moderator("maude")
    message, act = hidden(room, luce)
    Act.objects.filter(pk=act).update(until=timezone.now() - timedelta(seconds=1))
    assert appeal(camille(), act).status_code == 201
    assert endings.end_due() == 1 and withheld(message) is None
    assert decide(maude, queue(maude)[0]["item"], "grant", "Elle est déjà levée").status_code == 201
    assert withheld(message) is None and Act.objects.get(pk=act).reversed_by is None
    _, over = hidden(room, luce)
    Act.objects.filter(pk=over).update(until=timezone.now() - timedelta(seconds=1))
    endings.end_due()
    assert appeal(camille(), over).json()["code"] == "appeal.over"


def test_who_was_removed_reads_why_and_until_when_and_appeals(room: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    act = removed(room, luce, camille())
    record = Phone(camille()).get(f"/rooms/{room}/moderation")
    assert (record.status_code, record.json()["code"]) == (404, "room.not_found"), "it is for members"
    assert Phone(nadia()).get("/appeals/mine").json()["acts"] == []
    (told,) = Phone(camille()).get("/appeals/mine").json()["acts"]
    assert (told["act"], told["kind"], told["room"], told["reason"], told["moderator"]["id"]) == (act, "member.remove", str(room), "insultes", str(luce.pk))
    assert told["until"] and told["reversed"] is None
    assert appeal(camille(), act).status_code == 201
    answer = Phone(camille()).get("/appeals/mine").json()
    assert (answer["acts"], [one["act"] for one in answer["appeals"]]) == ([], [act])
    decide(maude, queue(maude)[0]["item"], "grant", "Rien ne le justifiait.")
    assert Phone(camille()).get(f"/rooms/{room}").status_code == 200
    again = removed(room, luce, camille())
    Act.objects.filter(pk=again).update(until=timezone.now() - timedelta(seconds=1))
    endings.end_due()
    assert Phone(camille()).get("/appeals/mine").json()["acts"] == []


def test_who_upheld_what_the_system_hid_does_not_hear_the_appeal(room: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    message = str(post(room, camille(), "Mme Dupont")["message"])
    flag(nadia(), message, "identifies_patient")
    decide(luce, queue(luce)[0]["item"], "uphold")
    assert appeal(camille(), Act.objects.get(message_id=message).pk).status_code == 201
    assert queue(luce) == [] and len(queue(maude)) == 1


def party(who: Any, item: str) -> bool:
    """Whether this moderator is kept from an item as one who is concerned by it."""
    answers = [detail(who, item), claim(who, item), decide(who, item, "uphold")]
    return item not in [i["item"] for i in queue(who)] and {a.json().get("code") for a in answers} == {"moderation.party"}


def test_who_reported_it_does_not_hear_the_appeal(room: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    joined(room, luce)
    message = str(post(room, camille(), "Doublez la dose.")["message"])
    assert flag(luce, message).status_code == 201 and withheld(message) == "hidden"
    assert appeal(camille(), Act.objects.get(message_id=message).pk).status_code == 201
    item = str(Item.objects.get(kind="appeal").pk)
    assert party(luce, item) and decide(maude, item, "grant").status_code == 201


def test_who_upholds_the_report_after_the_appeal_does_not_hear_it(room: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    message = str(post(room, camille(), "Mme Dupont")["message"])
    flag(nadia(), message, "identifies_patient")
    assert appeal(camille(), Act.objects.get(message_id=message).pk).status_code == 201
    item = str(Item.objects.get(kind="appeal").pk)
    assert item in [i["item"] for i in queue(luce)]
    assert decide(luce, str(Item.objects.get(kind="report").pk), "uphold").status_code == 201
    assert party(luce, item) and decide(maude, item, "uphold").status_code == 201


@pytest.mark.parametrize("place", ["message", "card"])
def test_of_what_a_moderator_hid_by_hand_reporters_and_who_upheld_are_parties_too(room: uuid.UUID, place: str) -> None:
    from consult.cases.models import Case
    from tests.cases.helpers import ask

    luce, maude, odile, yves = moderator("luce"), moderator("maude"), moderator("odile"), moderator("yves")
    joined(room, luce)
    if place == "message":
        where, flagged = room, str(post(room, camille(), "Doublez la dose.")["message"])
        seen = flagged
    else:
        case = Case.objects.get(room_id=ask(camille(), group=room)["room"])
        where, flagged, seen = room, str(case.card_id), str(case.question_id)
    act = hiding.hide(room_id=where, message_id=uuid.UUID(flagged), reason="dangereux", person_id=odile.pk)["act"]
    assert flag(luce, flagged).status_code == 201  # hidden already: the report has no act of its own
    report = Item.objects.get(kind="report")
    assert report.act_id is None and str(report.message_id) == seen
    assert appeal(camille(), act).status_code == 201
    item = str(Item.objects.get(kind="appeal").pk)
    assert decide(maude, str(report.pk), "uphold").status_code == 201
    assert [party(who, item) for who in (luce, odile, maude, yves)] == [True, True, True, False]
    assert decide(yves, item, "grant").status_code == 409  # `party` asked to uphold it


def test_who_dismissed_the_report_may_hear_the_appeal(room: uuid.UUID) -> None:
    luce, odile = moderator("luce"), moderator("odile")
    message, act = hidden(room, odile)
    flag(nadia(), message)
    assert decide(luce, str(Item.objects.get(kind="report").pk), "dismiss").status_code == 201
    appeal(camille(), act)
    assert decide(luce, str(Item.objects.get(kind="appeal").pk), "grant").status_code == 201 and withheld(message) is None


def test_parties_are_found_without_looking_through_the_queue(room: uuid.UUID) -> None:
    """Of each appeal, those items alone that are about the same person."""
    from django.db import connection

    from consult.moderation import queue as pages

    luce, message = moderator("luce"), str(post(room, camille(), "Doublez la dose.")["message"])
    flag(nadia(), message, "identifies_patient")
    appeal(camille(), Act.objects.get(message_id=message).pk)
    strangers = [uuid.uuid4() for _ in range(300)]
    Item.objects.bulk_create(
        [Item(kind="appeal" if n % 3 else "report", object=str(n), urgency=n % 4, room_id=room, person_id=strangers[n % 300], message_id=uuid.uuid4()) for n in range(6000)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE moderation_item, moderation_report")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {pages._COUNT}", {"person": luce.pk, "most": pages.MOST_COUNTED})
        plan = cursor.fetchone()[0]
    whole = [node for node in _nodes((plan if isinstance(plan, list) else orjson.loads(plan))[0]["Plan"]) if node["Node Type"] == "Seq Scan" and node["Actual Loops"] > 1]
    assert [n["Relation Name"] for n in whole if n["Relation Name"] == "moderation_item"] == []


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]


def test_a_suspended_person_may_appeal_and_nothing_else(room: uuid.UUID) -> None:
    _, act = hidden(room, moderator("luce"))
    standing.suspend(person_id=camille().pk, until=timezone.now() + timedelta(days=7), by=None, reason="")
    assert appeal(camille(), act).status_code == 201 and Phone(camille()).get("/appeals/mine").status_code == 200
    assert flag(camille(), str(post(room, nadia(), "Bonjour")["message"])).json()["code"] == "message.not_found"


def test_granted_after_the_words_are_gone(room: uuid.UUID) -> None:
    from consult.rooms.models import Message

    message, act = hidden(room, moderator("luce"))
    appeal(camille(), act)
    Message.objects.filter(pk=message).update(withheld="erased", body="")
    maude = moderator("maude")
    answer = decide(maude, queue(maude)[0]["item"], "grant")
    assert answer.status_code == 201, answer.content
    assert withheld(message) == "erased"


# --- private conversations -----------------------------------------------------------


@pytest.fixture
def private() -> uuid.UUID:
    room = uuid.UUID(conversations.open(person_id=camille().pk, client_id=uuid.uuid4(), people=[nadia().pk])["room"])
    post(room, nadia(), "Un secret")
    return room


def asked(private: uuid.UUID, by: Any) -> Any:
    """The answer to a request to read, over a new report."""
    report = flag(nadia(), str(post(private, camille(), "Je vais te trouver.")["message"]), "disrespect").json()["report"]
    return Phone(by).post("/moderation/readings", {"id": some_id(), "report": report, "reason": "menaces"})


def join(who: Any, room: uuid.UUID) -> Any:
    return Phone(who).post(f"/rooms/{room}/moderation", {"type": "moderator.join", "id": some_id(), "reason": "menaces"})


def test_a_private_room_is_read_by_the_agreement_of_two_and_its_members_are_told(private: uuid.UUID, settings: Any) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    assert join(luce, private).json()["code"] == "room.not_found"
    answer = asked(private, luce)
    assert answer.status_code == 201
    reading, item = answer.json()["reading"], answer.json()["item"]
    agree = f"/moderation/readings/{reading}/agree"
    source = str(Reading.objects.get().report.item_id)
    mine = {"reading": reading, "item": item, "state": "asked", "until": None}
    assert detail(luce, source).json()["my_reading"] == mine and detail(maude, source).json()["my_reading"] is None
    assert Phone(luce).post(agree, {"id": some_id()}).json()["code"] == "moderation.party"
    assert join(luce, private).json()["code"] == "room.not_found"
    shown = detail(maude, item).json()
    assert shown["reading"]["asker"]["id"] == str(luce.pk) and shown["reading"]["reason"] == "menaces"
    assert [m["body"] for m in shown["around"]] == ["Je vais te trouver."]  # who agrees reads no more than that
    assert Phone(maude).post(agree, {"id": some_id()}).status_code == 201
    until = time(Reading.objects.get().until)
    assert detail(luce, source).json()["my_reading"] == {**mine, "state": "agreed", "until": until}
    assert join(luce, private).status_code == 201
    assert join(maude, private).json()["code"] == "room.not_found"  # it is the asker's alone
    assert len(Phone(luce).get(f"/rooms/{private}/messages").json()["messages"]) == 2
    joined_event = events(private)[-1]
    assert (joined_event["kind"], joined_event["actor"]["as"]) == ("moderator.joined", "moderator")
    acts = [r.act for r in Record.objects.filter(room_id=private, act__startswith="reading").order_by("id")]
    assert acts == ["reading.asked", "reading.agreed"]
    assert readings.end_over() == 0
    Reading.objects.update(until=timezone.now() - timedelta(seconds=1))
    AgreedReading.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert Phone(luce).get(f"/rooms/{private}/messages").json()["code"] == "room.not_found"
    assert detail(luce, source).json()["my_reading"]["state"] == "over"
    assert readings.end_over() == 1 and readings.end_over() == 0
    for member in (camille(), nadia()):
        assert personal_events(member)[-1] == ("room.read", {"room": str(private)})
    assert not AgreedReading.objects.exists()


def test_an_agreement_that_was_not_used_tells_nobody(private: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    reading = asked(private, luce).json()["reading"]
    Phone(maude).post(f"/moderation/readings/{reading}/agree", {"id": some_id()})
    Reading.objects.update(until=timezone.now() - timedelta(seconds=1))
    before = personal_events(camille())
    assert tending.run_once() > 0 and personal_events(camille()) == before


def test_refused_readings_open_nothing(private: uuid.UUID) -> None:
    luce, maude = moderator("luce"), moderator("maude")
    item = asked(private, luce).json()["item"]
    assert decide(maude, item, "refuse").status_code == 201
    assert detail(luce, str(Reading.objects.get().report.item_id)).json()["my_reading"]["state"] == "refused"
    assert not AgreedReading.objects.exists() and join(luce, private).json()["code"] == "room.not_found"
    reading = Reading.objects.get().pk
    assert Phone(maude).post(f"/moderation/readings/{reading}/agree", {"id": some_id()}).json()["code"] == "item.decided"
    assert Phone(maude).post("/moderation/readings/none/agree", {"id": some_id()}).json()["code"] == "reading.not_found"


def test_no_reading_without_a_report_on_that_room_or_by_a_party(private: uuid.UUID, room: uuid.UUID) -> None:
    luce = moderator("luce")
    public = flag(nadia(), str(post(room, camille(), "Ici tous lisent")["message"])).json()["report"]
    for report in (public, some_id(), "x"):
        assert Phone(luce).post("/moderation/readings", {"id": some_id(), "report": report, "reason": "voir"}).json()["code"] == "report.not_found"
    assert asked(private, moderator("maude", room)).json()["code"] == "moderation.remit"
    assert asked(private, moderator("nadia")).json()["code"] == "moderation.party"  # it is she who reported
    inside = moderator("helene")
    Membership.objects.create(room_id=private, person=helene())
    assert asked(private, inside).json()["code"] == "moderation.party"
    assert asked(private, luce).status_code == 201 and asked(private, luce).json()["code"] == "reading.asked"
    assert decide(inside, str(Item.objects.get(kind="reading").pk), "agree").json()["code"] == "moderation.party"
    assert not AgreedReading.objects.exists()
